import { type Clusters, type OpenKafka, withCluster, withClusters } from "../clusters";
import type { KafkaPort } from "../kafka/port";
import { readLogs } from "../log/bounds";
import { parsePartitionKey, partitionKey, type PartitionRange } from "../log/partition";
import type { MigrationModel } from "../model";
import type { InternalTopic } from "../naming";
import { readLast, scan, STOP } from "../records";
import type { SampleRecord, FoundTopic } from "./foreign";

/** Number of records to read from each end of every partition. */
const SAMPLE = 100;

/**
 * The clusters that some topics need: always the target, because Connect's group is there, and the origin only if one
 * of the topics is there.
 */
export type NeededClusters = Pick<Clusters, "target"> & Partial<Clusters>;

/**
 * Opens only the clusters that these topics need. If nothing is left on the origin, the origin itself may no longer
 * exist.
 */
export async function withNeeded<T>(
  model: MigrationModel,
  topics: readonly InternalTopic[],
  work: (clusters: NeededClusters) => Promise<T>,
  open?: OpenKafka,
): Promise<T> {
  return topics.some((t) => t.side === "origin")
    ? withClusters(model, work, open)
    : withCluster(model, "target", (target) => work({ target }), open);
}

/** The content of each topic, in the given order. Undefined: the topic does not exist. */
export async function readInternalTopics(
  clusters: NeededClusters,
  topics: readonly InternalTopic[],
): Promise<(FoundTopic | undefined)[]> {
  const found = new Map<string, FoundTopic>();
  for (const side of ["origin", "target"] as const) {
    const names = [...new Set(topics.filter((t) => t.side === side).map((t) => t.name))];
    if (names.length === 0) continue;
    for (const [name, topic] of await readSide(clusters[side]!, names)) found.set(`${side} ${name}`, topic);
  }
  return topics.map((t) => found.get(`${t.side} ${t.name}`));
}

async function readSide(port: KafkaPort, names: readonly string[]): Promise<Map<string, FoundTopic>> {
  const described = await port.describeTopics(names);
  const configs = await port.describeTopicConfigs(described.map((t) => t.name));
  const records = await sample(
    port,
    await rangesOf(
      port,
      described.map((t) => t.name),
    ),
  );
  return new Map(
    described.map((t) => [
      t.name,
      {
        cleanupPolicy: configs.get(t.name)?.get("cleanup.policy")?.value ?? "unknown",
        partitions: t.partitions.length,
        records: records.get(t.name) ?? [],
      },
    ]),
  );
}

async function rangesOf(port: KafkaPort, names: readonly string[]): Promise<PartitionRange[]> {
  const partitions = (await port.describeTopics(names)).flatMap((t) =>
    t.partitions.map((p) => ({ topic: t.name, partition: p.partition })),
  );
  return readLogs(port, partitions);
}

/** The first and the last records of every range, without duplicates. */
async function sample(port: KafkaPort, ranges: readonly PartitionRange[]): Promise<Map<string, SampleRecord[]>> {
  const found = new Map<string, Map<bigint, SampleRecord>>(ranges.map((s) => [partitionKey(s), new Map()]));
  const records = (s: { topic: string; partition: number }) => found.get(partitionKey(s))!;
  await scan(port, ranges, {
    isolation: "read_uncommitted",
    visit(range, cursor) {
      const own = records(range);
      const { offset, key, value } = cursor.toRecord();
      own.set(offset, { partition: range.partition, offset, key, value });
      return own.size < SAMPLE ? undefined : STOP;
    },
  });
  for (const [key, last] of await readLast(port, ranges, SAMPLE, "read_uncommitted")) {
    const own = found.get(key)!;
    const { partition } = parsePartitionKey(key);
    for (const { offset, key, value } of last) own.set(offset, { partition, offset, key, value });
  }
  const topics = new Map<string, SampleRecord[]>();
  for (const s of ranges) {
    const own = topics.get(s.topic);
    if (own === undefined) topics.set(s.topic, [...records(s).values()]);
    else own.push(...records(s).values());
  }
  return topics;
}

/**
 * Visits every record of a topic, from its beginning to its end at the time of the call. Records are in order within
 * each partition.
 * @param visit returns STOP to leave out the rest of a partition
 */
export async function readWhole(
  port: KafkaPort,
  topic: string,
  visit: (key: Buffer | null, value: Buffer | null) => void | typeof STOP,
): Promise<void> {
  await scan(port, await rangesOf(port, [topic]), {
    isolation: "read_uncommitted",
    visit: (_span, cursor) => {
      const { key, value } = cursor.toRecord();
      return visit(key, value);
    },
  });
}
