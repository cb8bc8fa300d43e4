import { block, count, flag, list, text, type Written } from "../setting";

export const ruleShape = {
  /** Comma-separated Java regular expressions, as in MirrorMaker 2's `topics`. */
  pattern: text,
  /** Number of replicas. */
  factor: count,
};

/** The factor for every target topic whose whole name matches. The first matching rule wins. */
export interface ReplicationRule extends Written<typeof ruleShape> {}

export const replicationShape = {
  /**
   * Factors by pattern, a list of `{ pattern, factor }`. The first matching rule wins. Topics without a match get the
   * origin's factor.
   * @default the origin's factor
   */
  rules: list(block<ReplicationRule>(ruleShape)).optional(),
  /**
   * Bytes per second and broker for the copying of replicas.
   * @default no throttle
   */
  throttleBytesPerSecond: count.optional(),
  /**
   * Number of partitions that are reassigned at the same time.
   * @default 200
   */
  batchPartitions: count.optional(),
  /**
   * Allow two replicas of a partition in one rack.
   * @default false
   */
  allowSameRack: flag.optional(),
};

export const replicationTimeShape = {
  /**
   * Longest duration of the whole reset, in milliseconds.
   * @default 3600000
   */
  limitMs: count.optional(),
};

export interface ReplicationOptions extends Written<typeof replicationShape>, Written<typeof replicationTimeShape> {
  /**
   * Remove no replica and lower no minimum. A value above the wanted one was raised by somebody later. Default false.
   */
  onlyAdd?: boolean;
  /**
   * Names of target topics that stay as they are: a KafkaTopic owns them, and this migration may not change it. Default
   * none.
   */
  leave?: readonly string[];
}

/** The current state of one partition of the target. */
export interface PartitionNow {
  partition: number;
  /** -1: offline. */
  leader: number;
  /** Preferred leader first. */
  replicas: number[];
  isr: number[];
  /** Bytes of one replica on disk; 0 if unknown. */
  bytes: number;
}

export interface TopicNow {
  name: string;
  /** Wanted number of replicas of each partition. */
  factor: number;
  partitions: PartitionNow[];
}

export interface BrokerNow {
  id: number;
  /** Absent: the broker counts as a rack of its own. */
  rack?: string;
  /** Replicas and bytes of topics that are not in the plan. */
  otherReplicas?: number;
  otherBytes?: number;
}

export interface ReplicationInput {
  topics: readonly TopicNow[];
  brokers: readonly BrokerNow[];
  /** Put two replicas of a partition in one rack if there are fewer racks than replicas. Default false. */
  allowSameRack?: boolean;
  /** Do not change partitions that have more replicas than wanted. Default false. */
  onlyAdd?: boolean;
}

export interface PartitionChange {
  topic: string;
  partition: number;
  from: number[];
  /** Preferred leader first. */
  to: number[];
  /** Bytes to copy over the network: the size of one replica for each new replica. */
  bytes: number;
}

export interface TopicChange {
  topic: string;
  /** Current factors, e.g. `[1]`. More than one if partitions differ. */
  from: number[];
  to: number;
  /** Partitions that change. */
  partitions: number;
  bytes: number;
}

export interface ReplicationPlan {
  changes: PartitionChange[];
  topics: TopicChange[];
  bytes: number;
  /** Partitions that already have the wanted factor. */
  unchanged: number;
}
