import type { Progress } from "../../engine/progress";
import { applyOffsets, planOffsets, revertOffsets, type AppliedOffsets, type OffsetOptions } from "../../engine/offsets";
import { behindFence, type FencedInputs } from "./fenced";
import { type Handler, serve } from "./framework";
import { isThere, modelOf, now, type PhasedInputs, phaseChange } from "./inputs";

export interface ConsumerOffsetsInputs extends PhasedInputs, FencedInputs {
  options: OffsetOptions;
  abandon: boolean;
}

export interface ConsumerOffsetsOutputs {
  appliedAt: string | null;
  /** What was there before and what was written, for the roll-back. */
  applied: AppliedOffsets | null;
}

const none: ConsumerOffsetsOutputs = { appliedAt: null, applied: null };

async function move(inputs: ConsumerOffsetsInputs, progress: Progress): Promise<ConsumerOffsetsOutputs> {
  if (inputs.abandon) return none;
  const model = modelOf(inputs);
  const applied = await behindFence(inputs, progress, async () => {
    const plan = await planOffsets(model, inputs.options, progress);
    return applyOffsets(model, plan, inputs.options, progress);
  });
  return { appliedAt: now(), applied };
}

/** Moves consumer groups to their exact place on the target at `cutover`; the roll-back takes that back. */
const handler: Handler<ConsumerOffsetsInputs, ConsumerOffsetsOutputs> = {
  async create(inputs, progress) {
    return inputs.phase === "cutover" ? move(inputs, progress) : none;
  },

  async update(olds, news, progress) {
    switch (phaseChange({ phase: olds.phase, done: isThere(olds.appliedAt) }, news.phase)) {
      case "cutover":
        return move(news, progress);
      case "roll-back":
        if (isThere(olds.applied)) await revertOffsets(modelOf(news), olds.applied, progress);
        return none;
      default:
        return { appliedAt: olds.appliedAt, applied: olds.applied };
    }
  },

  // Clean-up keeps the offsets: they are what the clients resume from.
  async remove() {},
};

export const consumerOffsetsStep = serve("consumer-offsets", handler);
