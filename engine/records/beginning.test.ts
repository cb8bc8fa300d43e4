import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareBeginnings } from ".";
import { memoryClusters, type MemoryLog, puts } from "../../test/engine/verify/memory-cluster";
import type { TestRecord } from "../../test/engine/records/build";
import { runs } from "../../test/support/runs";

const span = (log: MemoryLog) => ({
  topic: "t",
  partition: 0,
  from: BigInt(log.start ?? 0),
  to: BigInt(log.end ?? (log.records.at(-1)?.offset ?? (log.start ?? 0) - 1) + 1),
});

async function kinds(
  origin: MemoryLog,
  target: MemoryLog,
  options: { compacted?: boolean; copiedTo?: number } = {},
): Promise<string[]> {
  const { compacted = false, copiedTo } = options;
  const pair = {
    origin: span(origin),
    target: span(target),
    compacted,
    ...(copiedTo === undefined ? {} : { copiedTo }),
  };
  const clusters = memoryClusters({ t: { logs: [origin] } }, { t: { logs: [target] } });
  return (await compareBeginnings(clusters, [pair], "read_uncommitted")).differences.map((d) => d.kind);
}

/** The same log without the gaps that compaction leaves. */
const renumbered = (from: MemoryLog): MemoryLog => log(from.records);

const time = (offset: number) => 1000 + offset;
const log = (records: TestRecord[]): MemoryLog => ({ records: records.map((r, offset) => ({ ...r, offset })) });
const cut = (from: MemoryLog, start: number): MemoryLog => ({
  ...from,
  start,
  end: from.records.length,
  records: from.records.filter((r) => r.offset >= start),
});
const old = (count: number) =>
  puts(0, count, (i) => 10 + i).map((r) => ({ ...r, value: Buffer.from(`old ${r.offset}`) }));
const now = (count: number) => puts(0, count, time);

describe("the first records of a topic that was recreated on the origin", () => {
  it("differ if the mirror continued at its old offsets", async () => {
    expect(await kinds(log(now(900)), log([...old(500), ...now(900).slice(500)]))).toEqual(["missing"]);
  });

  it("differ if the mirror copied the new records after the old ones", async () => {
    expect(await kinds(log(now(400)), log([...old(150), ...now(400)]))).toEqual(["missing"]);
  });

  it("differ on a compacted topic by the latest record of the first key", async () => {
    expect(await kinds(log(now(90)), log([...old(50), ...now(90).slice(50)]), { compacted: true })).toEqual([
      "missing",
    ]);
  });

  it("differ if the origin has deleted the beginning of the new log", async () => {
    const target = log([...old(500), ...now(900).slice(500)]);
    expect(await kinds(cut(log(now(900)), 20), target)).toEqual(["missing"]);
    // All records that the origin still has were copied, so none is missing.
    expect(await kinds(cut(log(now(900)), 600), target)).toEqual([]);
  });

  it("differ if retention has deleted the beginning on the target", async () => {
    const target = log([...old(500), ...now(900).slice(500)]);
    expect(await kinds(log(now(900)), cut(target, 20))).toEqual(["extra"]);
    expect(await kinds(cut(log(now(900)), 20), cut(target, 20))).toEqual(["missing"]);
  });

  it("are not compared before they are copied", async () => {
    expect(await kinds(log(now(900)), log(old(500)), { copiedTo: 499 })).toEqual(["missing"]);
    expect(await kinds({ start: 300, records: now(900).slice(300) }, log(old(200)), { copiedTo: 199 })).toEqual([]);
  });
});

