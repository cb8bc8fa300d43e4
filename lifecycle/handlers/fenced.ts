import {
  breached,
  type FenceGap,
  fenceIsThere,
  type FenceOptions,
  lowerFence,
  type RaisedFence,
  type TopicEnds,
  whileFenced,
} from "../../engine/fence";
import { defined } from "../../engine/objects";
import type { Progress } from "../../engine/progress";
import { countText } from "../../engine/units";
import { keepHolding, lastWhole, noteGap, noteWhole, stopHolding } from "./fence-hold";
import { isDefined, modelOf, type StepInputs } from "./inputs";

export interface FencedInputs extends StepInputs {
  /** Hold the fence while the step works. */
  fence: boolean;
  fenceOptions?: FenceOptions;
  /**
   * For steps after the gate: end offsets of the origin when the gate passed. A user operator may have removed the
   * fence since then.
   */
  gateEnds?: TopicEnds | null;
}

/**
 * Returns inputs for work that runs again with other options. What was written since the gate passed was already
 * checked. Clients may use the target by now, so no gate could pass again.
 */
export function againFenced<I extends FencedInputs>(inputs: I): I {
  return { ...inputs, gateEnds: null };
}

/** How many times work that reads the origin runs if the origin is written to meanwhile. */
const TRIES = 3;

/**
 * Runs the work behind the fence. Raises the fence again if a user operator removes it. Throws if the origin was
 * written to meanwhile, because the step's result would then describe an outdated origin.
 * @param work gets a signal that is aborted when the fence is lost. Only this signal ends a long wait. It also gets
 *   how the fence was raised for it. Both are absent without a fence
 * @param again true for work that reads the origin, such as the gate: it runs again if the origin was written to
 * @throws MigrationError FENCE_BREACHED naming topics, partitions and offsets
 */
export async function behindFence<T>(
  inputs: FencedInputs,
  progress: Progress,
  work: (lost?: AbortSignal, raised?: RaisedFence) => Promise<T>,
  again = false,
): Promise<T> {
  if (!inputs.fence) return work();
  const model = modelOf(inputs);
  for (let left = again ? TRIES : 1; ; ) {
    const options = {
      ...inputs.fenceOptions,
      untilSettled: again,
      onGap: (gap: FenceGap) => noteGap(model, gap),
      ...defined({ wholeAt: lastWhole(model) }),
      ...(isDefined(inputs.gateEnds) ? { gateEnds: inputs.gateEnds } : {}),
    };
    keepHolding(model, inputs.fenceOptions ?? {}, progress);
    const { result, report } = await whileFenced(model, options, progress, work);
    if (lastWhole(model) !== undefined) noteWhole(model, report.until);
    const wrote = [...report.wrote, ...report.gaps.flatMap((gap) => gap.wrote)];
    if (wrote.length === 0) return result;
    if (--left === 0) throw breached(wrote, "while the fence was up");
    progress.info(
      `${countText(wrote.length, "partition")} of the origin received writes with the fence up: checking again`,
    );
  }
}

/**
 * Lowers the fence. Also lowers one that no state knows: an `up` that was killed may have raised it without recording
 * it.
 * @param asked true if the program wants or wanted a fence. If false, the administrator may have no right to look, and
 *   there is no fence.
 * @param raised as in `lowerFence`
 */
export async function lowerWhatIsThere(
  inputs: StepInputs,
  asked: boolean,
  progress: Progress,
  raised?: RaisedFence | null,
): Promise<void> {
  const model = modelOf(inputs);
  await stopHolding(model);
  if (asked || (await fenceIsThere(model).catch(() => false))) await lowerFence(model, {}, progress, raised);
}
