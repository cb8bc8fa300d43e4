import type { InternalTopicCheck } from "../cleanup";
import type { ConfigSource } from "../kafka/port";
import type { LogBounds } from "../log/bounds";
import type { MirrorModel } from "../model";
import type { BrokerNow } from "../replication";
import type { ConfigSync } from "./config-sync";
import type { LargeRecord } from "./large";
import type { Addresses, OtherMirror } from "./opposite";

/** One configuration value as a broker tells it. */
export interface Setting {
  value: string;
  /** True when it was set on the topic itself. */
  ofTopic: boolean;
  /** Where the value comes from, as the broker says it. Absent: `dynamic-topic` with `ofTopic`, else `default`. */
  source?: ConfigSource;
}

export type Settings = Readonly<Record<string, Setting>>;

export interface TopicFacts {
  name: string;
  settings: Settings;
  /** Largest number of replicas of any partition, once what is under way is done. */
  factor: number;
  /** Where each partition's log starts and ends, by partition number. undefined: it has no leader. */
  bounds: (LogBounds | undefined)[];
}

/** One topic that the mirror copies. */
export interface SelectedTopic {
  origin: TopicFacts;
  /** Its name on the target. */
  targetName: string;
  /** Absent: not there yet. */
  target?: TopicFacts;
}

export interface BrokerFacts extends BrokerNow {
  /** Effective broker settings; empty when they could not be read. */
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

/** Records that a limit of the target would refuse or delete, asked from the origin by time. */
export interface TimedRecords {
  limit: "retention" | "before" | "after";
  topic: string;
  /** The target's limit in ms. */
  limitMs: number;
  /** Partitions with such records. */
  partitions: number[];
}

/** Everything that preflight decides on: plain data, read once. */
export interface PreflightFacts {
  mirror: MirrorModel;
  origin: ClusterFacts;
  target: ClusterFacts;
  /** Every topic and group that the origin shows. */
  originTopics: string[];
  originGroups: string[];
  /** Of the groups that the mirror can't handle or leaves out by default: those without an offset on a copied topic. */
  idleGroups?: ReadonlySet<string>;
  /** Every topic that the target shows. */
  targetTopics?: string[];
  selected: SelectedTopic[];
  /** Internal topics as found on their own side. */
  internals: InternalTopicCheck[];
  mirrorGroup: GroupFacts;
  /** This very mirror has run before or runs now: its source connector is in its own configs topic. */
  started: boolean;
  /** Last mirrored origin offset of each `topic:partition`, from Connect's offsets topic. */
  mirrored: ReadonlyMap<string, number>;
  /** Origin `topic:partition` for which the mirror has written an offset sync. */
  synced: ReadonlySet<string>;
  timed: TimedRecords[];
  /** Topics that an earlier look found good and that this mirror has been copying since: what is in them is its work or its clients'. */
  known: ReadonlySet<string>;
  /** Source connectors of other mirrors whose configuration lies on one of the clusters. */
  others?: readonly OtherMirror[];
  /** How others may reach the two clusters. */
  addresses?: Addresses;
  /** The largest record of each topic among those that were looked at. */
  large?: readonly LargeRecord[];
  /** How MirrorMaker 2 brings topic settings to the target. Absent: its defaults. */
  configSync?: ConfigSync;
}
