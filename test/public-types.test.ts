import { relative, resolve } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

/** What `import ... from "pulumi-kafka-migration"` gives, looked at as the compiler sees it. */
const root = resolve(__dirname, "..");
const entry = resolve(root, "index.ts");
const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  strict: true,
  skipLibCheck: true,
  noEmit: true,
  types: ["node"],
};
const program = ts.createProgram([entry], options);
const checker = program.getTypeChecker();
const own = (node: ts.Node) => !node.getSourceFile().fileName.includes("/node_modules/");
const real = (symbol: ts.Symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);
const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(entry)!)!).map(real);

const isPrivate = (node: ts.Node) =>
  ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some((m) => m.kind === ts.SyntaxKind.PrivateKeyword);

/** The package's own types that a declaration names where its user sees them. */
function named(declaration: ts.Node): ts.Symbol[] {
  const found: ts.Symbol[] = [];
  const visit = (node: ts.Node): void => {
    if (
      ts.isBlock(node) ||
      isPrivate(node) ||
      (ts.isPropertyDeclaration(node) && node.initializer !== undefined && node.type === undefined)
    )
      return;
    if (ts.isTypeReferenceNode(node) || ts.isExpressionWithTypeArguments(node)) {
      const symbol = checker.getSymbolAtLocation(ts.isTypeReferenceNode(node) ? node.typeName : node.expression);
      if (symbol !== undefined) found.push(real(symbol));
    }
    ts.forEachChild(node, visit);
  };
  visit(declaration);
  return found.filter((symbol) => symbol.declarations?.some((d) => own(d) && !ts.isTypeParameterDeclaration(d)));
}

test("every type that a public type uses is public", () => {
  const missing = new Set<string>();
  for (const symbol of exported) {
    for (const declaration of symbol.declarations ?? []) {
      for (const used of named(declaration))
        if (!exported.includes(used))
          missing.add(
            `${symbol.name} names ${used.name} (${relative(root, used.declarations![0]!.getSourceFile().fileName)})`,
          );
    }
  }
  expect([...missing].sort()).toEqual([]);
});

test("every argument has a description", () => {
  const silent: string[] = [];
  for (const symbol of exported) {
    if (!/Args$|Settings$|Options$|Cluster$|Names$|Users$|User$|^SecretSource$/.test(symbol.name)) continue;
    if (!symbol.declarations?.some(ts.isInterfaceDeclaration)) continue;
    for (const property of checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol)))
      if (property.declarations?.every(own) && property.getDocumentationComment(checker).length === 0)
        silent.push(`${symbol.name}.${property.name}`);
  }
  expect(silent).toEqual([]);
});

test("an editor shows the descriptions of a step's arguments and outputs from its definition", () => {
  const file = program.getSourceFile(resolve(root, "lifecycle/resources.ts"))!;
  const gate = checker.getExportsOfModule(checker.getSymbolAtLocation(file)!).find(({ name }) => name === "Gate")!;
  const docOf = (of: ts.Type, name: string) =>
    ts.displayPartsToString(of.getProperty(name)?.getDocumentationComment(checker));
  expect(docOf(checker.getDeclaredTypeOfSymbol(gate), "ends")).toBe("Where both sides ended when it passed.");
  const [constructor] = checker.getTypeOfSymbolAtLocation(gate, file).getConstructSignatures();
  const args = checker.getTypeOfSymbolAtLocation(constructor!.parameters[1]!, file);
  expect(docOf(args, "fence")).toBe("Hold the fence while the step works.");
  expect(ts.displayPartsToString(gate.getDocumentationComment(checker))).toMatch(/^Opens when the copy is complete/);
});

/** Of projects as Pulumi's templates make them, older ones first: none of them leaves libraries out (skipLibCheck). */
const projects = [
  { module: ts.ModuleKind.CommonJS, moduleResolution: ts.ModuleResolutionKind.Node10 },
  { module: ts.ModuleKind.Node16, moduleResolution: ts.ModuleResolutionKind.Node16 },
  { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler },
];

test.each(projects)("the published package has valid types in a user's project: %o", (project) => {
  const shipped = ts.createProgram([resolve(root, "dist/index.d.ts")], {
    target: ts.ScriptTarget.ES2020,
    strict: true,
    noEmit: true,
    types: ["node"],
    ...project,
  });
  const said = ts
    .getPreEmitDiagnostics(shipped)
    .map(
      (d) =>
        `${d.file === undefined ? "" : relative(root, d.file.fileName)}: ` +
        `${ts.flattenDiagnosticMessageText(d.messageText, " ")}`,
    );
  expect(said).toEqual([]);
});

test("an editor shows a setting's description and default in a user's program, from the published package", () => {
  const file = resolve(root, "dist/a-program.ts");
  const text = `import { Migration } from "./index";
new Migration("orders", {
  origin: { bootstrapServers: "o:1", alias: "a", operator: { cluster: "o", namespace: "n" } },
  target: { bootstrapServers: "t:1", groupId: "g", operator: { cluster: "t", namespace: "n" } },
  gate: { limitSeconds: 5 },
  offsets: { blocked: "skip" },
  mirror: { replicas: 2, tolerations: [], sourceConnector: { autoRestart: { enabled: true } }, name: "m" },
});`;
  const host: ts.LanguageServiceHost = {
    ...ts.createCompilerHost(options),
    getCompilationSettings: () => options,
    getScriptFileNames: () => [file],
    getScriptVersion: () => "1",
    getScriptSnapshot: (name) => {
      const content = name === file ? text : ts.sys.readFile(name);
      return content === undefined ? undefined : ts.ScriptSnapshot.fromString(content);
    },
    fileExists: (name) => name === file || ts.sys.fileExists(name),
    writeFile: () => {},
  };
  const service = ts.createLanguageService(host);
  expect(service.getSemanticDiagnostics(file).map((d) => ts.flattenDiagnosticMessageText(d.messageText, " "))).toEqual(
    [],
  );
  const hover = (key: string) => {
    const info = service.getQuickInfoAtPosition(file, text.indexOf(`${key}:`));
    const standard = info?.tags?.find(({ name }) => name === "default");
    return [ts.displayPartsToString(info?.documentation), ts.displayPartsToString(standard?.text)];
  };
  expect(hover("replicas")).toEqual(["Number of workers.", "1"]);
  expect(hover("tolerations")[0]).toMatch(/^Tolerations of the pods\. Written in the same place as `affinity`\./);
  expect(hover("alias")[1]).toBe("`origin-cluster` or `target-cluster`");
  expect(hover("bootstrapServers")[0]).toMatch(/^Bootstrap servers as reached from the mirror's workers/);
  expect(hover("groupId")[0]).toBe("Connect's group.");
  expect(hover("namespace")[0]).toMatch(/^Namespace of the Kafka resource/);
  expect(hover("limitSeconds")).toEqual([
    expect.stringMatching(/^Longest time to wait for completeness, in seconds\./),
    "1800",
  ]);
  expect(hover("blocked")[1]).toBe("`stop`");
  expect(hover("enabled")[0]).toBe("Restart a failed connector and its tasks.");
  expect(hover("name")[0]).toBe("Name of the KafkaMirrorMaker2.");
});
