import { readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

/** Programs in the documentation and in doc comments have to compile as they stand. */
const root = resolve(__dirname, "..");
const PAGES = ["README.md", "docs/components.md", "docs/clients.md"];
const SOURCES = [
  "migration/migration.ts",
  "mirror/mirror.ts",
  "secret/secret-copy.ts",
  "user/mirror-user.ts",
  "user/scram-user.ts",
];
/** What a doc comment takes for granted. */
const IMPORTS =
  'import * as kafka from "@pulumi/kafka";\nimport { Migration, Mirror, MirrorUser, ScramUser, SecretCopy } from ' +
  '"pulumi-kafka-migration";\n';

const read = (path: string) => readFileSync(join(root, path), "utf8");

function examples(): Map<string, string> {
  const found = new Map<string, string>();
  for (const page of PAGES) {
    for (const [i, [, code]] of [...read(page).matchAll(/```ts\n([^]*?)```/g)].entries())
      found.set(`${page}#${i}`, code!);
  }
  for (const source of SOURCES) {
    for (const [i, [, code]] of [...read(`components/${source}`).matchAll(/@example\n([^]*?)\*\//g)].entries()) {
      found.set(`components/${source}#${i}`, IMPORTS + code!.replace(/^ *\* ?/gm, ""));
    }
  }
  return found;
}

function mistakes(programs: Map<string, string>): string[] {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    types: ["node"],
    paths: { "pulumi-kafka-migration": [join(root, "dist", "index.d.ts")] },
    moduleDetection: ts.ModuleDetectionKind.Force,
  };
  const texts = new Map(
    [...programs].map(([name, text]) => [join(root, "test", `${name.replaceAll(/\W/g, "-")}.ts`), { name, text }]),
  );
  const host = ts.createCompilerHost(options);
  const { fileExists, getSourceFile, readFile } = host;
  host.fileExists = (file) => texts.has(resolve(file)) || fileExists(file);
  host.readFile = (file) => texts.get(resolve(file))?.text ?? readFile(file);
  host.getSourceFile = (file, ...rest) => {
    const own = texts.get(resolve(file));
    return own === undefined ? getSourceFile(file, ...rest) : ts.createSourceFile(file, own.text, rest[0]);
  };
  return ts.getPreEmitDiagnostics(ts.createProgram([...texts.keys()], options, host)).map((d) => {
    const file =
      d.file === undefined ? "" : (texts.get(resolve(d.file.fileName))?.name ?? relative(root, d.file.fileName));
    return `${file}: ${ts.flattenDiagnosticMessageText(d.messageText, " ")}`;
  });
}

test("every program in the documentation compiles", () => {
  const programs = examples();
  for (const one of [...PAGES, ...SOURCES.map((s) => `components/${s}`)])
    expect([...programs.keys()]).toContain(`${one}#0`);
  expect(mistakes(programs)).toEqual([]);
});

test("a wrong program is detected", () => {
  expect(
    mistakes(
      new Map([["page#0", 'import { Mirror } from "pulumi-kafka-migration";\nnew Mirror("m", { orgin: {} });\n']]),
    ).join(),
  ).toMatch(/page#0: .*orgin/);
});
