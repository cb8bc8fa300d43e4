/** The client of a group: kafkajs, or Kafka's own client with the classic or the new (KIP-848) group protocol. */
export type Client = "kafkajs" | "classic" | "consumer";

/** What a group found and read on one partition. */
export interface PartitionRead {
  group: string;
  topic: string;
  partition: number;
  /** The commit that the group started from. Null if there was none. */
  found: { offset: number; metadata: string } | null;
  /** The records' own numbers, in the order of arrival. */
  numbers: number[];
  /** Those numbers whose records had no value. */
  tombstones: number[];
}

/** How far a group reads one partition: the last number to read, -1 to stay at the start, or "end". */
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
  /** Metadata of the commit at the end. Undefined: nothing is committed. */
  metadata?: string;
}
