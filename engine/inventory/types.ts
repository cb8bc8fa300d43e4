/** The inventory of an estate: what exists on both clusters, and what a migration does with each of it. */

/** What happens to an entry in the migration. */
export interface Fate {
  /** `yes`: moves. `if`: moves if `when` holds. `no`: stays on the origin. */
  moves: "yes" | "if" | "no";
  /** With `if`: the condition, with the setting to write. */
  when?: string;
  /** With `no`: the reason. */
  why?: string;
  /** What to do about it. Absent: nothing has to be done. */
  todo?: string;
}

/** Operations on one resource that are allowed or denied to one principal from one host. */
export interface InventoryAcl {
  resource: "topic" | "group" | "cluster" | "transactionalId" | "delegationToken" | "user";
  /** Name of the resource, or the prefix. `*`: every name. */
  name: string;
  pattern: "literal" | "prefixed";
  /** `*`: every host. */
  host: string;
  permission: "allow" | "deny";
  /** Names as in Kafka, sorted. Example: `["Describe", "Read"]`. */
  operations: string[];
}

/** Quotas of one user, client id or IP address. Absent: no quota of this kind. */
export interface InventoryQuotas {
  /** Bytes per second and broker. */
  producerByteRate?: number;
  /** Bytes per second and broker. */
  consumerByteRate?: number;
  /** Percent of one network and one I/O thread. */
  requestPercentage?: number;
  /** Partitions created and deleted per second (KIP-599). */
  controllerMutationRate?: number;
}

/** A principal that logs in to the origin, or that an ACL or a quota names. */
export interface InventoryUser extends Fate {
  /** As in ACLs. Examples: `User:billing`, `User:CN=billing`. */
  principal: string;
  /** Name of the KafkaUser or SCRAM user. Absent: there is neither, only ACLs or quotas. */
  name?: string;
  /** The KafkaUser, on an origin with an operator. */
  kafkaUser?: { apiVersion: string; namespace: string; name: string };
  /** How the user logs in. `unknown`: nothing but ACLs or quotas is known of the user. */
  authentication: "scram-sha-512" | "scram-sha-256" | "tls" | "tls-external" | "none" | "unknown";
  /** Mechanisms of its SCRAM credentials, sorted. Absent: none. Example: `["SCRAM-SHA-512"]`. */
  mechanisms?: string[];
  /** Labels of the KafkaUser without the operator's own. */
  labels?: Record<string, string>;
  /** Sorted by resource, name, pattern, host and permission. */
  acls: InventoryAcl[];
  quotas?: InventoryQuotas;
}

/** Numbers and names that change by themselves. Only in `--json`, never in the file. */
export interface TopicNow {
  /** Bytes on disk, one copy of each partition. Absent: unknown. */
  bytes?: number;
  /** Offsets between the start and the end of its logs, all partitions. */
  records: number;
  /** Offsets per second. Absent: unknown. */
  recordsPerSecond?: number;
  /** Time of the newest record, ISO 8601. Absent: no record, or unknown (before Kafka 3.0). */
  lastRecordAt?: string;
  /** True if the target has a topic of the name that the copy gets. */
  onTarget: boolean;
}

export interface InventoryTopic extends Fate {
  name: string;
  partitions: number;
  /** Settings that the topic has itself, without secret ones. Absent: none. */
  settings?: Record<string, string>;
  now?: TopicNow;
}

/** See `TopicNow`. */
export interface GroupNow {
  state: string;
  /** Sorted by client id and host. */
  members: { clientId: string; host: string }[];
  /** Records between the committed offsets and the ends of the logs. Absent: no committed offset. */
  lag?: number;
}

export interface InventoryGroup extends Fate {
  name: string;
  /**
   * `classic`, `consumer` (KIP-848), `streams` (KIP-1071), `share` (KIP-932). `unknown`: the brokers do not return it.
   */
  type: string;
  /** `consumer`, `connect`, ... Empty: none, the group has only committed offsets. */
  protocol: string;
  /** Topics with a committed offset, sorted. */
  topics: string[];
  now?: GroupNow;
}

/** A Kafka Streams application: its group and its own topics. */
export interface InventoryStreams extends Fate {
  /** `application.id`, which is also the name of the group. */
  application: string;
  /** Its changelog and repartition topics, sorted. */
  topics: string[];
}

/**
 * A quota of a client id, an IP address, a default, or a user's client id. Quotas of a user are in `InventoryUser`. The
 * name `<default>` is Kafka's default of this kind.
 */
export interface InventoryQuota extends Fate {
  /** Name without `User:`. */
  user?: string;
  clientId?: string;
  ip?: string;
  /** Limits by Kafka's names. Example: `{ consumer_byte_rate: 1048576 }`. */
  values: Record<string, number>;
}

/** A KafkaTopic of the origin's operator. */
export interface InventoryTopicResource extends Fate {
  apiVersion: string;
  namespace: string;
  /** Name of the resource. */
  name: string;
  /** Name of the topic. */
  topic: string;
}

/**
 * A resource of an operator whose pods use the origin: a KafkaConnect, KafkaBridge, another KafkaMirrorMaker2, or a
 * geo-replicator of Event Streams.
 */
export interface InventoryDeployment extends Fate {
  kind: string;
  apiVersion: string;
  namespace: string;
  name: string;
}

export interface InventoryConnector extends Fate {
  name: string;
  type: "sink" | "source" | "unknown";
  /** Its Java class. */
  class: string;
  /** The consumer group of a sink connector. */
  group?: string;
  /** Number of positions (source partitions) that a source connector has stored. */
  positions?: number;
}

/** A Kafka Connect cluster that stores its state on the origin. */
export interface InventoryConnect extends Fate {
  /** `group.id` of the workers. Absent: unknown, because no worker runs. */
  group?: string;
  configTopic: string;
  /** Absent: not found. */
  offsetTopic?: string;
  statusTopic?: string;
  /** Sorted by name. */
  connectors: InventoryConnector[];
}

export interface InventoryRegistry extends Fate {
  kind: "Confluent" | "Apicurio";
  /** The topic with its schemas. */
  topic: string;
}

/** Another mirror that reads from the origin or writes to it. */
export interface InventoryMirror extends Fate {
  kind: "MirrorMaker 2" | "geo-replicator";
  /** Aliases of its clusters. Absent: unknown. */
  from?: string;
  to?: string;
  /** Its own topics on the origin, sorted. */
  topics: string[];
}

/** What exists on the origin, and what a migration does with it. */
export interface Inventory {
  /** Version of the file's format. */
  format: 1;
  /** Cluster ids. */
  origin: string;
  target: string;
  /** Sorted by principal. */
  users: InventoryUser[];
  quotas: InventoryQuota[];
  topics: InventoryTopic[];
  groups: InventoryGroup[];
  streams: InventoryStreams[];
  topicResources: InventoryTopicResource[];
  /** Sorted by kind, namespace and name. */
  deployments: InventoryDeployment[];
  connect: InventoryConnect[];
  registries: InventoryRegistry[];
  mirrors: InventoryMirror[];
  /** What could not be read. Empty: the inventory is complete. */
  unread: string[];
}

/** Reads part of the inventory. If the brokers refuse it, notes that it is unknown. */
export type Optional = <T>(what: string, read: () => Promise<T>) => Promise<T | undefined>;
