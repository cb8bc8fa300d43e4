/** The inventory of an estate: what exists on both clusters, and what a migration does with each of it. */

/** What happens to an entry in the migration. */
export interface Fate {
  /** `yes`: moves. `if`: moves if `when` holds. `no`: stays on the origin. */
  moves: "yes" | "if" | "no";
  /** With `if`: the condition, with the setting to write. */
  when?: string;
  /** With `no`: the reason. */
  why?: string;
  /** With `no`: what to do about it. Absent: nothing has to be done. */
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
  /** Labels of the KafkaUser without the operator's own. */
  labels?: Record<string, string>;
  /** Sorted by resource, name, pattern, host and permission. */
  acls: InventoryAcl[];
  quotas?: InventoryQuotas;
}
