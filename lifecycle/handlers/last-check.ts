import { isMigrationError } from "../../engine/errors";
import { breached, type TopicEnds, writtenOnOrigin, writtenText } from "../../engine/fence";
import type { Progress } from "../../engine/progress";
import { isDefined, modelOf, type PhasedInputs } from "./inputs";

export interface OriginCheck extends PhasedInputs {
  abandon: boolean;
  fence?: boolean;
  /** End offsets of the origin when the gate passed. */
  gateEnds?: TopicEnds | null;
  passedAt?: string | null;
}

/**
 * Last check of a cutover: was the origin written to since the gate passed? Between the steps, and while the
 * replication is reset, nothing renews a fence that a user operator removes. Without a fence this only warns: producers
 * were asked to stop, but not prevented from writing.
 * @param olds inputs of an earlier check. If it belongs to the same cutover, this check only warns: the origin may be
 *   gone by now, or clients may use the target, so that no gate could pass again. Neither is a reason to fail.
 * @throws MigrationError FENCE_BREACHED
 */
export async function checkOrigin(inputs: OriginCheck, progress: Progress, olds?: OriginCheck): Promise<void> {
  if (inputs.phase !== "cutover" || inputs.abandon || !isDefined(inputs.gateEnds)) return;
  const again = olds?.phase === "cutover" && isDefined(olds.passedAt) && olds.passedAt === inputs.passedAt;
  const wrote = await writtenOnOrigin(modelOf(inputs), inputs.gateEnds).catch((error: unknown) => {
    if (!isMigrationError(error) || !again) throw error;
    progress.warn(
      `could not check whether the origin received writes since the gate passed (${error.code}: ${error.seen})`,
    );
    return [];
  });
  if (wrote.length === 0) return;
  if (inputs.fence === true && !again) throw breached(wrote, "since the gate passed");
  progress.warn(writtenText(wrote));
}
