import type { AclRule } from "../acls";
import type { Config, MirrorConfiguration } from "../mirror-configuration";
import type { Side } from "../model";
import { attempt, type Text } from "./unknown";

/**
 * The input of the rules: the parts of a set of resources that matter for a migration, as plain data. It is read from
 * the resources of a stack (`policies/read/`), or built from a component's settings before any resource is declared.
 * Reading a value that Pulumi does not know yet throws `NotKnownYet`. The view contains no value of a Secret.
 */
export interface View {
  mirrors: readonly MirrorView[];
  users: readonly UserView[];
  topics: readonly TopicView[];
  secrets: readonly SecretView[];
  steps: readonly StepView[];
  /** Clients of a cluster other than the mirror: providers of @pulumi/kafka. */
  clients: readonly ClientView[];
  /**
   * Clusters with a user operator, from the stack's resources other than KafkaUsers. A KafkaUser in `users` shows the
   * same.
   */
  owners?: readonly OwnerView[];
  /** Sink connectors of the stack (KafkaConnector). */
  sinks?: readonly SinkView[];
  /** Connect clusters of the stack (KafkaConnect). */
  connects?: readonly ConnectClusterView[];
  /** Fields that the API server drops, from every custom resource. */
  unknownFields?: readonly UnknownField[];
  /** Fields whose values the API server refuses, and required fields that are missing. */
  refusedFields?: readonly RefusedField[];
  /** Resources without the label that names their cluster. */
  withoutCluster?: readonly Unlabelled[];
  /** KafkaMirrorMaker2 resources without an entry in `mirrors`. */
  idle?: readonly Subject[];
}

/** A resource without the label by which an operator selects it. */
export interface Unlabelled extends Subject {
  kind: string;
  /** Example: `strimzi.io/cluster` */
  wanted: string;
  /** A label that is only written differently. */
  near?: string;
}

/** A field that the API version of its resource does not have, as far as this package knows that version. */
export interface UnknownField extends Subject {
  apiVersion: string;
  /** Example: `spec.mirrors[0].topics` */
  path: string;
  /** The field that the user probably meant, or the place where it belongs. */
  meant?: string;
  /** Other places where the API version has a field of this name. */
  elsewhere?: readonly string[];
  /** The effect of dropping the field. */
  loss?: string;
  /** True if this package knows every operator of this API version. False if a newer operator may have the field. */
  sure: boolean;
}

/** A field whose value the API server refuses, or a required field that is missing. */
export interface RefusedField extends Subject {
  apiVersion: string;
  /** Example: `spec.mirrors[0].sourceConnector.state` */
  path: string;
  /** The end of the sentence that starts with the path: `is "stoped"`, `is missing`. */
  seen: string;
  instead: string;
  /** The name of the missing field. */
  missing?: string;
  /** False if only Strimzi 1.0 and later refuse it. */
  sure: boolean;
  /** True if the API server accepts it, and the operator does not. */
  byOperator?: boolean;
}

/** One ACL rule of a KafkaUser as it is written. A field that is left out is undefined. */
export interface WrittenAcl {
  path: string;
  /** The operations are written inside `resource`, where the API server drops them. Another rule reports that. */
  nested?: boolean;
  /** The rule has both `operation` and `operations`. */
  both?: boolean;
  /** The rule is written with `operation`. */
  singular?: boolean;
  /** `operation` is a list. */
  listed?: boolean;
  /** `operations` or `resource` as it is written, if it is one word instead of a list or of fields. */
  plainOperations?: string;
  plainResource?: string;
  /** `resource.name` as it is written, if it is a number, `true` or `false`. */
  plainName?: string;
  permission?: string;
  operations?: readonly string[];
  type?: string;
  name?: string;
  patternType?: string;
}

/** A cluster and side where a user operator owns every principal. */
export interface OwnerView extends Pick<UserView, "side" | "places"> {
  /** False if the brokers have no authorizer. Then there are no ACLs. */
  authorizes?: boolean;
}

