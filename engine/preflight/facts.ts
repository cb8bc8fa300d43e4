import type { InternalTopicCheck } from "../cleanup";
import type { ConfigSource, TopicPartition } from "../kafka/port";
import type { LogBounds } from "../log/bounds";
import type { MirrorModel, Side } from "../model";
import type { BrokerNow } from "../replication";

/** One configuration value as a broker returns it. */
export interface Setting {
  value: string;
  /** True if it is set on the topic itself. */
  ofTopic: boolean;
  /** The source of the value, as the broker returns it. Absent: `dynamic-topic` if `ofTopic`, otherwise `default`. */
  source?: ConfigSource;
}

export type Settings = Readonly<Record<string, Setting>>;

export interface TopicFacts {
  name: string;
  settings: Settings;
  /** Largest number of replicas of any partition, after reassignments in progress are done. */
  factor: number;
  /** Start and end of each partition's log, by partition number. undefined: the partition has no leader. */
  bounds: (LogBounds | undefined)[];
}

/** One topic that the mirror copies. */
export interface SelectedTopic {
  origin: TopicFacts;
  /** Its name on the target. */
  targetName: string;
  /** Absent: the topic does not exist yet. */
  target?: TopicFacts;
}

export interface BrokerFacts extends BrokerNow {
  /** Effective broker settings. Empty if they could not be read. */
  settings: Readonly<Record<string, string>>;
}

export interface ClusterFacts {
  clusterId: string;
  brokers: BrokerFacts[];
}

export interface GroupFacts {
  state: string;
  /** `connect`, `consumer`, or empty. */
  protocolType: string;
  members: number;
  /** Partitions with a committed offset. */
  committed: number;
}

/** Records that a time limit of the target would refuse or delete. Found by asking the origin for offsets by time. */
export interface TimedRecords {
  limit: "retention" | "before" | "after";
  topic: string;
  /** The target's limit in ms. */
  limitMs: number;
  /** Partitions with such records. */
  partitions: number[];
}

/** All input of preflight's decisions: plain data, read once. */
export interface PreflightFacts {
  mirror: MirrorModel;
  origin: ClusterFacts;
  target: ClusterFacts;
  /** All topics and groups that are visible on the origin. */
  originTopics: string[];
  originGroups: string[];
  /** Groups without an offset on a copied topic, among those that the mirror cannot handle or skips by default. */
  idleGroups?: ReadonlySet<string>;
  /** All topics that are visible on the target. */
  targetTopics?: string[];
  selected: SelectedTopic[];
  /** Internal topics, each checked on its own side. */
  internals: InternalTopicCheck[];
  mirrorGroup: GroupFacts;
  /** True if this mirror has run before or runs now: its source connector is in its own configs topic. */
  started: boolean;
  /** Last mirrored origin offset of each `topic:partition`, from Connect's offsets topic. */
  mirrored: ReadonlyMap<string, number>;
  /** Origin `topic:partition` for which the mirror has written an offset sync. */
  synced: ReadonlySet<string>;
  timed: TimedRecords[];
  /**
   * Bytes of partitions on the origin (`topic:partition`), of topics that the target would limit to a smaller size.
   * Absent, or without an entry: not known.
   */
  sizes?: ReadonlyMap<string, bigint>;
  /**
   * Topics that passed an earlier preflight and that this mirror has copied since. Their records come from this mirror
   * or from its clients.
   */
  known: ReadonlySet<string>;
  /** Source connectors of other mirrors whose configuration is stored on one of the clusters. */
  others?: readonly OtherMirror[];
  /** Addresses by which other mirrors may reach the two clusters. */
  addresses?: Addresses;
  /** The largest sampled record of each topic. */
  large?: readonly LargeRecord[];
  /** How MirrorMaker 2 copies topic settings to the target. Absent: its defaults. */
  configSync?: ConfigSync;
  /** Settings that MirrorMaker 2 would copy and that the target refuses. Absent: none. */
  refused?: RefusedSettings;
}

/**
 * How MirrorMaker 2 copies topic settings to the target. These are settings of its source connector. Everything has a
 * default.
 */
export interface ConfigSync {
  /**
   * `sync.topic.configs.enabled`. Default true. If false, only topics that MirrorMaker 2 creates get the origin's
   * settings.
   */
  enabled?: boolean;
  /** `config.properties.exclude`: comma-separated Java regular expressions, matched whole. Default: MirrorMaker 2's. */
  exclude?: string;
  /**
   * `use.defaults.from`. `target`: a setting that has its default on the origin's topic is removed from the target's
   * topic. Default `target`.
   */
  defaultsFrom?: "source" | "target";
  /** `use.incremental.alter.configs` (Kafka 3.5 to 3.9): `requested`, `required` or `never`. Default `requested`. */
  incremental?: string;
}

/** The largest sampled record of a topic. */
export interface LargeRecord extends TopicPartition {
  offset: number;
  /** Bytes of key, value and headers, uncompressed. */
  bytes: number;
}

/** A source connector of another MirrorMaker 2, from the configuration that Connect stores on one of the clusters. */
export interface OtherMirror {
  /** The cluster on which its Connect cluster stores the configuration. */
  side: Side;
  configTopic: string;
  connector: string;
  config: Readonly<Record<string, string>>;
  /** `STARTED`, `PAUSED` or `STOPPED`. */
  target: string;
  /** True if a Connect cluster other than this mirror's runs there now. */
  alive: boolean;
}

/** The known addresses of each cluster: `host:port`. */
export type Addresses = Readonly<Record<Side, readonly string[]>>;

/** A setting that MirrorMaker 2 would give a topic and that the target refuses. */
export interface RefusedSetting {
  /** Absent: the settings are refused only together. */
  key?: string;
  value?: string;
  /** The broker's message. */
  message: string;
}

/** By name of the origin's topic. */
export type RefusedSettings = ReadonlyMap<string, readonly RefusedSetting[]>;
