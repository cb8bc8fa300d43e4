import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { uniqueName } from "@kafka-migration/sandbox/testing";
import { ConnectStateReader } from "../../../engine/connect-state";
import { isMigrationError } from "../../../engine/errors";
import { evaluateGate, runGate } from "../../../engine/gate";
import type { MigrationModel } from "../../../engine/model";
import { connectorNames, internalTopics } from "../../../engine/naming";
import type { KafkaPort } from "../../../engine/kafka/port";
import { planOffsets } from "../../../engine/offsets";
import { silent } from "../../../engine/progress";
import { readRecords } from "../../../engine/records";
import { readTopicIds } from "../../../engine/topic-ids";
import { compareCopy, isFault, verifyCopy } from "../../../engine/verify";
import { application, deleteBelow, produce, transaction, withPorts } from "../kafka/support";
import { eventually, modelFor, type RunningMirror, startMirror } from "../support/mirror";

/** A real MirrorMaker 2 between real brokers, and a topic for each case that breaks a naive rule. */
const ports = withPorts("port-real");
const prefix = uniqueName("port-real");
let model: MigrationModel;
let mirror: RunningMirror | undefined;
const topic = (name: string) => `${prefix}-data-${name}`;
const values = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => ({ key: `k${from + i}`, value: `v${from + i}`, headers: { n: String(i) } }));
const end = async (name: string) =>
  Number((await ports.origin.listOffsets([{ topic: topic(name), partition: 0 }], "latest"))[0]!.offset);

beforeAll(async () => {
  model = modelFor(ports.clusters, prefix);
  const app = application(ports.clusters.origin);
  const make = async (name: string, configs: Record<string, string> = {}, partitions = 1) => {
    ports.remember(topic(name));
    await ports.origin.createTopic(topic(name), { partitions, replicationFactor: 1, configs });
  };
  for (const name of internalTopics(model.mirror).map((t) => t.name)) ports.remember(name);
  await make("plain", {}, 3);
  await produce(
    app,
    topic("plain"),
    [0, 1, 2].flatMap((partition) => values(50).map((v) => ({ ...v, partition }))),
  );
  await make("empty");
  await make("committed");
  await produce(app, topic("committed"), values(3));
  await transaction(app, topic("committed"), ["a", "b"], "commit");
  await make("aborted");
  await transaction(app, topic("aborted"), ["x", "y"], "abort");
  await make("compacted", { "cleanup.policy": "compact", "segment.ms": "100", "min.cleanable.dirty.ratio": "0.001" });
  for (let round = 0; round < 3; round++)
    await produce(
      app,
      topic("compacted"),
      values(20).map((v) => ({ ...v, value: `${round}` })),
    );
  await produce(
    app,
    topic("compacted"),
    values(5).map((v) => ({ ...v, value: null })),
  );
  await sleep(150);
  await produce(app, topic("compacted"), [{ key: "last", value: "last" }]);
  await make("prefix");
  await produce(app, topic("prefix"), values(20));
  await deleteBelow(app, topic("prefix"), 12);
  await make("gone");
  await produce(app, topic("gone"), values(10));
  await deleteBelow(app, topic("gone"), 10);
  for (const codec of ["gzip", "snappy", "lz4", "zstd"]) {
    await make(codec, { "compression.type": codec });
    await produce(app, topic(codec), values(100));
  }
  // As producers from before Kafka 0.10 leave them, and some clients today; between others that have a timestamp.
  await make("untimed");
  for (let i = 0; i < 10; i++)
    await produce(
      app,
      topic("untimed"),
      values(1, i).map((v) => (i % 3 === 0 ? { ...v, timestamp: "-1" } : v)),
    );
  await compacted(topic("compacted"), 66);
  mirror = await startMirror(ports.clusters, model);
}, 240_000);

afterAll(() => mirror?.stop(), 60_000);

/** Waits until the broker's cleaner has been there. */
async function compacted(name: string, written: number): Promise<void> {
  for (const deadline = Date.now() + 90_000; ; await sleep(500)) {
    const left = await readRecords(ports.origin, name, 0, 0n, BigInt(written));
    if (left.length < written / 2) return;
    if (Date.now() > deadline) throw new Error(`${name} still has ${left.length} of ${written} records`);
  }
}

