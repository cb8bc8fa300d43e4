import type { Clusters } from "../clusters";
import type { KafkaPort } from "../kafka/port";
import { readLogs } from "../log/bounds";
import { isCompacting } from "../log/compaction";
import { partitionKey, type PartitionRange } from "../log/partition";
import type { MirrorModel, ProvedEnds } from "../model";
import { entry } from "../objects";
import { firstRecords } from "../records/find";
import type { Isolation } from "../records/read";
import { isHeartbeats, selectPairs } from "../selection";
import { topicIds } from "../topic-ids";
import { countText } from "../units";
import type { TopicIds } from "../model";

/** One partition on both sides, and how its records are compared. */
export interface Pair {
  origin: PartitionRange;
  target: PartitionRange;
  /**
   * Offsets from which the sides are compared: everything before them was proved earlier. Absent: from 0, so a log that
   * begins later has lost records.
   */
  begin?: { origin: bigint; target: bigint };
  /** True if only the latest record of each key is compared. */
  compacted: boolean;
  /** True if the origin compacts: records without a key are then not compared (`Compacts`). Default false. */
  originCompacts?: boolean;
  /** False if the target's broker sets the timestamps (`message.timestamp.type=LogAppendTime`). */
  timestamps: boolean;
  /**
   * The origin's retention by time: records older than this can be deleted on either side. ms since the epoch.
   * undefined: no retention by time.
   */
  expireBefore?: number;
  /**
   * Set if the origin also has a retention by size. `reached`: the origin is at most one segment below
   * `retention.bytes`, so its oldest records will be deleted soon, and the target has at least `retention.bytes`. Kafka
   * deletes a segment only if at least `retention.bytes` remain (Kafka 4.3, UnifiedLog). `unknown`: the brokers do not
   * return sizes.
   */
  sizeLimit?: "reached" | "not reached" | "unknown";
  /**
   * Changes if the topic is created again on either side. The result of an earlier run is then no longer valid. Made of
   * the topic ids or, on brokers without ids, of the first records.
   */
  identity: string;
}

export interface TopicPair {
  origin: string;
  target: string;
  ids: TopicIds;
  partitions: number;
  compacted: boolean;
}

export interface Pairs {
  topics: TopicPair[];
  pairs: Pair[];
  notes: string[];
}

/**
 * Returns all mirrored partitions with their current offsets.
 * @param proved where the comparison begins. Default: at the start of each log
 */
export async function readPairs(clusters: Clusters, mirror: MirrorModel, proved: ProvedEnds = {}): Promise<Pairs> {
  const { origin, target } = clusters;
  const names = selectPairs(await origin.listTopics(), mirror).filter((p) => !isHeartbeats(mirror, p.origin));
  const [here, there] = await Promise.all([
    read(
      origin,
      names.map((n) => n.origin),
    ),
    read(
      target,
      names.map((n) => n.target),
    ),
  ]);
  const [originLogs, targetLogs] = await Promise.all([logs(origin, here), logs(target, there)]);
  const limited = names.filter((n) => retentionBytes(here.get(n.origin)) >= 0);
  const [originSizes, targetSizes] = await Promise.all([
    sizesOf(
      origin,
      limited.map((n) => n.origin),
    ),
    sizesOf(
      target,
      limited.map((n) => n.target),
    ),
  ]);
  const result: Pairs = { topics: [], pairs: [], notes: [] };
  for (const name of names) {
    const [a, b] = [here.get(name.origin), there.get(name.target)];
    if (a === undefined) continue;
    if (b === undefined) result.notes.push(`topic ${name.target} is not on the target`);
    else if (a.partitions !== b.partitions)
      result.notes.push(
        `topic ${name.origin} has ${a.partitions} partitions on the origin and ${b.partitions} on the target`,
      );
    const originCompacts = isCompacting(a.config("cleanup.policy"));
    const compacted = originCompacts || isCompacting(b?.config("cleanup.policy") ?? "");
    result.topics.push({ ...name, ids: topicIds(a.id, b?.id), partitions: a.partitions, compacted });
    for (let partition = 0; partition < Math.max(a.partitions, b?.partitions ?? 0); partition++) {
      // A partition that exists on one side only is compared with an empty one.
      const log = (ranges: Map<string, PartitionRange>, topic: string) =>
        ranges.get(partitionKey({ topic, partition })) ?? { topic, partition, from: 0n, to: 0n };
      const [original, copy] = [log(originLogs, name.origin), log(targetLogs, name.target)];
      if (partition >= a.partitions && copy.from === copy.to) continue;
      result.pairs.push({
        ...sinceProved(original, copy, entry(proved, name.origin)),
        compacted,
        originCompacts,
        timestamps: b?.config("message.timestamp.type") !== "LogAppendTime",
        ...retention(a, originSizes.get(partitionKey(original)), targetSizes.get(partitionKey(copy))),
        identity: `${a.id} ${b?.id}`,
      });
    }
  }
  const continued = new Set(result.pairs.filter((pair) => pair.begin !== undefined).map((pair) => pair.origin.topic));
  if (continued.size > 0)
    result.notes.push(
      `${countText(continued.size, "topic")} compared from where the last cutover or return ended; the records ` +
        "before were compared then",
    );
  await identifyByRecord(clusters, result.pairs, (pair) => [here.get(pair.origin.topic), there.get(pair.target.topic)]);
  return result;
}

