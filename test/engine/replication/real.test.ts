import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Kafka, logLevel } from "kafkajs";
import { uniqueName, withClusters } from "@kafka-migration/sandbox/testing";
import { openKafka } from "../../../engine/kafka/client";
import type { KafkaPort } from "../../../engine/kafka/port";
import type { MigrationModel } from "../../../engine/model";
import { listResidue } from "../../../engine/cleanup";
import { lookAtThrottle } from "../../../engine/report";
import { applyReplication, cancelReplication, findThrottle, planReplicationFor } from "../../../engine/replication";
import { eventually } from "../support/mirror";
import { model as fakeModel } from "./fake-target";

const clusters = withClusters();
const prefix = uniqueName("repl");
const small = `${prefix}-small`;
const big = `${prefix}-big`;
const single = `${prefix}-single`;
const moved = `${prefix}-moved`;

let origin: KafkaPort;
let target: KafkaPort;
let model: MigrationModel;

beforeAll(async () => {
  origin = await openKafka(clusters.origin.connection, "origin");
  target = await openKafka(clusters.target.connection, "target");
  model = {
    origin: clusters.origin.connection,
    target: clusters.target.connection,
    mirror: { ...fakeModel.mirror, topicsPattern: `${prefix}-.*` },
  };
  for (const [name, partitions] of [
    [small, 40],
    [big, 3],
    [single, 2],
  ] as const) {
    await origin.createTopic(name, {
      partitions,
      replicationFactor: 1,
      configs: name === small ? { "min.insync.replicas": "2" } : {},
    });
    await target.createTopic(name, { partitions, replicationFactor: 1 });
  }
  await fill(big, 3);
});

/** 9 MB, spread over the partitions. */
async function fill(topic: string, partitions: number): Promise<void> {
  const { ca, admin, bootstrapServers } = clusters.target;
  const kafka = new Kafka({
    brokers: bootstrapServers.split(","),
    ssl: { ca },
    sasl: { mechanism: "scram-sha-512", ...admin },
    logLevel: logLevel.NOTHING,
  });
  const producer = kafka.producer();
  await producer.connect();
  const value = Buffer.alloc(100_000, 7);
  for (let round = 0; round < 10; round++) {
    await producer.send({
      topic,
      messages: Array.from({ length: 9 }, (_, i) => ({ partition: i % partitions, value })),
    });
  }
  await producer.disconnect();
}

afterAll(async () => {
  await origin?.deleteTopics([small, big, single]);
  await target?.deleteTopics([small, big, single, moved]);
  await origin?.close();
  await target?.close();
});

const rules = [{ pattern: `${prefix}-(small|big)`, factor: 3 }];
const lines: string[] = [];
const progress = { info: (line: string) => lines.push(line), warn: (line: string) => lines.push(`warning: ${line}`) };

/** Brokers learn of a removal one after the other. */
const noThrottle = () =>
  eventually(
    "no throttle is left",
    async () => {
      const { topics, brokers } = await findThrottle(target, [small, big, single]);
      return topics.length + brokers.length === 0;
    },
    5_000,
  );

async function partitionsOf(name: string) {
  return (await target.describeTopics([name]))[0]!.partitions;
}

