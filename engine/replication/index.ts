export { applyReplication, DEFAULT_BATCH_PARTITIONS, DEFAULT_LIMIT_MS, type ReplicationResult } from "./apply";
export { cancelReplication, type CancelResult } from "./cancel";
export {
  idleRules,
  minInsyncChanges,
  type MinInsyncChange,
  type OriginReplication,
  wantedFactors,
} from "./factors";
export { factorsOf } from "./read";
export { planReplication } from "./plan";
export { planReplicationFor, type ReplicationPreview } from "./preview";
export { findThrottle, type ThrottleFound, throttlesOn, throttleText } from "./throttle";
export type {
  BrokerNow,
  PartitionChange,
  PartitionNow,
  ReplicationInput,
  ReplicationOptions,
  ReplicationPlan,
  ReplicationRule,
  TopicChange,
  TopicNow,
} from "./types";
export { type WantedReplication, wantedReplication, wantedReplicationFor } from "./wanted";
