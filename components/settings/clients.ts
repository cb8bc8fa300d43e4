import type * as kafka from "@pulumi/kafka";
import type * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import type { Connection, MirrorModel } from "../../engine/model";
import {
  block,
  checked,
  count,
  flag,
  list,
  needed,
  objectOf,
  oneOf,
  recordOf,
  seconds,
  text,
  typed,
  type Written,
  withoutDefaults,
} from "../../engine/setting";
import { laterText, resource } from "../shape/types";
import { type OperatorUsers, operatorShape } from "./users";

/** The users of applications that a migration declares on the target. */

/** Brokers refuse a quota of 0, and parts of a byte. */
const rate = checked<number>((value) => Number.isFinite(value) && (value as number) > 0, "a number, more than 0");

export const clientQuotasShape = {
  /**
   * Bytes per second and broker that the user's producers may send.
   * @default no quota
   */
  producerByteRate: count.optional(),
  /**
   * Bytes per second and broker that the user's consumers may fetch.
   * @default no quota
   */
  consumerByteRate: count.optional(),
  /**
   * Percentage of the time of one network or I/O thread that the user's requests may take on each broker (KIP-124).
   * @default no quota
   */
  requestPercentage: rate.optional(),
  /**
   * Partitions that the user may create and delete per second (KIP-599).
   * @default no quota
   */
  controllerMutationRate: rate.optional(),
};
export interface ClientQuotas extends Written<typeof clientQuotasShape> {}

export const clientAclShape = {
  /** `topic`, `group`, `cluster`, `transactionalId`, `delegationToken` or `user`. */
  resource: oneOf(["topic", "group", "cluster", "transactionalId", "delegationToken", "user"]),
  /** Name of the resource, or the prefix. `*`: every name. For `cluster`: `kafka-cluster`. */
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
   * How the user logs in: `scram-sha-512`, `scram-sha-256`, `tls` or `tls-external`. `none`: no credential is created,
   * because the user logs in in another way, for example with OAuth or PLAIN.
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

const clientOriginShape = {
  /**
   * The user operator of the origin. Its Secrets hold the passwords.
   * @default the origin has no operator: the passwords are in `passwords`
   */
  operator: block<OperatorUsers>(operatorShape).optional(),
};
/** The cluster that the applications come from. */
export interface ClientOriginCluster extends Written<typeof clientOriginShape> {}

const clientKafkaShape = {
  /** Provider that logs in as a user who may create users, ACLs and quotas. */
  provider: needed(typed<kafka.Provider>(resource)),
  /**
   * Connection of such a user, for the check that no user belongs to somebody else. Example: `connectionOf({
   * bootstrapServers, credentials })`.
   */
  connection: needed(typed<pulumi.Input<Connection>>(z.unknown())),
};
/** A cluster without an operator. */
export interface ClientKafka extends Written<typeof clientKafkaShape> {}

const clientTargetShape = {
  /** The user operator of the target. It makes the users from KafkaUsers. Set either this or `kafka`. */
  operator: block<OperatorUsers>(operatorShape).optional(),
  /** No operator: the users are created through the Kafka protocol. */
  kafka: block<ClientKafka>(clientKafkaShape).optional(),
};
/** The cluster that the applications move to. */
export interface ClientTargetCluster extends Written<typeof clientTargetShape> {}

const clientUsersShape = {
  ...withoutDefaults(clientsShape),
  /**
   * Path of the inventory of both clusters, which `kafka-migration inventory` writes. Absolute, or relative to the
   * Pulumi project's folder.
   * @default no inventory: the users are in `users`
   */
  inventory: text.optional(),
  /**
   * Passwords by user name. Each becomes a Pulumi secret. For users whose password the origin's operator does not have.
   * @default none
   */
  passwords: recordOf<pulumi.Input<string>>(laterText).optional(),
  /** The cluster that the applications come from. */
  origin: block<ClientOriginCluster>(clientOriginShape),
  /** The cluster that the applications move to. */
  target: block<ClientTargetCluster>(clientTargetShape),
  /**
   * Settings of the mirror, for `narrow`, and for topics that get other names on the target. Example:
   * `mirrorModelOf(settings)`.
   * @default none
   */
  mirror: typed<MirrorModel>(z.unknown()).optional(),
  /**
   * Groups that move although the mirror's patterns do not select them, for `narrow`.
   * @default none
   */
  groups: list(text).optional(),
  /**
   * Groups that do not move, for `narrow`.
   * @default none
   */
  excludeGroups: list(text).optional(),
  /**
   * Users that never move, by name, with what they are. Example: `{ "kafka-admin": "an administrator" }`.
   * @default `mm2-credentials` and `mm2-administrator`
   */
  leaveOut: recordOf(text).optional(),
  /**
   * True: take over users that exist on a target without an operator. False: stop with `USER_TAKEN`.
   * @default false
   */
  takeOver: flag.optional(),
  /**
   * Value of `allow.everyone.if.no.acl.found` on the target's brokers. True: users with ACLs are refused; without an
   * operator only if an ACL would be the first on a resource. False: they are created.
   * @default taken from the Kafka resource; without an operator from the brokers
   */
  everyoneByDefault: flag.optional(),
  /**
   * Longest time to wait for the target's operator, in seconds.
   * @default 120
   */
  readyLimitSeconds: seconds.optional(),
};
export interface ClientUsersArgs extends Written<typeof clientUsersShape> {}
export const clientUsersSchema = objectOf(clientUsersShape);
