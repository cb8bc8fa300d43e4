import {
  deleteCheckpoints,
  deleteInternalTopic,
  deleteMirrorGroups,
  proveMirrorGone,
  type CheckpointsChoice,
} from "../../engine/cleanup";
import type { InternalTopic } from "../../engine/naming";
import { withCluster } from "../../engine/clusters";
import { isMigrationError } from "../../engine/errors";
import { noteMirrorGone } from "./closing";
import { defineStep } from "./framework";
import { modelOf, type StepInputs } from "./inputs";
import { askIfUnasked, type UnaskedInputs } from "./unasked";

export interface GivenUpInputs extends StepInputs {
  /** The migration was abandoned. It can then be deleted even if the origin no longer exists. */
  abandon?: boolean;
}

export async function originIsGone(state: GivenUpInputs): Promise<boolean> {
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

/** Represents one internal topic, which MirrorMaker 2 creates later. Deleting the resource deletes the topic. */
export const internalTopicStep = defineStep<InternalTopicInputs, object>("internal-topic", {
  create: async () => ({}),
  update: async () => ({}),
  async remove(state, progress) {
    const { topic } = state;
    if (topic.side === "origin" && (await originIsGone(state))) {
      progress.warn(`topic ${topic.name} may still exist on the origin, which is unreachable`);
      return;
    }
    await deleteInternalTopic(modelOf(state), topic, progress);
  },
  optional: ["abandon"],
});

export interface MirrorGoneInputs extends GivenUpInputs, UnaskedInputs {
  /** Longest time to wait until the workers have left, in seconds. */
  limitSeconds: number;
}

/** Deleted right after the KafkaMirrorMaker2. Proves that the mirror is gone and that it owns every topic to delete. */
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
    await askIfUnasked(state, progress);
    noteMirrorGone(state);
    await deleteMirrorGroups(model, progress);
  },
  optional: ["abandon", "gate", "cutoverGate", "returning"],
  // No update because of another option, or of a state that has none. One that is left out counts: see `optional`.
  immaterial: ["gate", "cutoverGate"],
});

export interface CheckpointsTopicInputs extends StepInputs, CheckpointsChoice {}

/** Keeps the checkpoints topic during clean-up. Deletes it last, after its offsets were applied. */
export const checkpointsTopicStep = defineStep<CheckpointsTopicInputs, object>("checkpoints-topic", {
  create: async () => ({}),
  update: async () => ({}),
  async remove(state, progress) {
    await deleteCheckpoints(modelOf(state), state, progress);
  },
});
