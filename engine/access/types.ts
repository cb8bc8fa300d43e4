import type { Acl, ClientQuota, ScramUser } from "../kafka/port";
import type { Side } from "../model";

/** Resource types whose access is compared. */
export type AccessResource = "topic" | "group" | "transactionalId" | "cluster";

/** The rules by which one cluster decides. */
export interface ClusterRules {
  acls: readonly Acl[];
  /** `super.users`, where known, as in ACLs. Default none. */
  superUsers?: readonly string[];
  /** `allow.everyone.if.no.acl.found`. Default false. */
  everyoneByDefault?: boolean;
}

/** One question to an authorizer. */
export interface Question {
  /** Example: `User:billing`. */
  principal: string;
  /** IP address of the client. */
  host: string;
  /** Name as in Kafka. Example: `Read`. */
  operation: string;
  resource: Acl["resourceType"];
  /** `kafka-cluster` for the cluster. */
  name: string;
}

/** The answer, and what it follows from. */
export interface Decision {
  allowed: boolean;
  /**
   * `acl`: the ACL in `acl`. `super user`: may do everything. `default`: no ACL covers the resource. `nothing`: ACLs
   * cover the resource, and none of them allows it.
   */
  by: "acl" | "super user" | "default" | "nothing";
  acl?: Acl;
}

/** A name that is compared. */
export interface ComparedName {
  origin: string;
  /** Name on the target. With a renaming replication policy topics have another name there. */
  target: string;
  /**
   * `exists`: on the origin. `named`: an ACL names it. `prefix`: stands for new names that begin with `text`. `any`:
   * stands for all other names.
   */
  kind: "exists" | "named" | "prefix" | "any";
  /** With `prefix`: the prefix on the origin. */
  text?: string;
}

/** Everything that is compared, by resource type. */
export type ComparedNames = Record<AccessResource, readonly ComparedName[]>;

/** Why one cluster allows something that the other refuses. */
export type Cause =
  /** This ACL allows or denies it. `only`: the cluster that has it. Absent: both clusters have it. */
  | { by: "acl"; acl: Acl; only?: Side }
  /** No ACL covers the resource on this cluster, and everybody may use what no ACL covers. */
  | { by: "default"; on: Side }
  /** The cluster lets everybody use what no ACL covers, but this ACL covers the resource. */
  | { by: "closed"; on: Side; acl: Acl }
  | { by: "super user"; on: Side };

/** Something that one cluster allows and the other refuses. */
export interface AccessDifference {
  kind: "acl" | "login" | "quota";
  /** As in ACLs. `User:*`: everybody who has no ACLs. With `quota`: what the quota applies to. */
  principal: string;
  /** The cluster that allows it. */
  allowedOn: Side;
  /** With `acl`. In Kafka's order. */
  operations?: string[];
  resource?: AccessResource;
  /** Names on the origin that exist or that ACLs name, at most {@link MOST_NAMES}. */
  names?: string[];
  /** Number of all names. */
  count?: number;
  causes?: Cause[];
  /** The difference in words. */
  text: string;
}

/** Most names of one difference that a result lists. */
export const MOST_NAMES = 20;

/** The result of comparing the access on both clusters. */
export interface AccessResult {
  /** True: everything was compared, and both clusters decide the same. */
  equal: boolean;
  differences: AccessDifference[];
  /** Number of differences that a state has left out. Absent: none. */
  left?: number;
  /** What could not be compared, one sentence each. */
  unknown: string[];
  /** What does not change access but is worth knowing. */
  notes: string[];
  /** Number of ACLs by cluster, of principals, and of names that were compared. */
  counts: { acls: Record<Side, number>; principals: number; names: Record<AccessResource, number> };
}

/** What is known of one cluster. */
export interface ClusterAccess extends ClusterRules {
  /** Absent: not known. */
  users?: readonly ScramUser[];
  /** Absent: not known. */
  quotas?: readonly ClientQuota[];
}

/** What a difference does to a cutover. */
export type AccessMode = "warn" | "require" | "none";

export interface AccessOptions {
  /** Principals that are not compared: users of mirrors and of administrators. Default none. */
  ignore?: readonly string[];
  /** Groups that move in addition to those of the pattern. Default none. */
  groups?: readonly string[];
  /** Groups that do not move. Default none. */
  excludeGroups?: readonly string[];
  /** `allow.everyone.if.no.acl.found`, for brokers that hide it. */
  everyoneByDefault?: Partial<Record<Side, boolean>>;
}
