import fc from "fast-check";
import { expect, test } from "vitest";
import { resolveMigration } from "./migration/checks";
import { migrationSchema } from "./settings/migration";
import { describeMirror } from "./mirror/text";
import { keysAt } from "./shape";
import { describeUser } from "./user/settings";
import { isMigrationError } from "../engine/errors";
import { migrationArgs } from "../stacks/arguments";
import { Files } from "../stacks/files";
import { schema } from "../stacks/schema";
import { readSettings } from "../stacks/settings";
import { runs } from "../test/support/runs";

/**
 * For any value at any key, the result must be the list of mistakes. It must not be a crash and must not show a secret.
 */
const SECRET = "hunter2-hunter2";
const junk = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    0,
    -1,
    1.5,
    Number.NaN,
    "",
    "x",
    "a(",
    "\\p{Lu}",
    SECRET,
    [],
    {},
    [[]],
    [null],
    ["a"],
    { a: 1 },
    { config: null },
    { password: SECRET },
    { pattern: 5 },
    { pattern: "a", factor: 3 },
  ),
  fc.anything({ maxDepth: 2 }),
);

/** Paths of a schema, up to three keys deep, and some paths that it does not have. */
function pathsOf(known: Parameters<typeof keysAt>[0]): string[][] {
  const below = (path: string[]): string[][] =>
    path.length === 3 ? [] : keysAt(known, path).flatMap((key) => [[...path, key], ...below([...path, key])]);
  return [
    ...below([]),
    ["nothing"],
    ["origin", "nothing"],
    ["mirror", "sourceConnector", "config"],
    ["mirror", "nothing", "at-all"],
  ];
}

function put(values: Record<string, any>, path: readonly string[], value: unknown): void {
  let at = values;
  for (const key of path.slice(0, -1)) {
    if (typeof at[key] !== "object" || at[key] === null || Array.isArray(at[key])) at[key] = {};
    at = at[key];
  }
  // Clone the value, because the next change may modify it.
  at[path.at(-1)!] = structuredClone(value);
}

const changes = (known: Parameters<typeof keysAt>[0]) =>
  fc.array(fc.tuple(fc.constantFrom(...pathsOf(known)), junk), { minLength: 1, maxLength: 4 });

function verdict(run: () => unknown): string {
  try {
    run();
    return "";
  } catch (error) {
    expect(isMigrationError(error), `${String(error)}\n${(error as Error).stack}`).toBe(true);
    return (error as Error).message;
  }
}

/** An unknown mechanism is shown, like an unknown profile. The other values at these paths are or may be secrets. */
const mayHoldSecrets = (path: readonly string[]) =>
  ["given", "administrator", "ca", "kubeconfig"].some((key) => path.includes(key)) && path.at(-1) !== "mechanism";

test("with wrong values in its arguments, a migration reports a mistake or its mirror and users accept them", () => {
  fc.assert(
    fc.property(changes(migrationSchema), (edits) => {
      const side = (name: string) => ({
        bootstrapServers: `${name}:1`,
        operator: { cluster: name, namespace: `${name}-ns` },
      });
      const args: Record<string, any> = { origin: side("o"), target: side("t"), mirror: { topicsPattern: "orders" } };
      for (const [path, value] of edits) put(args, path, value);
      const said = verdict(() => {
        const { settings, model } = resolveMigration(args as never);
        const text = () =>
          describeMirror({
            ...settings,
            origin: { ...settings.origin, bootstrapServers: "o:1" },
            target: { ...settings.target, bootstrapServers: "t:1" },
          });
        if (!edits.some(([path]) => path.includes("tls"))) expect(text).not.toThrow();
        for (const role of ["origin", "target"] as const) {
          expect(() =>
            describeUser({
              role,
              mirror: model,
              profile: args.profile,
              dialect: args.dialect,
              cluster: "c",
              namespace: "n",
            }),
          ).not.toThrow();
        }
      });
      if (edits.every(([path]) => mayHoldSecrets(path))) expect(said).not.toContain(SECRET);
    }),
    { numRuns: runs(500) },
  );
}, 240_000);

test("with wrong values in its configuration, the stack reports a mistake or the component accepts them", () => {
  const files = new Files("/nowhere");
  const makers = {
    kubernetes: () => undefined,
    kafka: () => undefined as never,
    secret: () => "s",
    clientPassword: () => "p",
    content: () => "c",
  };
  fc.assert(
    fc.property(changes(schema), (edits) => {
      const side = (name: string) => ({ bootstrapServers: `${name}:1`, cluster: name, namespace: `${name}-ns` });
      const values: Record<string, any> = { origin: side("o"), target: side("t"), mirror: { topicsPattern: "orders" } };
      for (const [path, value] of edits) put(values, path, value);
      // As Pulumi stores configuration: plain text or JSON.
      const raw = Object.entries(values).flatMap(([key, value]) => {
        const text =
          typeof value === "string"
            ? value
            : JSON.stringify(value, (_k, v: unknown) => (typeof v === "bigint" ? String(v) : v));
        return text === undefined ? [] : [[key, text]];
      });
      verdict(() => {
        const settings = readSettings(Object.fromEntries(raw) as Record<string, string>, { files });
        const made = () => resolveMigration(migrationArgs(settings, makers));
        if (settings.origin.users !== "kafka" && settings.target.users !== "kafka") expect(made).not.toThrow();
      });
    }),
    { numRuns: runs(500) },
  );
}, 240_000);
