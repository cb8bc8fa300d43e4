import { describe, expect, it } from "vitest";
import { readLast } from "../../../engine/records/read";
import { memoryPort, puts } from "./memory-cluster";

/** A leader that has just taken over: it shows its log up to offset 5 for so many fetches, then up to 10. */
function afterFailover(fetches: number) {
  const [short, all] = [memoryPort("origin", { t: { logs: [{ records: puts(0, 5) }] } }), memoryPort("origin", { t: { logs: [{ records: puts(0, 10) }] } })];
  const asked = { times: 0 };
  const port = { ...all, fetch: (...args: Parameters<typeof all.fetch>) => (asked.times++ < fetches ? short : all).fetch(...args) };
  return { port, asked };
}

const span = { topic: "t", partition: 0, from: 0n, to: 10n };

describe("the last records, asked of a leader whose log does not reach so far yet", () => {
  it("are waited for", async () => {
    const { port } = afterFailover(3);
    expect((await readLast(port, [span], 8, "read_uncommitted")).get("t:0")!.map((r) => Number(r.offset))).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("are never taken from further ahead", async () => {
    const { port } = afterFailover(Infinity);
    await expect(readLast(port, [span], 8, "read_uncommitted")).rejects.toThrow("the leader of t-0 on the origin cluster shows its log up to offset 5 only");
  });
});
