import { isMigrationError } from "../errors";
import { visibleInGaps } from "../records/gaps";
import { entry } from "../objects";
import type { KafkaPort, TopicPartition } from "../kafka/port";
import { partitionKey } from "../log/partition";
import type { MirrorModel } from "../model";
import { isHeartbeats } from "../selection";
import type { Movement, TopicEnds } from "./types";

/** End offset (high watermark) by `topic:partition`. */
export type Ends = Map<string, TopicPartition & { end: bigint }>;

export async function partitionsOf(origin: KafkaPort, topics: readonly string[]): Promise<TopicPartition[]> {
  const described = await origin.describeTopics(topics);
  return described.flatMap((t) =>
    t.partitions.filter((p) => p.leader >= 0).map((p) => ({ topic: t.name, partition: p.partition })),
  );
}

export async function endsOf(origin: KafkaPort, topics: readonly string[]): Promise<Ends> {
  const listed = await origin.listOffsets(await partitionsOf(origin, topics), "latest");
  return new Map(listed.map((o) => [partitionKey(o), { topic: o.topic, partition: o.partition, end: o.offset }]));
}

/** Partitions whose end offset changed. New partitions count from 0. */
export function movements(before: Ends, after: Ends): Movement[] {
  const moved: Movement[] = [];
  for (const [key, { topic, partition, end }] of after) {
    const from = before.get(key)?.end ?? 0n;
    if (end !== from) moved.push({ topic, partition, from: String(from), to: String(end) });
  }
  return moved;
}

/**
 * The movements without those that only consist of transaction markers. A transaction that was open when the fence was
 * raised may still end, also where it wrote nothing.
 */
export async function written(origin: KafkaPort, moved: readonly Movement[]): Promise<Movement[]> {
  const gaps = moved
    .map((m) => ({ topic: m.topic, partition: m.partition, from: Number(m.from), to: Number(m.to) }))
    .filter(({ from, to }) => from < to);
  if (gaps.length === 0) return [...moved];
  try {
    const records = await visibleInGaps(origin, gaps, "read_uncommitted");
    return moved.filter((m) => records.get(partitionKey(m)) !== false);
  } catch (error) {
    // Without a look, everything counts as written.
    if (!isMigrationError(error)) throw error;
    return [...moved];
  }
}

/**
 * Partitions whose end offset differs from `then`. Topics that are not in `then` count from 0. Heartbeats that are not
 * in `then` are ignored, because they are not application data.
 */
export function movementsSince(then: TopicEnds, now: Ends, mirror: MirrorModel): Movement[] {
  const counted = new Map(
    [...now].filter(([, { topic }]) => Object.hasOwn(then, topic) || !isHeartbeats(mirror, topic)),
  );
  const before = new Map(
    [...counted].map(([key, p]) => [key, { ...p, end: BigInt(entry(then, p.topic)?.[p.partition] ?? 0) }]),
  );
  return movements(before, counted);
}
