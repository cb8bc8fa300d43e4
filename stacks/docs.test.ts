import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import * as migration from "../components/settings/migration";
import * as mirror from "../components/settings/mirror";
import * as verify from "../components/settings/verify";
import * as waves from "../components/settings/waves";
import { keysAt } from "../components/shape";
import * as model from "../engine/model";
import * as offsets from "../engine/offsets/types";
import { defaultsOf, type Shape } from "../engine/setting";
import { renderedPage, rowsOf, shapesOf } from "../scripts/configuration-docs.js";
import * as stack from "./schema";

const { schema } = stack;

const page = readFileSync(join(__dirname, "../docs/configuration.md"), "utf8").replace(/```[^]*?```/g, "");
/** The words between backticks, without the dot before `.namespace`. */
const words = new Set(
  [...page.matchAll(/`([^`]+)`/g)].flatMap(([, text]) =>
    text!.split(/[\s{}:,*]+/).map((word) => word.replace(/^\./, "")),
  ),
);

test("docs/configuration.md has every key of the configuration", () => {
  const missing: string[] = [];
  for (const key of keysAt(schema, [])) {
    const inner = keysAt(schema, [key]);
    if (inner.length === 0 && !words.has(key)) missing.push(key);
    for (const second of inner) {
      const of =
        key === "origin" || key === "mirror"
          ? [second]
          : key === "target"
            ? [second, `target.${second}`]
            : [`${key}.${second}`, `${key}[].${second}`];
      if (keysAt(schema, [key, second]).length === 0 && !of.some((word) => words.has(word)))
        missing.push(`${key}.${second}`);
      if (key !== "origin" && key !== "target") continue;
      for (const third of keysAt(schema, [key, second]))
        if (!words.has(third) && !words.has(`${second}.${third}`)) missing.push(`${key}.${second}.${third}`);
    }
  }
  expect(missing).toEqual([]);
});

test("the tables match the settings; run `npm run docs` after a change", () => {
  const root = join(__dirname, "..");
  expect(readFileSync(join(root, "docs/configuration.md"), "utf8")).toBe(renderedPage(root));
});

test("the documented default is the default that the code uses", () => {
  const described = shapesOf(join(__dirname, ".."));
  const differing: string[] = [];
  let compared = 0;
  for (const [name, shape] of [mirror, migration, verify, waves, offsets, model, stack].flatMap((module) =>
    Object.entries(module),
  )) {
    if (!described.has(name)) continue;
    const rows = new Map(rowsOf(name, described).map(({ key, standard }) => [key, standard.replaceAll("`", "")]));
    for (const [key, value] of Object.entries(defaultsOf(shape as Shape))) {
      compared++;
      if (rows.get(key)?.split(";")[0] !== String(value)) differing.push(`${name}.${key}: ${rows.get(key)}, ${value}`);
    }
  }
  expect(differing).toEqual([]);
  expect(compared).toBeGreaterThan(20);
});
