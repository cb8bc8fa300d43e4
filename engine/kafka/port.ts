import type { Replica, TopicPartition } from "../log/partition";
import type { Progress } from "../progress";

export type { Replica, TopicPartition };

/** How a port behaves while it is open. */
export interface OpenOptions {
  /** Hears that a broker throttles this client. Default: nobody does. */
  progress?: Progress | undefined;
  /** Closes the port when it is aborted; calls under way throw its reason. Default: only `close` does. */
  signal?: AbortSignal | undefined;
  /**
   * ms since the epoch: a call that the brokers throttle beyond this moment fails then, with KAFKA_THROTTLED. Default: a
   * call waits for the brokers, up to 5 minutes without any answer.
   */
  throttledUntil?: number | undefined;
}

/**
 * The engine's one narrow port to Kafka. One implementation (`engine/kafka/client.ts`) carries it on @platformatic/kafka.
 * Every call batches (per broker, per coordinator), retries what is retriable with back-off inside a limit,
 * and throws MigrationError with the cluster's side in its text.
 */

export interface Broker {
  id: number;
  host: string;
  port: number;
  /** `broker.rack`, undefined when the broker has none. */
  rack?: string;
}

export interface ClusterDescription {
  clusterId: string;
  controllerId: number;
  brokers: Broker[];
  /** ACL operations that this principal holds on the cluster (names as in Kafka, e.g. `Describe`), if the broker told. */
  authorizedOperations?: string[];
}

export interface PartitionDescription {
  partition: number;
  /** -1: offline. */
  leader: number;
  replicas: number[];
  isr: number[];
}

export interface TopicDescription {
  name: string;
  /** KIP-516; changes when the topic is deleted and created again. Empty: the broker gives none (before Kafka 2.8). */
  topicId: string;
  /** The broker's own flag (`__consumer_offsets` and the like). */
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
 * `earliest` log start; `latest` high watermark; `last-stable` LSO; a number is a timestamp in ms: the first record with it
 * or a later one. A negative number, as of a record without a timestamp, is the log start: every record is later.
 */
export type OffsetSpec = "earliest" | "latest" | "last-stable" | number;

export interface ListedOffset extends TopicPartition {
  /** -1n: no such offset (e.g. no record at or after the timestamp). */
  offset: bigint;
  /** ms; -1n when the request was not by time. */
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
   * The record set exactly as it was on the wire: whole record batches (format v2), the first of which may start
   * before the asked offset; a cut-off last batch has been removed.
   */
  records: Buffer;
  /** The asked offset lies outside the log (before its start or after its end); the offsets above are -1n then. */
  outOfRange?: true;
}

export interface FetchRequest extends TopicPartition {
  offset: bigint;
}

/** Memory that one answer after the other is put into: fresh pages and the collector cost a reader more than the records do. */
export interface AnswerMemory {
  /** That many bytes, which nobody else has until they are released. */
  take(bytes: number): Buffer;
}

export interface FetchOptions {
  /** Default read_uncommitted. */
  isolation?: "read_uncommitted" | "read_committed";
  /** Bytes per partition; default 1 MiB. */
  maxBytes?: number;
  /** ms the broker may wait for data; default 100. */
  maxWaitMs?: number;
  /** Where the answers' bytes are put; default: memory of their own. Records then last until this memory is released. */
  memory?: AnswerMemory;
}

export interface CommittedOffset extends TopicPartition {
  /** -1n: none committed. */
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
  /** `classic`, `consumer` (KIP-848), or `""` when the broker does not say. */
  type: string;
  /** `consumer`, `connect`, ... */
  protocolType: string;
  members: { memberId: string; clientId: string; clientHost: string }[];
}

export interface Acl {
  resourceType: "topic" | "group" | "cluster" | "transactionalId";
  resourceName: string;
  patternType: "literal" | "prefixed";
  principal: string;
  host: string;
  operation: string;
  permission: "allow" | "deny";
}

export interface Reassignment extends TopicPartition {
  /** Wanted replicas in order, preferred leader first; null cancels the one under way. */
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
  /** null removes the dynamic value. */
  set: Record<string, string | null>;
}

/** One record as its reader sees it; key, value and header values are the raw bytes. */
export interface KafkaRecord {
  offset: bigint;
  /** ms since the epoch. */
  timestamp: bigint;
  key: Buffer | null;
  value: Buffer | null;
  headers: { key: Buffer; value: Buffer | null }[];
}

/** A producer with an id (idempotent or transactional) that a partition's leader remembers. */
export interface ActiveProducer extends TopicPartition {
  producerId: bigint;
  /** ms since the epoch of its last batch. */
  lastTimestamp: bigint;
  /** First offset of the transaction that it has open on the partition; -1n: none. */
  transactionStart: bigint;
}

export interface OpenTransaction {
  transactionalId: string;
  producerId: bigint;
  /** `Ongoing`, `PrepareCommit`, ... */
  state: string;
}

export interface KafkaPort {
  readonly side: "origin" | "target";
  describeCluster(): Promise<ClusterDescription>;
  /** Every topic that the principal may see, the broker's internal ones included. */
  listTopics(): Promise<string[]>;
  /** Unknown topics are left out of the answer. Undefined: all. */
  describeTopics(names?: readonly string[]): Promise<TopicDescription[]>;
  /**
   * What this principal may do with each topic, whether or not the topic exists: the broker answers for absent ones too
   * (Metadata with authorized operations and without auto-creation; run on 4.3.1: error 3 still carries the operations).
   * Operation names as in Kafka (`Read`, `DescribeConfigs`). null: it may not even describe it (error 29).
   */
  topicOperations(names: readonly string[]): Promise<Map<string, string[] | null>>;
  /** The same for groups, existing or not (DescribeGroups at the coordinator). null: it may not even describe it (error 30). */
  groupOperations(ids: readonly string[]): Promise<Map<string, string[] | null>>;
  describeTopicConfigs(names: readonly string[]): Promise<Map<string, Map<string, ConfigEntry>>>;
  describeBrokerConfigs(ids: readonly number[]): Promise<Map<number, Map<string, ConfigEntry>>>;
  /** One request per broker; a partition without a leader is an error after the retries. */
  /** @param at a function gives each partition a timestamp (ms) of its own; each may be asked once in a call */
  listOffsets<T extends TopicPartition>(
    partitions: readonly T[],
    at: OffsetSpec | ((partition: T) => number),
  ): Promise<ListedOffset[]>;
  /** One request per broker for all partitions; the answer holds every asked partition. Key: `topic:partition`. */
  fetch(requests: readonly FetchRequest[], options?: FetchOptions): Promise<Map<string, FetchedPartition>>;
  /** Bytes on disk of each partition's leader replica; key `topic:partition`. Empty map when not allowed. */
  partitionSizes(topics: readonly string[]): Promise<Map<string, bigint>>;
  /** The same of chosen replicas, those that still grow among them; key `topic:partition:broker`. */
  replicaSizes(replicas: readonly Replica[]): Promise<Map<string, bigint>>;

