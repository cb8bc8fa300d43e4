import { describe, expect, it } from "vitest";
import { kafkaReader } from "../offsets/log-reader";
import { readLast, readRecords } from "../records/read";
import { scan } from "../records/scan";
import { logSequence } from "./entries";
import { memoryPort, puts } from "../../test/engine/verify/memory-cluster";

/** A new leader. It shows its log up to offset 5 for the given number of fetches, then up to offset 10. */
function afterFailover(fetches: number) {
  const [short, all] = [
    memoryPort("origin", { t: { logs: [{ records: puts(0, 5) }] } }),
    memoryPort("origin", { t: { logs: [{ records: puts(0, 10) }] } }),
  ];
  const asked = { times: 0 };
  const port = {
    ...all,
    fetch: (...args: Parameters<typeof all.fetch>) => (asked.times++ < fetches ? short : all).fetch(...args),
  };
  return { port, asked };
}

const span = { topic: "t", partition: 0, from: 0n, to: 10n };

describe.concurrent("the last records, if the leader's log does not reach them yet", () => {
  it("are read after a wait", async () => {
    const { port } = afterFailover(3);
    expect((await readLast(port, [span], 8, "read_uncommitted")).get("t:0")!.map((r) => Number(r.offset))).toEqual([
      2, 3, 4, 5, 6, 7, 8, 9,
    ]);
  });

  it.concurrent("are never taken from an earlier offset", async () => {
    const { port } = afterFailover(Infinity);
    await expect(readLast(port, [span], 8, "read_uncommitted")).rejects.toThrow(
      "the leader of t-0 on the origin cluster shows its log up to offset 5 only",
    );
  });
});

describe.concurrent.each(["read_uncommitted", "read_committed"] as const)(
  "every other reader (%s), if the leader's log does not reach the end yet",
  (isolation) => {
    type Port = ReturnType<typeof afterFailover>["port"];
    const readers: Record<string, (port: Port) => Promise<number[]>> = {
      scan: async (port) => {
        const seen: number[] = [];
        await scan(port, [span], { isolation, visit: (_, record) => void seen.push(record.offset) });
        return seen;
      },
      readRecords: async (port) =>
        (await readRecords(port, "t", 0, 0n, 10n, { isolation })).map((r) => Number(r.offset)),
      logSequence: async (port) => {
        const next = logSequence(port, span, isolation)(undefined);
        const seen: number[] = [];
        for (let more = await next(); more.length > 0; more = await next()) seen.push(...more.map((e) => e.offset));
        return seen;
      },
      "a look at a few offsets": async (port) => {
        const seen: number[] = [];
        await kafkaReader(port, isolation).scan([
          { topic: "t", partition: 0, from: 0, to: 10, see: (record) => void seen.push(record.offset) },
        ]);
        return seen;
      },
    };

    it.concurrent.each(Object.keys(readers))("%s waits for the rest and reads each record once", async (name) => {
      expect(await readers[name]!(afterFailover(3).port)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    });

    it.concurrent.each(Object.keys(readers))("%s does not treat the shorter log as complete", async (name) => {
      await expect(readers[name]!(afterFailover(Infinity).port)).rejects.toThrow(
        "the leader of t-0 on the origin cluster shows its log up to offset 5 only",
      );
    });
  },
);
