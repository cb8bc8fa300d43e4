import { type Consumer, Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { uniqueName, withClusters } from "@kafka-migration/sandbox/testing";
import { internalTopics } from "../../engine/naming";
import type { KafkaPort } from "../../engine/kafka/port";
import type { MigrationModel } from "../../engine/model";
import type { AppliedOffsets } from "../../engine/offsets";
import { consumerOffsetsStep } from "../../lifecycle/handlers/consumer-offsets";
import { application, open } from "../engine/offsets/estate";
import { eventually, modelFor, type RunningMirror, startMirror } from "../engine/support/mirror";
import { said } from "./support/said";

const PARTITIONS = 50;
const GROUPS = 50;
const clusters = withClusters();
const prefix = uniqueName("early");
const topic = `${prefix}-data`;
const groups = Array.from({ length: GROUPS }, (_, i) => `${prefix}-group-${String(i).padStart(2, "0")}`);
/** Groups whose records are read on both clusters by a client that shares no code with the engine. */
const witnesses = groups.slice(0, 3);
let model: MigrationModel;
let origin: KafkaPort;
let target: KafkaPort;
let mirror: RunningMirror | undefined;
let writer: { stop(): Promise<number> };

const kafkaOf = ({ bootstrapServers, ca, admin }: (typeof clusters)["origin"]) =>
  new Kafka({
    brokers: bootstrapServers.split(","),
    ssl: { ca: [ca] },
    sasl: { mechanism: "scram-sha-512", ...admin },
    logLevel: logLevel.NOTHING,
  });

/** Writes numbered records of 1 kB to all partitions, each once, without a pause, until it is stopped. */
async function keepWriting(perSecond: number) {
  const producer = kafkaOf(clusters.origin).producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  let stopped = false;
  let next = 0;
  const filling = "x".repeat(1000);
  const running = (async () => {
    const started = Date.now();
    while (!stopped) {
      const due = Math.floor(((Date.now() - started) / 1000) * perSecond) - next;
      const count = Math.min(Math.max(due, 0), 2_000);
      if (count > 0) {
        const messages = Array.from({ length: count }, () => {
          const n = next++;
          return { partition: n % PARTITIONS, key: String(n), value: `${n} ${filling}` };
        });
        await producer.send({ topic, messages });
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await producer.disconnect();
  })();
  return {
    stop: async () => {
      stopped = true;
      await running;
      return next;
    },
  };
}

/** What a group has read: the number of each record by its partition and offset, so a repeated fetch counts once. */
type Read = Map<number, Map<number, number>>;

const countOf = (read: Read): number => [...read.values()].reduce((sum, offsets) => sum + offsets.size, 0);

/** Reads with a group. Stopping commits what was read. */
async function readWith(cluster: (typeof clusters)["origin"], group: string, read: Read): Promise<Consumer> {
  const consumer = application(cluster).consumer({ groupId: group, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    autoCommitInterval: 500,
    eachMessage: async ({ partition, message }) => {
      const offsets = read.get(partition) ?? new Map<number, number>();
      read.set(partition, offsets.set(Number(message.offset), Number(message.key!.toString())));
    },
  });
  return consumer;
}

const inputs = (phase: string, more: Record<string, unknown> = {}) => ({
  originConnection: model.origin,
  targetConnection: model.target,
  mirror: model.mirror,
  phase,
  abandon: false,
  fence: false,
  options: {},
  ...more,
});

beforeAll(async () => {
  model = modelFor(clusters, prefix, { offsetFlushIntervalMs: 2_000 });
  [origin, target] = await Promise.all([open(clusters.origin, "origin"), open(clusters.target, "target")]);
  await origin.createTopic(topic, { partitions: PARTITIONS, replicationFactor: 1 });
  writer = await keepWriting(500);
  mirror = await startMirror(clusters, model);
  await eventually("the first copies", async () => {
    if ((await target.describeTopics([topic])).length === 0) return false;
    const partitions = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition }));
    return (await target.listOffsets(partitions, "latest")).every((o) => o.offset > 0n);
  });
}, 180_000);

afterAll(async () => {
  await writer?.stop();
  await mirror?.stop();
  for (const [port, side] of [
    [origin, "origin"],
    [target, "target"],
  ] as const) {
    await port.deleteGroups((await port.listGroups()).map((g) => g.groupId).filter((g) => g.startsWith(prefix)));
    const internal = internalTopics(model.mirror).flatMap((t) => (t.side === side ? [t.name] : []));
    const names = (await port.listTopics()).filter((t) => t.startsWith(prefix) || internal.includes(t));
    await port.deleteTopics(names);
    await port.close();
  }
}, 60_000);