  /**
   * Producers that the leaders remember, those without an id not among them (KIP-664, Kafka 2.8 and later; needs Read).
   * undefined: the brokers do not tell.
   */
  activeProducers(partitions: readonly TopicPartition[]): Promise<ActiveProducer[] | undefined>;
  /** Transactions of these producers as far as this principal may see them (KIP-664, Kafka 3.0 and later; empty before). */
  transactionsOf(producerIds: readonly bigint[]): Promise<OpenTransaction[]>;
  /**
   * May this principal describe a transactional id, whether or not it is in use (KIP-664)? Changes nothing.
   * undefined: the brokers do not tell (before Kafka 3.0).
   */
  mayDescribeTransactionalId(id: string): Promise<boolean | undefined>;

  listGroups(): Promise<{ groupId: string; state: GroupState; type: string; protocolType: string }[]>;
  describeGroups(ids: readonly string[]): Promise<GroupDescription[]>;
  /** Committed offsets of each group (all its partitions), batched per coordinator. */
  groupOffsets(ids: readonly string[]): Promise<Map<string, CommittedOffset[]>>;
  /** Without joining; refused by the broker when the group has members that would disagree. */
  alterGroupOffsets(groupId: string, offsets: readonly CommittedOffset[]): Promise<void>;
  deleteGroupOffsets(groupId: string, partitions: readonly TopicPartition[]): Promise<void>;
  deleteGroups(ids: readonly string[]): Promise<void>;

  /**
   * Appends records to partition 0 of a topic, in order, and returns when all in-sync replicas have them. A retry may
   * append a record twice. For the engine's own topics only.
   */
  append(topic: string, records: readonly { key: Buffer; value: Buffer }[]): Promise<void>;

  createTopic(
    name: string,
    options: { partitions: number; replicationFactor: number; configs?: Record<string, string> },
  ): Promise<void>;
  /** Returns when metadata no longer shows them. */
  deleteTopics(names: readonly string[]): Promise<void>;
  alterReassignments(changes: readonly Reassignment[]): Promise<void>;
  listReassignments(): Promise<OngoingReassignment[]>;
  electPreferredLeaders(partitions: readonly TopicPartition[]): Promise<void>;
  incrementalAlterConfigs(changes: readonly ConfigChange[]): Promise<void>;

  describeAcls(filter?: Partial<Acl>): Promise<Acl[]>;
  createAcls(acls: readonly Acl[]): Promise<void>;
  deleteAcls(acls: readonly Acl[]): Promise<void>;
  /** Mechanisms for which this user has a SCRAM credential (KIP-554, Kafka 2.7 and later); empty: there is no such user. */
  scramMechanisms(user: string): Promise<string[]>;

  /**
   * Ends the port: calls under way and later ones throw `reason`, and no connection is made any more.
   * @param reason default: MigrationError KAFKA_CLOSED
   */
  close(reason?: unknown): Promise<void>;
}
