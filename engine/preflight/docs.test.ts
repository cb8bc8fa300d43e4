import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FINDING_CODES } from "./finding";

test("every code that preflight reports is documented, and no other", () => {
  const sources = readdirSync(__dirname).filter((file) => !file.endsWith(".test.ts"));
  const said = sources.flatMap((file) =>
    [...readFileSync(join(__dirname, file), "utf8").matchAll(/"([A-Z]+(?:_[A-Z]+)+)"/g)].map((m) => m[1]!),
  );
  // Errors that other parts throw and preflight reports unchanged.
  const handedOn = ["KAFKA_UNREACHABLE", "SELECTION_EMPTY", "REPLICATION_TOO_LARGE"];
  const page = readFileSync(join(__dirname, "../../docs/preflight.md"), "utf8");
  const written = page
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .flatMap((line) => [...line.split("|")[1]!.matchAll(/`([A-Z_]+)`/g)].map((m) => m[1]!));
  expect(new Set(written)).toEqual(new Set([...said, ...handedOn].filter((code) => code !== "PREFLIGHT_FAILED")));
  expect(written).toHaveLength(new Set(written).size);
  expect([...FINDING_CODES].sort()).toEqual([...written].sort());
});
