import { breached, fenceIsThere, type FenceOptions, lowerFence, type TopicEnds, whileFenced } from "../../engine/fence";
import type { Progress } from "../../engine/progress";
import { countText } from "../../engine/units";
import { keepHolding, noteGap, stopHolding } from "./fence-hold";
import { isDefined, modelOf, type StepInputs } from "./inputs";

export interface FencedInputs extends StepInputs {
  /** Hold the fence while the step works. */
  fence: boolean;
  fenceOptions?: FenceOptions;
  /** For what follows the gate: where the origin ended when it passed. A user operator may have opened the fence since. */
  gateEnds?: TopicEnds | null;
}

/**
 * The inputs of work that is done once more with other options: what was written since the gate passed was looked at then,
 * and by now clients may be at work, so that no gate could pass again.
 */
export function againFenced<I extends FencedInputs>(inputs: I): I {
  return { ...inputs, gateEnds: null };
}

/** How often work that looks at the origin is done again because something was written meanwhile. */
const TRIES = 3;

/**
 * Does the work behind the fence: renewed where a user operator takes it away, and with what was written meanwhile as an
 * error, because the step's result would then speak of an origin that has moved on.
 * @param work is given a signal that is aborted when the fence is lost; nothing but that ends a long wait then
 * @param again for work that looks at the origin, as the gate does: it looks once more when something was written
 * @throws MigrationError FENCE_BREACHED naming topics, partitions and offsets
 */
export async function behindFence<T>(
  inputs: FencedInputs,
  progress: Progress,
  work: (lost?: AbortSignal) => Promise<T>,
  again = false,
): Promise<T> {
  if (!inputs.fence) return work();
  for (let left = again ? TRIES : 1; ; ) {
    const options = {
      ...inputs.fenceOptions,
      onGap: noteGap,
      ...(isDefined(inputs.gateEnds) ? { since: inputs.gateEnds } : {}),
    };
    keepHolding(modelOf(inputs), inputs.fenceOptions ?? {}, progress);
    const { result, report } = await whileFenced(modelOf(inputs), options, progress, work);
    const wrote = [...report.wrote, ...report.gaps.flatMap((gap) => gap.wrote)];
    if (wrote.length === 0) return result;
    if (--left === 0) throw breached(wrote, "while the fence was up");
    progress.info(
      `the origin was written to in ${countText(wrote.length, "partition")} behind the fence: looking again`,
    );
  }
}

/**
 * Lowers the fence, also one that no state knows of: an `up` that was killed may have raised it unrecorded.
 * @param asked whether the program wants or wanted one: else the administrator may have no right to look, and nothing is there
 */
export async function lowerWhatIsThere(inputs: StepInputs, asked: boolean, progress: Progress): Promise<void> {
  const model = modelOf(inputs);
  await stopHolding();
  if (asked || (await fenceIsThere(model).catch(() => false))) await lowerFence(model, {}, progress);
}
