import { describe, expect, it } from "vitest";
import { memoryClusters, type MemoryLog, put } from "../../test/engine/verify/memory-cluster";
import { modelFor } from "../../test/engine/support/mirror";
import { runs } from "../../test/support/runs";
import { readPairs } from "./pairs";
import { sampleText, samplesOf } from "./result";
import { compareSamples } from "./sample";
import { compareTails } from "./tails";
import type { PartitionResult } from "./types";

const connection = { bootstrapServers: "b:9092" };
const mirror = {
  ...modelFor({ origin: { connection }, target: { connection } } as never, "t").mirror,
  topicsPattern: "t",
};
const RECORDS = 3_000;
const HOLE = 250;

/** Records of about 1 KB, so that a window holds a small part of the log. */
const large = (offset: number, value = String(offset)) => put(offset, `k${offset}`, value.padEnd(1000), 1000 + offset);
const all = Array.from({ length: RECORDS }, (_, i) => large(i));
/** The same records in another place of the log. */
const at = (records: typeof all) => records.map((record, offset) => ({ ...record, offset }));
const logOf = (records: typeof all): MemoryLog => ({ records, size: records.length * 1_100 });

async function compare(origin: MemoryLog, target: MemoryLog, seed = 1, configs: Record<string, string> = {}) {
  const clusters = memoryClusters({ t: { logs: [origin] } }, { t: { logs: [target], configs } });
  const read: string[] = [];
  for (const port of [clusters.origin, clusters.target]) {
    const { fetch } = port;
    port.fetch = (requests, options) => {
      read.push(...requests.map((r) => `${port.side} ${r.offset}`));
      return fetch(requests, options);
    };
  }
  const { pairs } = await readPairs(clusters, mirror);
  const ends = new Map<(typeof pairs)[number], PartitionResult>();
  const watch = { bytes: () => {}, done: () => {} };
  await compareTails(clusters, pairs, 5, "read_uncommitted", { ...watch, done: (p, r) => void ends.set(p, r) });
  read.length = 0;
  const results: PartitionResult[] = [];
  const options = { holeRecords: HOLE, missProbability: 0.05, seed };
  const done = (_: unknown, result: PartitionResult) => void results.push(result);
  await compareSamples(clusters, ends, options, "read_uncommitted", { ...watch, done });
  return { result: results[0]!, read };
}

describe("samples", () => {
  it("of equal logs read a part of them, until a hole would hardly be missed", async () => {
    const { result } = await compare(logOf(all), logOf(all));
    expect(result).toMatchObject({ proof: "sample", differences: [] });
    expect(result.sample!.missed).toBeLessThanOrEqual(0.05);
    expect(result.sample!.records).toBeLessThan(RECORDS / 3);
    expect(result.sample!.windows).toBeGreaterThan(RECORDS / HOLE);
  });

  it("are the same for the same seed, and others for another", async () => {
    const [first, again, other] = [
      await compare(logOf(all), logOf(all)),
      await compare(logOf(all), logOf(all)),
      await compare(logOf(all), logOf(all), 2),
    ];
    expect([...again.read].sort()).toEqual([...first.read].sort());
    expect([...other.read].sort()).not.toEqual([...first.read].sort());
  });

  it("find a hole about as often as they say, though as many records are on the target twice", async () => {
    let missed = 0;
    const tries = runs(12);
    for (let i = 0; i < tries; i++) {
      const hole = 100 + Math.floor((i * (RECORDS - 2 * HOLE)) / tries);
      // The end is equal and the numbers of records are, too.
      const copy = [...all.slice(0, hole), ...all.slice(hole + HOLE), ...all.slice(-HOLE)];
      const { result } = await compare(logOf(all), logOf(at(copy)), i);
      if (result.proof === "sample") missed++;
      else
        expect(result.differences.map((d) => [d.kind, d.count, d.originOffset])).toContainEqual([
          "missing",
          HOLE,
          hole,
        ]);
    }
    expect(missed).toBeLessThanOrEqual(tries / 6);
  });

  it("find records that were changed", async () => {
    const copy = all.map((r, i) => (i % 50 === 7 ? large(r.offset, "other") : r));
    const { result } = await compare(logOf(all), logOf(copy));
    expect(result.proof).toBe("exact");
    expect(result.differences[0]).toMatchObject({ kind: "changed" });
  });

  it("are found although the offsets of both sides drift apart", async () => {
    // Every tenth offset of the origin is a transaction marker.
    const origin = all.map((r) => ({ ...r, offset: r.offset + Math.floor(r.offset / 9) }));
    const { result } = await compare(logOf(origin), logOf(all));
    expect(result).toMatchObject({ proof: "sample", differences: [] });
  });

  it("pass over records that a restarted mirror sent again, and count them", async () => {
    const copy = at(all.flatMap((r, i) => (i % 100 === 99 ? [r, ...all.slice(i - 5, i + 1)] : [r])));
    const { result } = await compare(logOf(all), logOf(copy));
    expect(result.proof).toBe("sample");
    expect(result.differences.map((d) => d.kind)).toEqual(["duplicate"]);
  });

  it("are not taken of compacted partitions", async () => {
    const { result } = await compare(logOf(all), logOf(all), 1, { "cleanup.policy": "compact" });
    expect(result.proof).toBe("tail");
    // Not "every partition was compared completely".
    expect(sampleText(samplesOf([result], { mode: "sample", seed: 1, holeRecords: HOLE }))).toMatch(
      /^no samples .*compacted ones at least at their ends$/,
    );
  });

  it("are not taken of short partitions: those are compared completely", async () => {
    const few = all.slice(0, 500);
    expect((await compare(logOf(few), logOf(few))).result).toMatchObject({ proof: "exact", originRecords: 500 });
  });
});
