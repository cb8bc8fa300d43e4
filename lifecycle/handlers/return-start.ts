import { defineStep } from "./framework";
import type { StepInputs } from "./inputs";
export interface ReturnStartInputs extends StepInputs {
  abandon: boolean;
  targetEnds: Record<string, readonly number[]> | null;
}
export interface ReturnStartOutputs {
  startedAt: string | null;
}
export const returnStartStep = defineStep<ReturnStartInputs, ReturnStartOutputs>("return-start", {
  outputs: { startedAt: true },
  create: async () => ({ startedAt: null }),
  update: async () => ({ startedAt: null }),
  async remove() {},
});
