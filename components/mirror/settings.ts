import type { Profile } from "../../engine/model";
import type { AlterOffsets, ConnectorState, DialectName, ListOffsets, PodSettings } from "../dialects/model";

/** One value of a Kafka or connector configuration. Null removes the profile's value. */
export type ConfigValue = string | number | boolean | null;

/**
 * All settings that decide what the mirror does and how its topics are named. They are plain values, so they are
 * checked, and the internal topics are computed, before anything is created. Defaults come from the profile. Every
 * value can be overridden.
 */
export interface MirrorSettings extends PodSettings {
  /** Default `strimzi-v1`. */
  dialect?: DialectName;
  /**
   * Version of the operator that reads the dialect, of Strimzi (`0.45.0`) or Event Streams (`11.1.4`). It decides which
   * fields are written. Default: the newest that reads the dialect.
   */
  operatorVersion?: string;
  /** `guide`: exactly the guide's values. `tuned`: `least` and the keys that increase throughput. Default `least`. */
  profile?: Profile;
  /**
   * Kafka version of the MirrorMaker 2 that runs, `major.minor[.patch]`. Written as `spec.version` if it is set.
   * Default: the version that the dialect's operator runs (2.7.0 for event-streams-v1beta1; 4.2.0 for the newest
   * operators), without `spec.version`.
   */
  kafkaVersion?: string;
  /** Container image of the workers. Default: the operator's. */
  image?: string;
  /** Number of workers. Default 1. */
  replicas?: number;
  /**
   * `tasksMax` of the source connector. More tasks than partitions have no effect. Default: not set, which is 1;
   * `tuned`: 4.
   */
  tasksMax?: number;
  /**
   * Replication factor of topics created on the target. -1: the target's default. Default -1, or min(3,
   * `target.brokers`); `guide`: 1.
   */
  replicationFactor?: number;
  /** Milliseconds between flushes of the workers' offsets. Default 5000; `guide`: not set, which is 60000. */
  offsetFlushIntervalMs?: number;
  /** Exactly-once source support (target and worker Kafka >= 3.5). Default false. */
  exactlyOnce?: boolean;
  /**
   * Topics to copy. Comma-separated Java regular expressions that match the whole name. Default `.*`.
   * Example: `orders,payments-.*`.
   */
  topicsPattern?: string;
  /** Topics not to copy, in the same form. Default: MirrorMaker 2's own. */
  topicsExcludePattern?: string;
  /** Consumer groups, in the same form. Default `.*`. */
  groupsPattern?: string;
  /** Consumer groups to leave out, in the same form. Default: MirrorMaker 2's own. */
  groupsExcludePattern?: string;
  /** Alias and configuration of the origin in the mirror. */
  origin?: ClusterSettings;
  /** Alias and configuration of the target, and the names of Connect's group and topics there. */
  target?: TargetSettings;
  /** Overrides the profile's values. Example: `{ config: { "offset.lag.max": 0 } }`. */
  sourceConnector?: Omit<ConnectorSettings, "tasksMax">;
  /**
   * Overrides the profile's values. Example: `{ config: { "emit.checkpoints.interval.seconds": 30 } }`. False: no
   * checkpoint connector. Groups move without it, but there is no checkpoints topic to use afterwards.
   */
  checkpointConnector?: ConnectorSettings | false;
  /** Declares a heartbeat connector. Default: none. Not in `strimzi-v1`. */
  heartbeatConnector?: ConnectorSettings;
}

export interface ClusterSettings {
  /**
   * Name of the cluster in the mirror. Part of the internal topics' names. Default `origin-cluster` or
   * `target-cluster`.
   */
  alias?: string;
  /**
   * Number of brokers, if known. Internal topics then get min(3, brokers) replicas instead of the cluster's default.
   */
  brokers?: number;
  /**
   * The mirror's configuration of this cluster (for the target: of the workers).
   * Example: `{ "offset.flush.interval.ms": 10000 }`.
   */
  config?: Record<string, ConfigValue>;
}

export interface TargetSettings extends ClusterSettings {
  /** Connect's group. Default `migration-connect-cluster`; `guide`: the operator's, `mirrormaker2-cluster`. */
  groupId?: string;
  /** Default `migration-connect-cluster-offsets`. */
  offsetStorageTopic?: string;
  /** Default `migration-connect-cluster-configs`. */
  configStorageTopic?: string;
  /** Default `migration-connect-cluster-status`. */
  statusStorageTopic?: string;
}

export interface ConnectorSettings {
  /** Overrides the profile's values, key by key. */
  config?: Record<string, ConfigValue>;
  /** Default: not set, which is 1. */
  tasksMax?: number;
  /** Default: running. */
  state?: ConnectorState;
  /** Default: off. */
  autoRestart?: {
    /** Restart a failed connector and its tasks. */
    enabled: boolean;
    /** Default: no limit. */
    maxRestarts?: number;
  };
  /** Version of the connector's plugin (KIP-891; Strimzi 0.49 and later). Default: the newest in the image. */
  version?: string;
  /**
   * ConfigMap to which the operator writes the connector's offsets when an annotation requests it (Strimzi 0.44 and
   * later).
   */
  listOffsets?: ListOffsets;
  /** ConfigMap from which the operator reads new offsets when an annotation requests it (Strimzi 0.44 and later). */
  alterOffsets?: AlterOffsets;
}
