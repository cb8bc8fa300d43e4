import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compilePatternList } from "../patterns";
import { escape, type Owned, patternsOf } from "./patterns";

const word = fc.constantFrom("a", "b", "orders", "eu", ".", "-", "_", "..", "x1");
const topic = fc.array(word, { minLength: 1, maxLength: 5 }).map((words) => words.join(""));
/** Group names may have any characters. */
const anyName = fc.oneof(
  topic,
  fc.string({ minLength: 1, unit: "binary" }),
  fc.constantFrom("a,b", " a ", "a\nb", "a\\b", "[a]", "(?!)"),
);

const owned = (name: fc.Arbitrary<string>) =>
  fc.uniqueArray(fc.record({ name, set: fc.option(fc.nat(2), { nil: undefined }) }), {
    selector: (o) => o.name,
    minLength: 1,
    maxLength: 30,
  });

function check(all: readonly Owned[]): void {
  const matchers = patternsOf(all, 3).map((list) => compilePatternList(list, "topicsPattern"));
  for (const { name, set } of all)
    expect(matchers.flatMap((matches, i) => (matches(name) ? [i] : []))).toEqual(set === undefined ? [] : [set]);
}

describe("the patterns of a plan", () => {
  test("select exactly the names of their set, for any topic names", () => {
    fc.assert(fc.property(owned(topic), check), { numRuns: 500 });
  });

  test("select exactly the groups of their set, even with commas, spaces, newlines and special characters", () => {
    fc.assert(fc.property(owned(anyName), check), { numRuns: 500 });
  });

  test("select a name for each of its sets", () => {
    const all = [
      { name: "a-1", set: 0 },
      { name: "a-1", set: 1 },
      { name: "a-2", set: 0 },
      { name: "a-3", set: 0 },
    ];
    expect(patternsOf(all, 2)).toEqual(["a-1,a-2,a-3", "a-1"]);
  });

  test("are short if names share a prefix that no other name has", () => {
    const all = ["shop.a", "shop.b", "shop.c", "web-1", "web-2", "log"].map((name, i) => ({
      name,
      set: i < 3 ? 0 : 1,
    }));
    expect(patternsOf([...all, { name: "shopping", set: undefined }], 3)).toEqual(["shop\\..*", "web-1,web-2,log", ""]);
  });

  test("are written in seconds for 10,000 names in 8 sets", () => {
    const all = Array.from({ length: 10_000 }, (_, i) => ({
      name: `team-${i % 97}.service-${i % 1009}.events-${i}`,
      set: (i % 97) % 8,
    }));
    const started = Date.now();
    const lists = patternsOf(all, 8);
    expect(Date.now() - started).toBeLessThan(10_000);
    expect(lists.join().length).toBeLessThan(3_000);
  });

  test("match exactly one name if it is escaped", () => {
    expect(escape("orders.eu-1_x")).toBe("orders\\.eu-1_x");
    fc.assert(
      fc.property(anyName, anyName, (a, b) => {
        expect(compilePatternList(escape(a), "x")(b)).toBe(a === b);
        expect(compilePatternList(escape(a), "x")(a)).toBe(true);
      }),
    );
  });
});
