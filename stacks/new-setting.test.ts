import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { renderedPage } from "../scripts/configuration-docs.js";
import { temporaryFolder } from "../test/support/folder";

/** A copy of the package in which somebody added one setting, and the field by which the dialects know it. */
const root = resolve(__dirname, "..");
const copy = temporaryFolder("new-setting");

function insert(file: string, before: string, text: string): void {
  const path = join(copy, file);
  const [start, ...end] = readFileSync(path, "utf8").split(before);
  expect(end.length, `${before} in ${file}`).toBeGreaterThan(0);
  writeFileSync(path, `${start}${text}${before}${end.join(before)}`);
}

beforeAll(() => {
  for (const name of ["components", "docs", "engine", "lifecycle", "stacks", "package.json"])
    cpSync(join(root, name), join(copy, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  const entry = `
  /**
   * Colour of the workers.
   * @default blue
   */
  workerColour: text.optional(),
`;
  insert("components/settings/pods.ts", "};\nexport interface PodSettings", entry);
  insert("engine/rules/operator-fields/pods.ts", "resources(claims@0.32", "workerColour ");
});

test("a new setting needs one entry and its spelling: key, resolver, resource and documentation follow", async () => {
  const { readSettings } = await import(join(copy, "stacks/settings.ts"));
  const { migrationArgs } = await import(join(copy, "stacks/arguments.ts"));
  const { resolveMigration } = await import(join(copy, "components/migration/checks.ts"));
  const { describeMirror } = await import(join(copy, "components/mirror/text.ts"));

  const side = (name: string) =>
    JSON.stringify({ bootstrapServers: `${name}:9093`, cluster: name, namespace: `${name}-ns` });
  const read = (mirror: object) =>
    readSettings({ origin: side("origin"), target: side("target"), mirror: JSON.stringify(mirror) });
  const settings = read({ workerColour: "green" });
  expect(settings.mirror.workerColour).toBe("green");
  expect(() => read({ workerColor: "green" })).toThrow('did you mean "workerColour"?');
  expect(() => read({ workerColour: 3 })).toThrow("mirror.workerColour: 3 is not possible; it has to be a text");

  const none = () => undefined;
  const args = migrationArgs(settings, {
    kubernetes: none,
    kafka: none,
    secret: String,
    clientPassword: String,
    content: String,
  });
  const { settings: resolved } = resolveMigration(args);
  const { text } = describeMirror({
    ...resolved,
    origin: { bootstrapServers: "origin:9093" },
    target: { bootstrapServers: "target:9093" },
  });
  expect(text.spec.workerColour).toBe("green");

  expect(renderedPage(copy)).toContain("| `workerColour` | blue | Colour of the workers. |");
  expect(readFileSync(join(copy, "docs/configuration.md"), "utf8")).not.toBe(renderedPage(copy));
});
