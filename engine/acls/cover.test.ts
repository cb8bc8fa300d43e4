import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { coverPatternList } from ".";
import { holds } from "./cover";
import { compilePatternList } from "../patterns";

const literal = (name: string) => ({ name, patternType: "literal" });
const prefix = (name: string) => ({ name, patternType: "prefix" });

describe("the ACL names of a pattern list", () => {
  test.each([
    [".*", [literal("*")]],
    ["orders", [literal("orders")]],
    ["orders,payments-.*", [literal("orders"), prefix("payments-")]],
    ["orders|payments-.*", [literal("orders"), prefix("payments-")]],
    [" orders , payments ", [literal("orders"), literal("payments")]],
    ["^orders-.*", [prefix("orders-")]],
    ["orders\\.eu", [literal("orders.eu")]],
    ["orders.eu", [prefix("orders")]],
    ["colou?r", [prefix("colo")]],
    ["orders-(eu|us)", [prefix("orders-")]],
    ["(orders|payments)", [literal("*")]],
    ["orders,.*", [literal("*")]],
    ["orders-.*,orders-eu,orders-.*", [prefix("orders-")]],
    ["a{2}b", [literal("*")]],
    ["team:orders", [literal("team:orders")]],
    ["\\Qorders|x\\E", [literal("*")]],
    ["", []],
  ])("%s", (list, expected) => expect(coverPatternList(list)).toEqual(expected));

  const atom = fc.constantFrom("a", "b", "-", "_", "\\.", ".", "[ab]", "(a|b)", "(?:ab|-)");
  const piece = fc.tuple(atom, fc.constantFrom("", "", "", "*", "+", "?", "{2}")).map(([a, q]) => a + q);
  const pattern = fc
    .array(fc.oneof({ weight: 9, arbitrary: piece }, { weight: 1, arbitrary: fc.constant("|") }), {
      minLength: 1,
      maxLength: 6,
    })
    .map((p) => p.join(""));
  const list = fc.array(pattern, { minLength: 1, maxLength: 3 }).map((p) => p.join(","));
  const name = fc
    .array(fc.constantFrom("a", "b", "-", "_", "."), { minLength: 1, maxLength: 6 })
    .map((l) => l.join(""));

  test("cover every name that the patterns match", () => {
    fc.assert(
      fc.property(list, fc.array(name, { minLength: 20, maxLength: 20 }), (patterns, names) => {
        const matches = compilePatternList(patterns, "topicsPattern");
        const covers = coverPatternList(patterns);
        for (const n of names.filter(matches)) {
          expect(
            covers.some((c) => holds(c, { name: n, patternType: "literal" })),
            `${patterns} matches ${n}, covers ${JSON.stringify(covers)}`,
          ).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test("are exact for plain names and plain prefixes", () => {
    const word = fc.stringMatching(/^[a-z][a-z0-9_-]{0,8}$/);
    fc.assert(
      fc.property(fc.uniqueArray(word, { minLength: 1, maxLength: 5 }), (words) => {
        expect(coverPatternList(words.join(","))).toEqual(words.map(literal));
        expect(coverPatternList(`${words[0]}.*`)).toEqual([prefix(words[0]!)]);
      }),
    );
  });
});
