export { inspectInternalTopics, type InternalTopicCheck, renamedBy } from "./check";
export {
  type CheckpointsChoice,
  type CheckpointsDeleted,
  type CheckpointsMode,
  deleteCheckpoints,
} from "./checkpoints";
export { type Deleted, deleteInternalTopic, deleteMirrorGroups } from "./delete";
export { type GoneOptions, type MirrorGone, proveMirrorGone, waitUntilLeft } from "./gone";
export { listResidue, type Residue, type ResidueOptions } from "./residue";
