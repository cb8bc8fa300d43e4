import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { rules } from "../engine/rules";

const page = readFileSync(join(__dirname, "../docs/policies.md"), "utf8");
const sections = new Map(
  page
    .split(/^### /m)
    .slice(1)
    .map((text) => [text.split("\n")[0]!, text]),
);

test("every rule has its section, in the rules' order, and no section is left over", () => {
  expect([...sections.keys()]).toEqual(rules.map((rule) => rule.name));
});

test.each(rules.map((rule) => [rule.name, rule] as const))(
  "%s: the section has the level, a bad and a good example, and the settings",
  (name, rule) => {
    const section = sections.get(name)!;
    expect(section).toContain(`\`${rule.level}\`.`);
    expect(section).toMatch(/Bad:\n\n```\w+\n[^]+```\n\nGood:\n\n```\w+\n[^]+```/);
    for (const setting of Object.keys(rule.settings)) expect(section).toContain(`\`${setting}\``);
  },
);
