import { checkFence, raiseFence, type FenceOptions, type RaisedFence } from "../../engine/fence";
import type { Progress } from "../../engine/progress";
import { lowerWhatIsThere } from "./fenced";
import { type Handler, serve } from "./framework";
import { modelOf, type PhasedInputs } from "./inputs";

export interface FenceInputs extends PhasedInputs {
  options: FenceOptions;
  enabled: boolean;
}

export interface FenceOutputs {
  raised: RaisedFence | null;
}

const wanted = (inputs: FenceInputs): boolean => inputs.enabled && inputs.phase === "cutover";

const raise = async (inputs: FenceInputs, progress: Progress): Promise<FenceOutputs> => ({ raised: await raiseFence(modelOf(inputs), inputs.options, progress) });

/**
 * Denies writes on the migrated origin topics from the cutover until the roll-back or the clean-up. In phase `mirror` it is
 * the gate that lowers it: producers are let back only after it has been said what they come back to.
 */
const handler: Handler<FenceInputs, FenceOutputs> = {
  outputs: { raised: true },

  /** A user operator takes it away within minutes: each further `up` of the cutover puts it back. */
  async overtaken(state) {
    if (!wanted(state)) return false;
    const { state: found } = await checkFence(modelOf(state), state.options).catch(() => ({ state: "up" }));
    return found !== "up";
  },

  async create(inputs, progress) {
    return wanted(inputs) ? raise(inputs, progress) : { raised: null };
  },

  async update(olds, news, progress) {
    if (wanted(news)) return raise(news, progress);
    if (news.phase !== "mirror") await lowerWhatIsThere(news, news.enabled || olds.enabled, progress);
    else if (olds.enabled && olds.phase === "cutover") progress.info("the fence stays up until the gate has looked whether clients have written to the target");
    return { raised: null };
  },

  // Also when the state does not know of one: an `up` that was killed may have raised it unrecorded.
  async remove(state, progress) {
    await lowerWhatIsThere(state, state.enabled, progress);
  },
};

export const fenceStep = serve("fence", handler);
