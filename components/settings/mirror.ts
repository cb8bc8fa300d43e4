import {
  anyText,
  block,
  checked,
  count,
  falseOr,
  flag,
  oneOf,
  text,
  typed,
  version,
  whole,
  type Written,
} from "../../engine/setting";
import { configValues } from "../shape/types";
import { type PodSettings, podShape } from "./pods";

/**
 * Every setting of a mirror, once: its name, type, description and default. The types of the arguments, the keys of the
 * ready-made stack and the tables in docs/configuration.md come from here. `components/dialects/` writes the settings.
 * The order of the keys is part of what `Report` compares, so add new keys at the end of a shape.
 */

/** One value of a Kafka or connector configuration. Null removes the profile's value. */
export type ConfigValue = string | number | boolean | null;

export const DIALECTS = [
  "event-streams-v1beta1",
  "event-streams-v1beta2",
  "event-streams-v1",
  "strimzi-v1beta2",
  "strimzi-v1",
] as const;
export type DialectName = (typeof DIALECTS)[number];
export const DEFAULT_DIALECT: DialectName = "strimzi-v1";

export const PROFILES = ["guide", "tuned", "least"] as const;

const autoRestartShape = {
  /** Restart a failed connector and its tasks. */
  enabled: flag,
  /**
   * Largest number of restarts.
   * @default no limit
   */
  maxRestarts: whole(0).optional(),
};
export interface AutoRestart extends Written<typeof autoRestartShape> {}

const CONNECTOR_STATES = ["running", "paused", "stopped"] as const;
export type ConnectorState = (typeof CONNECTOR_STATES)[number];

/** ConfigMap to which the operator writes a connector's offsets. Fields as in Strimzi. */
export interface ListOffsets {
  toConfigMap: { name: string };
}

/** ConfigMap from which the operator reads a connector's new offsets. Fields as in Strimzi. */
export interface AlterOffsets {
  fromConfigMap: { name: string };
}

const configMap = block<{ name: string }>({ name: text });

const connectorShape = {
  /**
   * Overrides the profile's values, key by key.
   * @default the profile's
   */
  config: configValues.optional(),
  /**
   * `running`, `paused` or `stopped`.
   * @default `running`
   */
  state: oneOf(CONNECTOR_STATES).optional(),
  /**
   * Restarts after a failure.
   * @default off
   */
  autoRestart: block<AutoRestart>(autoRestartShape).optional(),
  /**
   * Version of the connector's plugin (KIP-891; Strimzi 0.49 and later).
   * @default the newest in the image
   */
  version: text.optional(),
  /**
   * ConfigMap to which the operator writes the connector's offsets when an annotation requests it (Strimzi 0.44 and
   * later).
   */
  listOffsets: block<ListOffsets>({ toConfigMap: configMap }).optional(),
  /** ConfigMap from which the operator reads new offsets when an annotation requests it (Strimzi 0.44 and later). */
  alterOffsets: block<AlterOffsets>({ fromConfigMap: configMap }).optional(),
};
export interface SourceConnectorSettings extends Written<typeof connectorShape> {}

export const connectorWithTasksShape = {
  ...connectorShape,
  /**
   * Largest number of the connector's tasks.
   * @default not set, which is 1
   */
  tasksMax: count.optional(),
};
export interface ConnectorSettings extends Written<typeof connectorWithTasksShape> {}

/** Settings of both clusters in the mirror. */
export const clusterShape = {
  /**
   * Name of the cluster in the mirror. Part of the internal topics' names.
   * @default `origin-cluster` or `target-cluster`
   */
  alias: text.optional(),
  /**
   * Number of brokers, if known. Internal topics then get min(3, brokers) replicas instead of the cluster's default.
   * @default unknown
   */
  brokers: count.optional(),
  /**
   * The mirror's configuration of this cluster (for the target: of the workers). Example:
   * `{ "offset.flush.interval.ms": 10000 }`.
   * @default the profile's
   */
  config: configValues.optional(),
};
export interface ClusterSettings extends Written<typeof clusterShape> {}

/** Additional settings of the target: Connect's group and topics. */
export const targetShape = {
  /**
   * Connect's group.
   * @default `migration-connect-cluster`; `guide`: the operator's, `mirrormaker2-cluster`
   */
  groupId: text.optional(),
  /**
   * Topic with the connectors' offsets.
   * @default `migration-connect-cluster-offsets`
   */
  offsetStorageTopic: text.default("migration-connect-cluster-offsets"),
  /**
   * Topic with the connectors' configurations.
   * @default `migration-connect-cluster-configs`
   */
  configStorageTopic: text.default("migration-connect-cluster-configs"),
  /**
   * Topic with the connectors' states.
   * @default `migration-connect-cluster-status`
   */
  statusStorageTopic: text.default("migration-connect-cluster-status"),
};
export interface TargetSettings extends ClusterSettings, Written<typeof targetShape> {}

