import { isMigrationError } from "../../engine/errors";
import { fenceIsThere } from "../../engine/fence";
import { revertOffsets } from "../../engine/offsets";
import { defined } from "../../engine/objects";
import type { Progress } from "../../engine/progress";
import { progressWithSidesSwapped, withSidesSwapped } from "../../engine/way-back/words";
import { lowerWhatIsThere } from "./fenced";
import { defineStep } from "./framework";
import { isDefined, modelOf, now } from "./inputs";
import { forgetJournal, hasJournal, journalOf } from "./journal";
import { checkOrigin } from "./last-check";
import { sayReturnPause } from "./say-pause";
import { forget } from "./verification";
import { goBack, resumeOf } from "./way-back-return";
import { forFence, sidesSwapped, type WayBackInputs, type WayBackOutputs } from "./way-back-sides";

const closed: WayBackOutputs = {
  excluded: false,
  openedAt: null,
  returnedAt: null,
  gateResult: null,
  verification: null,
  applied: null,
  wentBack: null,
  ends: null,
};

/** The last check of the cutover. From here on the return mirror may write to the origin. */
async function open(inputs: WayBackInputs, progress: Progress): Promise<WayBackOutputs> {
  await checkOrigin({ ...inputs, passedAt: inputs.gatePassedAt ?? null }, progress);
  return { ...closed, excluded: true, openedAt: inputs.wayBack ? now() : null };
}

/**
 * A return that failed or was killed has raised the target's fence and may have moved groups. It was not finished, and
 * the part stays on the target: take back what it did.
 */
async function giveUpReturn(inputs: WayBackInputs, progress: Progress): Promise<void> {
  const back = sidesSwapped(inputs);
  const swapped = progressWithSidesSwapped(progress);
  await withSidesSwapped(async () => {
    const applied = await journalOf(back);
    if (applied !== undefined) await revertOffsets(modelOf(back), applied, swapped);
    await forgetJournal(back);
    await forget(resumeOf(inputs));
    await lowerWhatIsThere(forFence(back, inputs.mirror.heartbeats), inputs.fence, swapped);
  });
}

function neverOpened(progress: Progress): WayBackOutputs {
  progress.info("the return mirror never ran, so this is a roll-back");
  return closed;
}

/** Returns true if a return was begun and not finished. Returns false if this cannot be determined. */
async function isBegun(state: WayBackInputs): Promise<boolean> {
  const back = sidesSwapped(state);
  const fenced = fenceIsThere(modelOf(forFence(back, state.mirror.heartbeats))).catch(() => false);
  return (await fenced) || hasJournal(back);
}

/**
 * Opens the way back of one part after its cutover, and returns in phase `returned`. It is declared before the mirror,
 * which leaves out the part's topics while `excluded` is true. So a topic is never in both mirrors.
 */
export const wayBackStep = defineStep<WayBackInputs, WayBackOutputs>("way-back", {
  outputs: {
    excluded: true,
    openedAt: true,
    returnedAt: true,
    gateResult: true,
    verification: true,
    applied: true,
    wentBack: true,
    ends: true,
  },

  async describeUpdate(olds, news, progress) {
    if (news.phase === "returned" && olds.phase === "cutover" && isDefined(olds.openedAt))
      progress.info(
        "the part goes back to the origin: its topics on the target are closed, the rest is copied and verified, its " +
          "groups move, and the return mirror is deleted",
      );
  },

  async create(inputs, progress) {
    return inputs.phase === "cutover" ? open(inputs, progress) : neverOpened(progress);
  },

  async update(olds, news, progress) {
    const { excluded, openedAt, returnedAt, gateResult, verification, applied, wentBack, ends } = olds;
    const before = { excluded, openedAt, returnedAt, gateResult, verification, applied, wentBack, ends };
    if (news.phase === "returned") {
      if (olds.phase === "returned") return before;
      if (!isDefined(openedAt)) return neverOpened(progress);
      // In this phase the steps that know these values come later, so only the state has them.
      const { moved = null, topicIds = null, proved = null, fenceOptions } = olds;
      const returned = await goBack({ ...news, moved, topicIds, proved, ...defined({ fenceOptions }) }, progress);
      if (returned === undefined) return neverOpened(progress);
      const at = now();
      sayReturnPause(returned.gateResult, returned.applied, at, progress);
      return { ...closed, ...returned, openedAt, returnedAt: at };
    }
    if (olds.phase !== "cutover" || !excluded) return open(news, progress);
    if (await isBegun(news)) await giveUpReturn(news, progress);
    return before;
  },

  /** A return was begun and not finished, and the program is in phase `cutover` again. */
  async isOutdated(state) {
    return state.phase === "cutover" && isDefined(state.openedAt) && isBegun(state);
  },

  async remove(state, progress) {
    try {
      if (await isBegun(state)) await giveUpReturn(state, progress);
    } catch (error) {
      if (!isMigrationError(error) || state.abandon !== true) throw error;
      progress.warn(`abandoned: the target may still have the fence of a return: ${error.message}`);
    }
  },

  optional: ["fenceOptions"],
  // What a return needs is taken from the program when it begins.
  immaterial: [
    "gateEnds",
    "gatePassedAt",
    "topicIds",
    "proved",
    "resume",
    "kubeconfig",
    "context",
    "gate",
    "verify",
    "offsets",
    "leavingSeconds",
  ],
  secret: ["originSecrets", "targetSecrets", "originConnection", "targetConnection", "kubeconfig"],
});
