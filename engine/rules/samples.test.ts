import fc from "fast-check";
import { expect, test } from "vitest";
import { samplesOf, wordsIn } from "./samples";

test("every sample of an expression matches it", () => {
  const literal = fc.stringMatching(/^[a-z0-9_-]{1,4}$/);
  const atom = fc.oneof(
    literal,
    fc.constantFrom("\\d", "\\w", "\\.", "[0-9]", "[^a]", "[a-c_]", "[\\w.-]", ".", "(?:b)"),
  );
  const quantified = fc.tuple(atom, fc.constantFrom("", "", "*", "+", "?", "{2}", "{1}", "{0}")).map(([a, q]) => a + q);
  const sequence = fc.array(quantified, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(""));
  const expression = fc.tuple(sequence, sequence, sequence).map(([a, b, c]) => `${a}(${b}|${c})`);
  fc.assert(
    fc.property(fc.oneof(sequence, expression), (text) => {
      const matches = new RegExp(`^(?:${text})$`);
      const samples = samplesOf(text, ["orders"]);
      expect(samples.length).toBeGreaterThan(0);
      expect(samples.filter((sample) => !matches.test(sample))).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test("each alternative has a sample, even if there are many", () => {
  const names = Array.from({ length: 60 }, (_, i) => `topic${i}`);
  expect(samplesOf(names.slice(0, 20).join("|"), [])).toEqual(names.slice(0, 20));
  expect(samplesOf(`(${names.join("|")})`, []).length).toBeGreaterThan(10);
});

test("the words of an expression do not contain its character classes", () => {
  expect(wordsIn("eu\\d+-(prod|test)\\.v1")).toEqual(["eu", "-", "prod", "test", "v1"]);
});
