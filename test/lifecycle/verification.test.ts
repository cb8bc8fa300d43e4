import { fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { chmod, mkdtemp, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CompressionTypes } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openKafka } from "../../engine/kafka/client";
import type { KafkaPort } from "../../engine/kafka/port";
import { verificationStep } from "../../lifecycle/handlers/verification";
import { applicationClient } from "../../sandbox/estate/seed";
import { repositoryRoot } from "../../sandbox/story/project";
import { modelFor } from "../engine/support/mirror";
import { uniqueName, withClusters } from "../support/clusters";
import { said } from "./support/said";

const clusters = withClusters();
const prefix = uniqueName("resume");
const [small, large] = [`${prefix}-data-small`, `${prefix}-data-large`];
let ports: KafkaPort[];
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kafka-migration-resume-"));
  ports = await Promise.all([openKafka(clusters.origin.connection, "origin"), openKafka(clusters.target.connection, "target")]);
  const now = Date.now();
  const value = Buffer.alloc(500_000, "large");
  for (const [i, cluster] of [clusters.origin, clusters.target].entries()) {
    for (const topic of [small, large]) await ports[i]!.createTopic(topic, { partitions: 1, replicationFactor: 1 });
    const producer = applicationClient(cluster.connection, "tests").producer();
    await producer.connect();
    await producer.send({ topic: small, messages: [{ value: "x", timestamp: String(now) }] });
    // Small on the wire, and long to look through.
    for (let batch = 0; batch < 20; batch++) {
      await producer.send({ topic: large, compression: CompressionTypes.GZIP, messages: Array.from({ length: 10 }, () => ({ value, timestamp: String(now) })) });
    }
    await producer.disconnect();
  }
});

afterAll(async () => {
  for (const port of ports) {
    await port.deleteTopics([small, large]);
    await port.close();
  }
});

const inputs = (place: string) => {
  const model = modelFor(clusters, prefix);
  const resume = { name: "dev/orders", folder: place, root: "" };
  return { originConnection: model.origin, targetConnection: model.target, mirror: model.mirror, phase: "cutover", abandon: false, fence: false, options: { mode: "full" }, resume };
};

describe("a verification that is killed", () => {
  it("goes on with what it had not compared yet, and leaves no file behind", async () => {
    const place = join(folder, "report");
    const file = join(place, "migration-dev_orders.verification.jsonl");
    const code = `process.once("message", (inputs) => require(${JSON.stringify(join(repositoryRoot, "dist", "lifecycle", "handlers"))}).step("verification").create(inputs))`;
    const starter = join(folder, "child.js");
    await writeFile(starter, code);
    const child = fork(starter, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    child.send(inputs(place));
    const gone = once(child, "exit");
    await vi.waitUntil(() => existsSync(file) && readFileSync(file, "utf8").endsWith("\n"), { timeout: 60_000, interval: 2 });
    child.kill("SIGKILL");
    expect(await gone).toEqual([null, "SIGKILL"]);
    const kept = readFileSync(file, "utf8");
    expect(kept.trim().split("\n")).toHaveLength(1);
    expect(kept).not.toContain(clusters.origin.admin.password);

    let result: unknown;
    const lines = await said(async () => (result = (await verificationStep.create(inputs(place))).outs.result));
    expect(lines).toContain("verification: 1 partition verified by an earlier run, unchanged since");
    expect(lines).toContain("verification: comparing 1 partition, mode full");
    expect(result).toMatchObject({ equal: true, partitions: 2, resumed: 1 });
    expect(await readdir(place)).toEqual([]);
  });

  it("is no reason to fail where the file can't be kept", async () => {
    const place = join(folder, "file");
    await writeFile(place, "");
    await chmod(place, 0o400);
    let result: unknown;
    const lines = await said(async () => (result = (await verificationStep.create({ ...inputs(place), options: { mode: "tail" } })).outs.result));
    expect(lines).toMatch(/verification: an interrupted verification would start anew: E\w+/);
    expect(result).toMatchObject({ equal: true });
  });

  it("changes nothing in a plan by where that file lies", async () => {
    const { outs } = await verificationStep.create({ ...inputs(folder), phase: "mirror" });
    expect(await verificationStep.diff("id", outs, { ...inputs("elsewhere"), phase: "mirror" })).toEqual({ changes: false });
  });
});
