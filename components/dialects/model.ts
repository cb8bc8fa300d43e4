import type { AclRule } from "../../engine/acls";
import type { Mistakes } from "../../engine/errors";
import type { Resolved } from "../../engine/setting";
import type { ConnectorSettings, DialectName, workerShape } from "../settings/mirror";
import type { PodSettings } from "../settings/pods";

/** A Kubernetes object in the form that is sent to the API server. */
export interface ResourceText {
  apiVersion: string;
  kind: "KafkaUser" | "KafkaMirrorMaker2";
  metadata: ObjectMeta;
  spec: Record<string, unknown>;
}

export interface ObjectMeta {
  name: string;
  namespace: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

/**
 * How one API version writes a KafkaUser or a KafkaMirrorMaker2, for one operator version. The functions are pure. A
 * setting that the API version cannot express is a mistake.
 */
export interface Dialect {
  name: DialectName;
  /** Strimzi version of the operator, or the one that it is based on, e.g. `0.45.0`. It decides which fields exist. */
  strimzi: string;
  /** Kafka version of MirrorMaker 2 that the operator runs by default. It decides names and classes. */
  kafkaVersion: string;
  userApiVersion: string;
  mirrorApiVersion: string;
  /** Other API versions of the same group. The state may contain the object under one of them. */
  otherApiVersions: readonly string[];
  user(user: UserModel, mistakes: Mistakes): ResourceText;
  mirror(mirror: MirrorSpec, mistakes: Mistakes): ResourceText;
}

export interface SecretKey {
  secretName: string;
  key: string;
}

export type UserAuthentication =
  /** `passwordFrom`: use this password instead of a generated one. */
  | { type: "scram-sha-512"; passwordFrom?: SecretKey }
  /**
   * `validityDays`: days for which the certificate is valid. `renewalDays`: days before its end at which it is renewed.
   * Since Strimzi 1.1. Default: the operator's.
   */
  | { type: "tls"; validityDays?: number; renewalDays?: number }
  | { type: "tls-external" };

/** A rule of any user. The migration's own users have only rules that allow something. */
export interface UserRule extends Omit<AclRule, "type" | "operations"> {
  type: "allow" | "deny";
  operations: readonly string[];
}

export interface UserModel extends ObjectMeta {
  /** Name of the Kafka resource that the user belongs to (the `cluster` label). */
  cluster: string;
  /** `none`: the operator makes neither a password nor a certificate, only ACLs and quotas. */
  authentication: UserAuthentication | { type: "none" };
  rules: readonly UserRule[];
  /** Absent: the user has no quotas. */
  quotas?: Record<string, number>;
}

export interface PasswordSecret {
  secretName: string;
  /** Key in the Secret. */
  password: string;
}

export type MirrorAuthentication =
  | { type: "scram-sha-512" | "scram-sha-256" | "plain"; username: string; passwordSecret: PasswordSecret }
  | { type: "tls"; certificateAndKey: { secretName: string; certificate: string; key: string } }
  /** Fields as in Strimzi's `KafkaClientAuthenticationOAuth`. */
  | ({ type: "oauth" } & Record<string, unknown>)
  /** Fields as in Strimzi's `KafkaClientAuthenticationCustom`. */
  | { type: "custom"; sasl: boolean; config: Record<string, unknown> };

export type TrustedCertificate = { secretName: string; certificate: string } | { secretName: string; pattern: string };

export interface ClusterSpec {
  alias: string;
  bootstrapServers: string;
  authentication?: MirrorAuthentication;
  /** Absent: no TLS. An empty list trusts the system's certificates. */
  tls?: { trustedCertificates: readonly TrustedCertificate[] };
  config?: Config;
}

export interface TargetSpec extends ClusterSpec {
  /** Undefined: the operator's default, if the dialect has one. */
  groupId?: string;
  offsetStorageTopic: string;
  configStorageTopic: string;
  statusStorageTopic: string;
}

export type Config = Record<string, string | number | boolean>;

export interface ConnectorSpec extends Omit<ConnectorSettings, "config"> {
  config: Config;
}

/** Settings from which the resolver derives other fields. A dialect does not read them. */
type Decisions =
  | "kafkaVersion"
  | "tasksMax"
  | "replicationFactor"
  | "offsetFlushIntervalMs"
  | "exactlyOnce"
  | "sourceConnector"
  | "checkpointConnector"
  | "heartbeatConnector";

/** Choices for a mirror that do not depend on its connections: all settings of the workers with their defaults. */
export interface MirrorChoices extends Omit<Resolved<typeof workerShape>, Decisions> {
  /** Written as `spec.version`. Undefined: the operator chooses. */
  version?: string;
  source: ConnectorSpec;
  /** Undefined: no checkpoint connector. */
  checkpoint?: ConnectorSpec;
  heartbeat?: ConnectorSpec;
  pods: PodSettings;
}

/** A KafkaMirrorMaker2 with every choice made, independent of the dialect. Leaves may be Pulumi outputs. */
export interface MirrorSpec extends ObjectMeta, MirrorChoices {
  origin: ClusterSpec;
  target: TargetSpec;
}
