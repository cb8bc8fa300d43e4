import { readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join, relative, sep } from "node:path";
import { describe, expect, test } from "vitest";
import { packageRoot, repositoryRoot } from "./paths";

interface Manifest {
  name: string;
  private?: boolean;
  files?: string[];
  exports: Record<string, unknown>;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
}

const manifest = (folder: string) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
const own = manifest(packageRoot);
const product = manifest(repositoryRoot);

const sources = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (["node_modules", "dist"].includes(entry.name)) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? sources(path) : /\.(ts|mts|js|cjs)$/.test(entry.name) ? [path] : [];
  });

/** What a file imports, requires or mocks, and the types that it imports. */
const importsOf = (path: string): string[] =>
  [
    ...readFileSync(path, "utf8").matchAll(
      /(?:^(?:import|export) (?:[^;"]*?from )?|\bimport\(|(?<![\w.])require\(|\bmock\()"([^"\n]+)"/gm,
    ),
  ].map(([, specifier]) => specifier!);

const packageOf = (specifier: string): string =>
  specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");

const imports = (folders: string[]) =>
  folders
    .flatMap((folder) => sources(join(repositoryRoot, folder)))
    .flatMap((file) => importsOf(file).map((specifier) => ({ file: relative(repositoryRoot, file), specifier })));

const isTest = (file: string): boolean =>
  /\.test\.ts$|^sandbox\/(test|testing)\//.test(file.split(sep).join("/")) || file.includes("public/testing");

const intoSandbox = ({ file, specifier }: { file: string; specifier: string }): boolean =>
  packageOf(specifier) === own.name ||
  (specifier.startsWith(".") && join(file, "..", specifier).split(sep)[0] === "sandbox");

describe("the sandbox is a package of its own", () => {
  test("the product does not import it", () => {
    const folders = ["cli", "components", "engine", "lifecycle", "policies", "stacks"];
    expect(imports(folders).filter(intoSandbox)).toEqual([]);
    expect({ ...product.dependencies, ...product.peerDependencies }).not.toHaveProperty(own.name);
  });

  test("it does not import the product, and imports only packages that it lists", () => {
    const named = (file: string): string[] => [
      own.name,
      ...Object.keys(own.dependencies),
      ...(isTest(file) ? Object.keys(own.devDependencies) : []),
    ];
    const wrong = imports(["sandbox"]).filter(({ file, specifier }) => {
      if (specifier.startsWith(".")) return join(file, "..", specifier).split(sep)[0] !== "sandbox";
      if (specifier.startsWith("node:") || builtinModules.includes(specifier)) return false;
      return !named(file).includes(packageOf(specifier));
    });
    expect(wrong).toEqual([]);
  });

  test("tests and benchmarks import only its entry points", () => {
    const entries = [
      own.name,
      ...readdirSync(join(packageRoot, "public")).map((file) => `${own.name}/${file.replace(/\.ts$/, "")}`),
    ];
    const used = imports(["bench", "test"]).filter(intoSandbox);
    expect(used.filter(({ specifier }) => !entries.includes(specifier))).toEqual([]);
    expect([...new Set(used.map(({ specifier }) => specifier))].sort()).toEqual(entries.sort());
  });

  test("its README names every entry point", () => {
    const page = readFileSync(join(packageRoot, "README.md"), "utf8");
    for (const file of readdirSync(join(packageRoot, "public")))
      expect(page).toContain(`\`${own.name}/${file.replace(/\.ts$/, "")}\``);
  });

  test("it is not published, and the published package does not need the sandbox's dependencies", () => {
    expect(own.private).toBe(true);
    expect(product.files?.some((file) => file.startsWith("sandbox"))).toBe(false);
    const used = new Set(
      imports(["cli", "components", "engine", "lifecycle", "policies", "stacks"])
        .filter(({ file }) => !isTest(file))
        .map(({ specifier }) => packageOf(specifier)),
    );
    const unused = Object.keys(product.dependencies).filter((name) => !used.has(name));
    expect(unused).toEqual([]);
  });
});
