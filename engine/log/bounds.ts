import type { KafkaPort, OffsetSpec } from "../kafka/port";
import { partitionKey, type TopicPartition } from "./partition";
import type { PartitionRange } from "./range";

/** Where a partition's log starts and ends. Offsets are plain numbers (exact up to 2^53). */
export interface LogBounds {
  /** The log start offset: the first one that is still there. */
  start: number;
  /** The high watermark: one past the last replicated offset. */
  end: number;
}

/** One offset of each partition, by `topic:partition`; -1n where there is none at that time. */
export async function readOffsets<T extends TopicPartition>(
  port: KafkaPort,
  partitions: readonly T[],
  at: OffsetSpec | ((partition: T) => number),
): Promise<Map<string, bigint>> {
  return new Map((await port.listOffsets(partitions, at)).map((o) => [partitionKey(o), o.offset]));
}

/** Start and end of each partition's log, by `topic:partition`. Every partition needs a leader. */
export async function readBounds(
  port: KafkaPort,
  partitions: readonly TopicPartition[],
): Promise<Map<string, LogBounds>> {
  const ranges = await readLogs(port, partitions);
  return new Map(ranges.map((r) => [partitionKey(r), { start: Number(r.from), end: Number(r.to) }]));
}

/** The same as ranges to read: every offset that each partition holds now, in the order asked. */
export async function readLogs(port: KafkaPort, partitions: readonly TopicPartition[]): Promise<PartitionRange[]> {
  const [starts, ends] = await Promise.all([
    readOffsets(port, partitions, "earliest"),
    readOffsets(port, partitions, "latest"),
  ]);
  return partitions.map((p) => {
    const [from, to] = [starts.get(partitionKey(p))!, ends.get(partitionKey(p))!];
    // Between the two answers records may have been written and deleted: a log never ends before it starts.
    return { topic: p.topic, partition: p.partition, from, to: to < from ? from : to };
  });
}
