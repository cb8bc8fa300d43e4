import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { migrationSchema } from "../components/settings/migration";
import { keysAt } from "../components/shape";
import { renamedBy } from "../engine/cleanup";
import { schema } from "../stacks/schema";

/**
 * What a person is told to set has to exist: in the stack's configuration, or in `Migration`. Left out are the parts
 * that are also used alone, where the same settings have no `mirror.` before them, and the rules, which speak of
 * resources' own fields.
 */
const FOLDERS = ["engine", "lifecycle", "stacks", "cli", "components/migration"];
const ELSEWHERE = ["engine/rules", "engine/report"];
const SIDES = ["origin", "target"];
/** Keys of Kafka, of a cluster whose side is said in other words, and files. */
const OTHERS = [
  /^replication\.(policy|factor)\b/,
  /^topics\.blacklist$/,
  /^(caFile|serverName|tls\.serverName|tokenFile|tokenEndpoint(\.ca)?)$/,
  /\.(md|ts|json)$/,
  /^oO$/,
];

const root = resolve(__dirname, "..");
const files = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory()
      ? files(join(folder, entry.name))
      : /(?<!\.test)\.ts$/.test(entry.name)
        ? [join(folder, entry.name)]
        : [],
  );

/** Sentences of a source file: texts with a blank in them; what is put into a template is left out. */
function sentences(path: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) found.push(node.text);
    else if (ts.isTemplateExpression(node))
      found.push([node.head.text, ...node.templateSpans.map((span) => span.literal.text)].join("{}"));
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.ES2022));
  return found.filter((text) => /\s/.test(text));
}

const TOP = [...keysAt(schema, []), ...keysAt(migrationSchema, [])];
const DOTTED = new RegExp(`(?<![\\w.\\-{}"/])(?:${[...new Set(TOP)].join("|")})\\.[a-zA-Z][\\w.]*\\w`, "g");
/** A word in camel case is a key, and then it has to say of what. */
const CAMEL = /(?<![\w.\-{}"/`])[a-z]+[A-Z][\w.]*\w/g;

function isKnown(path: string): boolean {
  if (OTHERS.some((other) => other.test(path))) return true;
  const keys = path.split(".");
  return [schema, migrationSchema].some((known) =>
    keys.every((key, i) => {
      const at = keysAt(known, keys.slice(0, i));
      return at.includes(key);
    }),
  );
}

test("every key that a message names exists", () => {
  const wrong = FOLDERS.flatMap((folder) => files(join(root, folder)))
    .filter((path) => !ELSEWHERE.some((other) => relative(root, path).startsWith(other)))
    .flatMap((path) =>
      sentences(path).flatMap((text) =>
        [...(text.match(DOTTED) ?? []), ...(text.match(CAMEL) ?? [])]
          .filter((key) => !isKnown(key))
          .map((key) => `${relative(root, path)}: ${key} in "${text.slice(0, 120)}"`),
      ),
    );
  expect(wrong).toEqual([]);
});

test("every key that names an internal topic exists", () => {
  for (const offsetSyncsLocation of ["source", "target"] as const) {
    for (const kind of ["offsets", "configs", "status", "checkpoints", "offset-syncs", "heartbeats"] as const)
      expect(isKnown(renamedBy(kind, { offsetSyncsLocation })), kind).toBe(true);
  }
});

test("an unknown key is detected", () => {
  for (const key of [
    "mirror.topicPattern",
    "originAlias",
    "fence.except",
    "target.groupID",
    "offsets.overwite",
    "topicsPattern",
  ])
    expect(isKnown(key), key).toBe(false);
  for (const key of [
    "mirror.topicsPattern",
    "origin.names.user",
    "fenceOptions.except",
    "mirror.sourceConnector.config",
    "replication.limitSeconds",
    "replication.limitMs",
  ])
    expect(isKnown(key), key).toBe(true);
  expect(SIDES.every((side) => isKnown(`${side}.alias`))).toBe(true);
});
