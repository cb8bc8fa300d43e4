import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Lag } from "./lag";
import type { Look } from "./look";
import type { PartitionFacts } from "./rule";

type Seen = Pick<Look, "at" | "partitions">;

/** A look at partitions that end here, of which so many offsets are copied. */
const look = (at: number, all: readonly ({ end: number; copied: number } & Partial<PartitionFacts>)[]): Seen => ({
  at,
  partitions: new Map(
    all.map(({ end, copied, ...more }, partition) => {
      const mirrored = copied === 0 ? undefined : copied - 1;
      const facts = { start: 0, end, stable: end, mirrored, visibleInGap: true, ...more };
      return [`t:${partition}`, { topic: "t", partition, facts }];
    }),
  ),
});

describe("how far the mirror is behind the producers", () => {
  it("is the age of the latest ends of which everything is copied", () => {
    const partition = fc.record({ written: fc.nat(5), copied: fc.nat(6) });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }).chain((partitions) =>
          fc.array(
            fc.record({
              pause: fc.integer({ min: 1, max: 3_000 }),
              each: fc.array(partition, { minLength: partitions, maxLength: partitions }),
            }),
            { minLength: 1, maxLength: 20 },
          ),
        ),
        (steps) => {
          const lag = new Lag();
          const ends: { at: number; ends: number[] }[] = [];
          const [now, copied] = [{ at: 0, ends: steps[0]!.each.map(() => 0) }, steps[0]!.each.map(() => 0)];
          for (const { pause, each } of steps) {
            now.at += pause;
            each.forEach((p, i) => {
              now.ends[i]! += p.written;
              copied[i] = Math.min(now.ends[i]!, copied[i]! + p.copied);
            });
            ends.push({ at: now.at, ends: [...now.ends] });
            const whole = ends.findLast((one) => one.ends.every((end, i) => copied[i]! >= end));
            const found = lag.add(
              look(
                now.at,
                now.ends.map((end, i) => ({ end, copied: copied[i]! })),
              ),
            );
            expect(found).toBe(whole === undefined ? undefined : now.at - whole.at);
          }
        },
      ),
    );
  });

  it("is never too short, however many looks there were before", () => {
    const lag = new Lag();
    // The mirror copies each second half of what is written: it falls behind more and more.
    for (let s = 1; s <= 200; s++) {
      const copied = 5 * s;
      const found = lag.add(look(s * 1000, [{ end: 10 * s, copied }]));
      expect(found ?? Infinity).toBeGreaterThanOrEqual((s - copied / 10) * 1000);
    }
  });

  it("ignores partitions that are gone, and waits for those that are new", () => {
    const lag = new Lag();
    lag.add(
      look(1000, [
        { end: 10, copied: 10 },
        { end: 10, copied: 0 },
      ]),
    );
    expect(lag.add(look(2000, [{ end: 10, copied: 10 }]))).toBe(0);
    expect(
      lag.add(
        look(3000, [
          { end: 10, copied: 10 },
          { end: 5, copied: 0 },
        ]),
      ),
    ).toBe(1000);
  });

  it("counts a transaction's marker as copied, although the mirror never confirms it", () => {
    const lag = new Lag();
    expect(lag.add(look(1000, [{ end: 10, copied: 9, visibleInGap: false }]))).toBe(0);
    // The next transaction is not copied yet.
    expect(lag.add(look(2000, [{ end: 12, copied: 9, clearedTo: 10 }]))).toBe(1000);
    expect(lag.add(look(3000, [{ end: 12, copied: 9, clearedTo: 10, stable: 10 }]))).toBe(2000);
  });

  it("keeps few earlier looks, also if the mirror stops after it was close", () => {
    const lag = new Lag();
    lag.add(look(1000, [{ end: 1, copied: 1 }]));
    for (let s = 2; s <= 5_000; s++) expect(lag.add(look(s * 1000, [{ end: s, copied: 1 }]))).toBe((s - 1) * 1000);
    expect(lag.kept).toBeLessThan(50);
  });

  it("is steady only if it is neither shorter nor much longer than a minute ago", () => {
    /** A lag of so many seconds at each second. */
    const steady = (lagAt: (second: number) => number, seconds: number) => {
      const lag = new Lag();
      for (let s = 1; s <= seconds; s++) lag.add(look(s * 1000, [{ end: s, copied: Math.max(0, s - lagAt(s)) }]));
      return lag.isSteady(seconds * 1000);
    };
    expect(steady(() => 10, 60)).toBe(false);
    expect(steady(() => 10, 80)).toBe(true);
    expect(steady(() => 200, 400)).toBe(true);
    // It was shorter while something else kept the gate shut.
    expect(steady((s) => (s < 100 ? 0 : 20), 300)).toBe(true);
    expect(steady((s) => (s < 100 ? 0 : 20), 200)).toBe(false);
    expect(steady((s) => Math.max(10, 90 - s / 2), 150)).toBe(false);
    // The mirror has stopped.
    expect(steady((s) => 10 + Math.max(0, s - 40), 120)).toBe(false);
    expect(steady((s) => s, 120)).toBe(false);
  });
});
