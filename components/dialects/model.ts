import type { AclRule } from "../../engine/acls";
import type { Mistakes } from "../../engine/errors";

export type DialectName =
  | "event-streams-v1beta1"
  | "event-streams-v1beta2"
  | "event-streams-v1"
  | "strimzi-v1beta2"
  | "strimzi-v1";

export const DEFAULT_DIALECT: DialectName = "strimzi-v1";

/** A Kubernetes object as it is sent. */
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
 * How one API version spells a KafkaUser or a KafkaMirrorMaker2, for one operator version. Writers are pure; what can't be said
 * is a mistake.
 */
export interface Dialect {
  name: DialectName;
  /** The Strimzi version that the operator is or derives from, e.g. `0.45.0`: it decides which fields there are. */
  strimzi: string;
  /** Kafka version of the MirrorMaker 2 that its operator runs when none is named; decides names and classes. */
  kafkaVersion: string;
  userApiVersion: string;
  mirrorApiVersion: string;
  /** Other API versions of the same group, under which the same object may be in state. */
  otherApiVersions: readonly string[];
  user(user: UserModel, mistakes: Mistakes): ResourceText;
  mirror(mirror: MirrorSpec, mistakes: Mistakes): ResourceText;
}

export interface SecretKey {
  secretName: string;
  key: string;
}

export type UserAuthentication =
  /** `passwordFrom`: keep this password instead of a made one. */
  | { type: "scram-sha-512"; passwordFrom?: SecretKey }
  /** Days for which the certificate is valid, and days before its end at which it is renewed: since Strimzi 1.1. Default: the operator's. */
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
  /** An empty list trusts the system's certificates; absent: no TLS. */
  tls?: { trustedCertificates: readonly TrustedCertificate[] };
  config?: Config;
}

export interface TargetSpec extends ClusterSpec {
  /** Undefined: the operator's default, where the dialect has one. */
  groupId?: string;
  offsetStorageTopic: string;
  configStorageTopic: string;
  statusStorageTopic: string;
}

export type Config = Record<string, string | number | boolean>;

export type ConnectorState = "running" | "paused" | "stopped";

/** Where the operator writes a connector's offsets to; fields as in Strimzi. */
export interface ListOffsets {
  toConfigMap: { name: string };
}

/** Where the operator reads a connector's new offsets from; fields as in Strimzi. */
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
  /** Where the operator writes the connector's offsets to when it is asked (Strimzi 0.44 and later). */
  listOffsets?: ListOffsets;
  /** Where the operator reads new offsets from when it is asked (Strimzi 0.44 and later). */
  alterOffsets?: AlterOffsets;
}

/** What all dialects say about the worker's pods in the same form; fields as in Strimzi's `KafkaMirrorMaker2Spec`. */
export interface PodSettings {
  /** Default none. Example: `{ requests: { cpu: "1" }, limits: { memory: "2Gi" } }`. */
  resources?: Record<string, unknown>;
  /** Default: the operator's. Example: `{ "-Xmx": "1g" }`. */
  jvmOptions?: Record<string, unknown>;
  /** Default: the operator's. Example: `{ type: "inline", loggers: { "rootLogger.level": "INFO" } }`. */
  logging?: Record<string, unknown>;
  /** Default none. Example: `{ type: "jmxPrometheusExporter", valueFrom: { configMapKeyRef: { name: "metrics", key: "mm2.yaml" } } }`. */
  metricsConfig?: Record<string, unknown>;
  /** Default: no JMX. Example: `{ authentication: { type: "password" } }`. */
  jmxOptions?: Record<string, unknown>;
  /** Default none. Example: `{ type: "opentelemetry" }`. */
  tracing?: Record<string, unknown>;
  /** Default none. Not in event-streams-v1beta1. Example: `{ topologyKey: "topology.kubernetes.io/zone" }`. */
  rack?: Record<string, unknown>;
  /** Image that finds the rack out. Default: the operator's. */
  clientRackInitImage?: string;
  /** Default: the operator's. Example: `{ initialDelaySeconds: 60 }`. */
  livenessProbe?: Record<string, unknown>;
  /** Default: the operator's. Example: `{ failureThreshold: 3 }`. */
  readinessProbe?: Record<string, unknown>;
  /** Environment and volumes of the workers. Only in dialects before v1; there use `template`. Default none. */
  externalConfiguration?: Record<string, unknown>;
  /** Of pods, containers and services. Default none. Example: `{ pod: { priorityClassName: "high" } }`. */
  template?: Record<string, unknown>;
  /** Written where the dialect has them: at the top, or in `template.pod`. */
  affinity?: Record<string, unknown>;
  /** The same. Default none. Example: `[{ key: "kafka", operator: "Exists" }]`. */
  tolerations?: readonly Record<string, unknown>[];
}

/** What is chosen of a mirror whatever its connections are. */
export interface MirrorChoices {
  /** Written as `spec.version`; undefined when the operator chooses. */
  version?: string;
  image?: string;
  replicas: number;
  source: ConnectorSpec;
  /** Undefined: none runs. */
  checkpoint?: ConnectorSpec;
  heartbeat?: ConnectorSpec;
  topicsPattern: string;
  topicsExcludePattern?: string;
  groupsPattern: string;
  groupsExcludePattern?: string;
  pods: PodSettings;
}

/** A KafkaMirrorMaker2 with every choice made, independent of the dialect. Leaves may be values that Pulumi knows later. */
export interface MirrorSpec extends ObjectMeta, MirrorChoices {
  origin: ClusterSpec;
  target: TargetSpec;
}
