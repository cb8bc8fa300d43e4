/** Keeps producers from writing to the origin during a cutover, and shows who writes. See docs/fence.md. */
export { withoutFences } from "./acls";
export { breached, writtenOnOrigin, writtenText } from "./breach";
export { aclsIfAny, everyoneByDefault, saysNoAuthorizer } from "./everyone";
export { holdFence, whileFenced, type HoldOptions } from "./hold";
export { holdCommand } from "./hold-command";
export { previewFence, type FencePreview } from "./preview";
export { observeProducers, type OpenTransactionAt, type ProducerReport, type Writer } from "./producers";
export { lowerFence } from "./lower";
export { checkFence, fenceIsThere, isEmptyFence } from "./check";
export { restoreLostMarkers } from "./markers";
export { raiseFence, settledLater } from "./raise";
export type {
  FenceTimes,
  FenceGap,
  FenceOptions,
  FenceReport,
  FenceState,
  LoweredFence,
  Movement,
  RaisedFence,
  TopicEnds,
} from "./types";
