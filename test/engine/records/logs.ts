import * as fc from "fast-check";
import type { AbortedTransaction } from "../../../engine/kafka/port";
import type { TestBatch, TestRecord } from "./build";

/** A random log with its truth: what a reader sees of it. */
export interface TestLog {
  batches: TestBatch[];
  /** First offset that is still there. */
  start: number;
  /** High watermark. */
  end: number;
  aborted: AbortedTransaction[];
  uncommitted: TestRecord[];
  committed: TestRecord[];
}

const content = fc.option(
  fc.uint8Array({ maxLength: 40 }).map((b) => Buffer.from(b)),
  { nil: null },
);
const fields = fc.record({
  timestamp: fc.oneof(
    fc.integer({ min: 0, max: 2_000_000_000_000 }),
    fc.constant(0),
    fc.constantFrom(-1, 4_000_000_000_000_000, 1_700_000_000_000_000_000),
  ),
  key: content,
  value: content,
  headers: fc.array(fc.record({ key: fc.string({ maxLength: 8 }), value: content }), { maxLength: 3 }),
});

const codec = fc.constantFrom(
  "none" as const,
  "gzip" as const,
  "snappy" as const,
  "snappy-xerial" as const,
  "lz4" as const,
);

/**
 * One step of a log's life: a plain batch; a transaction that ends (with other batches between its own); only a hole
 * left by compaction; or an empty batch that compaction leaves behind. `kept` says which records compaction left.
 */
const step = fc.oneof(
  fc.record({
    kind: fc.constant("plain" as const),
    records: fc.array(fc.tuple(fields, fc.boolean()), { minLength: 1, maxLength: 6 }),
    codec,
    stamped: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant("transaction" as const),
    records: fc.array(fc.tuple(fields, fc.boolean()), { minLength: 1, maxLength: 4 }),
    between: fc.array(fields, { maxLength: 2 }),
    codec,
    outcome: fc.constantFrom("commit" as const, "abort" as const),
    producer: fc.integer({ min: 1, max: 3 }),
  }),
);

/**
 * Random logs with markers, aborted transactions, compaction holes, empty batches, a deleted prefix and every codec.
 */
export const testLog: fc.Arbitrary<TestLog> = fc
  .record({
    steps: fc.array(step, { maxLength: 8 }),
    first: fc.integer({ min: 0, max: 1000 }),
    cut: fc.integer({ min: 0, max: 4 }),
    compact: fc.boolean(),
  })
  .map(({ steps, first, cut, compact }) => {
    const log: TestLog = { batches: [], start: first, end: first, aborted: [], uncommitted: [], committed: [] };
    const aborted: (AbortedTransaction & { marker: number })[] = [];
    const add = (
      records: readonly (readonly [Omit<TestRecord, "offset">, boolean])[],
      batch: Partial<TestBatch>,
      visible: "both" | "uncommitted",
    ) => {
      const baseOffset = log.end;
      const all = records.map(([r, kept], i) => ({ record: { ...r, offset: baseOffset + i }, kept: kept || !compact }));
      const maxTimestamp = Math.max(...all.filter((r) => r.kept).map((r) => r.record.timestamp));
      const left = all.filter((r) => r.kept).map((r) => r.record);
      log.end += records.length;
      log.batches.push({ ...batch, baseOffset, lastOffset: log.end - 1, records: left });
      const seen = batch.stamped ? left.map((r) => ({ ...r, timestamp: maxTimestamp })) : left;
      log.uncommitted.push(...seen);
      if (visible === "both") log.committed.push(...seen);
    };
    for (const s of steps) {
      if (s.kind === "plain") {
        add(s.records, { codec: s.codec, stamped: s.stamped }, "both");
        continue;
      }
      const producerId = BigInt(s.producer);
      const firstOffset = log.end;
      const batch = { codec: s.codec, transactional: true, producerId };
      add(s.records, batch, s.outcome === "commit" ? "both" : "uncommitted");
      if (s.between.length > 0)
        add(
          s.between.map((r) => [r, true] as const),
          {},
          "both",
        );
      if (s.outcome === "abort") aborted.push({ producerId, firstOffset: BigInt(firstOffset), marker: log.end });
      log.batches.push({ baseOffset: log.end, records: [], control: s.outcome, producerId });
      log.end += 1;
    }
    const gone = log.batches.splice(0, Math.min(cut, log.batches.length));
    if (gone.length > 0) log.start = log.batches[0]?.baseOffset ?? log.end;
    // A broker names those transactions only that reach into what it returns.
    log.aborted = aborted
      .filter((a) => a.marker >= log.start)
      .map(({ producerId, firstOffset }) => ({ producerId, firstOffset }));
    const here = (r: TestRecord) => r.offset >= log.start;
    return { ...log, uncommitted: log.uncommitted.filter(here), committed: log.committed.filter(here) };
  });
