import { askBeforeItGoes, type ClosingInputs } from "./closing";
import { type Handler, serve } from "./framework";

/**
 * The last to come and so the first to go: a destroy that the gate refuses has then taken nothing away, not even what the
 * steps keep in state for a roll-back. A clean-up asks the gate itself, which is there still.
 */
const handler: Handler<ClosingInputs, object> = {
  create: async () => ({}),
  update: async () => ({}),
  async remove(state, progress) {
    if (state.phase !== "cleanup") await askBeforeItGoes(state, progress);
  },
};

export const guardStep = serve("guard", handler);
