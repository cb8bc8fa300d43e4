import type { ReplicationRule } from "./factors";

export interface ReplicationOptions {
  /** Pattern to factor; the first that matches decides. Topics without one get the origin's factor. */
  rules?: readonly ReplicationRule[];
  /** Bytes per second and broker for the copying of replicas. Default: no throttle. */
  throttleBytesPerSecond?: number;
  /** Partitions that are reassigned at a time. Default 200. */
  batchPartitions?: number;
  /** Longest time for the whole reset in milliseconds. Default 1 hour. */
  limitMs?: number;
  /** Allow two replicas of a partition in one rack. Default false. */
  allowSameRack?: boolean;
  /** Take no replica away and lower no minimum: what is above the wanted was made so by somebody since. Default false. */
  onlyAdd?: boolean;
}

/** One partition of the target as it is now. */
export interface PartitionNow {
  partition: number;
  /** -1: offline. */
  leader: number;
  /** Preferred leader first. */
  replicas: number[];
  isr: number[];
  /** Bytes of one replica on disk; 0 when unknown. */
  bytes: number;
}

export interface TopicNow {
  name: string;
  /** Replicas that each partition shall have. */
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
  /** Put two replicas of a partition in one rack when there are fewer racks than replicas. Default false. */
  allowSameRack?: boolean;
  /** Leave partitions alone that have more replicas than wanted. Default false. */
  onlyAdd?: boolean;
}

export interface PartitionChange {
  topic: string;
  partition: number;
  from: number[];
  /** Preferred leader first. */
  to: number[];
  /** Bytes that go over the network: one replica's size for each new replica. */
  bytes: number;
}

export interface TopicChange {
  topic: string;
  /** Factors found now, e.g. `[1]`; more than one when partitions differ. */
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
  /** Partitions that have the wanted factor already. */
  unchanged: number;
}
