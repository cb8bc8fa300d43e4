/** Moving consumer groups to their exact place on the target. See docs/offsets.md. */
export { applyOffsets, blockedGroups, type KeepIntent } from "./apply";
export { clusterIds, requireSameTarget } from "./clusters";
export { continued } from "./continued";
export { type AppliedNow, appliedNow, appliedNowLines, checkApplied, type MovedOffset } from "./check";
export { readCheckpoints, type Checkpoints } from "./checkpoints";
export { estimateWriting, type WritingEstimate } from "./estimate";
export { deleteJournal, isApplied, readJournal, writeJournal } from "./journal";
export { WHY_NOT_SHARE } from "./groups";
export { planFromCheckpoints, planToTime } from "./other-ways";
export { planOffsets, readCommitments } from "./plan";
export { revertOffsets } from "./revert";
export type {
  AppliedGroup,
  AppliedOffsets,
  GroupPlan,
  How,
  OffsetOptions,
  OffsetPlan,
  OffsetSummary,
  PartitionPlan,
  RevertedOffsets,
  TopicPlan,
  WrittenOffset,
} from "./types";
