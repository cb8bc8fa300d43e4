import type { InternalTopicCheck } from "../cleanup";
import type { ConfigSource } from "../kafka/port";
import type { LogBounds } from "../log/bounds";
import type { MirrorModel } from "../model";
import type { BrokerNow } from "../replication";
import type { ConfigSync } from "./config-sync";
import type { LargeRecord } from "./large";
import type { Addresses, OtherMirror } from "./opposite";
import type { RefusedSettings } from "./refused";

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
