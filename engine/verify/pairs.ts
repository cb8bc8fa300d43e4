import type { Clusters } from "../clusters";
import type { KafkaPort } from "../kafka/port";
import type { MirrorModel } from "../model";
import { type Isolation, keyOf, type Span } from "../records/read";
import { isHeartbeats, selectPairs } from "../selection";

/** One partition on both sides, and how its records must be compared. */
export interface Pair {
  origin: Span;
  target: Span;
  /** Compared as the latest value of each key. */
  compacted: boolean;
  /** False where the target's broker stamps records itself. */
  timestamps: boolean;
  /** Records older than this may be gone from either side: the origin's retention. ms since the epoch; undefined: none by time. */
  expireBefore?: number;
  /**
   * The target holds as much as the origin's `retention.bytes` allows, so that it may have deleted its oldest segments:
   * Kafka deletes one only if what is left is no less (Kafka 4.3, UnifiedLog).
   */
  limitedBySize?: true;
  /** Changes with the topic on either side: says whether an earlier run's result still holds. */
  identity: string;
}

export interface TopicPair {
  origin: string;
  target: string;
  partitions: number;
  compacted: boolean;
}

export interface Pairs {
  topics: TopicPair[];
  pairs: Pair[];
  notes: string[];
}

/** All mirrored partitions, with the offsets they have now. */
export async function readPairs(clusters: Clusters, mirror: MirrorModel): Promise<Pairs> {
  const { origin, target } = clusters;
  const names = selectPairs(await origin.listTopics(), mirror).filter((p) => !isHeartbeats(mirror, p.origin));
  const [here, there] = await Promise.all([read(origin, names.map((n) => n.origin)), read(target, names.map((n) => n.target))]);
  const [originLogs, targetLogs] = await Promise.all([logs(origin, here), logs(target, there)]);
  const sizes = await sizesOf(target, names.map((n) => n.target).filter((_, i) => retentionBytes(here.get(names[i]!.origin)) >= 0));
  const result: Pairs = { topics: [], pairs: [], notes: [] };
  for (const name of names) {
    const [a, b] = [here.get(name.origin), there.get(name.target)];
    if (a === undefined) continue;
    if (b === undefined) result.notes.push(`topic ${name.target} is not on the target`);
    else if (a.partitions !== b.partitions) result.notes.push(`topic ${name.origin} has ${a.partitions} partitions on the origin and ${b.partitions} on the target`);
    const compacted = [a, b].some((t) => t?.config("cleanup.policy").includes("compact"));
    result.topics.push({ ...name, partitions: a.partitions, compacted });
    for (let partition = 0; partition < a.partitions; partition++) {
      result.pairs.push({
        origin: originLogs.get(`${name.origin}:${partition}`)!,
        // What is not on the target is compared with nothing.
        target: targetLogs.get(`${name.target}:${partition}`) ?? { topic: name.target, partition, from: 0n, to: 0n },
        compacted,
        timestamps: b?.config("message.timestamp.type") !== "LogAppendTime",
        ...retention(a, sizes.get(`${name.target}:${partition}`)),
        identity: `${a.id} ${b?.id}`,
      });
    }
  }
  return result;
}

/** The origin's own retention: a record that is younger must be on the target, whatever the target's settings. */
function retention(topic: Topic, sizeOnTarget: bigint | undefined): Pick<Pair, "expireBefore" | "limitedBySize"> {
  if (!topic.config("cleanup.policy").includes("delete")) return {};
  const time = Number(topic.config("retention.ms") || -1);
  const full = sizeOnTarget !== undefined && Number(sizeOnTarget) >= retentionBytes(topic);
  return { ...(time >= 0 ? { expireBefore: Date.now() - time } : {}), ...(full ? { limitedBySize: true } : {}) };
}

/** -1: not limited. */
function retentionBytes(topic: Topic | undefined): number {
  return topic?.config("cleanup.policy").includes("delete") ? Number(topic.config("retention.bytes") || -1) : -1;
}

async function sizesOf(port: KafkaPort, topics: readonly string[]): Promise<Map<string, bigint>> {
  return topics.length === 0 ? new Map() : port.partitionSizes(topics);
}

interface Topic {
  id: string;
  partitions: number;
  config(key: string): string;
}

async function read(port: KafkaPort, names: readonly string[]): Promise<Map<string, Topic>> {
  const [topics, configs] = await Promise.all([port.describeTopics(names), port.describeTopicConfigs(names)]);
  return new Map(
    topics.map((t) => [t.name, { id: t.topicId, partitions: t.partitions.length, config: (key) => configs.get(t.name)?.get(key)?.value ?? "" }]),
  );
}

async function logs(port: KafkaPort, topics: Map<string, Topic>): Promise<Map<string, Span>> {
  const partitions = [...topics].flatMap(([topic, t]) => Array.from({ length: t.partitions }, (_, partition) => ({ topic, partition })));
  const [starts, ends] = await Promise.all([port.listOffsets(partitions, "earliest"), port.listOffsets(partitions, "latest")]);
  const startOf = new Map(starts.map((s) => [keyOf(s), s.offset]));
  return new Map(ends.map((e) => [keyOf(e), { topic: e.topic, partition: e.partition, from: startOf.get(keyOf(e))!, to: e.offset }]));
}

/** A mirror's own transactions on the target leave aborted records there; without them this reads everything. */
export const TARGET_ISOLATION: Isolation = "read_committed";
