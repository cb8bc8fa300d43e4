import type { ConnectView } from "../connect-state";
import type { TopicPartition } from "../kafka/port";
import type { TopicIds } from "../model";
import type { Isolation } from "../records/read";
import type { PartitionFacts } from "./rule";

export interface TopicLook {
  origin: string;
  target: string;
  /** Partition numbers on the origin. */
  partitions: number[];
  offline: number[];
  /** Undefined: the topic does not exist on the target. */
  targetPartitions?: number;
  targetOffline: number[];
  /** Absent in tests that do not need ids. */
  ids?: TopicIds;
  /** An existing topic on the target. Because of it, the brokers refuse to create this one. */
  collidesWith?: string;
}

export interface PartitionLook extends TopicPartition {
  facts: PartitionFacts;
}

/** The state of both clusters at one moment, as plain data. The findings are computed from it. */
export interface Look {
  /** ms since the epoch, just before the origin's ends were read. */
  at: number;
  /** All topics that the origin lists. */
  visibleTopics: string[];
  /** The topics among them that the mirror copies. */
  topics: TopicLook[];
  partitions: Map<string, PartitionLook>;
  connect: ConnectView;
  isolation: Isolation;
  /** Topics that are assigned to a task but not listed by the origin: this principal may not describe them. */
  hiddenTopics: string[];
  /** Settings of target topics that may explain a failed task. Absent: no task failed, or not because of a setting. */
  targetSettings?: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** Partitions whose gap was read in this look. */
  gapsRead: number;
}
