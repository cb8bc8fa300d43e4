import fc from "fast-check";
import { expect, test } from "vitest";
import { dialects, type DialectName } from "../components/dialects";
import { asPulumiHandsOver, others, pathsOf, put } from "../test/policies/places";
import { all, stack } from "../test/policies/resources";
import { UNKNOWN } from "../test/support/unknown";
import { runs } from "../test/support/runs";

/** Values that nobody should write, or that an error in a program can produce. */
const JUNK = [
  null,
  undefined,
  "",
  "x",
  3,
  -1,
  NaN,
  true,
  [],
  {},
  UNKNOWN,
  UNKNOWN,
  [null],
  [UNKNOWN],
  [[]],
  { a: null },
  ["x"],
  [{}],
  "([",
];

test("the rules never fail, whatever the resources contain", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...(Object.keys(dialects) as DialectName[])),
      fc.array(fc.tuple(fc.nat(), fc.constantFrom(...JUNK)), { minLength: 1, maxLength: 4 }),
      (dialect, changes) => {
        const resources = stack({ dialect, more: others() });
        const everywhere = pathsOf(resources);
        const set = structuredClone(resources);
        for (const [at, junk] of changes) put(set, everywhere[at % everywhere.length]!, junk);
        expect(() => all(asPulumiHandsOver(set))).not.toThrow();
      },
    ),
    { numRuns: runs(600) },
  );
});
