/** Moves consumer groups to their exact place on the target. See docs/offsets.md. */
export { applyOffsets, type KeepIntent } from "./apply";
export { estimateWriting, type WritingEstimate } from "./estimate";
export { activeOnOrigin, refuseActive } from "./active";
export { blockedError, blockedGroups, blockedUntilMended } from "./blocked";
export {
  type AppliedNow,
  appliedNow,
  appliedNowLines,
  checkApplied,
  clusterIds,
  joinApplied,
  type MovedOffset,
  requireSameTarget,
} from "./applied";
export { type Checkpoints, planFromCheckpoints, planToTime, readCheckpoints } from "./other-ways";
export { forgetOffsets, type GroupPositions, positionsIn } from "./forget";
export { watchIdle, withIdleSince } from "./idle";
export { deleteJournal, isApplied, isJournalLeft, type OriginId, readJournal, writeJournal } from "./journal";
export { readCommitments, WHY_NOT_SHARE } from "./commitments";
export { planOffsets } from "./plan";
export { planRevert, revertOffsets } from "./revert";
export { readOnGroups, withOwnWrites, withReplaceable } from "./unfinished";
export type {
  AppliedGroup,
  AppliedOffsets,
  GroupPlan,
  How,
  OffsetOptions,
  OffsetPlan,
  OffsetSummary,
  PartitionPlan,
  PlanOptions,
  RevertedOffsets,
  TopicPlan,
  WrittenOffset,
} from "./types";
