import { mkdir, mkdtemp, readFile, readdir, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { applicationClient } from "../estate/seed";
import { supervise, type Supervisor } from "../processes";
import { pulumiEnvironment, type PulumiEnvironment } from "../pulumi";
import { openProject } from "../story/project";
import { uniqueName, withClusters } from "../testing/clusters";
import { pulumiYaml } from "../testing/project";

const clusters = withClusters();
const topic = uniqueName("sandbox-pulumi");
let supervisor: Supervisor;
let pulumi: PulumiEnvironment;
let project: string;

/**
 * A dynamic resource, a topic through the Kafka plugin, and a Secret that the kubernetes plugin is only asked about at
 * preview.
 */
const program = `
const pulumi = require("@pulumi/pulumi");
const kafka = require("@pulumi/kafka");
const config = new pulumi.Config();
class Noted extends pulumi.dynamic.Resource {
  constructor(name, props) {
    super({
      async diff() { return {}; },
      async create(inputs) { return { id: "noted", outs: inputs }; },
    }, name, props);
  }
}
const provider = new kafka.Provider("kafka", {
  bootstrapServers: config.require("servers").split(","), tlsEnabled: true, caCert: config.require("ca"),
  saslMechanism: "scram-sha512", saslUsername: "admin", saslPassword: config.requireSecret("password"),
});
const topic = new kafka.Topic("topic", { name: config.require("topic"), partitions: 2, replicationFactor: 1 }, { provider });
new Noted("noted", { topic: topic.name, word: config.requireSecret("password") }, { additionalSecretOutputs: ["word"] });
exports.topic = topic.name;
`;

beforeAll(async () => {
  supervisor = supervise(await mkdtemp(join(tmpdir(), "kafka-migration-pulumi-")));
  pulumi = await pulumiEnvironment({ folder: join(supervisor.folder, "pulumi") });
  project = join(supervisor.folder, "project");
  await mkdir(project);
  await symlink(resolve(__dirname, "../../node_modules"), join(project, "node_modules"));
  await writeFile(join(project, "Pulumi.yaml"), "name: sandbox-test\nruntime: nodejs\nmain: index.js\n");
  await writeFile(
    join(project, "package.json"),
    '{ "name": "sandbox-test", "dependencies": { "@pulumi/pulumi": "*", "@pulumi/kafka": "*" } }',
  );
  await writeFile(join(project, "index.js"), program);
}, 60_000);
afterAll(() => supervisor?.stop());

const topics = async (): Promise<string[]> => {
  const admin = applicationClient(clusters.origin.connection, "tests").admin();
  await admin.connect();
  return admin.listTopics().finally(() => admin.disconnect());
};

describe("the self-contained Pulumi", () => {
  it("is the real command line, with everything that it needs on its own PATH", async () => {
    const result = await pulumi.run(["version"], { cwd: project });
    expect(result.exitCode).toBe(0);
    expect(result.stdout).toMatch(/^v3\.\d+\.\d+/);
    expect((await readdir(join(supervisor.folder, "pulumi", "bin"))).sort()).toEqual([
      "pulumi",
      "pulumi-analyzer-policy-node",
      "pulumi-language-nodejs",
      "pulumi-resource-kafka",
      "pulumi-resource-kubernetes",
      "pulumi-resource-pulumi-nodejs",
    ]);
    expect((await stat(join(supervisor.folder, "pulumi", "passphrase"))).mode & 0o777).toBe(0o600);
    expect(pulumi.env.PULUMI_CONFIG_PASSPHRASE).toBeUndefined();
  });

  it("runs a program with a dynamic provider and the Kafka plugin on a real cluster, and destroys it", async () => {
    const { password } = clusters.origin.admin;
    const seen: string[] = [];
    const run = async (args: string[], input?: string) => {
      const result = await pulumi.run(args, {
        cwd: project,
        limitMs: 90_000,
        onLine: (line) => seen.push(line),
        ...(input === undefined ? {} : { input }),
      });
      expect(result.exitCode, result.stdout + result.stderr).toBe(0);
      return result;
    };
    await run(["stack", "init", "test"]);
    await run(["config", "set", "servers", clusters.origin.bootstrapServers]);
    await run(["config", "set", "topic", topic]);
    await run(["config", "set", "ca", "--plaintext"], clusters.origin.ca);
    await run(["config", "set", "--secret", "password"], password);
    const up = await run(["up", "--yes", "--skip-preview", "--color=never"]);
    expect(up.stdout).toMatch(/4 created/);
    expect(await topics()).toContain(topic);
    expect(seen.join("\n")).toContain("4 created");
    const state = await run(["stack", "export"]);
    expect(state.stdout).toContain(topic);
    for (const text of [state.stdout, seen.join("\n"), await readFile(join(project, "Pulumi.test.yaml"), "utf8")])
      expect(text).not.toContain(password);
    const destroy = await run(["destroy", "--yes", "--skip-preview", "--color=never"]);
    expect(destroy.stdout).toMatch(/4 deleted/);
    expect(await topics()).not.toContain(topic);
  });

  /** A stack of a project without resources. */
  const smallStack = async (name: string, yaml: string, text: string) => {
    const folder = join(supervisor.folder, name);
    await mkdir(folder);
    await writeFile(join(folder, "Pulumi.yaml"), yaml);
    await writeFile(join(folder, "index.js"), text);
    await symlink(resolve(__dirname, "../../node_modules"), join(folder, "node_modules"));
    return openProject(pulumi, folder, name, () => {});
  };

  it("does not load the TypeScript compiler for a program that is not written in it", async () => {
    const loaded = "exports.loaded = Object.keys(require.cache).filter((file) => /typescript[.]js$/.test(file));";
    const stack = await smallStack("plain", pulumiYaml("plain"), loaded);
    await stack.up();
    expect(await stack.outputs()).toEqual({ loaded: [] });
  });

  it("says so if a command that is to be killed never says the line", async () => {
    const stack = await smallStack("never", "name: empty\nruntime: nodejs\nmain: index.js\n", "");
    await expect(stack.killedUp(/never said/)).rejects.toThrow("NOT_KILLED");
  });

  it("returns the exit code and the text of a failure", async () => {
    const result = await pulumi.run(["stack", "select", "absent"], { cwd: project });
    expect(result.exitCode).not.toBe(0);
    expect(result.stderr).toMatch(/no stack named 'absent'/);
  });

  it("can be interrupted like by Ctrl-C", async () => {
    await writeFile(join(project, "index.js"), 'setInterval(() => {}, 1000); console.log("program runs");');
    const abort = new AbortController();
    const started = Date.now();
    const result = await pulumi.run(["up", "--yes", "--skip-preview", "--color=never"], {
      cwd: project,
      signal: abort.signal,
      limitMs: 60_000,
      onLine: (line) => void (line.includes("program runs") && abort.abort()),
    });
    expect(result.stdout + result.stderr).toContain("program runs");
    expect(result.exitCode).not.toBe(0);
    expect(Date.now() - started).toBeLessThan(40_000);
  });
});
