import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type RecordCursor, SequenceDigest, STOP, walk } from ".";
import { offsetAfter } from "./batch";
import { encodeBatches, type TestRecord } from "../../test/engine/records/build";
import { testLog } from "../../test/engine/records/logs";

const where = "t-0";
const plain = (r: TestRecord) => ({
  ...r,
  headers: r.headers.map((h) => ({ key: Buffer.from(h.key), value: h.value })),
});

function seen(records: Buffer, options: { from: number; to: number; aborted?: Parameters<typeof walk>[1]["aborted"] }) {
  const found: unknown[] = [];
  const walked = walk(records, { where, ...options }, (record) => {
    const { offset, timestamp, ...rest } = record.toRecord();
    found.push({ offset: Number(offset), timestamp: Number(timestamp), ...rest });
  });
  return { found, walked };
}

const log = (records: TestRecord[]) => encodeBatches([{ baseOffset: records[0]!.offset, records }]);
const record = (offset: number, text = `v${offset}`): TestRecord => ({
  offset,
  timestamp: 1000 + offset,
  key: Buffer.from(`k${offset}`),
  value: Buffer.from(text),
  headers: [],
});

describe("walking record batches", () => {
  it("shows exactly the visible records of any log, in both isolation levels and any window", () => {
    fc.assert(
      fc.property(testLog, fc.nat(20), fc.nat(20), (l, skip, less) => {
        const records = encodeBatches(l.batches);
        const [from, to] = [l.start + skip, l.end - less];
        const inside = (r: TestRecord) => r.offset >= from && r.offset < to;
        for (const [aborted, truth] of [
          [undefined, l.uncommitted],
          [l.aborted, l.committed],
        ] as const) {
          const { found, walked } = seen(records, { from, to, aborted });
          expect(found).toEqual(truth.filter(inside).map(plain));
          if (l.batches.length > 0 && from < to) expect(walked.next).toBeGreaterThanOrEqual(Math.min(to, l.end));
        }
        expect(offsetAfter(records, l.start)).toBe(l.batches.length === 0 ? l.start : l.end);
      }),
      { numRuns: 400 },
    );
  });

  it("starts inside a batch and stops on request", () => {
    const records = log([record(5), record(6), record(7)]);
    expect(seen(records, { from: 6, to: 100 }).found).toHaveLength(2);
    const offsets: number[] = [];
    const walked = walk(records, { where, from: 0, to: 100 }, (r) => {
      offsets.push(r.offset);
      return r.offset === 6 ? STOP : undefined;
    });
    expect([offsets, walked.stopped]).toEqual([[5, 6], true]);
  });

  it("reads keys, values and tombstones", () => {
    const records = log([record(1), { ...record(2), value: null }, { ...record(3), key: null }]);
    const found: unknown[] = [];
    walk(
      records,
      { where, from: 0, to: 9 },
      (r: RecordCursor) => void found.push([r.key()?.toString(), r.value()?.toString(), r.isTombstone()]),
    );
    expect(found).toEqual([
      ["k1", "v1", false],
      ["k2", undefined, true],
      [undefined, "v3", false],
    ]);
  });

  it("detects any flipped bit by the checksum", () => {
    const records = log([record(1), record(2)]);
    fc.assert(
      fc.property(fc.integer({ min: 21, max: records.length - 1 }), fc.integer({ min: 0, max: 7 }), (at, bit) => {
        const damaged = Buffer.from(records);
        damaged[at]! ^= 1 << bit;
        expect(() => seen(damaged, { from: 0, to: 9 })).toThrow(
          /RECORDS_CORRUPT: t-0: the batch at offset 1 .* checksum/,
        );
      }),
    );
  });

  it("refuses an unknown message format or codec and names it", () => {
    const later = log([record(1)]);
    later[16] = 3;
    expect(() => seen(later, { from: 0, to: 9 })).toThrow(/message format v3 is not known/);
    const unknown = log([record(1)]);
    unknown[22] = 5;
    expect(() => walk(unknown, { where, from: 0, to: 9, checkCrc: false }, () => {})).toThrow(/compression code 5/);
  });
});

describe("the digest of a sequence", () => {
  const digest = (batches: Parameters<typeof encodeBatches>[0]) => {
    const d = new SequenceDigest();
    walk(encodeBatches(batches), { where, from: 0, to: 1e9 }, (r) => d.add(r));
    return d.hex();
  };

  it("depends on the order and on every field, not on batches, codecs or offsets", () => {
    fc.assert(
      fc.property(testLog, (l) => {
        const one = new SequenceDigest();
        walk(encodeBatches(l.batches), { where, from: 0, to: l.end, aborted: l.aborted }, (r) => one.add(r));
        const copied = l.committed.map((r, i) => ({ ...r, offset: i }));
        const two = digest(copied.map((r) => ({ baseOffset: r.offset, records: [r], codec: "lz4" as const })));
        expect(two).toBe(one.hex());
        const last = copied.at(-1);
        if (last === undefined) return;
        const rest = copied.slice(0, -1);
        for (const changed of [
          { ...last, timestamp: last.timestamp === 5 ? 6 : 5 },
          { ...last, key: last.key === null ? Buffer.alloc(0) : null },
          { ...last, value: Buffer.concat([last.value ?? Buffer.alloc(0), Buffer.from([1])]) },
          { ...last, headers: [...last.headers, { key: "x", value: null }] },
        ]) {
          expect(digest([{ baseOffset: 0, records: [...rest, changed] }])).not.toBe(two);
        }
      }),
      { numRuns: 200 },
    );
    expect(digest([{ baseOffset: 0, records: [record(0, "a"), record(1, "b")] }])).not.toBe(
      digest([{ baseOffset: 0, records: [record(0, "b"), record(1, "a")] }]),
    );
  });

  it("continues from a saved state, and differs if the state does not fit", () => {
    const all = Array.from({ length: 9 }, (_, i) => record(i, `v${i}`));
    const over = (from: number, to: number, d: SequenceDigest) => {
      walk(encodeBatches([{ baseOffset: 0, records: all }]), { where, from, to }, (r) => d.add(r));
      return d;
    };
    const whole = over(0, 4, new SequenceDigest());
    const state = whole.fold();
    expect(state).toEqual({ count: 4, link: expect.stringMatching(/^[0-9a-f]{64}$/) });
    over(4, 9, whole);
    const second = over(4, 9, new SequenceDigest(true, JSON.parse(JSON.stringify(state))));
    expect([second.count, second.hex()]).toEqual([9, whole.hex()]);
    expect(over(5, 9, new SequenceDigest(true, state)).hex()).not.toBe(whole.hex());
    expect(over(4, 9, new SequenceDigest(true, over(0, 3, new SequenceDigest()).fold())).hex()).not.toBe(whole.hex());
  });

  it("handles records larger than its buffer", () => {
    const large = { ...record(0), value: Buffer.alloc(200_000, 7) };
    const other = { ...large, value: Buffer.concat([Buffer.alloc(199_999, 7), Buffer.from([8])]) };
    expect(digest([{ baseOffset: 0, records: [large] }])).not.toBe(digest([{ baseOffset: 0, records: [other] }]));
  });
});