/** The resource that a finding is about. */
export interface Subject {
  /** The URN, or another text that identifies the resource to the reader. */
  resource: string;
  /** The name in messages: `KafkaUser origin-ns/mm2-credentials`. Empty if there is only one. */
  label: string;
}

/** One of several entries of a resource. */
export interface Entry {
  /** The label of the resource. */
  of: string;
  /** The name of the entry, e.g. `mirrors[1]`. */
  name: string;
  /** The number of entries in the resource. */
  count: number;
}

export interface ClusterView {
  alias: string;
  config: Config;
  bootstrapServers?: string;
  authentication?: {
    type: string;
    username?: string;
    secretName?: string;
    /** The user whose certificate is in that Secret, if the stack shows it. */
    certificateOf?: string;
    settings: Record<string, unknown>;
  };
  /** Absent: no TLS. `trusted`: the number of certificates that the resource names. */
  tls?: { trusted: number };
}

export interface ConnectorView {
  config: Config;
  tasksMax?: number;
  /** `running`, `paused` or `stopped`. Absent if it is not written. */
  state?: string;
}

export interface MirrorView extends Subject, MirrorConfiguration {
  /** Absent if the resource has only one entry. */
  entry?: Entry;
  apiVersion: string;
  namespace?: string;
  /** The name of the provider, if it shows in which Kubernetes cluster the mirror runs. */
  kubernetes?: string;
  /**
   * The names of the clusters in the resource, e.g. `mirrors[0].source` or `clusters[1]`. Absent: the components'
   * names.
   */
  fieldNames?: FieldNames;
  /** False for API versions without a heartbeat connector. */
  heartbeatKnown: boolean;
  /** False while the mirror's connections are not known, as in a component's settings. */
  connectionsKnown: boolean;
  /** Number of workers. */
  replicas?: number;
  /** `replicas` is not written. It has the default of the API version. */
  replicasAssumed?: boolean;
  /** The memory of each worker as it is written: `jvmOptions.-Xmx` and `resources.limits.memory`. */
  memory?: { heap?: string; limit?: string };
  /** The number of the target's brokers and their `min.insync.replicas`, if a resource of the stack shows them. */
  targetBrokers?: number;
  targetMinInsyncReplicas?: number;
  /** The target brokers' `default.replication.factor`: the meaning of a replication factor of -1. */
  targetDefaultReplicas?: number;
  origin: ClusterView;
  /**
   * `config`, the group and the storage topics belong to the workers (`connectCluster`). Everything else describes the
   * cluster to which records are copied.
   */
  target: ClusterView & MirrorConfiguration["target"];
  /** The addresses of the workers' cluster, if it is not the target. */
  workersAt?: string;
  source: ConnectorView;
  checkpoint: ConnectorView;
  heartbeat?: ConnectorView;
  /** Whether the resource has these blocks. A connector without its block does not run. */
  declared: { source: boolean; checkpoint: boolean };
  /**
   * The clusters by alias, as written (older dialects). `sameServers`: connectCluster and target have the same address.
   */
  aliases?: {
    clusters: readonly string[];
    connectCluster?: string;
    source?: string;
    target?: string;
    sameServers?: boolean;
  };
  /** True if an earlier entry of `mirrors` has the same source and target. */
  repeated?: boolean;
  /** The fields of the entry that select topics and groups. The operator writes them over the connectors' own keys. */
  patternFields?: readonly string[];
  /** Exclusions for which both the old and the new field name are written. */
  doubleExclusions: readonly { old: string; new: string }[];
  /**
   * Fields that its API version does not have, and what to write instead. `implied`: another field's advice says it,
   * too.
   */
  fieldsOfOtherVersions: readonly { path: string; instead: string; implied?: boolean }[];
  /** Keys of Secrets that the mirror uses, by name of the Secret. */
  secretKeys: ReadonlyMap<string, ReadonlySet<string>>;
  /** Every text in the resource with its path. Rules search these for values that must not be there. */
  texts: readonly Text[];
}

