import type {
  Acl,
  ActiveProducer,
  ClientQuota,
  ClusterDescription,
  CommittedOffset,
  ConfigChange,
  ConfigEntry,
  DiskSpace,
  FetchedPartition,
  FetchOptions,
  FetchRequest,
  GroupDescription,
  GroupState,
  ListedOffset,
  OffsetSpec,
  OngoingReassignment,
  OpenTransaction,
  Reassignment,
  Replica,
  ScramUser,
  TopicDescription,
  TopicPartition,
} from "./port-types";

export type * from "./port-types";

/**
 * The engine's only interface to Kafka. Its one implementation (`engine/kafka/client.ts`) uses @platformatic/kafka.
 * Every call sends batches (per broker or per coordinator), retries retriable errors with back-off up to a limit, and
 * throws MigrationError with the cluster's side in its text.
 */
export interface KafkaPort {
  readonly side: "origin" | "target";
  describeCluster(): Promise<ClusterDescription>;
  /** Returns every topic that the principal may describe, including the broker's internal topics. */
  listTopics(): Promise<string[]>;
  /** Leaves out unknown topics. `names` undefined means all topics. */
  describeTopics(names?: readonly string[]): Promise<TopicDescription[]>;
  /**
   * Returns the operations that this principal may perform on each topic. Also works for topics that do not exist:
   * Metadata with authorized operations and without auto-creation returns the operations together with error 3 (tested
   * on 4.3.1). Operation names as in Kafka (`Read`, `DescribeConfigs`). null: the principal may not describe the topic
   * (error 29).
   */
  topicOperations(names: readonly string[]): Promise<Map<string, string[] | null>>;
  /**
   * Same as `topicOperations`, for groups that exist or not (DescribeGroups at the coordinator). null: the principal
   * may not describe the group (error 30).
   */
  groupOperations(ids: readonly string[]): Promise<Map<string, string[] | null>>;
  /** @param keys the settings to return. A topic has about forty. Default: all */
  describeTopicConfigs(
    names: readonly string[],
    keys?: readonly string[],
  ): Promise<Map<string, Map<string, ConfigEntry>>>;
  describeBrokerConfigs(ids: readonly number[]): Promise<Map<number, Map<string, ConfigEntry>>>;
  /**
   * Sends one request per broker. A partition that still has no leader after the retries is an error.
   * @param at a function returns a separate timestamp (ms) for each partition. Each partition may occur only once in a
   *   call
   */
  listOffsets<T extends TopicPartition>(
    partitions: readonly T[],
    at: OffsetSpec | ((partition: T) => number),
  ): Promise<ListedOffset[]>;
  /**
   * Sends one request per broker for all its partitions. The result contains every requested partition. Key:
   * `topic:partition`.
   */
  fetch(requests: readonly FetchRequest[], options?: FetchOptions): Promise<Map<string, FetchedPartition>>;
  /**
   * Returns the size on disk of each partition's leader replica, in bytes. Key: `topic:partition`. The map is empty if
   * the principal may not read sizes.
   */
  partitionSizes(topics: readonly string[]): Promise<Map<string, bigint>>;
  /**
   * Same as `partitionSizes`, for the given replicas, including replicas that are still catching up. Key:
   * `topic:partition:broker`.
   */
  replicaSizes(replicas: readonly Replica[]): Promise<Map<string, bigint>>;
  /**
   * Returns the space of each broker's log directories (KIP-827, Kafka 3.3 and later; needs Describe on the cluster).
   * A broker that does not report it is left out. Directories of one broker with equal numbers count as one volume.
   */
  diskSpace(): Promise<DiskSpace[]>;
  /**
   * Returns the record with the highest timestamp of each partition (KIP-734, Kafka 3.0 and later). Offset and
   * timestamp are -1n for an empty partition. Leaves out the partitions of a broker that does not support this.
   */
  newestRecords(partitions: readonly TopicPartition[]): Promise<ListedOffset[]>;

  /**
   * Returns the producers that the leaders remember (KIP-664, Kafka 2.8 and later; needs Read). Producers without an id
   * are not included. undefined: the brokers do not return producers.
   */
  activeProducers(partitions: readonly TopicPartition[]): Promise<ActiveProducer[] | undefined>;
  /**
   * Returns the transactions of these producers that this principal may describe (KIP-664, Kafka 3.0 and later; empty
   * before).
   */
  transactionsOf(producerIds: readonly bigint[]): Promise<OpenTransaction[]>;
  /**
   * Returns the transactional ids in use, in any state, that this principal may describe (KIP-664). undefined: the
   * brokers do not support this (before Kafka 3.0).
   */
  transactionalIds(): Promise<string[] | undefined>;
  /**
   * Returns true if this principal may describe the transactional id (KIP-664). The id does not have to be in use.
   * Changes nothing. undefined: the brokers do not support this (before Kafka 3.0).
   */
  mayDescribeTransactionalId(id: string): Promise<boolean | undefined>;

