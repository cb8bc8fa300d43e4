import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { COMMANDS } from "./commands";
import { EXIT } from "./exit";

const read = (path: string) => readFileSync(join(__dirname, "..", path), "utf8");

test("docs/command-line.md has every command and every exit code, and the README has every command", () => {
  const page = read("docs/command-line.md");
  for (const name of Object.keys(COMMANDS)) expect(page, name).toContain(`\n| \`${name}\` |`);
  for (const code of Object.values(EXIT)) expect(page, `exit code ${code}`).toContain(`\n| ${code} |`);
  const [, listed] = /`npx kafka-migration ([a-z |]+) --stack NAME`/.exec(read("README.md"))!;
  expect(listed!.split(" | ").sort()).toEqual(Object.keys(COMMANDS).sort());
});

test("docs/command-line.md explains every option of plan", () => {
  const section = read("docs/command-line.md").split("## What a plan shows")[1]!;
  for (const option of Object.keys(COMMANDS.plan.options)) expect(section).toContain(`--${option}`);
});

test("docs/inventory.md explains every option of inventory", () => {
  const page = read("docs/inventory.md");
  for (const option of Object.keys(COMMANDS.inventory.options)) expect(page).toContain(`--${option}`);
});
