import { block, checked, flag, list, oneOf, recordOf, text, type Written, withoutDefaults } from "../../engine/setting";

/** The users of applications that a migration declares on the target. */

const quota = checked<number>((value) => Number.isFinite(value) && (value as number) >= 0, "a number, at least 0");

export const clientQuotasShape = {
  /**
   * Bytes per second and broker that the user's producers may send.
   * @default no quota
   */
  producerByteRate: quota.optional(),
  /**
   * Bytes per second and broker that the user's consumers may fetch.
   * @default no quota
   */
  consumerByteRate: quota.optional(),
  /**
   * Percent of one network and one I/O thread.
   * @default no quota
   */
  requestPercentage: quota.optional(),
  /**
   * Partitions created and deleted per second (KIP-599).
   * @default no quota
   */
  controllerMutationRate: quota.optional(),
};
export interface ClientQuotas extends Written<typeof clientQuotasShape> {}

export const clientAclShape = {
  /** `topic`, `group`, `cluster`, `transactionalId`, `delegationToken` or `user`. */
  resource: oneOf(["topic", "group", "cluster", "transactionalId", "delegationToken", "user"]),
  /** Name of the resource, or the prefix. `*`: every name. Of the cluster: `kafka-cluster`. */
  name: text,
  /**
   * `literal` or `prefixed`.
   * @default `literal`
   */
  pattern: oneOf(["literal", "prefixed"]).default("literal"),
  /**
   * Host that the clients connect from. `*`: every host.
   * @default `*`
   */
  host: text.default("*"),
  /**
   * `allow` or `deny`.
   * @default `allow`
   */
  permission: oneOf(["allow", "deny"]).default("allow"),
  /** Operations, with the names that Kafka gives them. Example: `["Describe", "Read"]`. */
  operations: list(text),
};
export interface ClientAcl extends Written<typeof clientAclShape> {}

export const clientUserShape = {
  /** Name of the user, as in its principal without `User:`. For a KafkaUser: its name. Example: `billing`. */
  name: text,
  /**
   * How the user logs in: `scram-sha-512`, `scram-sha-256`, `tls`, `tls-external`, or `none` (something else than the
   * operator or a SCRAM credential knows the user's secret, for example OAuth or PLAIN).
   * @default `scram-sha-512`
   */
  authentication: oneOf(["scram-sha-512", "scram-sha-256", "tls", "tls-external", "none"]).default("scram-sha-512"),
  /**
   * Labels of the KafkaUser on the target.
   * @default none
   */
  labels: recordOf(text).optional(),
  /**
   * The user's ACLs. Example: `[{ resource: "topic", name: "orders", operations: ["Read"] }]`.
   * @default none
   */
  acls: list(block<ClientAcl>(withoutDefaults(clientAclShape))).optional(),
  /**
   * The user's quotas.
   * @default none
   */
  quotas: block<ClientQuotas>(clientQuotasShape).optional(),
};
export interface ClientUser extends Written<typeof clientUserShape> {}

export const clientsShape = {
  /**
   * Users of applications, written by hand. A user of the inventory with the same name is replaced.
   * @default the users of `inventory` that move
   */
  users: list(block<ClientUser>(withoutDefaults(clientUserShape))).optional(),
  /**
   * Names of users in the inventory that are not declared on the target. Example: `["legacy-report"]`.
   * @default none
   */
  exclude: list(text).optional(),
  /**
   * `true`: leave out ACLs on topics and groups that do not migrate, and narrow wider ones. No user gets more rights
   * than before.
   * @default false: every ACL is declared as it is
   */
  narrow: flag.default(false),
};
export interface ClientSettings extends Written<typeof clientsShape> {}
