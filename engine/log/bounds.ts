import type { KafkaPort, OffsetSpec } from "../kafka/port";
import { partitionKey, type PartitionRange, type TopicPartition } from "./partition";

/** Where a partition's log starts and ends. Offsets are plain numbers (exact up to 2^53). */
export interface LogBounds {
  /** The log start offset: the first offset that is not deleted. */
  start: number;
  /** The high watermark: one past the last replicated offset. */
  end: number;
}

/** Reads one offset of each partition, by `topic:partition`. -1n: the partition has no offset for that time. */
export async function readOffsets<T extends TopicPartition>(
  port: KafkaPort,
  partitions: readonly T[],
  at: OffsetSpec | ((partition: T) => number),
): Promise<Map<string, bigint>> {
  return new Map((await port.listOffsets(partitions, at)).map((o) => [partitionKey(o), o.offset]));
}

/** Reads start and end of each partition's log, by `topic:partition`. Every partition must have a leader. */
export async function readBounds(
  port: KafkaPort,
  partitions: readonly TopicPartition[],
): Promise<Map<string, LogBounds>> {
  const ranges = await readLogs(port, partitions);
  return new Map(ranges.map((r) => [partitionKey(r), { start: Number(r.from), end: Number(r.to) }]));
}

/** Returns the range of offsets that each partition holds now, in the order of `partitions`. */
export async function readLogs(port: KafkaPort, partitions: readonly TopicPartition[]): Promise<PartitionRange[]> {
  const [starts, ends] = await Promise.all([
    readOffsets(port, partitions, "earliest"),
    readOffsets(port, partitions, "latest"),
  ]);
  return partitions.map((p) => {
    const [from, to] = [starts.get(partitionKey(p))!, ends.get(partitionKey(p))!];
    // Records may be written and deleted between the two answers. A log never ends before it starts.
    return { topic: p.topic, partition: p.partition, from, to: to < from ? from : to };
  });
}
