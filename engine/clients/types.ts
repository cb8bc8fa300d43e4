import type { InventoryAcl, InventoryQuotas, InventoryUser } from "../inventory/types";

/** Who makes the users of a cluster: a user operator, or nobody, so that they are made through the Kafka protocol. */
export type Maker = "operator" | "kafka";

/** How a user of an application logs in. `none`: with something that neither an operator nor Kafka stores. */
export type ClientLogin = "scram-sha-512" | "scram-sha-256" | "tls" | "tls-external" | "none";

/** A user that somebody wrote by hand. Absent fields have the defaults of the setting. */
export interface WrittenUser {
  name: string;
  authentication?: ClientLogin;
  labels?: Record<string, string>;
  acls?: readonly (Pick<InventoryAcl, "resource" | "name"> & {
    pattern?: InventoryAcl["pattern"];
    host?: string;
    permission?: InventoryAcl["permission"];
    operations: readonly string[];
  })[];
  quotas?: InventoryQuotas;
}

/** What decides which users are declared on the target, and how. */
export interface ClientQuestion {
  /** Users of the inventory. Undefined: there is no inventory. */
  inventory?: readonly InventoryUser[];
  /** What the inventory lacks, one sentence each. Default none. */
  unread?: readonly string[];
  users?: readonly WrittenUser[];
  exclude?: readonly string[];
  /** Undefined: every ACL is declared as it is. */
  narrowing?: Narrowing;
  /** Gives the name of a topic's copy on the target. Undefined: the same name. */
  copyOf?(topic: string): string;
  /** The users that do not move, by name: the mirror's users and the administrators. The value says who it is. */
  own: ReadonlyMap<string, string>;
  origin: Maker;
  target: Maker;
  /** Names of the users whose passwords the program knows. */
  passwords: ReadonlySet<string>;
}

/** What a migration copies, for ACLs that are narrowed to it. */
export interface Narrowing {
  topics: Moving;
  groups: Moving;
}

/** The names of one kind that migrate. */
export interface Moving {
  /** Returns true for a name that migrates. */
  moves(name: string): boolean;
  /** ACL names that cover every name that migrates. */
  covers: readonly { name: string; patternType: "literal" | "prefix" }[];
}

/** A user as it is declared on the target. */
export interface PlannedUser {
  /** Name of the KafkaUser, or of the user in Kafka without `User:`. */
  name: string;
  /** Principal on the target, as in ACLs. */
  principal: string;
  login: ClientLogin;
  /** With a SCRAM login on a target without an operator: the mechanisms of its credentials. */
  mechanisms?: readonly string[];
  /** With a SCRAM login: where the password comes from. */
  password?: "origin" | "given";
  /** Namespace of the user's KafkaUser on the origin. Undefined: that of the origin's Kafka. */
  originNamespace?: string;
  labels: Record<string, string>;
  acls: readonly InventoryAcl[];
  quotas?: InventoryQuotas;
}

/** The users on the target, and everything that has to be said about them. */
export interface ClientPlan {
  /** Sorted by name. */
  users: readonly PlannedUser[];
  /** Reasons why nothing can be declared. */
  mistakes: readonly string[];
  /** What differs from the origin, and what the reader has to do. */
  warnings: readonly string[];
  /** What is left out on purpose. */
  notes: readonly string[];
}
