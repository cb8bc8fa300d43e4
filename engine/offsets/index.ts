/** Moves consumer groups to their exact place on the target. See docs/offsets.md. */
export { applyOffsets, blockedGroups, type KeepIntent } from "./apply";
export { clusterIds, requireSameTarget } from "./applied";
export { joinApplied } from "./applied";
export { type AppliedNow, appliedNow, appliedNowLines, checkApplied, type MovedOffset } from "./applied";
export { readCheckpoints, type Checkpoints } from "./other-ways";
export { estimateWriting, type WritingEstimate } from "./apply";
export { deleteJournal, isApplied, readJournal, writeJournal } from "./journal";
export { WHY_NOT_SHARE } from "./commitments";
export { planFromCheckpoints, planToTime } from "./other-ways";
export { readCommitments } from "./commitments";
export { planOffsets } from "./plan";
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
