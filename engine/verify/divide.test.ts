import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { divide, type Weighted } from "./divide";

const topics = fc
  .array(fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 1, maxLength: 12 }), { maxLength: 12 })
  .map((all) =>
    all.flatMap((weights, t): Weighted[] =>
      weights.map((weight, partition) => ({ topic: `t${t}`, partition, weight })),
    ),
  );
const machines = fc.integer({ min: 1, max: 9 });

describe("the division of partitions among machines", () => {
  it("does not depend on the order in which a machine lists the partitions", () => {
    fc.assert(
      fc.property(topics, machines, fc.func(fc.nat()), (all, count, chance) => {
        const shuffled = [...all].sort((a, b) => chance(a) - chance(b));
        const shares = new Map(shuffled.map((one, i) => [one, divide(shuffled, count)[i]]));
        expect(divide(all, count)).toEqual(all.map((one) => shares.get(one)));
      }),
    );
  });

  it("gives each partition to one machine, and no two machines differ by more than the largest partition", () => {
    fc.assert(
      fc.property(topics, machines, (all, count) => {
        const shares = divide(all, count);
        expect(shares.every((share) => Number.isInteger(share) && share >= 1 && share <= count)).toBe(true);
        const isEven = (of: (one: Weighted) => boolean) => {
          const loads = Array.from({ length: count }, () => 0);
          for (const [i, one] of all.entries()) if (of(one)) loads[shares[i]! - 1]! += one.weight;
          const largest = Math.max(0, ...all.filter(of).map(({ weight }) => weight));
          return Math.max(...loads) - Math.min(...loads) <= largest;
        };
        expect(isEven(() => true)).toBe(true);
        for (const topic of new Set(all.map((one) => one.topic)))
          expect(isEven((one) => one.topic === topic)).toBe(true);
      }),
    );
  });

  it("leaves no machine without work as long as there are partitions, also if all of them are empty", () => {
    const empty = Array.from({ length: 6 }, (_, i) => ({ topic: `t${i % 2}`, partition: i, weight: 0 }));
    expect(new Set(divide(empty, 6)).size).toBe(6);
  });

  it("takes no longer than a moment for 100,000 partitions", () => {
    const many = Array.from({ length: 100_000 }, (_, i) => ({ topic: `t${i % 500}`, partition: i, weight: i % 1_000 }));
    expect(divide(many, 64)).toHaveLength(100_000);
  });

  it("takes no longer than a moment for more machines than partitions, of which some have nothing to do", () => {
    const few = Array.from({ length: 2_000 }, (_, i) => ({ topic: `t${i}`, partition: 0, weight: i % 7 }));
    const started = performance.now();
    expect(new Set(divide(few, 999_999)).size).toBe(2_000);
    expect(performance.now() - started).toBeLessThan(10_000);
    fc.assert(
      fc.property(topics, (all) => {
        expect(divide(all, 500)).toEqual(divide(all, Math.max(1, all.length)));
      }),
    );
  });
});
