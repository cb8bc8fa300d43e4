/** One partition of a topic. */
export interface TopicPartition {
  topic: string;
  partition: number;
}

/** One copy of a partition. */
export interface Replica extends TopicPartition {
  /** The id of the broker that holds it. */
  broker: number;
}

/** The offsets [from, to) of a log, as numbers: offsets are exact up to 2^53. */
export interface OffsetRange {
  from: number;
  to: number;
}

/** The offsets [from, to) of one partition, as 64-bit integers like in the Kafka protocol. */
export interface PartitionRange extends TopicPartition {
  from: bigint;
  to: bigint;
}

/** A partition's key in maps and sets, and its name in messages: `topic:partition`. Topic names have no colon. */
export function partitionKey({ topic, partition }: TopicPartition): string {
  return `${topic}:${partition}`;
}

/** Inverse of `partitionKey`. */
export function parsePartitionKey(key: string): TopicPartition {
  const colon = key.lastIndexOf(":");
  return { topic: key.slice(0, colon), partition: Number(key.slice(colon + 1)) };
}

/** A replica's key: `topic:partition:broker`. */
export function replicaKey(replica: Replica): string {
  return `${partitionKey(replica)}:${replica.broker}`;
}
