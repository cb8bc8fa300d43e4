import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { repositoryRoot } from "@kafka-migration/sandbox";
import { type ClusterConnection, createScramUser, deleteScramUser } from "@kafka-migration/sandbox/kafka";
import {
  applicationClient,
  kubernetesObjects,
  listEverything,
  openProject,
  type Project,
  resumeGroup,
  startProducer,
  stopGroup,
  type Stopped,
} from "@kafka-migration/sandbox/story";
import { openKafka } from "../../engine/kafka/client";
import type { Acl } from "../../engine/kafka/port";
import { createTopic, produce, recordsIn, until, withSandbox } from "./support";
import { pulumiYaml } from "@kafka-migration/sandbox/testing";

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
  mirror: { provider: kubernetesCluster("mirror", { kubeconfig: config.require("kubeconfig") }), topicsPattern: "inst-.*", groupsPattern: "inst-.*",
    checkpointConnector: { config: { "emit.checkpoints.interval.seconds": 1 } } },
  gate: { limitSeconds: config.getNumber("limitSeconds") ?? 180, stableSeconds: 2 },
  verify: { mode: "full", threads: 2 },
  fence: true,
  checkpoints: config.get("checkpoints"),
  replication: { rules: [{ pattern: ".*", factor: 2 }] },
});
exports.passedAt = migration.passedAt;
exports.summary = migration.summary;
`;

describe("the package, installed from its tarball", () => {
  const at = withSandbox({ origin: { managed: false } });
  let folder: string;
  let project: Project;
  let stopped: Stopped;
  let mirroring: string;

  test(
    "installs",
    async () => {
      folder = join(at.sandbox.folder, "installed");
      await mkdir(folder);
      await run("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], { cwd: repositoryRoot });
      const tarball = (await readdir(folder)).find((name) => name.endsWith(".tgz"))!;
      // The oldest that the package says it can do with: the repository's own are new.
      const peers = (
        JSON.parse(await readFile(join(repositoryRoot, "package.json"), "utf8")) as {
          peerDependencies: Record<string, string>;
        }
      ).peerDependencies;
      const oldest = Object.fromEntries(Object.entries(peers).map(([name, range]) => [name, range.replace(/^\^/, "")]));
      const dependencies = { "pulumi-kafka-migration": `file:./${tarball}`, ...oldest };
      await writeFile(
        join(folder, "package.json"),
        JSON.stringify({ name: "somebody", version: "1.0.0", private: true, dependencies }),
      );
      await writeFile(join(folder, "Pulumi.yaml"), pulumiYaml("somebody"));
      await writeFile(join(folder, "index.js"), PROGRAM);
      await run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts"], {
        cwd: folder,
        maxBuffer: 1 << 26,
      });
      const shipped = await readdir(join(folder, "node_modules", "pulumi-kafka-migration", "dist"));
      expect(shipped.sort()).toEqual([
        "cli",
        "components",
        "engine",
        "index.d.ts",
        "index.js",
        "index.js.map",
        "lifecycle",
        "policies",
        "stacks",
      ]);
    },
    10 * MINUTES,
  );

  test(
    "mirrors from a cluster without an operator",
    async () => {
      await createTopic(at.sandbox, "inst-orders", 3);
      await createTopic(at.sandbox, "inst-empty", 2);
      await produce(at.sandbox, "inst-orders", 900, { partitions: 3 });
      stopped = await stopGroup(applicationClient(at.sandbox.origin.connection, "apps"), {
        groupId: "inst-billing",
        topic: "inst-orders",
        at: 0.3,
      });
      project = await openProject(at.sandbox.pulumi!, folder, "dev", () => {});
      const { connection } = at.sandbox.origin;
      await project.set(
        {
          origin: {
            bootstrapServers: connection.bootstrapServers,
            ca: connection.tls.ca,
            username: connection.sasl.username,
          },
          target: { bootstrapServers: at.sandbox.target.connection.bootstrapServers },
          kubeconfig: at.sandbox.kubeconfig!,
        },
        { originPassword: connection.sasl.password },
      );
      await project.up();
      const { principals } = await listEverything(at.sandbox.origin);
      expect(principals).toContain("User:mm2-credentials");
      mirroring = await project.exported();
      expect(mirroring).not.toContain(connection.sasl.password);
    },
    10 * MINUTES,
  );

  test(
    "fails a cutover while a super user writes, blocks other writers, and allows them again after the roll-back",
    async () => {
      const { origin, target } = at.sandbox;
      const other: ClusterConnection = {
        ...origin.connection,
        sasl: { ...origin.connection.sasl, username: "inst-app", password: "inst-app-password" },
      };
      const port = await openKafka(origin.connection, "origin");
      const grant: Acl = {
        resourceType: "topic",
        resourceName: "inst-",
        patternType: "prefixed",
        principal: "User:inst-app",
        host: "*",
        operation: "All",
        permission: "allow",
      };
      const admin = await startProducer(applicationClient(origin.connection, "apps"), "inst-orders", 20);
      try {
        await createScramUser(origin, "inst-app", "inst-app-password");
        await port.createAcls([grant]);
        await until(
          "a write by an ordinary application",
          () => write(other, "inst-orders"),
          (outcome) => outcome === "written",
          30_000,
        );
        await project.set({ phase: "cutover", limitSeconds: "12" });
        const result = await project.up({ mayFail: true });
        const said = result.stdout + result.stderr;
        expect(result.exitCode, said).not.toBe(0);
        expect(said).toMatch(/GATE_\w+: /);
        expect(said).toMatch(/fence: \d partitions? still receiving writes with the fence up \(inst-orders-\d/);
        expect(said).toMatch(/producers: still writing to inst-orders-\d/);
        // It stands on after the failed up, for those whom an ACL can stop.
        expect((await listEverything(origin)).principals).toContain("User:*");
        expect(await write(other, "inst-orders")).toBe("TOPIC_AUTHORIZATION_FAILED");
        await project.set({ phase: "mirror" });
        await project.up();
        expect((await listEverything(origin)).principals).not.toContain("User:*");
        await until(
          "a write by an ordinary application",
          () => write(other, "inst-orders"),
          (outcome) => outcome === "written",
          30_000,
        );
      } finally {
        await admin.stop();
        await port.deleteAcls([grant]);
        await deleteScramUser(origin, "inst-app");
        await port.close();
        await project.set({ limitSeconds: "180" });
      }
      const written = await recordsIn(origin, "inst-orders");
      expect(written).toBeGreaterThan(902);
      await until(
        "the copy",
        () => recordsIn(target, "inst-orders"),
        (n) => n === written,
      );
    },
    10 * MINUTES,
  );

  test(
    "cuts over: compares every record, moves the groups exactly, fences off writes",
    async () => {
      await project.set({ phase: "cutover" });
      // The dynamic provider finds the program of the threads in the installed package.
      expect((await project.up()).stdout).toContain("verification: reading with 2 threads");
      const { summary } = (await project.outputs()) as {
        summary: { verification: unknown; offsets: { written: number } };
      };
      expect(summary.offsets.written).toBe(3);
      expect(await resumeGroup(applicationClient(at.sandbox.target.connection, "apps"), stopped)).toEqual([]);
      const { topics } = await listEverything(at.sandbox.target);
      expect(topics.get("inst-orders")).toEqual({ partitions: 3, replicas: [2] });
      expect((await listEverything(at.sandbox.origin)).principals).toContain("User:*");
    },
    10 * MINUTES,
  );

  test(
    "rolls back: reports clients' writes to the target, lowers the fence and reverts the cutover",
    async () => {
      const client = await startProducer(applicationClient(at.sandbox.target.connection, "apps"), "inst-empty", 10);
      await until(
        "a record of a client on the target",
        async () => client.sent,
        (sent) => sent > 0,
        30_000,
      );
      await client.stop();
      await project.set({ phase: "mirror" });
      const said =
        /warning: .*roll-back: clients wrote \d+ records? to [12] partitions? of the target since the gate passed: inst-empty-\d/;
      expect((await project.preview()).stdout).toMatch(said);
      expect((await listEverything(at.sandbox.origin)).principals).toContain("User:*");
      expect((await project.up()).stdout).toMatch(said);
      expect((await listEverything(at.sandbox.origin)).principals).not.toContain("User:*");
      expect((await listEverything(at.sandbox.target)).groups).not.toContain("inst-billing");
      const producer = await startProducer(applicationClient(at.sandbox.origin.connection, "apps"), "inst-orders", 50);
      await until(
        "a record that the origin takes again",
        async () => producer.sent,
        (sent) => sent > 0,
        30_000,
      );
      await producer.stop();
    },
    10 * MINUTES,
  );

  test(
    "is destroyed from phase mirror, except for the checkpoints that nobody applied",
    async () => {
      await until(
        "a checkpoint",
        () => recordsIn(at.sandbox.target, "origin-cluster.checkpoints.internal"),
        (n) => n > 0,
      );
      const { exitCode, stdout } = await project.destroy({ mayFail: true });
      expect(exitCode, stdout).not.toBe(0);
      expect(stdout).toContain("CHECKPOINTS_NOT_APPLIED");
      expect((await kubernetesObjects(at.sandbox.kubernetes!)).filter((o) => !o.includes("mm2-administrator"))).toEqual(
        [],
      );
      expect(await ownTopics(at.sandbox.target)).toEqual([
        "inst-empty",
        "inst-orders",
        "origin-cluster.checkpoints.internal",
      ]);
      expect((await listEverything(at.sandbox.target)).topics.get("inst-orders")).toEqual({
        partitions: 3,
        replicas: [2],
      });
    },
    10 * MINUTES,
  );

  test(
    "is destroyed completely if the configuration says so",
    async () => {
      await project.set({ phase: "cleanup", checkpoints: "always" });
      await project.up();
      await project.destroy();
      expect(await kubernetesObjects(at.sandbox.kubernetes!)).toEqual([]);
      expect(await ownTopics(at.sandbox.origin)).toEqual(["inst-empty", "inst-orders"]);
      expect(await ownTopics(at.sandbox.target)).toEqual(["inst-empty", "inst-orders"]);
      const [origin, target] = await Promise.all([
        listEverything(at.sandbox.origin),
        listEverything(at.sandbox.target),
      ]);
      expect([...origin.principals, ...target.principals].filter((p) => p.includes("mm2"))).toEqual([]);
    },
    10 * MINUTES,
  );

  test(
    "is reviewed in a pull request without access to the clusters and Kubernetes",
    async () => {
      const { sandbox } = at;
      await project.imported(mirroring);
      await Promise.all([sandbox.origin.stop(), sandbox.target.stop(), sandbox.kubernetes!.stop()]);
      await project.set({ phase: "cutover", checkpoints: "when-applied" });
      const reviewed = await review();
      expect(reviewed.code, reviewed.text).toBe(0);
      expect(reviewed.comment).toContain("**No mandatory finding for this migration**");
      expect(reviewed.comment).toContain("| update | Gate | installed-gate |");
      expect(reviewed.comment).toContain("### What this update deletes\n\nNothing.");
      // The same with a look at the clusters can't succeed here: the review above really asked nobody.
      const rehearsed = await review("--rehearse");
      expect(rehearsed.code).toBe(1);
      expect(rehearsed.comment).toMatch(/KAFKA_(UNREACHABLE|NOT_AVAILABLE)/);
    },
    10 * MINUTES,
  );

  async function review(...options: string[]): Promise<{ code: number; text: string; comment: string }> {
    const installed = join(folder, "node_modules", "pulumi-kafka-migration", "dist", "policies");
    // As the pack is shipped, under a runtime that the sandbox's language host leaves alone: that one can't start
    // packs.
    const pack = join(folder, "pack");
    await mkdir(pack, { recursive: true });
    await writeFile(join(pack, "PulumiPolicy.yaml"), "runtime: node\n");
    await writeFile(join(pack, "package.json"), await readFile(join(installed, "package.json"), "utf8"));
    await writeFile(join(pack, "index.js"), `require(${JSON.stringify(installed)});\n`);
    const file = join(folder, "comment.md");
    const args = [
      join(installed, "review", "main.js"),
      "--cwd",
      folder,
      "--stack",
      "dev",
      "--pack",
      pack,
      "--comment",
      file,
      ...options,
    ];
    const result = await run(process.execPath, args, {
      cwd: folder,
      env: at.sandbox.pulumi!.env,
      maxBuffer: 1 << 26,
    }).then(
      ({ stdout, stderr }) => ({ code: 0, text: stdout + stderr }),
      (error: { code: number; stdout: string; stderr: string }) => ({
        code: error.code,
        text: error.stdout + error.stderr,
      }),
    );
    return { ...result, comment: await readFile(file, "utf8") };
  }
});

/** What an application gets for one record. */
async function write(connection: ClusterConnection, topic: string): Promise<string> {
  const producer = applicationClient(connection, "apps").producer({
    allowAutoTopicCreation: false,
    retry: { retries: 2, initialRetryTime: 100 },
  });
  try {
    await producer.connect();
    await producer.send({ topic, messages: [{ value: "x" }] });
    return "written";
  } catch (error) {
    return (error as { type?: string; cause?: { type?: string } }).type ?? (error as Error).message;
  } finally {
    await producer.disconnect();
  }
}

async function ownTopics(cluster: Parameters<typeof listEverything>[0]): Promise<string[]> {
  return [...(await listEverything(cluster)).topics.keys()].filter((name) => !name.startsWith("__")).sort();
}
