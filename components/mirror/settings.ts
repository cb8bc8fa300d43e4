import type { Profile } from "../../engine/model";
import type { AlterOffsets, ConnectorState, DialectName, ListOffsets, PodSettings } from "../dialects/model";

/** One value of a Kafka or connector configuration; null takes the profile's value away. */
export type ConfigValue = string | number | boolean | null;

/**
 * Everything that decides what the mirror does and how its topics are named. Plain values: they are checked, and the
 * internal topics computed, before anything is created. Every default is the profile's; every value can be overridden.
 */
export interface MirrorSettings extends PodSettings {
  /** Default `strimzi-v1`. */
  dialect?: DialectName;
  /**
   * Version of the operator that reads the dialect, of Strimzi (`0.45.0`) or Event Streams (`11.1.4`): it decides which fields are
   * written. Default: the newest that reads the dialect.
   */
  operatorVersion?: string;
  /** `guide`: exactly the guide's values; `tuned`: `least` and the throughput keys. Default `least`. */
  profile?: Profile;
  /**
   * Kafka version of the MirrorMaker 2 that runs, `major.minor[.patch]`; written as `spec.version` when given.
   * Default: what the dialect's operator runs (2.7.0 for event-streams-v1beta1; 4.2.0 for the newest operators), and `spec.version` is left out.
   */
  kafkaVersion?: string;
  /** Container image of the workers. Default: the operator's. */
  image?: string;
  /** Number of workers. Default 1. */
  replicas?: number;
  /** `tasksMax` of the source connector. Default: unset, which is 1; `tuned`: 4. More than there are partitions bring nothing. */
  tasksMax?: number;
  /** Replication factor of topics made on the target; -1: the target's default. Default -1, or min(3, `target.brokers`); `guide`: 1. */
  replicationFactor?: number;
  /** Milliseconds between flushes of the workers' offsets. Default 5000; `guide`: unset, which is 60000. */
  offsetFlushIntervalMs?: number;
  /** Exactly-once source support (target and worker Kafka >= 3.5). Default false. */
  exactlyOnce?: boolean;
  /** Comma-separated Java regular expressions, matched whole. Default `.*`. Example: `orders,payments-.*`. */
  topicsPattern?: string;
  /** Default: MirrorMaker 2's own. */
  topicsExcludePattern?: string;
  /** Default `.*`. */
  groupsPattern?: string;
  /** Default: MirrorMaker 2's own. */
  groupsExcludePattern?: string;
  /** What the origin is called and configured as in the mirror. */
  origin?: ClusterSettings;
  /** The same of the target, and Connect's group and topics there. */
  target?: TargetSettings;
  /** Over the profile's. Example: `{ config: { "offset.lag.max": 0 } }`. */
  sourceConnector?: Omit<ConnectorSettings, "tasksMax">;
  /**
   * Over the profile's. Example: `{ config: { "emit.checkpoints.interval.seconds": 30 } }`. False: no checkpoint connector;
   * groups move without it, but the checkpoints topic can't help anybody afterwards.
   */
  checkpointConnector?: ConnectorSettings | false;
  /** Declares a heartbeat connector. Default: none. Not in `strimzi-v1`. */
  heartbeatConnector?: ConnectorSettings;
}

export interface ClusterSettings {
  /** Default `origin-cluster`, `target-cluster`; part of the internal topics' names. */
  alias?: string;
  /** Number of brokers, when known: internal topics then get min(3, brokers) replicas instead of the cluster's default. */
  brokers?: number;
  /** The mirror's configuration of this cluster, e.g. `{ "offset.flush.interval.ms": 10000 }` (target: the workers'). */
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
  /** Over the profile's, key by key. */
  config?: Record<string, ConfigValue>;
  /** Default: unset, which is 1. */
  tasksMax?: number;
  /** Default: running. */
  state?: ConnectorState;
  /** Default: off. */
  autoRestart?: {
    /** Restart a failed connector and its tasks. */
    enabled: boolean;
    /** Default: without a limit. */
    maxRestarts?: number;
  };
  /** Version of the connector's plugin (KIP-891; Strimzi 0.49 and later). Default: the newest in the image. */
  version?: string;
  /** ConfigMap that the operator writes the connector's offsets to, when an annotation asks (Strimzi 0.44 and later). */
  listOffsets?: ListOffsets;
  /** ConfigMap that the operator reads new offsets from, when an annotation asks (Strimzi 0.44 and later). */
  alterOffsets?: AlterOffsets;
}
