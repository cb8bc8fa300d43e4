import { verifyCopy, type VerifyOptions, type VerifyResult } from "../../engine/verify";
import type { Progress } from "../../engine/progress";
import { behindFence, type FencedInputs } from "./fenced";
import { type Handler, serve } from "./framework";
import { isThere, modelOf, now, type PhasedInputs, phaseChange, sameSelection } from "./inputs";

export interface VerificationInputs extends PhasedInputs, FencedInputs {
  options: VerifyOptions;
  abandon: boolean;
}

export interface VerificationOutputs {
  verifiedAt: string | null;
  result: VerifyResult | null;
}

const none: VerificationOutputs = { verifiedAt: null, result: null };

async function verify(inputs: VerificationInputs, progress: Progress): Promise<VerificationOutputs> {
  if (inputs.abandon || inputs.options.mode === "none") return none;
  const result = await behindFence(inputs, progress, () => verifyCopy(modelOf(inputs), inputs.options, progress));
  return { verifiedAt: now(), result };
}

/** Compares both sides once the gate has passed; a difference fails the `up` before any offset is moved. */
const handler: Handler<VerificationInputs, VerificationOutputs> = {
  async create(inputs, progress) {
    return inputs.phase === "cutover" ? verify(inputs, progress) : none;
  },

  async update(olds, news, progress) {
    const before = { verifiedAt: olds.verifiedAt, result: olds.result };
    switch (phaseChange({ phase: olds.phase, done: (isThere(olds.verifiedAt) || olds.options.mode === "none") && sameSelection(olds, news) }, news.phase)) {
      case "cutover":
        return verify(news, progress);
      case "roll-back":
        return none;
      default:
        return news.phase === "cutover" && news.options.mode !== olds.options.mode ? verify(news, progress) : before;
    }
  },

  optional: ["fenceOptions"],

  async remove() {},
};

export const verificationStep = serve("verification", handler);
