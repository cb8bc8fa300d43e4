import { expect, test } from "vitest";
import { testMirror } from "../../test/support/models";
import { MigrationError } from "../errors";
import type { KafkaPort, TopicDescription, TopicPartition } from "../kafka/port";
import { partitionKey } from "../log/partition";
import type { Side } from "../model";
import { silent } from "../progress";
import { planWaves } from "./index";

const topic = (name: string, ...leaders: number[]): TopicDescription => ({
  name,
  topicId: "",
  internal: false,
  partitions: leaders.map((leader, partition) => ({ partition, leader, replicas: [1], isr: [1] })),
});
const refused = (code: string) => () => Promise.reject(new MigrationError(code, `seen ${code}`, { fix: "" }));

/** A cluster with these topics of 10 records per partition, without groups. `more` replaces answers. */
function cluster(side: Side, topics: readonly TopicDescription[], more: Partial<KafkaPort> = {}): KafkaPort {
  const answers: Partial<KafkaPort> = {
    describeTopics: async () => [...topics],
    listTopics: async () => topics.map((t) => t.name),
    describeCluster: async () => ({ clusterId: side, controllerId: 1, brokers: [{ id: 1, host: "h", port: 1 }] }),
    listOffsets: async <T extends TopicPartition>(partitions: readonly T[], at: unknown) => {
      const offset = at === "earliest" ? 0n : at === "latest" ? 10n : 5n;
      return partitions.map(({ topic: name, partition }) => ({ topic: name, partition, offset, timestamp: -1n }));
    },
    listGroups: async () => [],
    groupOperations: async () => new Map(),
    groupOffsets: async () => new Map(),
    describeGroups: async () => [],
    activeProducers: async () => [],
    transactionsOf: async () => [],
    partitionSizes: async (names) =>
      new Map(
        topics
          .filter((t) => names.includes(t.name))
          .flatMap((t) => t.partitions.map((p) => [partitionKey({ topic: t.name, ...p }), 1000n] as const)),
      ),
    describeTopicConfigs: async (names) => new Map(names.map((n) => [n, new Map()])),
    describeBrokerConfigs: async (ids) => new Map(ids.map((id) => [id, new Map()])),
    listReassignments: async () => [],
    diskSpace: async () => [{ broker: 1, totalBytes: 1e9, usableBytes: 1e9, unknownDirectories: 0 }],
    newestRecords: async () => [],
    close: async () => {},
    ...more,
  };
  return { side, ...answers } as KafkaPort;
}

const planOf = (origin: KafkaPort, target: KafkaPort = cluster("target", []), signal?: AbortSignal, measureMs = 1) =>
  planWaves(
    { origin: { bootstrapServers: "o:1" }, target: { bootstrapServers: "t:1" }, mirror: testMirror() },
    { measureMs, rate: 1e6 },
    silent,
    signal,
    async (_, side) => (side === "origin" ? origin : target),
  );

test("facts that brokers refuse or do not support are unknown, and the rest of the plan is there", async () => {
  const origin = cluster("origin", [topic("a", 1), topic("b", 1)], {
    activeProducers: async () => undefined,
    describeTopicConfigs: refused("KAFKA_UNAUTHORIZED"),
    partitionSizes: async () => new Map(),
    newestRecords: async () => [],
  });
  const target = cluster("target", [], { diskSpace: async () => [] });
  const { parts, waves, copy, problems, unknown } = await planOf(origin, target);
  expect([parts.length, waves.length, problems]).toEqual([2, 2, []]);
  expect(copy).toEqual({
    rate: { bytesPerSecond: 1e6, from: "given" },
    writtenPerSecond: 0,
    text: expect.stringContaining("unknown: the origin does not report sizes"),
  });
  expect(unknown).toEqual([
    expect.stringContaining("which producers write topics together"),
    "the retention of the topics: seen KAFKA_UNAUTHORIZED",
    expect.stringContaining("whether the target's disks are large enough"),
  ]);
});

test("a partition without a leader makes its topic's rate and size unknown, not zero", async () => {
  const asked: string[] = [];
  const origin = cluster("origin", [topic("a", 1, -1), topic("b", 1)], {
    listOffsets: async (partitions) => {
      asked.push(...partitions.map(partitionKey));
      return partitions.map((p) => ({ topic: p.topic, partition: p.partition, offset: 0n, timestamp: -1n }));
    },
    partitionSizes: async () =>
      new Map([
        ["a:0", 5n],
        ["b:0", 5n],
      ]),
  });
  const { facts } = await planOf(origin);
  const [a, b] = facts.topics;
  expect([a!.recordsPerSecond, a!.bytes]).toEqual([undefined, undefined]);
  expect([b!.recordsPerSecond, b!.bytes]).toEqual([0, 5]);
  expect(asked).not.toContain("a:1");
});

test("a topic that is deleted during the measurement has no rate, but the others have", async () => {
  let listed = false;
  const origin = cluster("origin", [topic("a", 1), topic("b", 1)], {
    listTopics: async () => {
      listed = true;
      return ["b"];
    },
    listOffsets: async (partitions) => {
      if (listed && partitions.some((p) => p.topic === "a"))
        throw new MigrationError("KAFKA_UNKNOWN_TOPIC", "a", { fix: "" });
      return partitions.map((p) => ({
        topic: p.topic,
        partition: p.partition,
        offset: listed ? 9n : 1n,
        timestamp: -1n,
      }));
    },
  });
  const { facts } = await planOf(origin);
  expect(facts.topics[0]!.recordsPerSecond).toBeUndefined();
  expect(facts.topics[1]!.recordsPerSecond).toBeGreaterThan(0);
});

test("an unreachable cluster and patterns that select nothing are errors", async () => {
  const broken = cluster("origin", [topic("a", 1)], { listGroups: refused("KAFKA_UNREACHABLE") });
  await expect(planOf(broken)).rejects.toMatchObject({ code: "KAFKA_UNREACHABLE" });
  await expect(planOf(cluster("origin", [topic("heartbeats", 1)]))).rejects.toMatchObject({ code: "SELECTION_EMPTY" });
});

test("an interruption ends the measurement at once", async () => {
  const stop = new AbortController();
  const planning = planOf(cluster("origin", [topic("a", 1)]), undefined, stop.signal, 600_000);
  setImmediate(() => stop.abort());
  await expect(planning).rejects.toMatchObject({ name: "AbortError" });
});