/** Settings of the workers and connectors. */
export const workerShape = {
  /**
   * Kafka version of the MirrorMaker 2 that runs, `major.minor.patch`, as the operator lists it. Written as
   * `spec.version` if it is set.
   * @default the version that the dialect's operator runs, without `spec.version`
   */
  kafkaVersion: version.optional(),
  /**
   * Container image of the workers.
   * @default the operator's
   */
  image: text.optional(),
  /**
   * Number of workers.
   * @default 1
   */
  replicas: whole(0).default(1),
  /**
   * `tasksMax` of the source connector. More tasks than partitions have no effect.
   * @default not set, which is 1; `tuned`: 4
   */
  tasksMax: count.optional(),
  /**
   * Replication factor of topics created on the target. -1: the target's default.
   * @default -1, or min(3, `target.brokers`); `guide`: 1
   */
  replicationFactor: checked<number>(
    (factor) => Number.isInteger(factor) && (factor === -1 || (factor as number) > 0),
    "a whole number, at least 1, or -1 for the target's default",
  ).optional(),
  /**
   * Milliseconds between flushes of the workers' offsets.
   * @default 1000; `guide`: not set, which is 60000
   */
  offsetFlushIntervalMs: count.optional(),
  /**
   * Exactly-once source support (target and worker Kafka >= 3.5).
   * @default false
   */
  exactlyOnce: flag.default(false),
  /**
   * Topics to copy. Comma-separated Java regular expressions that match the whole name. Example: `orders,payments-.*`.
   * @default `.*`
   */
  topicsPattern: anyText.default(".*"),
  /**
   * Topics not to copy, in the same form.
   * @default MirrorMaker 2's own
   */
  topicsExcludePattern: anyText.optional(),
  /**
   * Consumer groups that move, in the same form.
   * @default `.*`
   */
  groupsPattern: anyText.default(".*"),
  /**
   * Consumer groups to leave out, in the same form.
   * @default MirrorMaker 2's own
   */
  groupsExcludePattern: anyText.optional(),
  /**
   * Overrides the profile's values. Example: `{ config: { "offset.lag.max": 0 } }`.
   * @default the profile's
   */
  sourceConnector: block<SourceConnectorSettings>(connectorShape).optional(),
  /**
   * Overrides the profile's values. Example: `{ config: { "emit.checkpoints.interval.seconds": 30 } }`. `false`: no
   * checkpoint connector. Groups move without it, but there is no checkpoints topic to use afterwards.
   * @default the profile's
   */
  checkpointConnector: falseOr(block<ConnectorSettings>(connectorWithTasksShape)).optional(),
  /**
   * Declares a heartbeat connector. Not in `strimzi-v1` and `event-streams-v1`.
   * @default none
   */
  heartbeatConnector: block<ConnectorSettings>(connectorWithTasksShape).optional(),
};

/** Settings that every description of a mirror has. */
export const mirrorShape = { ...workerShape, ...podShape };

/** Settings that a migration has at its top level. */
export const choiceShape = {
  /**
   * How the operator's API version spells the resources: `strimzi-v1`, `strimzi-v1beta2`, `event-streams-v1`,
   * `event-streams-v1beta2` or `event-streams-v1beta1`.
   * @default `strimzi-v1`
   */
  dialect: typed<DialectName>(anyText).optional(),
  /**
   * Version of the operator that reads the dialect, of Strimzi (`0.45.0`) or Event Streams (`11.1.4`). It decides which
   * fields are written (docs/dialects.md).
   * @default the newest that reads the dialect
   */
  operatorVersion: anyText.optional(),
  /**
   * `least`: least privilege and sound values. `tuned`: the same, and values that increase throughput. `guide`: exactly
   * the guide's values.
   * @default `least`
   */
  profile: oneOf(PROFILES).default("least"),
};

const ownClustersShape = {
  /** Alias and configuration of the origin in the mirror. */
  origin: block<ClusterSettings>(clusterShape).optional(),
  /** Alias and configuration of the target, and the names of Connect's group and topics there. */
  target: block<TargetSettings>({ ...clusterShape, ...targetShape }).optional(),
};

/**
 * All settings that decide what the mirror does and how its topics are named. They are plain values, so they are
 * checked, and the internal topics are computed, before anything is created. Defaults come from the profile. Every
 * value can be overridden.
 */
export interface MirrorSettings
  extends Written<typeof choiceShape>,
    Written<typeof workerShape>,
    PodSettings,
    Written<typeof ownClustersShape> {}
