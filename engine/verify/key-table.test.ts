import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { walk } from "../records";
import { KeyTable } from "./key-table";
import { encodeBatches, type TestRecord } from "../../test/engine/records/build";

const writes = fc.array(fc.record({ key: fc.nat(12), value: fc.option(fc.nat(3), { nil: null, freq: 3 }) }), {
  maxLength: 60,
});
type Writes = { key: number; value: number | null }[];

const record = (w: Writes[number], offset: number): TestRecord => ({
  offset,
  timestamp: 7,
  key: Buffer.from(`k${w.key}`),
  value: w.value === null ? null : Buffer.from(`v${w.value}`),
  headers: [],
});

/**
 * `kept` decides which removable records remain. Compaction can remove any tombstone, and any record that a later
 * record of the same key replaces.
 */
function table(log: Writes, kept: (index: number) => boolean, passes = 1, pass = 0): KeyTable {
  const latest = new Map(log.map((w, i) => [w.key, i]));
  const left = log
    .map((w, i) => ({ w, i }))
    .filter(({ w, i }) => (latest.get(w.key) === i && w.value !== null) || kept(i));
  // Compaction never keeps an older record if it removed the newer ones.
  const consistent = left.filter(({ w }) =>
    left.some((other) => other.w.key === w.key && other.i === latest.get(w.key)),
  );
  const found = new KeyTable(pass, passes);
  if (consistent.length === 0) return found;
  walk(
    encodeBatches([{ baseOffset: 0, lastOffset: log.length, records: consistent.map(({ w, i }) => record(w, i)) }]),
    { where: "t-0", from: 0, to: 1e6 },
    (r) => found.add(r),
  );
  return found;
}

const differing = (a: KeyTable, b: KeyTable) => {
  const found: [number | undefined, number | undefined][] = [];
  a.compare(b, (here, there) => found.push([here?.offset, there?.offset]));
  return found;
};

describe("the latest record of each key", () => {
  it("is the same on both sides for any compaction", () => {
    fc.assert(
      fc.property(writes, fc.func(fc.boolean()), fc.func(fc.boolean()), (log, keptHere, keptThere) => {
        expect(
          differing(
            table(log, (i) => keptHere(i)),
            table(log, (i) => keptThere(i)),
          ),
        ).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it("differs for exactly the keys whose last write differs, in any number of passes", () => {
    fc.assert(
      fc.property(writes, writes, fc.integer({ min: 1, max: 4 }), (a, b, passes) => {
        const last = (log: Writes) => new Map(log.map((w) => [w.key, w.value]));
        const [x, y] = [last(a), last(b)];
        const truth = [...new Set([...x.keys(), ...y.keys()])].filter(
          (k) => (x.get(k) ?? null) !== (y.get(k) ?? null),
        ).length;
        const all = () => true;
        let found = 0;
        for (let pass = 0; pass < passes; pass++)
          found += differing(table(a, all, passes, pass), table(b, all, passes, pass)).length;
        expect(found).toBe(truth);
      }),
      { numRuns: 300 },
    );
  });

  it("is found for many keys", () => {
    const log = Array.from({ length: 5000 }, (_, i) => ({ key: i, value: i }));
    const changed = log.map((w) => (w.key === 4321 ? { ...w, value: 0 } : w));
    expect(
      differing(
        table(log, () => true),
        table(changed, () => true),
      ),
    ).toEqual([[4321, 4321]]);
  });
});
