import fc from "fast-check";
import { expect, test } from "vitest";
import { Samples } from ".";
import type { Look } from "./look";

const look = (i: number) =>
  ({
    at: 1_700_000_000_000 + i * 1000,
    topics: [{ partitions: [0, 1] }],
    partitions: new Map([["t:0", { facts: { start: 0, end: 10_000, stable: 10_000, mirrored: 9_998 - i } }]]),
  }) as unknown as Look;

test("a wait of any length gives at most 500 evenly spaced samples, with the first and the last", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), (count) => {
      const samples = new Samples();
      for (let i = 0; i < count; i++) samples.add(look(i));
      const list = samples.list();
      const at = list.map((s) => (Date.parse(s.at) - 1_700_000_000_000) / 1000);
      expect(list.length).toBeLessThanOrEqual(500);
      expect(list.length).toBeGreaterThanOrEqual(Math.min(count, 250));
      expect([at[0], at.at(-1)]).toEqual([0, count - 1]);
      const gaps = new Set(at.slice(1, -1).map((t, i) => t - at[i]!));
      expect(gaps.size).toBeLessThanOrEqual(1);
      expect(list[0]).toMatchObject({ partitions: 2, complete: 0, left: 1 });
    }),
    { numRuns: 60 },
  );
});