  listGroups(): Promise<{ groupId: string; state: GroupState; type: string; protocolType: string }[]>;
  describeGroups(ids: readonly string[]): Promise<GroupDescription[]>;
  /** Returns the committed offsets of each group (all its partitions). Sends batches per coordinator. */
  groupOffsets(ids: readonly string[]): Promise<Map<string, CommittedOffset[]>>;
  /** Commits offsets without joining the group. The broker refuses this if the group has active members. */
  alterGroupOffsets(groupId: string, offsets: readonly CommittedOffset[]): Promise<void>;
  deleteGroupOffsets(groupId: string, partitions: readonly TopicPartition[]): Promise<void>;
  deleteGroups(ids: readonly string[]): Promise<void>;

  /**
   * Appends records to partition 0 of a topic, in order. Returns when all in-sync replicas have them. A retry can
   * append a record twice. Only for the engine's own topics.
   */
  append(topic: string, records: readonly { key: Buffer; value: Buffer }[]): Promise<void>;
  /**
   * Same as `append`, but each record goes to the partition that Kafka's own producer chooses for its key (murmur2). A
   * record of a compacted topic replaces the earlier ones only there. A null value removes the key.
   * @param partitions number of partitions of the topic
   * @param records `timestamp` in ms since the epoch. Default: now
   */
  appendByKey(
    topic: string,
    partitions: number,
    records: readonly { key: Buffer; value: Buffer | null; timestamp?: number }[],
  ): Promise<void>;

  createTopic(
    name: string,
    options: { partitions: number; replicationFactor: number; configs?: Record<string, string> },
  ): Promise<void>;
  /** Returns when no broker's metadata contains the topics any more. */
  deleteTopics(names: readonly string[]): Promise<void>;
  alterReassignments(changes: readonly Reassignment[]): Promise<void>;
  listReassignments(): Promise<OngoingReassignment[]>;
  electPreferredLeaders(partitions: readonly TopicPartition[]): Promise<void>;
  incrementalAlterConfigs(changes: readonly ConfigChange[]): Promise<void>;
  /**
   * Asks whether the cluster would take these settings of topics, and changes nothing (IncrementalAlterConfigs with
   * `validateOnly`; needs AlterConfigs on each topic). Returns the broker's message for each topic whose settings it
   * refuses. The topic does not have to exist: KRaft controllers check the values before the name. Brokers with
   * ZooKeeper do not check topics that do not exist.
   */
  refusedTopicConfigs(wanted: ReadonlyMap<string, Readonly<Record<string, string>>>): Promise<Map<string, string>>;

  /** Returns ACLs of every resource type and pattern type (needs Describe on the cluster). */
  describeAcls(filter?: Partial<Acl>): Promise<Acl[]>;
  createAcls(acls: readonly Acl[]): Promise<void>;
  deleteAcls(acls: readonly Acl[]): Promise<void>;
  /**
   * Returns the mechanisms for which this user has a SCRAM credential (KIP-554, Kafka 2.7 and later). Empty if there is
   * no such user.
   */
  scramMechanisms(user: string): Promise<string[]>;
  /**
   * Returns every user with a SCRAM credential (KIP-554, Kafka 2.7 and later; needs Describe on the cluster).
   * undefined: the brokers do not support this.
   */
  scramUsers(): Promise<ScramUser[] | undefined>;
  /**
   * Returns the quotas of all users, client ids, IP addresses and their combinations and defaults (KIP-546, Kafka 2.6
   * and later; needs DescribeConfigs on the cluster). undefined: the brokers do not support this.
   * @param broker the broker that answers, by its id. Brokers follow a change one after the other. Default: any
   */
  clientQuotas(broker?: number): Promise<ClientQuota[] | undefined>;
  /**
   * Sets one limit of a user, or removes it (KIP-546, Kafka 2.6 and later; needs AlterConfigs on the cluster). The
   * user's other limits stay.
   * @param user name without `User:`
   * @param key Kafka's name of the limit, e.g. `producer_byte_rate`
   * @param value null removes the limit
   */
  alterUserQuota(user: string, key: string, value: number | null): Promise<void>;

  /**
   * Closes the port. Calls in progress and later calls throw `reason`. No new connection is opened.
   * @param reason default: MigrationError KAFKA_CLOSED
   */
  close(reason?: unknown): Promise<void>;
}