const connectorUrl = () =>
  `${mirror!.worker.restUrl}/connectors/${encodeURIComponent(connectorNames(model.mirror).source)}`;

/** Connect answers before the tasks have stopped: only then is nothing more copied. */
async function stopConnector(): Promise<void> {
  expect((await fetch(`${connectorUrl()}/stop`, { method: "PUT" })).status).toBe(204);
  for (const deadline = Date.now() + 30_000; ; await sleep(100)) {
    const status = (await (await fetch(`${connectorUrl()}/status`)).json()) as {
      connector: { state: string };
      tasks: unknown[];
    };
    if (status.connector.state === "STOPPED" && status.tasks.length === 0) return;
    if (Date.now() > deadline) throw new Error(`not stopped: ${JSON.stringify(status)}`);
  }
}

describe("a real mirror", () => {
  it("passes the gate with markers, aborted records, compaction, deletions and codecs", async () => {
    const said: string[] = [];
    const result = await runGate(
      model,
      { limitMs: 120_000, stableForMs: 2000, pollMs: 500 },
      { info: (l) => said.push(l), warn: (l) => said.push(l) },
    );
    expect(result, said.join("\n")).toMatchObject({ topics: 12, partitions: 14, warnings: [] });
    // The commit marker and the abort marker: arithmetic alone would have waited for ever.
    expect(result.gapsRead).toBeGreaterThanOrEqual(2);
    expect(Object.keys(result.cleared)).toContain(`${topic("committed")}:0`);
    expect(result.lastRecordsCompared).toBe(12);
  });

  it("writes what the reader expects to Connect's topics", async () => {
    const view = await new ConnectStateReader(ports.target, model.mirror).read();
    expect(view.missingTopics).toEqual([]);
    expect(view.source).toMatchObject({ target: "STARTED", status: { state: "RUNNING" }, inconsistent: false });
    expect(view.checkpoint).toMatchObject({ status: { state: "RUNNING" } });
    expect(view.source!.config["connector.class"]).toBe("org.apache.kafka.connect.mirror.MirrorSourceConnector");
    expect(view.assignments.flatMap((t) => t.partitions)).toHaveLength(14);
    expect(view.assignments.every((t) => t.status?.state === "RUNNING")).toBe(true);
    expect(view.offsets.get(`${topic("plain")}:2`)).toBe(49);
    expect(view.offsets.get(`${topic("committed")}:0`)).toBe(4);
    for (const none of ["empty", "gone"]) expect(view.offsets.has(`${topic(none)}:0`)).toBe(false);
    // The same as Connect's own REST interface says.
    const answer = (await (await fetch(`${connectorUrl()}/offsets`)).json()) as {
      offsets: { partition: { topic: string; partition: number }; offset: { offset: number } }[];
    };
    expect(
      new Map(answer.offsets.map((o) => [`${o.partition.topic}:${o.partition.partition}`, o.offset.offset])),
    ).toEqual(new Map(view.offsets));
  });

  it("is equal in full and in tail mode", async () => {
    const result = await verifyCopy(model, { mode: "full" }, silent);
    expect(result).toMatchObject({ equal: true, partitions: 14, differences: [], notes: [] });
    expect(result.topics.find((t) => t.topic === topic("committed"))).toMatchObject({
      originRecords: 5,
      targetRecords: 5,
    });
    // Read uncommitted, so the mirror has copied the aborted records too.
    expect(result.topics.find((t) => t.topic === topic("aborted"))).toMatchObject({
      originRecords: 2,
      targetRecords: 2,
    });
    expect(await verifyCopy(model, { mode: "tail", tailRecords: 10 }, silent)).toMatchObject({ equal: true });
  });

  it("does not pass the gate with one more record until that is copied", async () => {
    await stopConnector();
    await produce(application(ports.clusters.origin), topic("plain"), values(1, 50));
    await expect(evaluateGate(model, {}, silent)).rejects.toThrow(
      `${topic("plain")}-0: 1 offsets are not copied (copied up to 49, the origin ends at 51)`,
    );
    await expect(evaluateGate(model, {}, silent)).rejects.toThrow("the source connector is STOPPED");
    expect(
      (await compareCopy(model, { mode: "full" }, silent)).differences.map((d) => [d.topic, d.kind, d.originOffset]),
    ).toEqual([[topic("plain"), "missing", 50]]);
    await fetch(`${connectorUrl()}/resume`, { method: "PUT" });
    await expect(runGate(model, { limitMs: 60_000, stableForMs: 1000, pollMs: 300 }, silent)).resolves.toMatchObject({
      partitions: 14,
    });
  });

  it("does not pass the gate if records were deleted on the origin while it was stopped", async () => {
    await stopConnector();
    const before = await end("prefix");
    const app = application(ports.clusters.origin);
    await produce(app, topic("prefix"), values(5, 100));
    await deleteBelow(app, topic("prefix"), before + 5);
    await fetch(`${connectorUrl()}/resume`, { method: "PUT" });
    await expect(
      runGate(model, { limitMs: 60_000, stableForMs: 1000, pollMs: 300, graceMs: 5000 }, silent),
    ).rejects.toThrow(
      "GATE_BLOCKED: the copy cannot become complete as things stand: 13 of 14 partitions in 12 topics are " +
        `complete\n  - ${topic("prefix")}-0: offsets ${before} to ${before + 4} were deleted on the origin before ` +
        "they were seen copied",
    );
  });

  it("sets timestamps on records without one, and is still a correct copy", async () => {
    const times = async (port: KafkaPort) =>
      (await readRecords(port, topic("untimed"), 0, 0n, 10n)).map((r) => Number(r.timestamp));
    const [here, there] = [await times(ports.origin), await times(ports.target)];
    expect(here.filter((t) => t === -1)).toHaveLength(4);
    expect(there.filter((t) => t < Date.now() - 600_000)).toEqual([]);
    for (const options of [{ mode: "full" }, { mode: "tail", tailRecords: 5 }] as const) {
      expect(
        (await compareCopy(model, options, silent)).differences.filter((d) => d.topic === topic("untimed")),
      ).toEqual([]);
    }
    const group = `${prefix}-group-untimed`;
    await ports.origin.alterGroupOffsets(group, [{ topic: topic("untimed"), partition: 0, offset: 3n, metadata: "" }]);
    const plan = await planOffsets(model, {}, silent);
    await ports.origin.deleteGroups([group]);
    expect(plan.groups[0]!.topics[0]!.partitions[0]).toMatchObject({ targetOffset: "3", exact: true, rereads: 0 });
  });

  it("does not hide a recreated topic, even if it was stopped meanwhile", async () => {
    const recorded = await readTopicIds(model);
    const recreate = async (name: string) => {
      await ports.origin.deleteTopics([topic(name)]);
      // The running mirror asks for it, and the broker may have created it again already.
      await ports.origin.createTopic(topic(name), { partitions: 1, replicationFactor: 1 }).catch((error: unknown) => {
        if (!isMigrationError(error) || error.code !== "KAFKA_TOPIC_EXISTS") throw error;
      });
      await produce(application(ports.clusters.origin), topic(name), values(150, 1000));
    };
    await recreate("gzip");
    await stopConnector();
    await recreate("lz4");
    await fetch(`${connectorUrl()}/resume`, { method: "PUT" });
    const options = { acceptTruncation: [topic("prefix")] };
    const shut = (of: MigrationModel) =>
      evaluateGate(of, options, silent).then(
        () => "open",
        (e: Error) => e.message,
      );
    await eventually(
      "everything is copied as the mirror sees it",
      async () => !/not copied|no tasks|assigned to no task/.test(await shut(model)),
    );
    // Without ids by the first record, which no offset and no last record shows.
    const byRecord = await shut(model);
    for (const name of ["gzip", "lz4"]) expect(byRecord).toContain(`${topic(name)}-0: the origin begins with offset 0`);
    expect(byRecord).toContain("14 of 14 partitions in 12 topics are complete");
    const byId = await shut({ ...model, recorded });
    for (const name of ["gzip", "lz4"])
      expect(byId).toContain(`topic ${topic(name)} was deleted and created again on the origin`);
    for (const of of [model, { ...model, recorded }]) {
      const { differences } = await compareCopy(of, { mode: "tail", tailRecords: 10 }, silent);
      for (const name of ["gzip", "lz4"])
        expect(differences.filter((d) => d.topic === topic(name) && isFault(d))).not.toEqual([]);
    }
  }, 120_000);
});
