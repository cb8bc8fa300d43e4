import type { TopicPartition } from "./partition";

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
