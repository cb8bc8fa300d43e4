import { deleteCheckpoints, deleteInternalTopic, deleteMirrorGroups, proveMirrorGone, type CheckpointsMode } from "../../engine/cleanup";
import type { InternalTopic } from "../../engine/naming";
import { type Handler, serve } from "./framework";
import { modelOf, type StepInputs } from "./inputs";

export interface InternalTopicInputs extends StepInputs {
  topic: InternalTopic;
}

/** Stands for one internal topic, made by MirrorMaker 2 later; its removal deletes the topic. */
const internalTopic: Handler<InternalTopicInputs, object> = {
  create: async () => ({}),
  update: async () => ({}),
  async remove(state, progress) {
    await deleteInternalTopic(modelOf(state), state.topic, progress);
  },
};

export interface MirrorGoneInputs extends StepInputs {
  /** Longest wait for the workers to leave, in seconds. */
  limitSeconds: number;
}

/** Removed right after the KafkaMirrorMaker2: proves that it is gone and that every topic to delete is its own. */
const mirrorGone: Handler<MirrorGoneInputs, object> = {
  create: async () => ({}),
  update: async () => ({}),
  async remove(state, progress) {
    const model = modelOf(state);
    await proveMirrorGone(model, { limitMs: state.limitSeconds * 1000 }, progress);
    await deleteMirrorGroups(model, progress);
  },
};

export interface CheckpointsTopicInputs extends StepInputs {
  mode: CheckpointsMode;
}

/** Keeps the checkpoints topic through clean-up; removed last, when its offsets were applied. */
const checkpointsTopic: Handler<CheckpointsTopicInputs, object> = {
  create: async () => ({}),
  update: async () => ({}),
  async remove(state, progress) {
    await deleteCheckpoints(modelOf(state), state.mode, progress);
  },
};

export const internalTopicStep = serve("internal-topic", internalTopic);
export const mirrorGoneStep = serve("mirror-gone", mirrorGone);
export const checkpointsTopicStep = serve("checkpoints-topic", checkpointsTopic);