describe("replication on real brokers", () => {
  it("shows the plan with its bytes", async () => {
    const plan = await planReplicationFor(model, { rules });
    expect(plan).toMatchObject({ partitions: 43, unchanged: 2, absent: [], idleRules: [] });
    expect(plan.bytes).toBeGreaterThan(2 * 9_000_000);
    expect(plan.minInsync).toEqual([{ topic: small, from: 1, to: 2 }]);
  });

  it("names topic, factor and brokers if there are too few brokers", async () => {
    const wanted = applyReplication(model, { rules: [{ pattern: single, factor: 4 }] }, progress);
    await expect(wanted).rejects.toThrow(
      new RegExp(
        `REPLICATION_TOO_LARGE[^]*topic ${single}: factor 4, but there are 3 brokers[^]*fix: lower the factor`,
      ),
    );
  });

  it("keeps its throttle after an interruption, and a cancellation removes throttle and new replicas", async () => {
    const before = (await partitionsOf(big)).map((p) => p.replicas);
    const stop = new AbortController();
    const watch = setInterval(() => {
      if (lines.some((line) => /^replication: 0 of 3 partitions in sync, [1-9].* of 1[89]/.test(line))) stop.abort();
    }, 200);
    // Slow enough that the copy can't end before it is seen.
    await expect(
      applyReplication(
        model,
        { rules: [{ pattern: big, factor: 3 }], throttleBytesPerSecond: 10_000 },
        progress,
        stop.signal,
      ),
    ).rejects.toThrow("REPLICATION_INTERRUPTED");
    clearInterval(watch);
    expect(await findThrottle(target, [big])).toEqual({ topics: [big], brokers: [1, 2, 3] });
    expect(lines.at(-1)).toMatch(
      new RegExp(
        `^warning: the replication throttle on ${big} and broker 1, 2, 3 stays, because 3 partitions still copy ` +
          "replicas",
      ),
    );
    const residue = (await listResidue(model, { patienceMs: 0 })).filter((r) => r.kind === "throttle");
    expect(residue.map((r) => [r.name, r.foreign])).toEqual(
      [big, "broker 1", "broker 2", "broker 3"].map((name) => [name, undefined]),
    );
    expect(await lookAtThrottle(model)).toEqual({ topics: [big], brokers: [1, 2, 3], underWay: 3 });
    await cancelReplication(model, {}, progress);
    await noThrottle();
    expect((await target.listReassignments()).filter((r) => r.topic.startsWith(prefix))).toEqual([]);
    const after = await partitionsOf(big);
    // Nothing is half-way.
    after.forEach((p, i) => {
      expect(p.replicas[0]).toBe(before[i]![0]);
      expect([1, 3]).toContain(p.replicas.length);
    });
  });

  it("does not count a topic that moves on the origin as one with more replicas", async () => {
    // Only the target has brokers to move between, so here it is both.
    const both = { ...model, origin: model.target, mirror: { ...model.mirror, topicsPattern: moved } };
    await target.createTopic(moved, { partitions: 1, replicationFactor: 1 });
    const from = (await partitionsOf(moved))[0]!.replicas[0]!;
    const to = from === 1 ? 2 : 1;
    await fill(moved, 1);
    const rates = { "leader.replication.throttled.rate": "1000", "follower.replication.throttled.rate": "1000" };
    const lists = { "leader.replication.throttled.replicas": "*", "follower.replication.throttled.replicas": "*" };
    const nothing = (settings: object) => Object.fromEntries(Object.keys(settings).map((key) => [key, null]));
    const throttle = (off: boolean) =>
      target.incrementalAlterConfigs([
        { resource: { type: "topic", name: moved }, set: off ? nothing(lists) : lists },
        ...[from, to].map((id) => ({
          resource: { type: "broker" as const, name: String(id) },
          set: off ? nothing(rates) : rates,
        })),
      ]);
    await throttle(false);
    try {
      await target.alterReassignments([{ topic: moved, partition: 0, replicas: [to] }]);
      await eventually("both replicas are shown", async () => (await partitionsOf(moved))[0]!.replicas.length === 2);
      expect(await planReplicationFor(both)).toMatchObject({ underWay: 1, partitions: 0, unchanged: 1 });
    } finally {
      await throttle(true);
    }
    await eventually("the move is done", async () =>
      (await target.listReassignments()).every((r) => r.topic !== moved),
    );
  });

  it("brings replicas in sync in batches under a throttle, then sets the minimum", async () => {
    const leaders = (await partitionsOf(small)).map((p) => p.leader);
    lines.length = 0;
    const result = await applyReplication(
      model,
      { rules, batchPartitions: 25, throttleBytesPerSecond: 20_000_000 },
      progress,
    );
    expect(result.partitions).toBeGreaterThanOrEqual(40);
    for (const name of [small, big]) {
      for (const p of await partitionsOf(name)) {
        expect(p.replicas).toHaveLength(3);
        expect([...p.isr].sort()).toEqual([1, 2, 3]);
        expect(p.leader).toBe(p.replicas[0]);
      }
    }
    expect((await partitionsOf(small)).map((p) => p.leader)).toEqual(leaders);
    expect((await partitionsOf(single)).map((p) => p.replicas.length)).toEqual([1, 1]);
    await eventually(
      "the minimum is set",
      async () => {
        const entry = (await target.describeTopicConfigs([small])).get(small)!.get("min.insync.replicas")!;
        return entry.value === "2" && entry.source === "dynamic-topic";
      },
      5_000,
    );
    await noThrottle();
    expect(lines.some((l) => /throttled to 20 MB\/s on broker 1, 2, 3/.test(l))).toBe(true);
    expect(await applyReplication(model, { rules }, progress)).toMatchObject({
      partitions: 0,
      unchanged: 45,
      minInsync: [],
    });
  });

  it("removes replicas again, after it lowers the minimum", async () => {
    const leaders = (await partitionsOf(small)).map((p) => p.leader);
    const result = await applyReplication(
      model,
      { rules: [{ pattern: `${prefix}-small`, factor: 1 }, ...rules] },
      progress,
    );
    expect(result).toMatchObject({ partitions: 40, bytes: 0, minInsync: [{ topic: small, from: 2, to: 1 }] });
    const now = await partitionsOf(small);
    expect(now.map((p) => p.replicas)).toEqual(leaders.map((id) => [id]));
    expect(now.map((p) => p.leader)).toEqual(leaders);
  });
});
