import { isMigrationError } from "../../engine/errors";
import { breached, type TopicEnds, writtenOnOrigin, writtenText } from "../../engine/fence";
import type { Progress } from "../../engine/progress";
import { askBeforeItGoes, type ClosingInputs } from "./closing";
import { defineStep } from "./framework";
import { isDefined, modelOf } from "./inputs";

export interface GuardInputs extends ClosingInputs {
  fence?: boolean;
  /** Where the origin ended when the gate passed. */
  gateEnds?: TopicEnds | null;
}

/**
 * The last look of a cutover: between its steps, and while the replication is reset, nobody renews a fence that a user
 * operator takes away. Without a fence it is said only: producers were asked to stop, not kept from writing.
 * @param olds of the same cutover, which was looked at before: by now the origin may be gone, or clients be at work on the
 *   target, so that no gate could pass again; neither is a reason to fail
 * @throws MigrationError FENCE_BREACHED
 */
async function lookBack(inputs: GuardInputs, progress: Progress, olds?: GuardInputs): Promise<object> {
  if (inputs.phase !== "cutover" || inputs.abandon || !isDefined(inputs.gateEnds)) return {};
  const again = olds?.phase === "cutover" && isDefined(olds.passedAt) && olds.passedAt === inputs.passedAt;
  const wrote = await writtenOnOrigin(modelOf(inputs), inputs.gateEnds).catch((error: unknown) => {
    if (!isMigrationError(error) || !again) throw error;
    progress.warn(
      `whether the origin was written to since the gate passed can't be told (${error.code}: ${error.seen})`,
    );
    return [];
  });
  if (wrote.length === 0) return {};
  if (inputs.fence === true && !again) throw breached(wrote, "since the gate passed");
  progress.warn(writtenText(wrote));
  return {};
}

/**
 * The last to come and so the first to go: a destroy that the gate refuses has then taken nothing away, not even what the
 * steps keep in state for a roll-back. A clean-up asks the gate itself, which is there still.
 */
export const guardStep = defineStep<GuardInputs, object>("guard", {
  create: lookBack,
  // A guard that found a breach guards all the same.
  unfinished: () => ({}),
  update: (olds, news, progress) => lookBack(news, progress, olds),
  async remove(state, progress) {
    if (state.phase !== "cleanup") await askBeforeItGoes(state, progress);
  },
  immaterial: ["gateEnds", "topicIds"],
});
