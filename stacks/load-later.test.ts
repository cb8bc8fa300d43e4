import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../test/support/folder";
import { loadLater } from "./load-later";

/** A package that counts how often it is loaded. */
function project(): string {
  const folder = temporaryFolder("load-later");
  mkdirSync(join(folder, "node_modules", "heavy"), { recursive: true });
  writeFileSync(
    join(folder, "node_modules", "heavy", "index.js"),
    "globalThis.heavy = (globalThis.heavy ?? 0) + 1; module.exports = class { static one = 1; };",
  );
  return join(folder, "index.js");
}
const loads = () => (globalThis as { heavy?: number }).heavy ?? 0;

it("loads a module once, when one of its properties is read", () => {
  const file = project();
  const from = createRequire(file);
  const before = loads();
  loadLater(["heavy", "absent"], file);
  const heavy = from("heavy") as { one: number; default: unknown };
  expect((heavy as { __esModule?: boolean }).__esModule).toBe(true);
  expect(loads()).toBe(before);
  expect(heavy.one).toBe(1);
  expect("one" in heavy).toBe(true);
  expect(Object.keys(heavy)).toEqual(["one"]);
  // Who asks now gets the module itself.
  expect(heavy.default).toBe(from("heavy"));
  expect(new (from("heavy") as new () => object)()).toBeDefined();
  expect(loads()).toBe(before + 1);
  loadLater(["heavy"], file);
  expect(from("heavy")).toBe(heavy.default);
});