it("groups move while the producer never pauses, and read every record exactly once", async () => {
  const here = new Map(witnesses.map((g) => [g, new Map() as Read]));
  const readers = await Promise.all(witnesses.map((g) => readWith(clusters.origin, g, here.get(g)!)));
  // A group that has read nothing commits nothing.
  await eventually("every witness reads", async () => witnesses.every((g) => countOf(here.get(g)!) > 500));

  // While members are there, nothing happens.
  await expect(consumerOffsetsStep.create(inputs("consumers"))).rejects.toThrow(
    new RegExp(`GROUPS_ACTIVE_ON_ORIGIN[^]*${witnesses[0]}[^]*${witnesses[1]}[^]*${witnesses[2]}`),
  );
  expect(await target.listGroups().then((l) => l.filter((g) => witnesses.includes(g.groupId)))).toEqual([]);

  await Promise.all(readers.map((r) => r.disconnect()));
  // The other groups stop at the same moment, at the end of every partition.
  const partitions = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition }));
  const ends = await origin.listOffsets(partitions, "latest");
  await Promise.all(
    groups.slice(3).map((g) =>
      origin.alterGroupOffsets(
        g,
        ends.map((o) => ({ topic, partition: o.partition, offset: o.offset, metadata: "" })),
      ),
    ),
  );
  const started = performance.now();
  let outs: Record<string, unknown> = {};
  const log = await said(async () => (outs = (await consumerOffsetsStep.create(inputs("consumers"))).outs));
  const ms = performance.now() - started;
  console.log(`moved in ${Math.round(ms)} ms\n${log}`);
  const applied = outs.applied as AppliedOffsets;
  expect(applied.groups).toHaveLength(GROUPS);
  expect(applied.groups.flatMap((g) => g.offsets.filter((o) => o.unproved ?? o.rereads))).toEqual([]);

  const stopped = await origin.groupOffsets(witnesses);
  const there = new Map(witnesses.map((g) => [g, new Map() as Read]));
  const after = await Promise.all(witnesses.map((g) => readWith(clusters.target, g, there.get(g)!)));
  const written = await writer.stop();
  const left = (group: string, partition: number): number[] => {
    const from = Number(stopped.get(group)?.find((o) => o.partition === partition)?.offset ?? 0);
    const all = Array.from(
      { length: Math.ceil((written - partition) / PARTITIONS) },
      (_, k) => partition + k * PARTITIONS,
    );
    return all.slice(from);
  };
  const expected = (group: string) => partitions.reduce((sum, { partition }) => sum + left(group, partition).length, 0);
  await eventually("all records", async () => witnesses.every((g) => countOf(there.get(g)!) >= expected(g)));
  await Promise.all(after.map((r) => r.disconnect()));
  for (const group of witnesses) {
    expect(expected(group), group).toBeGreaterThan(100);
    for (const { partition } of partitions)
      expect(
        [...(there.get(group)!.get(partition) ?? [])].sort(([a], [b]) => a - b).map(([, n]) => n),
        group,
      ).toEqual(left(group, partition));
  }

  // A cutover later leaves them where they are, and takes a group along that has come since.
  const late = `${prefix}-group-late`;
  await origin.alterGroupOffsets(late, [{ topic, partition: 0, offset: 5n, metadata: "" }]);
  const positions = async () => {
    const now = await target.groupOffsets(witnesses);
    return witnesses.map((g) =>
      now
        .get(g)
        ?.map((o) => `${o.partition}:${o.offset}`)
        .sort(),
    );
  };
  const before = await positions();
  expect(await consumerOffsetsStep.diff("id", outs, inputs("consumers"))).toEqual({ changes: true });
  const cutover = await consumerOffsetsStep.update("id", outs, inputs("cutover"));
  expect((cutover.outs.applied as AppliedOffsets).groups).toHaveLength(GROUPS + 1);
  expect(await positions()).toEqual(before);
  expect((await target.groupOffsets([late])).get(late)).toMatchObject([{ partition: 0, offset: 5n }]);
  expect(await consumerOffsetsStep.diff("id", cutover.outs, inputs("cutover"))).toEqual({ changes: false });
}, 180_000);