export interface FieldNames {
  origin: string;
  /** The cluster to which records are copied. */
  target: string;
  /** The cluster where the workers keep their state: the target, unless `connectCluster` names another one. */
  workers: string;
  /** `topicsExcludePattern` or `topicsBlacklistPattern`. */
  topicsExclude: string;
}

const OWN_NAMES: FieldNames = {
  origin: "origin",
  target: "target",
  workers: "target",
  topicsExclude: "topicsExcludePattern",
};

/** The field names to use in messages about a mirror. */
export const namesIn = (mirror: MirrorView): FieldNames => attempt(() => mirror.fieldNames) ?? OWN_NAMES;

/** A Connect cluster beside the mirrors. */
export interface ConnectClusterView extends Subject {
  namespace?: string;
  kubernetes?: string;
  bootstrapServers?: string;
  groupId: string;
  storageTopics: readonly string[];
}

export interface SinkView {
  /** The consumer group: `connect-<name>`, unless the configuration sets another one. */
  group: string;
  /** Absent if it reads by a pattern, or if the topics are not known. */
  topics?: readonly string[];
  /** The addresses of the cluster that it reads, in every form. Absent if the stack does not have its KafkaConnect. */
  reads?: readonly string[];
}

/** A KafkaUser, or the ACLs and credentials of one principal made through @pulumi/kafka. */
export interface UserView extends Subject {
  /** Absent if it is not known yet. */
  name?: string;
  /** Undefined if it is not known, or if the user is on different sides of different mirrors. */
  side?: Side;
  /** The user's side of each mirror, if known. Absent: `side` applies to every mirror. */
  places?: readonly { mirror: MirrorView; side: Side }[];
  /** A mirror logs in as this user. */
  ofMirror: boolean;
  /** Other clients that log in as this user, e.g. `KafkaConnect apps/sink`. They need rights of their own. */
  alsoFor?: readonly string[];
  /** The Kafka resource lists the user in `superUsers`. A super user needs no ACL. */
  superUser?: boolean;
  maker: "operator" | "kafka";
  /** The user's cluster has the address of a cluster with a user operator. */
  owned?: boolean;
  apiVersion?: string;
  /** Rules that allow and rules that deny. Rules that are not known yet are left out. */
  rules: readonly AclRule[];
  /** The same rules as they are written, including values that the API server refuses. */
  acls?: readonly WrittenAcl[];
  /** Some rules are not known yet, so it is not known which rights are missing. */
  vague?: boolean;
  /** `authorization.type`. If it is set, a user without rules has no rights. */
  authorization?: string;
  /** Number of rules written with `operation` instead of `operations`. */
  singular: number;
  /** Whether the operator reads `operation`. `perhaps`: the version of the operator is not known. */
  singularRead: boolean | "perhaps";
  texts: readonly Text[];
}

export interface TopicView extends Subject {
  name: string;
  /** As in `UserView`. */
  side?: Side;
  places?: OwnerView["places"];
  partitions?: number;
  replicationFactor?: number;
  config: Config;
}

export interface SecretView extends Subject {
  namespace?: string;
  name: string;
  keys: readonly string[];
}

/** A lifecycle resource of this package, by its type name: `Gate`, `ConsumerOffsets`, ... */
export interface StepView extends Subject {
  kind: string;
  /** The migration that the step belongs to. Absent if the step does not show it. */
  of?: { originAlias: string; targetAlias: string; groupId: string };
  phase?: string;
  abandon?: boolean;
  mode?: string;
  when?: string;
}

export interface ClientView extends Subject {
  /** Absent: the default, which is true, or not known yet. */
  tls?: boolean;
  /** The client names a CA, or may name one. */
  trusts: boolean;
  verifies: boolean;
  mechanism?: string;
}

/** The place of the whole resource, for a finding that is not about a single entry. */
export const wholeOf = ({ resource, label, entry }: MirrorView): Subject => ({ resource, label: entry?.of ?? label });

export const nothing: View = { mirrors: [], users: [], topics: [], secrets: [], steps: [], clients: [] };
