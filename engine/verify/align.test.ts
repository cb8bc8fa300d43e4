import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { align, type Mismatch } from "./align";
import { AHEAD, type Entry } from "./sequence";

const entries = (hashes: readonly (string | number)[]): Entry[] =>
  hashes.map((h, offset) => ({ offset, timestamp: 1000, stamped: false, body: String(h) }));

/** Returns the entries in pieces, like fetches. */
const sequence = (list: readonly Entry[], piece: number) => (from: number | undefined) => {
  let at = from ?? 0;
  return async () => list.slice(at, (at += piece));
};

async function differences(
  a: readonly (string | number)[],
  b: readonly (string | number)[],
  piece = 7,
): Promise<{ mismatches: Mismatch[]; counts: { origin: number; target: number } }> {
  const mismatches: Mismatch[] = [];
  const counts = await align(sequence(entries(a), piece), sequence(entries(b), piece), (mismatch) =>
    mismatches.push(mismatch),
  );
  return { mismatches, counts };
}

const said = (mismatches: Mismatch[]) =>
  mismatches.map((s) => {
    const run = (r: { first: Entry; count: number } | undefined) =>
      r === undefined ? undefined : `${r.first.offset}+${r.count}`;
    return [
      s.kind,
      s.kind === "diverged"
        ? ""
        : [run("origin" in s ? s.origin : undefined), run("target" in s ? s.target : undefined)]
            .filter((x) => x !== undefined)
            .join(" "),
    ];
  });

const count = (n: number, from = 0) => Array.from({ length: n }, (_, i) => from + i);

describe("finding where two sequences differ", () => {
  it.each<[string, (string | number)[], (string | number)[], string[][]]>([
    ["equal", count(50), count(50), []],
    ["both empty", [], [], []],
    ["one record missing", count(9), [0, 1, 2, 4, 5, 6, 7, 8], [["missing", "3+1"]]],
    ["the last records missing", count(9), count(6), [["missing", "6+3"]]],
    ["a record twice", count(9), [0, 1, 2, 3, 2, 3, 4, 5, 6, 7, 8], [["duplicate", "4+2"]]],
    ["the last records twice", count(9), [...count(9), 6, 7, 8], [["duplicate", "9+3"]]],
    [
      "the last records twice, and a foreign record",
      count(9),
      [...count(9), 8, "x"],
      [
        ["duplicate", "9+1"],
        ["extra", "10+1"],
      ],
    ],
    ["the last two swapped", count(6), [0, 1, 2, 3, 5, 4], [["order", "4+2 4+2"]]],
    ["a foreign record in between", count(6), [0, 1, 2, "x", 3, 4, 5], [["extra", "3+1"]]],
    ["other content", count(6), [0, 1, "x", 3, 4, 5], [["changed", "2+1 2+1"]]],
    ["another order", count(8), [0, 1, 3, 2, 4, 5, 6, 7], [["order", "2+2 2+2"]]],
    [
      "a gap and a duplicate that cancel out in the counts",
      count(10),
      [0, 1, 2, 2, 4, 5, 6, 7, 8, 9],
      [["changed", "3+1 3+1"]],
    ],
    [
      "a gap here and a duplicate there",
      count(12),
      [0, 1, 2, 4, 5, 6, 7, 8, 7, 8, 9, 10, 11],
      [
        ["missing", "3+1"],
        ["duplicate", "8+2"],
      ],
    ],
    ["the target kept what the origin deleted", count(6, 3), count(9), [["leading", "0+3"]]],
    ["the target begins later", count(9), count(6, 3), [["leading", "0+3"]]],
    ["nothing on the target", count(5), [], [["leading", "0+5"]]],
    ["nothing in common", ["a", "b"], ["x", "y"], [["changed", "0+2 0+2"]]],
  ])("%s", async (_, a, b, expected) => {
    const { mismatches, counts } = await differences(a, b);
    expect(said(mismatches)).toEqual(expected);
    expect(counts).toEqual({ origin: a.length, target: b.length });
  });

  it("handles gaps larger than its window, on either side and at the start", async () => {
    const large = AHEAD * 3 + 11;
    const all = count(large + 400);
    const holed = [...all.slice(0, 100), ...all.slice(100 + large)];
    expect(said((await differences(all, holed, 500)).mismatches)).toEqual([["missing", `100+${large}`]]);
    expect(said((await differences(holed, all, 500)).mismatches)).toEqual([["extra", `100+${large}`]]);
    expect(said((await differences(all.slice(large), all, 500)).mismatches)).toEqual([["leading", `0+${large}`]]);
    expect(said((await differences(all, all.slice(large), 500)).mismatches)).toEqual([["leading", `0+${large}`]]);
  });

  it("stops if nothing matches any more, but still counts", async () => {
    const strangers = count(AHEAD * 2).map((i) => `x${i}`);
    const { mismatches, counts } = await differences(
      [...count(10), ...count(AHEAD * 2, 100)],
      [...count(10), ...strangers],
      1000,
    );
    expect(said(mismatches)).toEqual([["diverged", ""]]);
    expect(counts).toEqual({ origin: 10 + AHEAD * 2, target: 10 + AHEAD * 2 });
  });

  it("counts common records once on each side", async () => {
    const edit = fc.record({
      at: fc.nat(60),
      kind: fc.constantFrom("drop", "twice", "change", "insert", "swap"),
      length: fc.integer({ min: 1, max: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 60 }),
        fc.array(edit, { maxLength: 5 }),
        fc.integer({ min: 1, max: 20 }),
        async (length, edits, piece) => {
          const a: (string | number)[] = count(length);
          const b = [...a];
          for (const [n, e] of edits.entries()) {
            const at = Math.min(e.at, b.length);
            const some = b.slice(at, at + e.length);
            if (e.kind === "drop") b.splice(at, e.length);
            if (e.kind === "twice") b.splice(at, 0, ...some);
            if (e.kind === "change") b.splice(at, some.length, ...some.map((s) => `c${n}${s}`));
            if (e.kind === "insert") b.splice(at, 0, `i${n}`);
            if (e.kind === "swap") b.splice(at, some.length, ...some.reverse());
          }
          const { mismatches, counts } = await differences(a, b, piece);
          expect(counts).toEqual({ origin: a.length, target: b.length });
          expect(mismatches.length === 0).toBe(a.length === b.length && a.every((x, i) => x === b[i]));
          const sum = (side: "origin" | "target") =>
            mismatches.reduce(
              (total, s) =>
                total +
                (s.kind === "diverged"
                  ? 0
                  : ((s as { origin?: { count: number }; target?: { count: number } })[side]?.count ?? 0)),
              0,
            );
          expect(a.length - sum("origin")).toBe(b.length - sum("target"));
        },
      ),
      { numRuns: 500 },
    );
  });
});
