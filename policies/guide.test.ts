import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { all, custom } from "../test/policies/resources";

const fixtures = [
  "origin-user",
  "target-user",
  "origin-credentials",
  "origin-ca",
  "target-credentials",
  "target-ca",
  "mirror",
];
const resources = fixtures.map((name) =>
  custom(parse(readFileSync(join(__dirname, "../test/fixtures/guide", `${name}.yaml`), "utf8")), name),
);

/** Rows of the documentation's table: rule, level, resource, message. */
function documented(): string[] {
  const page = readFileSync(join(__dirname, "../docs/policies.md"), "utf8");
  const section = page.split(/^## /m).find((part) => part.startsWith("What the guide's own resources get"));
  const rows = (section ?? "").split("\n").filter((line) => /^\| \[/.test(line));
  return rows.map((row) => {
    const [rule, level, message] = row.split(" | ");
    return `${/\[([\w-]+)\]/.exec(rule!)![1]} ${level} ${message!.replace(/ \|$/, "").replaceAll("\\|", "|")}`;
  });
}

test("the guide's own resources have exactly the findings that the documentation lists", () => {
  const found = all(resources).map(
    ({ rule, level, message }) => `${rule} ${level} ${message.replace(` [${rule}]`, "")}`,
  );
  expect(found.length).toBeGreaterThan(5);
  expect(documented()).toEqual(found);
});
