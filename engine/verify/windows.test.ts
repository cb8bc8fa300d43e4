import fc from "fast-check";
import { expect, test } from "vitest";
import { gapsOf, missProbability, randomOf, type ReadRange, startsOf } from "./windows";

const logs = fc.record({ from: fc.nat(50), length: fc.integer({ min: 1, max: 120 }) });
const some = fc.array(fc.tuple(fc.nat(200), fc.integer({ min: 1, max: 30 })), { maxLength: 8 });
const rangesIn = (log: ReadRange, list: readonly [number, number][]): ReadRange[] =>
  list.map(([at, length]) => {
    const from = log.from + (at % (log.to - log.from));
    return { from, to: Math.min(log.to, from + length) };
  });

test("the probability is the share of the places where the hole touches no window", () => {
  fc.assert(
    fc.property(logs, some, fc.integer({ min: 1, max: 60 }), ({ from, length }, list, hole) => {
      const log = { from, to: from + length };
      const ranges = rangesIn(log, list);
      const isRead = (offset: number) => ranges.some((r) => r.from <= offset && offset < r.to);
      const size = Math.min(hole, length);
      let [places, missed] = [0, 0];
      for (let at = log.from; at + size <= log.to; at++) {
        places++;
        if (!Array.from({ length: size }, (_, i) => at + i).some(isRead)) missed++;
      }
      expect(missProbability(log, ranges, hole)).toBeCloseTo(missed / places, 10);
    }),
  );
});

test("gaps and windows together are the whole log", () => {
  fc.assert(
    fc.property(logs, some, ({ from, length }, list) => {
      const log = { from, to: from + length };
      const ranges = rangesIn(log, list);
      const gaps = gapsOf(log, ranges);
      for (let offset = log.from; offset < log.to; offset++) {
        const within = (r: ReadRange) => r.from <= offset && offset < r.to;
        expect(gaps.filter(within).length).toBe(ranges.some(within) ? 0 : 1);
      }
    }),
  );
});

test("each stretch of the log gets one window, and the same seed gives the same windows", () => {
  fc.assert(
    fc.property(logs, fc.integer({ min: 1, max: 50 }), fc.nat(), ({ from, length }, stretch, seed) => {
      const log = { from, to: from + length };
      const starts = startsOf(log, stretch, randomOf(String(seed)));
      expect(starts[0]).toBe(from);
      expect(starts.length).toBe(1 + Math.ceil(length / stretch));
      for (const [i, start] of starts.slice(1).entries()) {
        expect(start).toBeGreaterThanOrEqual(from + i * stretch);
        expect(start).toBeLessThan(Math.min(log.to, from + (i + 1) * stretch));
      }
      expect(startsOf(log, stretch, randomOf(String(seed)))).toEqual(starts);
    }),
  );
});

test("another seed gives other windows", () => {
  const of = (seed: string) => startsOf({ from: 0, to: 1_000_000 }, 1000, randomOf(seed));
  expect(of("1 t 0")).not.toEqual(of("2 t 0"));
  expect(of("1 t 0")).not.toEqual(of("1 t 1"));
});
