import { mkdir, mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ManagedProcess, supervise, type Supervisor } from "@kafka-migration/sandbox";
import { jaasQuoted, kafkaParts, startJava, writeProperties } from "@kafka-migration/sandbox/kafka";
import { type TestCluster, uniqueName, withClusters } from "@kafka-migration/sandbox/testing";
import { applyOffsets, planOffsets } from "../../../engine/offsets";
import type { KafkaPort } from "../../../engine/kafka/port";
import { lookAtGroups } from "../../../engine/report";
import { silent } from "../../../engine/progress";
import { modelFor, produce } from "../support/mirror";
import { application, open, resume } from "./estate";
import { joinGroup } from "./other-protocols";

const clusters = withClusters();
const prefix = uniqueName("offs");
const topic = `${prefix}-data-numbers`;
let origin: KafkaPort;
let target: KafkaPort;
let supervisor: Supervisor;

/** Starts Kafka's own console consumer, which ends when it has read `count` records. */
async function startConsumer(
  cluster: TestCluster,
  group: string,
  protocol: "classic" | "consumer",
  count: number,
): Promise<ManagedProcess> {
  const folder = join(supervisor.folder, uniqueName("consumer"));
  await mkdir(folder);
  const file = join(folder, "client.properties");
  await writeProperties(file, {
    "security.protocol": "SASL_SSL",
    "sasl.mechanism": "SCRAM-SHA-512",
    "sasl.jaas.config":
      "org.apache.kafka.common.security.scram.ScramLoginModule required " +
      `username=${jaasQuoted(cluster.admin.username)} password=${jaasQuoted(cluster.admin.password)};`,
    "ssl.truststore.type": "PEM",
    "ssl.truststore.certificates": cluster.ca,
    "group.protocol": protocol,
    "auto.offset.reset": "earliest",
    // So that the committed offset is that of the last record shown.
    "max.poll.records": "1",
  });
  const parts = await kafkaParts(undefined, () => {});
  const { process } = await startJava(supervisor, {
    name: `${protocol} consumer`,
    mainClass: "org.apache.kafka.tools.consumer.ConsoleConsumer",
    args: [
      "--bootstrap-server",
      cluster.bootstrapServers,
      "--topic",
      topic,
      "--group",
      group,
      "--max-messages",
      String(count),
      "--timeout-ms",
      "60000",
      "--command-config",
      file,
    ],
    heap: "128m",
    folder,
    logName: "out",
    parts,
    kind: "connect",
    mayArchive: false,
  });
  return process;
}

/** Lets it read `count` records and returns their values. */
async function javaConsumer(
  cluster: TestCluster,
  group: string,
  protocol: "classic" | "consumer",
  count: number,
): Promise<string[]> {
  const process = await startConsumer(cluster, group, protocol, count);
  const exit = await process.exited;
  const out = await readFile(process.log, "utf8");
  expect(exit.code, out).toBe(0);
  return out.split("\n").filter((line) => /^number \d+$/.test(line));
}

beforeAll(async () => {
  supervisor = supervise(await mkdtemp(join(tmpdir(), "kafka-migration-consumers-")));
  [origin, target] = await Promise.all([open(clusters.origin, "origin"), open(clusters.target, "target")]);
  // What a mirror would leave: the same records with the same timestamps, at other offsets.
  const messages = Array.from({ length: 100 }, (_, i) => ({
    value: `number ${i}`,
    partition: 0,
    timestamp: 1_790_000_000_000 + i,
  }));
  for (const port of [origin, target])
    await port.createTopic(topic, { partitions: 1, replicationFactor: 1, configs: { "retention.ms": "-1" } });
  await produce(
    clusters.target,
    topic,
    Array.from({ length: 7 }, (_, i) => ({ value: `older ${i}`, partition: 0, timestamp: 1_780_000_000_000 + i })),
  );
  await produce(clusters.origin, topic, messages);
  await produce(clusters.target, topic, messages);
});

afterAll(async () => {
  await supervisor.stop();
  for (const port of [origin, target]) {
    await port.deleteGroups((await port.listGroups()).map((g) => g.groupId).filter((g) => g.startsWith(prefix)));
    await port.deleteTopics([topic]);
    await port.close();
  }
});

const committed = async (port: KafkaPort, group: string): Promise<number | undefined> => {
  const [offset] = (await port.groupOffsets([group])).get(group) ?? [];
  return offset === undefined ? undefined : Number(offset.offset);
};

