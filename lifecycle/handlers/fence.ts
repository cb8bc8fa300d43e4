import { lowerFence, raiseFence, type FenceOptions, type RaisedFence } from "../../engine/fence";
import { type Handler, serve } from "./framework";
import { modelOf, type PhasedInputs } from "./inputs";

export interface FenceInputs extends PhasedInputs {
  options: FenceOptions;
  enabled: boolean;
}

export interface FenceOutputs {
  raised: RaisedFence | null;
}

/**
 * Denies writes on the migrated origin topics from the cutover until the roll-back or the clean-up. In a roll-back it is
 * the gate that lowers it: producers are let back only after it has been said what they come back to.
 */
const handler: Handler<FenceInputs, FenceOutputs> = {
  async create(inputs, progress) {
    if (!inputs.enabled || inputs.phase !== "cutover") return { raised: null };
    return { raised: await raiseFence(modelOf(inputs), inputs.options, progress) };
  },

  async update(olds, news, progress) {
    const wanted = news.enabled && news.phase === "cutover";
    if (wanted) return { raised: await raiseFence(modelOf(news), news.options, progress) };
    if (news.phase === "mirror" && olds.phase === "cutover") {
      if (olds.enabled) progress.info("the fence stays up until the gate has looked whether clients have written to the target");
      return { raised: null };
    }
    // Also when the state does not know of one: an `up` that was killed may have raised it unrecorded.
    if (olds.enabled) await lowerFence(modelOf(news), news.options, progress);
    return { raised: null };
  },

  async remove(state, progress) {
    if (state.enabled) await lowerFence(modelOf(state), state.options, progress);
  },
};

export const fenceStep = serve("fence", handler);
