import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { pulumiEnvironment, type PulumiEnvironment, supervise, type Supervisor } from "@kafka-migration/sandbox";
import { ownProject } from "@kafka-migration/sandbox/story";

/** The real command line on the repository's own project. No cluster is there, and none is needed. */
const examples = join(__dirname, "..", "..", "stacks", "examples");
let supervisor: Supervisor;
let pulumi: PulumiEnvironment;
let folder: string;

beforeAll(async () => {
  supervisor = supervise(mkdtempSync(join(tmpdir(), "kafka-migration-preview-")));
  pulumi = await pulumiEnvironment({ folder: join(supervisor.folder, "pulumi") });
  folder = ownProject(join(supervisor.folder, "project"));
  writeFileSync(
    join(folder, "kubeconfig"),
    stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": "c",
      contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
      clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:1" } }],
      users: [{ name: "u", user: { token: "x" } }],
    }),
  );
}, 300_000);
afterAll(() => supervisor?.stop());

async function run(args: string[], env: NodeJS.ProcessEnv = {}) {
  const { exitCode, stdout, stderr } = await pulumi.run(args, {
    cwd: folder,
    env: { KAFKA_MIGRATION_OFFLINE: "true", ...env },
    limitMs: 200_000,
  });
  return { exitCode, text: stdout + stderr };
}

/** A stack with the example's configuration, changed. */
async function stack(dialect: string, change: (config: Record<string, any>) => void = () => {}): Promise<string> {
  const name = `${dialect}-${Math.random().toString(36).slice(2, 8)}`;
  expect(await run(["stack", "init", name])).toMatchObject({ exitCode: 0 });
  const file = join(folder, `Pulumi.${name}.yaml`);
  // What init wrote, the passphrase's salt, has to stay.
  const own = parse(readFileSync(file, "utf8")) as object;
  const { config } = parse(readFileSync(join(examples, `Pulumi.${dialect}.yaml`), "utf8")) as {
    config: Record<string, any>;
  };
  const plain = Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key.replace("kafka-migration:", ""), value]),
  );
  change(plain);
  writeFileSync(
    file,
    stringify({
      ...own,
      config: Object.fromEntries(Object.entries(plain).map(([key, value]) => [`kafka-migration:${key}`, value])),
    }),
  );
  return name;
}

const preview = (name: string, env?: NodeJS.ProcessEnv) => run(["preview", "--stack", name, "--non-interactive"], env);

/** test/policies/examples.test.ts previews every example. */
test("an example previews without changes, with a kubeconfig beside Pulumi.yaml", async () => {
  const name = await stack("event-streams-v1beta2", (config) => (config.mirror.kubeconfig = "kubeconfig"));
  const result = await preview(name);
  expect(result.exitCode, result.text).toBe(0);
  expect(result.text).toContain("KafkaMirrorMaker2");
}, 240_000);

describe("a wrong configuration", () => {
  const broken = (config: Record<string, any>) => {
    config.phsae = "cutover";
    config.verify = { mode: "ful" };
    config.origin.caFile = "none.pem";
    config.mirror.rack = { topologyKey: "zone" };
    config.mirror.groupsPattern = "\\p{Lu}.*";
    config.mirror.checkpointConnector = { config: { "sync.group.offsets.enabled": "true" } };
  };
  const said = [
    "phsae: unknown key",
    'verify.mode: "ful" is not possible',
    'origin.caFile: "none.pem": there is no such file',
    "uses \\p,",
    "sync.group.offsets.enabled is",
  ];

  test("is one error with every mistake, without a stack trace", async () => {
    const name = await stack("event-streams-v1beta1", broken);
    const { exitCode, text } = await preview(name);
    expect(exitCode).not.toBe(0);
    const [, diagnostics] = text.split("Diagnostics:");
    for (const mistake of [...said, "spec.rack is not a field"])
      expect(diagnostics!.split(mistake), `${mistake} in\n${text}`).toHaveLength(2);
    expect(diagnostics!.split("CONFIG_INVALID"), text).toHaveLength(2);
    expect(text).not.toMatch(/\n\s+at /);
    expect(text).not.toContain("unhandled exception");
    const debugged = await preview(name, { KAFKA_MIGRATION_DEBUG: "1" });
    expect(debugged.text).toMatch(/\n\s+at /);
  }, 240_000);

  test("never shows a value that is stored as a secret", async () => {
    const name = await stack("strimzi-v1");
    const secret = "correct-horse";
    expect(await run(["config", "set", "--stack", name, "--secret", "phase", secret])).toMatchObject({ exitCode: 0 });
    const { exitCode, text } = await preview(name);
    expect(exitCode).not.toBe(0);
    expect(text).toContain("phase: a text is not possible");
    expect(text).not.toContain(secret);
  }, 240_000);
});