describe("the first records of a correct copy", () => {
  const logs = fc.array(
    fc.record({
      timestamp: fc.oneof(fc.constant(-1), fc.integer({ min: 0, max: 30 })),
      value: fc.nat(3),
      key: fc.nat(4),
    }),
    { minLength: 1, maxLength: 120 },
  );

  it("match for any deletion and compaction, and for timestamps from any source", async () => {
    const deleted = fc.oneof(fc.constant(0), fc.nat(119));
    await fc.assert(
      fc.asyncProperty(
        logs,
        deleted,
        deleted,
        fc.boolean(),
        fc.nat(9),
        fc.func(fc.boolean()),
        fc.func(fc.boolean()),
        async (list, here, there, compacted, twice, keptHere, keptThere) => {
          const originals = list.map(
            ({ key, timestamp, value }, offset): TestRecord => ({
              offset,
              timestamp,
              key: Buffer.from(`k${key}`),
              value: Buffer.from(`v${value}`),
              headers: [],
            }),
          );
          const copies = originals.map((r) => (r.timestamp === -1 ? { ...r, timestamp: 500 + r.offset } : r));
          // After a restart the mirror sends some records again.
          const sent = [...copies.slice(0, twice), ...copies];
          const later = (from: MemoryLog, r: TestRecord) =>
            from.records.some((x) => x.offset > r.offset && x.key!.equals(r.key!));
          const compact = (from: MemoryLog, kept: (i: number) => boolean): MemoryLog =>
            compacted
              ? {
                  ...from,
                  end: from.records.length,
                  records: from.records.filter((r) => !later(from, r) || kept(r.offset)),
                }
              : from;
          const origin = cut(
            compact(log(originals), (i) => keptHere(i)),
            0,
          );
          const target = cut(
            compact(log(sent), (i) => keptThere(i)),
            0,
          );
          const without = (from: MemoryLog, all: number, start: number): MemoryLog => {
            const begin = Math.min(start, all - 1);
            return { start: begin, end: all, records: from.records.filter((r) => r.offset >= begin) };
          };
          expect(
            await kinds(without(origin, originals.length, here), without(target, sent.length, there), { compacted }),
          ).toEqual([]);
        },
      ),
      { numRuns: runs(300) },
    );
  });

  it("match on a compacted topic if the target has only later values", async () => {
    const again = now(20).map((r, i) => ({ ...r, offset: 20 + i, timestamp: 5000 + i }));
    const all = log([...now(20), ...again]);
    expect(await kinds(all, renumbered(cut(all, 7)), { compacted: true })).toEqual([]);
  });

  it("match if compaction removed the origin's beginning before the policy was changed", async () => {
    const all = log(now(20));
    expect(await kinds({ start: 0, end: 20, records: all.records.slice(3) }, all)).toEqual([]);
  });

  it("are found by their timestamps, even far from the beginning", async () => {
    const records = now(50_000);
    expect(await kinds(cut(log(records), 40_000), log(records))).toEqual([]);
    expect(await kinds(log(records), cut(log(records), 40_000))).toEqual([]);
  });

  it("match if timestamps are so unordered that a search would take too long", async () => {
    const records = puts(0, 50_000, (i) => (i === 10 ? 9_000_000 : 1000 + i));
    expect(await kinds(cut(log(records), 40_000), log(records))).toEqual([]);
  });
});

describe("the first records of thousands of partitions", () => {
  const there = Array.from({ length: 2100 }, (_, partition) =>
    log(partition % 700 === 5 ? [...old(1), ...now(1)] : now(1)),
  );
  const clusters = memoryClusters({ t: { logs: there.map(() => log(now(1))) } }, { t: { logs: there } });
  const pairs = there.map((target, partition) => ({
    origin: { ...span(log(now(1))), partition },
    target: { ...span(target), partition },
    compacted: false,
  }));

  it("are all compared", async () => {
    const { compared, differences } = await compareBeginnings(clusters, pairs, "read_uncommitted");
    expect(compared).toBe(2100);
    expect(differences.map((d) => d.pair.origin.partition)).toEqual([5, 705, 1405]);
  });

  it("are read a thousand at a time, so that few are in memory and an interruption ends it", async () => {
    const interrupted = new AbortController();
    let read = 0;
    const origin: typeof clusters.origin = {
      ...clusters.origin,
      fetch: async (requests, options) => {
        read += requests.length;
        interrupted.abort(new Error("stopped"));
        return clusters.origin.fetch(requests, options);
      },
    };
    const compared = compareBeginnings({ ...clusters, origin }, pairs, "read_uncommitted", interrupted.signal);
    await expect(compared).rejects.toThrow("stopped");
    expect(read).toBe(1000);
  });
});
