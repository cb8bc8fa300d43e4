/** What the port (`port.ts`) takes and returns. */
import type { Replica, TopicPartition } from "../log/partition";
import type { Progress } from "../progress";

export type { Replica, TopicPartition };

/** Options of an open port. */
export interface OpenOptions {
  /** Receives a line when a broker throttles this client. Default: no lines. */
  progress?: Progress | undefined;
  /** Closes the port when aborted. Calls in progress then throw the abort reason. Default: only `close` closes it. */
  signal?: AbortSignal | undefined;
  /**
   * ms since the epoch. A call that the brokers throttle beyond this time fails at this time with KAFKA_THROTTLED.
   * Default: a call waits for the brokers, up to 5 minutes without any response.
   */
  throttledUntil?: number | undefined;
}

export interface Broker {
  id: number;
  host: string;
  port: number;
  /** `broker.rack`. undefined if the broker has none. */
  rack?: string;
}

export interface ClusterDescription {
  clusterId: string;
  controllerId: number;
  brokers: Broker[];
  /**
   * ACL operations that this principal may perform on the cluster (names as in Kafka, e.g. `Describe`). undefined if
   * the broker does not return them.
   */
  authorizedOperations?: string[];
}

export interface PartitionDescription {
  partition: number;
  /** Broker id. -1: offline. */
  leader: number;
  /** Increases each time the partition gets a leader. Only then can records be lost that were acknowledged. */
  leaderEpoch?: number;
  replicas: number[];
  isr: number[];
}

export interface TopicDescription {
  name: string;
  /** KIP-516. Changes if the topic is deleted and created again. Empty if the broker has no ids (before Kafka 2.8). */
  topicId: string;
  /** True if the broker marks the topic as internal (`__consumer_offsets` and the like). */
  internal: boolean;
  partitions: PartitionDescription[];
  authorizedOperations?: string[];
}

export type ConfigSource =
  | "dynamic-topic"
  | "dynamic-broker"
  | "dynamic-default-broker"
  | "static-broker"
  | "default"
  | "other";

export interface ConfigEntry {
  value: string | null;
  source: ConfigSource;
  sensitive: boolean;
}

/**
 * Which offset to list. `earliest`: the log start. `latest`: the high watermark. `last-stable`: the LSO. A number is a
 * timestamp in ms: the first record with this timestamp or a later one. A negative number (a record without a timestamp
 * has one) means the log start, because every record is later.
 */
export type OffsetSpec = "earliest" | "latest" | "last-stable" | number;

export interface ListedOffset extends TopicPartition {
  /** -1n if there is no such offset (e.g. no record at or after the timestamp). */
  offset: bigint;
  /** ms since the epoch. -1n if the request was not by timestamp. */
  timestamp: bigint;
}

export interface AbortedTransaction {
  producerId: bigint;
  firstOffset: bigint;
}

export interface FetchedPartition {
  highWatermark: bigint;
  lastStableOffset: bigint;
  logStartOffset: bigint;
  abortedTransactions: AbortedTransaction[];
  /**
   * The record set exactly as received: whole record batches (format v2). The first batch can start before the
   * requested offset. An incomplete last batch is removed.
   */
  records: Buffer;
  /** The requested offset is before the start or after the end of the log. The offsets above are then -1n. */
  outOfRange?: true;
}

export interface FetchRequest extends TopicPartition {
  offset: bigint;
}

/**
 * Memory that is reused for one response after another. New memory pages and garbage collection cost a reader more time
 * than the records do.
 */
export interface AnswerMemory {
  /** Returns a buffer of this many bytes. It is not given out again until it is released. */
  take(bytes: number): Buffer;
}

export interface FetchOptions {
  /** Default read_uncommitted. */
  isolation?: "read_uncommitted" | "read_committed";
  /** Maximum bytes per partition. Default 1 MiB. */
  maxBytes?: number;
  /** How long the broker may wait for data, in ms. Default 100. */
  maxWaitMs?: number;
  /**
   * Memory for the bytes of the responses. The records are then valid until this memory is released. Default: new
   * memory for each response.
   */
  memory?: AnswerMemory;
}

