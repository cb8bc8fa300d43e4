export { applyReplication, DEFAULT_BATCH_PARTITIONS, DEFAULT_LIMIT_MS, type ReplicationOptions, type ReplicationResult } from "./apply";
export { cancelReplication, type CancelResult } from "./cancel";
export { idleRules, minInsyncChanges, type MinInsyncChange, type OriginReplication, type ReplicationRule, wantedFactors } from "./factors";
export {
  type BrokerNow,
  type PartitionChange,
  type PartitionNow,
  planReplication,
  type ReplicationInput,
  type ReplicationPlan,
  type TopicChange,
  type TopicNow,
} from "./plan";
export { planReplicationFor, type ReplicationPreview } from "./preview";
export { findThrottle, type ThrottleFound } from "./throttle";
