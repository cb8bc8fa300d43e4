import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { chmod, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repositoryRoot } from "@kafka-migration/sandbox";
import { uniqueName, withClusters } from "@kafka-migration/sandbox/testing";
import { openKafka } from "../../engine/kafka/client";
import type { KafkaPort } from "../../engine/kafka/port";
import { verificationStep } from "../../lifecycle/handlers/verification";
import { modelFor, produce } from "../engine/support/mirror";
import { said } from "./support/said";
import { temporaryFolder } from "../support/folder";
import { inputsOf } from "./support/inputs";

const clusters = withClusters();
const prefix = uniqueName("resume");
const topics = [`${prefix}-data-a`, `${prefix}-data-b`];
let ports: KafkaPort[];
let folder: string;

beforeAll(async () => {
  folder = temporaryFolder("resume");
  ports = await Promise.all([
    openKafka(clusters.origin.connection, "origin"),
    openKafka(clusters.target.connection, "target"),
  ]);
  const now = Date.now();
  for (const [i, cluster] of [clusters.origin, clusters.target].entries()) {
    for (const topic of topics) {
      await ports[i]!.createTopic(topic, { partitions: 1, replicationFactor: 1 });
      await produce(cluster, topic, [{ value: topic, partition: 0, timestamp: now }]);
    }
  }
});

afterAll(async () => {
  for (const port of ports) {
    await port.deleteTopics(topics);
    await port.close();
  }
});

const inputs = (place: string) => {
  const model = modelFor(clusters, prefix);
  const resume = { name: "dev/orders", folder: place, root: "" };
  return {
    ...inputsOf(model),
    phase: "cutover",
    abandon: false,
    fence: false,
    options: { mode: "full" },
    resume,
  };
};

describe("an interrupted verification", () => {
  it("continues with the partitions that are left, and leaves no file behind", async () => {
    const place = join(folder, "report");
    const file = join(place, "migration-dev_orders.verification.jsonl");
    // Killed by itself, so that it is always at the same place: once the first partition is remembered.
    const code = `
      const fs = require("node:fs/promises");
      const append = fs.appendFile;
      fs.appendFile = (...args) => append(...args).then(() => process.kill(process.pid, "SIGKILL"));
      process.once("message", (inputs) => require(${JSON.stringify(join(repositoryRoot, "dist", "lifecycle", "handlers"))}).step("verification").create(inputs));`;
    const starter = join(folder, "child.js");
    await writeFile(starter, code);
    const child = fork(starter, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    child.send(inputs(place));
    expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);
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

  it("is no failure if its progress file cannot be written", async () => {
    const place = join(folder, "file");
    await writeFile(place, "");
    await chmod(place, 0o400);
    let result: unknown;
    const lines = await said(
      async () =>
        (result = (await verificationStep.create({ ...inputs(place), options: { mode: "tail" } })).outs.result),
    );
    expect(lines).toMatch(/verification: an interrupted verification would start from the beginning: E\w+/);
    expect(result).toMatchObject({ equal: true });
  });

  it("shows no change in a plan if only the place of its file changes", async () => {
    const { outs } = await verificationStep.create({ ...inputs(folder), phase: "mirror" });
    expect(await verificationStep.diff("id", outs, { ...inputs("elsewhere"), phase: "mirror" })).toEqual({
      changes: false,
    });
  });
});

describe("a changed option of the verification in phase cutover", () => {
  const update = async (olds: object, options: object) => {
    const news = { ...inputs(folder), options };
    const state = { ...inputs(folder), ...olds };
    let result: { verifiedAt?: string; options?: object } = {};
    const lines = await said(async () => {
      await verificationStep.diff("id", state, news);
      result = (await verificationStep.update("id", state, news)).outs;
    });
    return {
      again: result.verifiedAt !== "2026-01-01T00:00:00.000Z",
      options: result.options,
      announced: lines.includes("compared again, because the options changed"),
    };
  };
  const verified = (options: object) => ({ options, verifiedAt: "2026-01-01T00:00:00.000Z", result: { equal: true } });

  it.each([
    [{ mode: "tail" }, { mode: "tail", tailRecords: 500 }],
    [{ mode: "tail", tailRecords: 500 }, { mode: "tail" }],
    [{ mode: "tail" }, { mode: "tail", countUpTo: 5 }],
    [{ mode: "tail" }, { mode: "full" }],
    [{ mode: "full" }, { mode: "tail" }],
  ])("is carried out and announced: %j to %j", async (was, is) => {
    expect(await update(verified(was), is)).toEqual({ again: true, options: is, announced: true });
  });

  it.each([
    [{ mode: "tail" }, { mode: "tail", tailRecords: 100, countUpTo: 200_000 }],
    [{ mode: "full" }, { mode: "full", tailRecords: 500 }],
  ])("without an effect compares nothing: %j to %j", async (was, is) => {
    expect(await update(verified(was), is)).toEqual({ again: false, options: is, announced: false });
  });
});
