import type { AclRule } from "../../engine/acls";
import type { Mistakes } from "../../engine/errors";

export type DialectName =
  | "event-streams-v1beta1"
  | "event-streams-v1beta2"
  | "event-streams-v1"
  | "strimzi-v1beta2"
  | "strimzi-v1";

export const DEFAULT_DIALECT: DialectName = "strimzi-v1";

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

export interface UserModel extends ObjectMeta {
  /** Name of the Kafka resource that the user belongs to (the `cluster` label). */
  cluster: string;
  authentication: UserAuthentication;
  rules: readonly AclRule[];
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

export type ConnectorState = "running" | "paused" | "stopped";

/** ConfigMap to which the operator writes a connector's offsets. Fields as in Strimzi. */
export interface ListOffsets {
  toConfigMap: { name: string };
}

/** ConfigMap from which the operator reads a connector's new offsets. Fields as in Strimzi. */
export interface AlterOffsets {
  fromConfigMap: { name: string };
}

export interface ConnectorSpec {
  config: Config;
  tasksMax?: number;
  state?: ConnectorState;
  autoRestart?: { enabled: boolean; maxRestarts?: number };
  /** Version of the connector's plugin (KIP-891; Strimzi 0.49 and later). */
  version?: string;
  /** ConfigMap to which the operator writes the connector's offsets on request (Strimzi 0.44 and later). */
  listOffsets?: ListOffsets;
  /** ConfigMap from which the operator reads new offsets on request (Strimzi 0.44 and later). */
  alterOffsets?: AlterOffsets;
}

/**
 * Settings of the workers' pods that all dialects write in the same form. Fields as in Strimzi's
 * `KafkaMirrorMaker2Spec`.
 */
export interface PodSettings {
  /** Default none. Example: `{ requests: { cpu: "1" }, limits: { memory: "2Gi" } }`. */
  resources?: Record<string, unknown>;
  /** Default: the operator's. Example: `{ "-Xmx": "1g" }`. */
  jvmOptions?: Record<string, unknown>;
  /** Default: the operator's. Example: `{ type: "inline", loggers: { "rootLogger.level": "INFO" } }`. */
  logging?: Record<string, unknown>;
  /**
   * Default none.
   * Example: `{ type: "jmxPrometheusExporter", valueFrom: { configMapKeyRef: { name: "metrics", key: "mm2.yaml" } } }`.
   */
  metricsConfig?: Record<string, unknown>;
  /** Default: no JMX. Example: `{ authentication: { type: "password" } }`. */
  jmxOptions?: Record<string, unknown>;
  /** Default none. Example: `{ type: "opentelemetry" }`. */
  tracing?: Record<string, unknown>;
  /** Default none. Not in event-streams-v1beta1. Example: `{ topologyKey: "topology.kubernetes.io/zone" }`. */
  rack?: Record<string, unknown>;
  /** Image of the init container that finds the rack. Default: the operator's. */
  clientRackInitImage?: string;
  /** Default: the operator's. Example: `{ initialDelaySeconds: 60 }`. */
  livenessProbe?: Record<string, unknown>;
  /** Default: the operator's. Example: `{ failureThreshold: 3 }`. */
  readinessProbe?: Record<string, unknown>;
  /** Environment and volumes of the workers. Only in dialects before v1. In v1 use `template`. Default none. */
  externalConfiguration?: Record<string, unknown>;
  /** Templates of pods, containers and services. Default none. Example: `{ pod: { priorityClassName: "high" } }`. */
  template?: Record<string, unknown>;
  /** Written where the dialect has this field: at the top level, or in `template.pod`. Default none. */
  affinity?: Record<string, unknown>;
  /** Written in the same place as `affinity`. Default none. Example: `[{ key: "kafka", operator: "Exists" }]`. */
  tolerations?: readonly Record<string, unknown>[];
}

/** Choices for a mirror that do not depend on its connections. */
export interface MirrorChoices {
  /** Written as `spec.version`. Undefined: the operator chooses. */
  version?: string;
  image?: string;
  replicas: number;
  source: ConnectorSpec;
  /** Undefined: no checkpoint connector. */
  checkpoint?: ConnectorSpec;
  heartbeat?: ConnectorSpec;
  topicsPattern: string;
  topicsExcludePattern?: string;
  groupsPattern: string;
  groupsExcludePattern?: string;
  pods: PodSettings;
}

/** A KafkaMirrorMaker2 with every choice made, independent of the dialect. Leaves may be Pulumi outputs. */
export interface MirrorSpec extends ObjectMeta, MirrorChoices {
  origin: ClusterSpec;
  target: TargetSpec;
}
