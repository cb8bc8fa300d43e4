import { isDeepStrictEqual } from "node:util";
import { expect, test } from "vitest";
import { setOwn } from "../engine/objects";
import type { AnyResource } from "./read";
import { others, pathsIn, type Path, valueAt } from "../test/policies/places";
import { all, stack } from "../test/policies/resources";
import { part } from "../test/support/runs";

/** Names that every JavaScript object has. A table that is a plain object seems to contain them. */
const NAMES = ["constructor", "__proto__"];
/** Words that no table contains and that are close to no word of one. */
const NEUTRAL = ["qqzzqqzz", "qqxxqqxx"];

/** The rules that report something, or the error. Messages must not show what a table inherits. */
function verdict(resources: AnyResource[]): string[] {
  try {
    const found = all(resources);
    const messages = found.map(({ message }) => message).filter((m) => /native code|\[object|undefined/.test(m));
    return [...found.map(({ rule }) => rule), ...messages].sort();
  } catch (thrown) {
    return [`thrown: ${String(thrown)} ${(thrown as Error).stack?.split("\n")[1]}`];
  }
}

test("names such as constructor and __proto__ are words like any other", () => {
  const resources = stack({ dialect: "strimzi-v1beta2", more: others() });
  const all = resources.flatMap(({ props }, i) => [
    [i, "props"],
    ...pathsIn(props).map((path) => [i, "props", ...path]),
  ]);
  // The elements of a list are alike.
  const like = ([i, ...path]: Path) => [i, ...path.map((key) => (typeof key === "number" ? "" : key))].join(".");
  const paths = new Map(all.map((path) => [like(path), path]));
  const wrong: string[] = [];
  for (const path of part([...paths.values()])) {
    const value = valueAt(resources, path);
    if (typeof value !== "string" && (typeof value !== "object" || value === null || Array.isArray(value))) continue;
    const changed = (words: readonly string[]): AnyResource[] => {
      const set = structuredClone(resources);
      if (typeof value === "string") setOwn(valueAt(set, path.slice(0, -1)), path.at(-1)!, words[0]);
      else for (const word of words) setOwn(valueAt(set, path), word, "1");
      return set;
    };
    const [found, expected] = [verdict(changed(NAMES)), verdict(changed(NEUTRAL))];
    if (!isDeepStrictEqual(found, expected)) wrong.push(`${path.join(".")}: ${found} instead of ${expected}`);
  }
  expect(wrong).toEqual([]);
});
