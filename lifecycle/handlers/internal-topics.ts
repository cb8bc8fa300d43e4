import {
  deleteCheckpoints,
  deleteInternalTopic,
  deleteMirrorGroups,
  proveMirrorGone,
  type CheckpointsMode,
} from "../../engine/cleanup";
import type { InternalTopic } from "../../engine/naming";
import { withCluster } from "../../engine/clusters";
import { isMigrationError } from "../../engine/errors";
import { defineStep } from "./framework";
import { modelOf, type StepInputs } from "./inputs";

interface GivenUpInputs extends StepInputs {
  /** The migration is given up: it then goes away also where the origin is gone itself. */
  abandon?: boolean;
}

async function originIsGone(state: GivenUpInputs): Promise<boolean> {
  if (state.abandon !== true) return false;
  try {
    await withCluster(modelOf(state), "origin", async () => {});
    return false;
  } catch (error) {
    if (isMigrationError(error) && error.code === "KAFKA_UNREACHABLE") return true;
    throw error;
  }
}

export interface InternalTopicInputs extends GivenUpInputs {
  topic: InternalTopic;
}

/** Stands for one internal topic, made by MirrorMaker 2 later; its removal deletes the topic. */
export const internalTopicStep = defineStep<InternalTopicInputs, object>("internal-topic", {
  create: async () => ({}),
  update: async () => ({}),
  async remove(state, progress) {
    const { topic } = state;
    if (topic.side === "origin" && (await originIsGone(state))) {
      progress.warn(`topic ${topic.name} may be left on the origin, which can't be reached`);
      return;
    }
    await deleteInternalTopic(modelOf(state), topic, progress);
  },
  optional: ["abandon"],
});

export interface MirrorGoneInputs extends GivenUpInputs {
  /** Longest wait for the workers to leave, in seconds. */
  limitSeconds: number;
}

/** Removed right after the KafkaMirrorMaker2: proves that it is gone and that every topic to delete is its own. */
export const mirrorGoneStep = defineStep<MirrorGoneInputs, object>("mirror-gone", {
  create: async () => ({}),
  update: async () => ({}),
  async remove(state, progress) {
    const model = modelOf(state);
    await proveMirrorGone(
      model,
      { limitMs: state.limitSeconds * 1000, originGone: await originIsGone(state) },
      progress,
    );
    await deleteMirrorGroups(model, progress);
  },
  optional: ["abandon"],
});

export interface CheckpointsTopicInputs extends StepInputs {
  mode: CheckpointsMode;
}

/** Keeps the checkpoints topic through clean-up; removed last, when its offsets were applied. */
export const checkpointsTopicStep = defineStep<CheckpointsTopicInputs, object>("checkpoints-topic", {
  create: async () => ({}),
  update: async () => ({}),
  async remove(state, progress) {
    await deleteCheckpoints(modelOf(state), state.mode, progress);
  },
});
