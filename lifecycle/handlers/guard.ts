import type { Progress } from "../../engine/progress";
import { askBeforeItGoes, type ClosingInputs } from "./closing";
import { defineStep } from "./framework";
import { checkOrigin, type OriginCheck } from "./last-check";

export interface GuardInputs extends ClosingInputs, OriginCheck {}

/** The last check of a cutover. A part with a way back made it before that was opened. */
async function lookBack(inputs: GuardInputs, progress: Progress, olds?: GuardInputs): Promise<object> {
  if (inputs.hasLeft === true) return {};
  await checkOrigin(inputs, progress, olds);
  return {};
}

/**
 * Created last and therefore deleted first. If the gate refuses a destroy, nothing was deleted yet, not even what the
 * steps keep in the state for a roll-back. A clean-up does not need this check: the gate still exists and runs itself.
 */
export const guardStep = defineStep<GuardInputs, object>("guard", {
  create: lookBack,
  // Keep a guard that found a breach in the state: a destroy must still run the gate.
  unfinished: () => ({}),
  update: (olds, news, progress) => lookBack(news, progress, olds),
  async remove(state, progress) {
    if (state.phase !== "cleanup") await askBeforeItGoes(state, progress);
  },
  immaterial: ["gateEnds", "topicIds"],
  optional: ["hasLeft"],
});
