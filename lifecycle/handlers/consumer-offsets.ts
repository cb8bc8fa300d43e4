import { isDeepStrictEqual } from "node:util";
import type { Progress } from "../../engine/progress";
import { appliedNow, appliedNowLines, applyOffsets, checkApplied, continued, planOffsets, revertOffsets, type AppliedOffsets, type OffsetOptions } from "../../engine/offsets";
import { behindFence, type FencedInputs } from "./fenced";
import { type Handler, serve } from "./framework";
import { isThere, modelOf, now, type PhasedInputs, phaseChange, sameSelection } from "./inputs";

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

const unchanged = (olds: ConsumerOffsetsInputs, news: ConsumerOffsetsInputs): boolean =>
  sameSelection(olds, news) && isDeepStrictEqual(olds.options, news.options);

/** @param before what an earlier move did with another selection or other options */
async function move(inputs: ConsumerOffsetsInputs, progress: Progress, before?: AppliedOffsets | null): Promise<ConsumerOffsetsOutputs> {
  if (inputs.abandon) return none;
  const model = modelOf(inputs);
  let written: AppliedOffsets | undefined;
  try {
    const applied = await behindFence(inputs, progress, async () => {
      const plan = await planOffsets(model, inputs.options, progress);
      written = await applyOffsets(model, plan, inputs.options, progress);
      return written;
    });
    return { appliedAt: now(), applied: isThere(before) ? continued(before, applied) : applied };
  } catch (error) {
    // Pulumi keeps the state of before a failed step: what is written now could never be taken back from it.
    if (written !== undefined) await revertOffsets(model, written, progress);
    throw error;
  }
}

/** Says which groups have gone on from where they were put, and warns of those that something has put back. Never an error. */
async function sayWhereTheyStand(state: ConsumerOffsetsInputs & ConsumerOffsetsOutputs, progress: Progress, quiet = false): Promise<void> {
  if (!isThere(state.applied)) return;
  try {
    const { line, warnings } = appliedNowLines(appliedNow(state.applied, await checkApplied(modelOf(state), state.applied)));
    for (const warning of warnings) progress.warn(warning);
    if (!quiet) progress.info(line);
  } catch (error) {
    if (!quiet) progress.warn(`where the groups stand on the target could not be looked at: ${(error as Error).message.split("\n", 1)[0]}`);
  }
}

/** Moves consumer groups to their exact place on the target at `cutover`; the roll-back takes that back. */
const handler: Handler<ConsumerOffsetsInputs, ConsumerOffsetsOutputs> = {
  async create(inputs, progress) {
    return inputs.phase === "cutover" ? move(inputs, progress) : none;
  },

  async update(olds, news, progress) {
    switch (phaseChange({ phase: olds.phase, done: isThere(olds.appliedAt) && unchanged(olds, news) }, news.phase)) {
      case "cutover":
        return move(news, progress, olds.applied);
      case "roll-back":
        if (isThere(olds.applied)) await revertOffsets(modelOf(news), olds.applied, progress);
        return none;
      default:
        return { appliedAt: olds.appliedAt, applied: olds.applied };
    }
  },

  optional: ["fenceOptions"],

  /** Never: a group that stands elsewhere may have been put there by its owners. But they are told. */
  async overtaken(state, progress) {
    if (state.phase === "cutover") await sayWhereTheyStand(state, progress, true);
    return false;
  },

  // Clean-up keeps the offsets: they are what the clients resume from.
  remove: (state, progress) => sayWhereTheyStand(state, progress),
};

export const consumerOffsetsStep = serve("consumer-offsets", handler);
