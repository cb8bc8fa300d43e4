import type { Clusters } from "../clusters";
import type { KafkaPort, TopicDescription, TopicPartition } from "../kafka/port";
import { type LogBounds, readBounds } from "../log/bounds";
import { compactedTopics } from "../log/compaction";
import { partitionKey, type PartitionRange } from "../log/partition";
import { compareBeginnings } from "../records/beginning";
import type { Isolation } from "../records/read";
import { changedTopics, recreatedText, recreatedTopics, type SeenTopic, topicIds } from "../topic-ids";
import type { Commitments } from "./commitments";
import type { PartitionTask, Translation } from "./translation";
import type { RecordedTopics } from "../model";

/** A partition to translate, before the bounds of its logs are read. */
export type PartitionToMove = Omit<PartitionTask, "origin" | "target">;

export interface PartitionsToMove {
  partitions: PartitionToMove[];
  /** Answers for partitions of topics that were deleted and created again, by `topic:partition`. */
  recreated: Map<string, Map<number, Translation>>;
  /** The topics of `partitions`, with their ids before their records were read. */
  topics: SeenTopic[];
}

/** Returns each partition that has a committed offset and exists on both clusters. */
export async function partitionsToMove(
  clusters: Clusters,
  commitments: Commitments,
  recorded: RecordedTopics | undefined,
): Promise<PartitionsToMove> {
  const wanted = new Map<string, TopicPartition & { committed: Set<number> }>();
  for (const list of commitments.committed.values()) {
    for (const { topic, partition, offset } of list) {
      if (!commitments.targetNames.has(topic)) continue;
      const key = partitionKey({ topic, partition });
      const known = wanted.get(key) ?? { topic, partition, committed: new Set<number>() };
      wanted.set(key, known);
      known.committed.add(Number(offset));
    }
  }
  const name = (topic: string): string => commitments.targetNames.get(topic) as string;
  const originTopics = [...new Set([...wanted.values()].map((p) => p.topic))];
  const [hereTopics, thereTopics, compacted] = await Promise.all([
    describedTopics(clusters.origin, originTopics),
    describedTopics(clusters.target, originTopics.map(name)),
    compactedTopics(
      clusters,
      originTopics.map((t) => ({ origin: t, target: name(t) })),
    ),
  ]);
  const ids = Object.fromEntries(
    originTopics.map((t) => [t, topicIds(hereTopics.get(t)?.topicId, thereTopics.get(name(t))?.topicId)]),
  );
  const notes = new Map(recreatedTopics(recorded, ids).map((r) => [r.topic, recreatedText(r, name(r.topic))]));
  const known = [...wanted.values()].filter(
    (p) =>
      p.partition < (hereTopics.get(p.topic)?.partitions.length ?? 0) &&
      p.partition < (thereTopics.get(name(p.topic))?.partitions.length ?? 0),
  );
  const recreated = new Map(
    known
      .filter((p) => notes.has(p.topic))
      .map((p) => [partitionKey(p), unknownPlaces(p.committed, notes.get(p.topic)!)]),
  );
  const partitions = known
    .filter((p) => !notes.has(p.topic))
    .map((p) => ({
      originTopic: p.topic,
      targetTopic: name(p.topic),
      partition: p.partition,
      compacted: compacted.has(p.topic),
      committed: [...p.committed],
    }));
  const topics = originTopics.map((origin) => ({ origin, target: name(origin), ids: ids[origin]! }));
  return { partitions, recreated, topics };
}

/** Answers for partitions of topics that were deleted while their records were read, by `topic:partition`. */
export async function deletedMeanwhile(
  clusters: Clusters,
  { partitions, topics }: PartitionsToMove,
): Promise<PartitionsToMove["recreated"]> {
  const texts = await changedTopics(clusters, topics);
  return new Map(
    partitions
      .filter((p) => texts.has(p.originTopic))
      .map((p) => [partitionKey(onOrigin(p)), unknownPlaces(new Set(p.committed), texts.get(p.originTopic)!)]),
  );
}

export const onOrigin = (p: PartitionToMove): TopicPartition => ({ topic: p.originTopic, partition: p.partition });
export const onTarget = (p: PartitionToMove): TopicPartition => ({ topic: p.targetTopic, partition: p.partition });

/** Adds the bounds of both logs, for a copy that does not grow any more. */
export async function tasksOf(
  clusters: Clusters,
  partitions: readonly PartitionToMove[],
  isolation: Isolation,
  signal?: AbortSignal,
): Promise<PartitionTask[]> {
  const [here, there] = await Promise.all([
    readBounds(clusters.origin, partitions.map(onOrigin)),
    readBounds(clusters.target, partitions.map(onTarget)),
  ]);
  const tasks = partitions.map((p) => ({
    ...p,
    origin: here.get(partitionKey(onOrigin(p)))!,
    target: there.get(partitionKey(onTarget(p)))!,
  }));
  return withLosses(clusters, tasks, isolation, signal);
}

/** Marks the compacted partitions whose target lacks records that compaction cannot have removed. */
export async function withLosses(
  clusters: Clusters,
  tasks: readonly PartitionTask[],
  isolation: Isolation,
  signal?: AbortSignal,
): Promise<PartitionTask[]> {
  const lost = await recordsLost(clusters, tasks, isolation, signal);
  return tasks.map((t) => (lost.has(t) ? { ...t, lossy: true } : t));
}

/** A record that is not on the target is lost there, so a position at this record has no translation. */
async function recordsLost(
  clusters: Clusters,
  tasks: readonly PartitionTask[],
  isolation: Isolation,
  signal?: AbortSignal,
): Promise<Set<PartitionTask>> {
  const range = (topic: string, partition: number, { start, end }: LogBounds): PartitionRange => {
    return { topic, partition, from: BigInt(start), to: BigInt(end) };
  };
  const pairs = tasks
    .filter((task) => task.compacted)
    .map((task) => ({
      task,
      compacted: true,
      origin: range(task.originTopic, task.partition, task.origin),
      target: range(task.targetTopic, task.partition, task.target),
      ...(task.copied === undefined ? {} : { copiedTo: task.copied.original.offset }),
    }));
  if (pairs.length === 0) return new Set();
  const { differences } = await compareBeginnings(clusters, pairs, isolation, signal);
  return new Set(differences.map((d) => d.pair.task));
}

function unknownPlaces(committed: ReadonlySet<number>, note: string): Map<number, Translation> {
  return new Map(
    [...committed].map((g) => [
      g,
      { target: undefined, exact: false, how: "incomplete" as const, rereads: 0, missing: 0, note },
    ]),
  );
}

async function describedTopics(port: KafkaPort, topics: readonly string[]): Promise<Map<string, TopicDescription>> {
  return new Map((await port.describeTopics(topics)).map((t) => [t.name, t]));
}
