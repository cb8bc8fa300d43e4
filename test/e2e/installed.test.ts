import { execFile } from "node:child_process";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { startProducer } from "../../sandbox/estate/applications";
import { applicationClient } from "../../sandbox/estate/seed";
import { kubernetesObjects } from "../../sandbox/story/kubernetes";
import { openProject, repositoryRoot, type Project } from "../../sandbox/story/project";
import { listEverything, resumeGroup, stopGroup, type Stopped } from "../../sandbox/story/witness";
import { createTopic, produce, withSandbox } from "./support";

const MINUTES = 60_000;
const run = promisify(execFile);

/** Somebody else's program: the package by its name, an origin without an operator, Strimzi's v1beta2. */
const PROGRAM = `
const kafka = require("@pulumi/kafka");
const pulumi = require("@pulumi/pulumi");
const { Migration, kubernetesCluster } = require("pulumi-kafka-migration");
const config = new pulumi.Config();
const origin = config.requireObject("origin");
const target = config.requireObject("target");
const password = config.requireSecret("originPassword");
const provider = new kafka.Provider("origin", {
  bootstrapServers: origin.bootstrapServers.split(","), saslUsername: origin.username, saslPassword: password,
  saslMechanism: "scram-sha512", tlsEnabled: true, caCert: origin.ca,
});
const migration = new Migration("installed", {
  phase: config.get("phase"),
  dialect: "strimzi-v1beta2",
  origin: { bootstrapServers: origin.bootstrapServers, ca: origin.ca, brokers: 1, kafka: { provider }, administrator: { username: origin.username, password } },
  target: { bootstrapServers: target.bootstrapServers, brokers: 3, operator: { cluster: "target", namespace: "target-ns" } },
  mirror: { provider: kubernetesCluster("mirror", { kubeconfig: config.require("kubeconfig") }), topicsPattern: "inst-.*", groupsPattern: "inst-.*" },
  gate: { limitSeconds: 180, stableSeconds: 2 },
  verify: { mode: "full" },
  fence: true,
  checkpoints: config.get("checkpoints"),
  replication: { rules: [{ pattern: ".*", factor: 2 }] },
});
exports.passedAt = migration.passedAt;
exports.summary = migration.summary;
`;

describe("the package as somebody installs it from its tarball", () => {
  const at = withSandbox({ origin: { managed: false } });
  let folder: string;
  let project: Project;
  let stopped: Stopped;

  test("installs", async () => {
    folder = join(at.sandbox.folder, "installed");
    await mkdir(folder);
    await run("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], { cwd: repositoryRoot });
    const tarball = (await readdir(folder)).find((name) => name.endsWith(".tgz"))!;
    const dependencies = { "pulumi-kafka-migration": `file:./${tarball}`, "@pulumi/kafka": "3.13.2", "@pulumi/kubernetes": "4.34.2", "@pulumi/pulumi": "3.248.0" };
    await writeFile(join(folder, "package.json"), JSON.stringify({ name: "somebody", version: "1.0.0", private: true, dependencies }));
    await writeFile(join(folder, "Pulumi.yaml"), "name: somebody\nruntime:\n  name: nodejs\n  options:\n    typescript: false\nmain: index.js\n");
    await writeFile(join(folder, "index.js"), PROGRAM);
    await run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts"], { cwd: folder, maxBuffer: 1 << 26 });
    const shipped = await readdir(join(folder, "node_modules", "pulumi-kafka-migration", "dist"));
    expect(shipped).not.toContain("sandbox");
  }, 10 * MINUTES);

  test("mirrors from a cluster without an operator", async () => {
    await createTopic(at.sandbox, "inst-orders", 3);
    await createTopic(at.sandbox, "inst-empty", 2);
    await produce(at.sandbox, "inst-orders", 900, { partitions: 3 });
    stopped = await stopGroup(applicationClient(at.sandbox.origin.connection, "apps"), { groupId: "inst-billing", topic: "inst-orders", at: 0.3 });
    project = await openProject(at.sandbox.pulumi!, folder, "dev", () => {});
    const { connection } = at.sandbox.origin;
    await project.set(
      {
        origin: { bootstrapServers: connection.bootstrapServers, ca: connection.tls.ca, username: connection.sasl.username },
        target: { bootstrapServers: at.sandbox.target.connection.bootstrapServers },
        kubeconfig: at.sandbox.kubeconfig!,
      },
      { originPassword: connection.sasl.password },
    );
    await project.up();
    const { principals } = await listEverything(at.sandbox.origin);
    expect(principals).toContain("User:mm2-credentials");
    expect(await project.exported()).not.toContain(connection.sasl.password);
  }, 10 * MINUTES);

  test("cuts over: every record compared, groups exact, writes fenced off", async () => {
    await project.set({ phase: "cutover" });
    await project.up();
    const { summary } = (await project.outputs()) as { summary: { verification: unknown; offsets: { written: number } } };
    expect(summary.offsets.written).toBe(3);
    expect(await resumeGroup(applicationClient(at.sandbox.target.connection, "apps"), stopped)).toEqual([]);
    const { topics } = await listEverything(at.sandbox.target);
    expect(topics.get("inst-orders")).toEqual({ partitions: 3, replicas: [2] });
    expect((await listEverything(at.sandbox.origin)).principals).toContain("User:*");
  }, 10 * MINUTES);

  test("goes back to mirroring: the fence is lowered and what cutover wrote is taken back", async () => {
    await project.set({ phase: "mirror" });
    await project.up();
    expect((await listEverything(at.sandbox.origin)).principals).not.toContain("User:*");
    expect((await listEverything(at.sandbox.target)).groups).not.toContain("inst-billing");
    const producer = await startProducer(applicationClient(at.sandbox.origin.connection, "apps"), "inst-orders", 50);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(await producer.stop()).toBeGreaterThan(0);
  }, 10 * MINUTES);

  test("is destroyed from phase mirror but for the checkpoints, which nobody has applied", async () => {
    const { exitCode, stdout } = await project.destroy({ mayFail: true });
    expect(exitCode).not.toBe(0);
    expect(stdout).toContain("CHECKPOINTS_NOT_APPLIED");
    expect((await kubernetesObjects(at.sandbox.kubernetes!)).filter((o) => !o.includes("mm2-administrator"))).toEqual([]);
    expect(await ownTopics(at.sandbox.target)).toEqual(["inst-empty", "inst-orders", "origin-cluster.checkpoints.internal"]);
    expect((await listEverything(at.sandbox.target)).topics.get("inst-orders")).toEqual({ partitions: 3, replicas: [2] });
  }, 10 * MINUTES);

  test("goes altogether once that is asked for", async () => {
    await project.set({ phase: "cleanup", checkpoints: "always" });
    await project.up();
    await project.destroy();
    expect(await kubernetesObjects(at.sandbox.kubernetes!)).toEqual([]);
    expect(await ownTopics(at.sandbox.origin)).toEqual(["inst-empty", "inst-orders"]);
    expect(await ownTopics(at.sandbox.target)).toEqual(["inst-empty", "inst-orders"]);
    const [origin, target] = await Promise.all([listEverything(at.sandbox.origin), listEverything(at.sandbox.target)]);
    expect([...origin.principals, ...target.principals].filter((p) => p.includes("mm2"))).toEqual([]);
  }, 10 * MINUTES);
});

async function ownTopics(cluster: Parameters<typeof listEverything>[0]): Promise<string[]> {
  return [...(await listEverything(cluster)).topics.keys()].filter((name) => !name.startsWith("__")).sort();
}