export interface CommittedOffset extends TopicPartition {
  /** -1n if no offset is committed. */
  offset: bigint;
  leaderEpoch?: number;
  metadata: string;
}

export type GroupState =
  | "Stable"
  | "PreparingRebalance"
  | "CompletingRebalance"
  | "Empty"
  | "Dead"
  | "Assigning"
  | "Reconciling"
  | "NotReady"
  | "Unknown";

export interface GroupDescription {
  groupId: string;
  state: GroupState;
  /** `classic`, `consumer` (KIP-848), `streams` (KIP-1071), or `""` if the broker does not return the type. */
  type: string;
  /** `consumer`, `connect`, ... */
  protocolType: string;
  members: { memberId: string; clientId: string; clientHost: string }[];
  /**
   * Topics that the members read now, without duplicates: their assignment, or the topology of a Streams group
   * (KIP-1071). undefined: the group has members, and the broker or the group's protocol does not show what they read.
   */
  reads?: string[];
}

export interface Acl {
  resourceType: "topic" | "group" | "cluster" | "transactionalId" | "delegationToken" | "user";
  resourceName: string;
  patternType: "literal" | "prefixed";
  principal: string;
  host: string;
  operation: string;
  permission: "allow" | "deny";
}

/** A user with SCRAM credentials. */
export interface ScramUser {
  name: string;
  /** Sorted. `SCRAM-SHA-256`, `SCRAM-SHA-512`, or `unknown` for a mechanism that this version does not know. */
  mechanisms: string[];
}

/**
 * A quota. It applies to clients that match every given field: a user, a client id, a user's client id (both given), or
 * the connections of an IP address (KIP-612). null: the default of this field, for which Kafka's tools write
 * `<default>`. undefined: the field does not matter.
 */
export interface ClientQuota {
  /** Name of the user without `User:`. */
  user?: string | null;
  clientId?: string | null;
  ip?: string | null;
  /**
   * Limits by Kafka's names. `producer_byte_rate` and `consumer_byte_rate`: bytes per second and broker.
   * `request_percentage`: percent of one network and one I/O thread. `controller_mutation_rate`: partitions per second.
   * `connection_creation_rate`: connections per second and broker, only with `ip`.
   */
  values: Record<string, number>;
}

export interface Reassignment extends TopicPartition {
  /** The new replicas in order, preferred leader first. null cancels the reassignment in progress. */
  replicas: number[] | null;
}

export interface OngoingReassignment extends TopicPartition {
  replicas: number[];
  adding: number[];
  removing: number[];
}

export type ConfigResource = { type: "topic"; name: string } | { type: "broker"; name: string };

export interface ConfigChange {
  resource: ConfigResource;
  /** New values by config name. null removes the dynamic value. */
  set: Record<string, string | null>;
}

/** One record as a consumer sees it. Key, value and header values are the raw bytes. */
export interface KafkaRecord {
  offset: bigint;
  /** ms since the epoch. */
  timestamp: bigint;
  key: Buffer | null;
  value: Buffer | null;
  headers: { key: Buffer; value: Buffer | null }[];
}

/** A producer with an id (idempotent or transactional) that the partition's leader remembers. */
export interface ActiveProducer extends TopicPartition {
  producerId: bigint;
  /** Timestamp of the producer's last batch, ms since the epoch. */
  lastTimestamp: bigint;
  /** First offset of the producer's open transaction on the partition. -1n: no open transaction. */
  transactionStart: bigint;
  /** True if the producer has written a transaction to the partition, open or ended. False: idempotent only. */
  transactional: boolean;
}

/** Space of one broker's log directories, in bytes. */
export interface DiskSpace {
  broker: number;
  /** Sum over the volumes of its directories. */
  totalBytes: number;
  usableBytes: number;
  /** Number of its directories that are offline or do not report their space. They are not in the sums. */
  unknownDirectories: number;
}

export interface OpenTransaction {
  transactionalId: string;
  producerId: bigint;
  /** `Ongoing`, `PrepareCommit`, ... */
  state: string;
}
