import { isMigrationError } from "../../engine/errors";
import { breached, type TopicEnds, writtenOnOrigin, writtenText } from "../../engine/fence";
import type { Progress } from "../../engine/progress";
import { askBeforeItGoes, type ClosingInputs } from "./closing";
import { defineStep } from "./framework";
import { isDefined, modelOf } from "./inputs";

export interface GuardInputs extends ClosingInputs {
  fence?: boolean;
  /** End offsets of the origin when the gate passed. */
  gateEnds?: TopicEnds | null;
}

/**
 * Last check of a cutover: was the origin written to since the gate passed? Between the steps, and while the
 * replication is reset, nothing renews a fence that a user operator removes. Without a fence this only warns: producers
 * were asked to stop, but not prevented from writing.
 * @param olds inputs of an earlier check. If it belongs to the same cutover, this check only warns: the origin may be
 *   gone by now, or clients may use the target, so that no gate could pass again. Neither is a reason to fail.
 * @throws MigrationError FENCE_BREACHED
 */
async function lookBack(inputs: GuardInputs, progress: Progress, olds?: GuardInputs): Promise<object> {
  if (inputs.phase !== "cutover" || inputs.abandon || !isDefined(inputs.gateEnds)) return {};
  const again = olds?.phase === "cutover" && isDefined(olds.passedAt) && olds.passedAt === inputs.passedAt;
  const wrote = await writtenOnOrigin(modelOf(inputs), inputs.gateEnds).catch((error: unknown) => {
    if (!isMigrationError(error) || !again) throw error;
    progress.warn(
      `could not check whether the origin received writes since the gate passed (${error.code}: ${error.seen})`,
    );
    return [];
  });
  if (wrote.length === 0) return {};
  if (inputs.fence === true && !again) throw breached(wrote, "since the gate passed");
  progress.warn(writtenText(wrote));
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
});