describe("groups of every protocol", () => {
  it("continue at their offsets: classic, consumer, and without members", async () => {
    const [classic, modern, memberless, kafkajs] = ["classic", "modern", "memberless", "kafkajs"].map(
      (g) => `${prefix}-group-${g}`,
    ) as [string, string, string, string];
    expect(await javaConsumer(clusters.origin, classic, "classic", 30)).toHaveLength(30);
    expect(await javaConsumer(clusters.origin, modern, "consumer", 45)).toHaveLength(45);
    await origin.alterGroupOffsets(memberless, [{ topic, partition: 0, offset: 60n, metadata: "set by an operator" }]);
    const admin = application(clusters.origin).admin();
    await admin.connect();
    await admin.setOffsets({ groupId: kafkajs, topic, partitions: [{ partition: 0, offset: "99" }] });
    await admin.disconnect();
    expect(await Promise.all([classic, modern, memberless, kafkajs].map((g) => committed(origin, g)))).toEqual([
      30, 45, 60, 99,
    ]);

    const model = modelFor(clusters, prefix);
    const plan = await planOffsets(model, {}, silent);
    expect(Object.fromEntries(plan.groups.map((g) => [g.group, g.type]))).toMatchObject({
      [classic]: "classic",
      [modern]: "consumer",
    });
    await applyOffsets(model, plan, {}, silent);
    expect(await Promise.all([classic, modern, memberless, kafkajs].map((g) => committed(target, g)))).toEqual([
      37, 52, 67, 106,
    ]);

    // Each protocol's own client finds its place, also a group that changes its protocol with the move.
    expect((await javaConsumer(clusters.target, modern, "consumer", 55))[0]).toBe("number 45");
    expect((await javaConsumer(clusters.target, classic, "consumer", 70))[0]).toBe("number 30");
    expect((await resume(clusters.target, memberless, topic, 40)).map((r) => r.content)).toEqual(
      Array.from({ length: 40 }, (_, i) => `number ${60 + i}`),
    );
    expect((await resume(clusters.target, kafkajs, topic, 1)).map((r) => r.content)).toEqual(["number 99"]);
  });

  it("of the consumer protocol are refused while they are active on the target", async () => {
    const group = `${prefix}-group-busy`;
    await origin.alterGroupOffsets(group, [{ topic, partition: 0, offset: 10n, metadata: "" }]);
    const consumer = await startConsumer(clusters.target, group, "consumer", 1_000_000);
    try {
      await consumer.until(
        "a member of the group",
        async () => ((await target.describeGroups([group]))[0]?.members.length === 1 ? true : undefined),
        60_000,
        200,
      );
      const reads = async () => (await target.describeGroups([group]))[0]?.reads;
      await expect.poll(reads, { timeout: 30_000 }).toEqual([topic]);
      const model = modelFor(clusters, prefix, { groupsPattern: group });
      const plan = await planOffsets(model, {}, silent);
      expect(plan.groups[0]?.targetMembers).toEqual([expect.stringContaining("console-consumer")]);
      await expect(applyOffsets(model, plan, {}, silent)).rejects.toThrow(/OFFSETS_BLOCKED[^]*console-consumer/);
    } finally {
      await consumer.stop();
    }
  });

  it("of the streams protocol move although the mirror leaves them out, unless they are active", async () => {
    const group = `${prefix}-group-streams`;
    await origin.alterGroupOffsets(group, [{ topic, partition: 0, offset: 20n, metadata: "streams" }]);
    await (await joinGroup(clusters.origin.connection, "streams", group, topic)).leave();
    expect((await origin.listGroups()).find((g) => g.groupId === group)).toMatchObject({
      type: "streams",
      protocolType: "streams",
    });

    const model = modelFor(clusters, prefix, { groupsPattern: group });
    const busy = await joinGroup(clusters.target.connection, "streams", group, topic);
    expect((await target.describeGroups([group]))[0]).toMatchObject({
      type: "streams",
      members: [{ clientId: expect.any(String) }],
      reads: [topic],
    });
    const plan = await planOffsets(model, {}, silent);
    expect(plan.groups).toMatchObject([
      { group, type: "streams", originMembers: 0, targetMembers: [expect.stringContaining("@")] },
    ]);
    await expect(applyOffsets(model, plan, {}, silent)).rejects.toThrow(/OFFSETS_BLOCKED[^]*active on the target/);
    await busy.leave();
    await target.deleteGroups([group]);

    await applyOffsets(model, await planOffsets(model, {}, silent), {}, silent);
    // The application comes: the group becomes one of its protocol, and goes on from there.
    const resumed = await joinGroup(clusters.target.connection, "streams", group, topic);
    expect((await target.describeGroups([group]))[0]).toMatchObject({ type: "streams" });
    expect((await target.groupOffsets([group])).get(group)).toMatchObject([
      { topic, partition: 0, offset: 27n, metadata: "streams" },
    ]);
    await resumed.leave();
  });

  it("do not move if they are share groups, and the reason is shown", async () => {
    const group = `${prefix}-group-share`;
    await (await joinGroup(clusters.origin.connection, "share", group, topic)).leave();
    const model = modelFor(clusters, prefix, { groupsPattern: group });
    const plan = await planOffsets(model, {}, silent);
    expect([plan.groups, plan.shareGroups]).toEqual([[], [group]]);
    expect(plan.summary.attention).toEqual([expect.stringContaining(`group "${group}" does not move: a share group`)]);
    expect((await applyOffsets(model, plan, {}, silent)).skipped).toEqual([
      { group, why: expect.stringContaining("kafka-share-groups.sh --reset-offsets") },
    ]);
    expect(await lookAtGroups(model, {})).toEqual([
      { group, offsets: 0, leftAlone: expect.stringContaining("share group") },
    ]);
    expect(await lookAtGroups(model, { excludeGroups: [group] })).toEqual([]);
  });
});
