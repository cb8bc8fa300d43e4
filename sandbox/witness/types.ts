/** Which client a group runs: kafkajs, or Kafka's own with the classic or the new (KIP-848) group protocol. */
export type Client = "kafkajs" | "classic" | "consumer";

/** What a group found and read on one partition. */
export interface PartitionRead {
  group: string;
  topic: string;
  partition: number;
  /** The commit that it started from; null: none. */
  found: { offset: number; metadata: string } | null;
  /** The records' own numbers, in the order in which they came. */
  numbers: number[];
  /** Those of them that had no value. */
  tombstones: number[];
}

/** How far a group reads one partition: the last number to read, -1 to stay at the start, or to the end. */
export interface Goal {
  topic: string;
  partition: number;
  upTo: number | "end";
}

/** One run of a group. Partitions without a goal are neither read nor committed. */
export interface ReadTask {
  group: string;
  client: Client;
  goals: Goal[];
  /** Of the commit at the end; undefined: nothing is committed. */
  metadata?: string;
}