/**
 * The rest of both logs after what was proved. A log that ends before was created again: then everything is compared.
 */
function sinceProved(
  origin: PartitionRange,
  target: PartitionRange,
  proved: ProvedEnds[string] | undefined,
): Pick<Pair, "origin" | "target" | "begin"> {
  const [here, there] = [proved?.originEnds[origin.partition], proved?.targetEnds[target.partition]];
  if (here === undefined || there === undefined || proved?.target !== target.topic) return { origin, target };
  const begin = { origin: BigInt(here), target: BigInt(there) };
  if (begin.origin > origin.to || begin.target > target.to) return { origin, target };
  const rest = (log: PartitionRange, from: bigint) => ({ ...log, from: from > log.from ? from : log.from });
  return { origin: rest(origin, begin.origin), target: rest(target, begin.target), begin };
}

/** True if the side's log begins later than its comparison: retention or somebody has deleted records. */
export function hasLostStart(pair: Pick<Pair, "origin" | "target" | "begin">, side: "origin" | "target"): boolean {
  return pair[side].from > (pair.begin?.[side] ?? 0n);
}

/** Adds the first records to the identity of partitions whose topic has no id on a side (before Kafka 2.8). */
async function identifyByRecord(
  clusters: Clusters,
  pairs: readonly Pair[],
  topicsOf: (pair: Pair) => (Topic | undefined)[],
): Promise<void> {
  const unknown = pairs.filter((pair) => topicsOf(pair).some((topic) => topic?.id === ""));
  if (unknown.length === 0) return;
  const [here, there] = await Promise.all([
    firstRecords(
      clusters.origin,
      unknown.map((p) => p.origin),
      "read_uncommitted",
    ),
    firstRecords(
      clusters.target,
      unknown.map((p) => p.target),
      TARGET_ISOLATION,
    ),
  ]);
  for (const pair of unknown)
    for (const first of [here.get(partitionKey(pair.origin)), there.get(partitionKey(pair.target))])
      pair.identity += ` ${first?.timestamp}/${first?.body}`;
}

/** Returns the origin's retention. A younger record must be on the target, regardless of the target's settings. */
function retention(
  topic: Topic,
  sizeHere: bigint | undefined,
  sizeThere: bigint | undefined,
): Pick<Pair, "expireBefore" | "sizeLimit"> {
  if (!topic.config("cleanup.policy").includes("delete")) return {};
  const [time, bytes] = [Number(topic.config("retention.ms") || -1), retentionBytes(topic)];
  return {
    ...(time >= 0 ? { expireBefore: Date.now() - time } : {}),
    ...(bytes >= 0 ? { sizeLimit: sizeLimit(bytes, Number(topic.config("segment.bytes")), sizeHere, sizeThere) } : {}),
  };
}

function sizeLimit(
  bytes: number,
  segment: number,
  here: bigint | undefined,
  there: bigint | undefined,
): NonNullable<Pair["sizeLimit"]> {
  if (here === undefined || there === undefined) return "unknown";
  // If the limit is smaller than a segment, use the limit itself. Otherwise any size would be close to the limit.
  const nearly = segment < bytes ? bytes - segment : bytes;
  return Number(here) >= nearly && Number(there) >= bytes ? "reached" : "not reached";
}

/** Returns `retention.bytes`. -1: no limit. */
function retentionBytes(topic: Topic | undefined): number {
  return topic?.config("cleanup.policy").includes("delete") ? Number(topic.config("retention.bytes") || -1) : -1;
}

async function sizesOf(port: KafkaPort, topics: readonly string[]): Promise<Map<string, bigint>> {
  return topics.length === 0 ? new Map() : port.partitionSizes(topics).catch(() => new Map<string, bigint>());
}

/** The topic settings that decide how records are compared. */
const SETTINGS = [
  "cleanup.policy",
  "message.timestamp.type",
  "retention.bytes",
  "retention.ms",
  "segment.bytes",
] as const;

interface Topic {
  id: string;
  partitions: number;
  config(key: (typeof SETTINGS)[number]): string;
}

async function read(port: KafkaPort, names: readonly string[]): Promise<Map<string, Topic>> {
  const [topics, configs] = await Promise.all([port.describeTopics(names), port.describeTopicConfigs(names)]);
  return new Map(
    topics.map((t) => {
      const entries = configs.get(t.name);
      // Keep neither the other settings nor the replicas: with thousands of partitions they use most of the memory.
      const kept = new Map(SETTINGS.map((key) => [key, entries?.get(key)?.value ?? ""]));
      return [t.name, { id: t.topicId, partitions: t.partitions.length, config: (key) => kept.get(key)! }];
    }),
  );
}

async function logs(port: KafkaPort, topics: Map<string, Topic>): Promise<Map<string, PartitionRange>> {
  const partitions = [...topics].flatMap(([topic, t]) =>
    Array.from({ length: t.partitions }, (_, partition) => ({ topic, partition })),
  );
  return new Map((await readLogs(port, partitions)).map((log) => [partitionKey(log), log]));
}

/**
 * The transactions of an exactly-once mirror leave aborted records on the target. Without transactions, read_committed
 * reads all records.
 */
export const TARGET_ISOLATION: Isolation = "read_committed";
