import { isDeepStrictEqual } from "node:util";
import { isMigrationError } from "../../engine/errors";
import { withCluster } from "../../engine/clusters";
import type { MigrationModel } from "../../engine/model";
import { offsetsJournalTopic } from "../../engine/naming";
import type { Progress } from "../../engine/progress";
import {
  appliedNow,
  type AppliedGroup,
  appliedNowLines,
  type AppliedOffsets,
  applyOffsets,
  checkApplied,
  forgetOffsets,
  type GroupPositions,
  joinApplied,
  type KeepIntent,
  type OffsetOptions,
  planOffsets,
  readCommitments,
  readOnGroups,
  revertOffsets,
  withIdleSince,
  withOwnWrites,
  writeJournal,
} from "../../engine/offsets";
import type { Stopped } from "../../engine/report";
import { countText, someOf } from "../../engine/units";
import { againFenced, behindFence, type FencedInputs } from "./fenced";
import { defineStep } from "./framework";
import { endWatch } from "./idle-groups";
import { isCopying, isDefined, modelOf, now, type PhasedInputs, phaseChange, sameGate, sameSelection } from "./inputs";
import { sayPause } from "./say-pause";
import { forgetJournal, hasJournal, type Journalled, journalOf, neededJournal, together, type Unseen } from "./journal";

export interface ConsumerOffsetsInputs extends PhasedInputs, FencedInputs, Journalled {
  options: OffsetOptions;
  abandon: boolean;
  /** Phase `returned`: the groups that went back, from `WayBack`. Absent: the way back was never opened. */
  wentBack?: readonly GroupPositions[] | null;
  /** What is known about when the producers stopped, for the line about the pause. Absent: nothing. */
  stopped?: Stopped | null;
}

export interface ConsumerOffsetsOutputs {
  appliedAt: string | null;
  /** The offsets before the move and the offsets that were written. A roll-back needs both. */
  applied: AppliedOffsets | null;
}

const none: ConsumerOffsetsOutputs = { appliedAt: null, applied: null };

const unchanged = (olds: ConsumerOffsetsInputs, news: ConsumerOffsetsInputs): boolean =>
  sameSelection(olds, news) && isDeepStrictEqual(olds.options, news.options);

/**
 * Returns what both kinds of a move begin with: what earlier moves have written or were about to write (`known`), which
 * of that the state lacks (`killed`), and the options without the groups that stay where they are.
 */
async function beginning(inputs: ConsumerOffsetsInputs, before?: AppliedOffsets | null, stay: readonly string[] = []) {
  const model = modelOf(inputs);
  const journal = await neededJournal(inputs);
  const known = together(before, journal);
  const killed = unsaved(known, before);
  return {
    model,
    known,
    killed,
    options: without(inputs.options, [...stay, ...(await movedEarly(model, before, killed))]),
  };
}

/**
 * Moves the groups. Groups that moved in phase `consumers` stay where they are: their clients may already read there.
 * @param before what an earlier move did with another selection or other options
 * @param startedAt since when clients may be on the target: an earlier move for the same pass of the gate has ended
 * @param stay groups that this earlier move has moved: their clients may read there since
 */
async function move(
  inputs: ConsumerOffsetsInputs,
  progress: Progress,
  before?: AppliedOffsets | null,
  startedAt?: string,
  stay: readonly string[] = [],
): Promise<ConsumerOffsetsOutputs> {
  if (inputs.abandon) return none;
  const { model, known, killed, options } = await beginning(inputs, before, stay);
  const all = (applied: AppliedOffsets) => (known === undefined ? applied : joinApplied(known, applied));
  const keepIntent: KeepIntent = (intended, target) => writeJournal(target, model.mirror, all(intended));
  let written: AppliedOffsets | undefined;
  try {
    const applied = await behindFence(inputs, progress, async (lost) => {
      // If the fence is lost, only the reads stop. The writes always finish, so that all of them can be reverted.
      const found = withOwnWrites(await planOffsets(model, options, progress, lost), killed);
      const seen = endWatch(model);
      const plan = withIdleSince(found, (group) => seen.get(group));
      written = await applyOffsets(model, plan, options, progress, undefined, keepIntent);
      return written;
    });
    const moved = { ...all(applied), clientsMayStartAt: startedAt ?? applied.at };
    if (startedAt === undefined) sayPause("clients", inputs, moved, progress);
    return { appliedAt: now(), applied: moved };
  } catch (error) {
    // After a failed step Pulumi keeps the previous state, which does not contain these offsets. Revert them now.
    if (written !== undefined) await revertOffsets(model, written, progress);
    throw error;
  }
}

const without = (options: OffsetOptions, groups: Iterable<string>): OffsetOptions => {
  const names = [...groups];
  return names.length === 0 ? options : { ...options, excludeGroups: [...(options.excludeGroups ?? []), ...names] };
};

/** Returns the groups that an `up` has written, or was about to write, before it was killed. The state lacks them. */
function unsaved(known: AppliedOffsets | undefined, state: AppliedOffsets | null | undefined): AppliedGroup[] {
  const saved = new Set((state?.groups ?? []).map((g) => g.group));
  return (known?.groups ?? []).filter((g) => !saved.has(g.group));
}

/**
 * Returns the groups that were moved in phase `consumers` and stay where they are: those in the state, and those that a
 * killed `up` has moved and that have read on since. Its other groups are looked at again: their clients may have read
 * on the origin since.
 */
async function movedEarly(
  model: MigrationModel,
  state: AppliedOffsets | null | undefined,
  killed: readonly AppliedGroup[],
): Promise<Set<string>> {
  const saved = (state?.groups ?? []).filter((g) => g.early === true).map((g) => g.group);
  const early = killed.filter((g) => g.early === true);
  return new Set([...saved, ...(early.length === 0 ? [] : await readOnGroups(model, early))]);
}

/**
 * Phase `consumers`: moves the groups that are not moved yet, while producers write and the mirror copies. There is no
 * fence and no gate.
 */
async function moveEarly(
  inputs: ConsumerOffsetsInputs,
  progress: Progress,
  before?: AppliedOffsets | null,
): Promise<ConsumerOffsetsOutputs> {
  if (inputs.abandon) return none;
  const { model, known, killed, options } = await beginning(inputs, before);
  const early = (applied: AppliedOffsets): AppliedOffsets => ({
    ...applied,
    groups: applied.groups.map((g) => ({ ...g, early: true })),
  });
  const all = (applied: AppliedOffsets) => (known === undefined ? early(applied) : joinApplied(known, early(applied)));
  const plan = withOwnWrites(await planOffsets(model, { ...options, copiedSoFar: true }, progress), killed);
  const nothing = plan.groups.length === 0 && plan.shareGroups === undefined;
  if (known !== undefined && nothing) return { appliedAt: now(), applied: known };
  const keepIntent: KeepIntent = (intended, target) => writeJournal(target, model.mirror, all(intended));
  const applied = await applyOffsets(model, plan, options, progress, undefined, keepIntent);
  sayPause("consumers", {}, applied, progress);
  return { appliedAt: now(), applied: all(applied) };
}

/** Returns true if groups can be moved that are not: they have committed offsets, and no members on the origin. */
async function leftBehind(state: ConsumerOffsetsInputs & ConsumerOffsetsOutputs): Promise<boolean> {
  try {
    const moved = (state.applied?.groups ?? []).map((g) => g.group);
    const model = modelOf(state);
    const { groups, committed, described, targetNames } = await withCluster(model, "origin", (origin) =>
      readCommitments(origin, model.mirror, without(state.options, moved)),
    );
    return groups.some(
      (group) =>
        (described.get(group)?.members.length ?? 0) === 0 &&
        (committed.get(group) ?? []).some((o) => targetNames.has(o.topic)),
    );
  } catch (error) {
    if (!isMigrationError(error)) throw error;
    return false;
  }
}

/**
 * Runs in phase `mirror`. Also reverts what a killed `up` had written or was about to write.
 * @param last true: there is no next `up` that checks again
 */
async function takeBack(
  inputs: ConsumerOffsetsInputs,
  state: AppliedOffsets | null | undefined,
  progress: Progress,
  last = false,
): Promise<ConsumerOffsetsOutputs> {
  const unseen = isDefined(state) || last ? sayUnseen(inputs, progress) : undefined;
  try {
    const applied = together(state, await journalOf(inputs, unseen));
    if (applied !== undefined) await revertOffsets(modelOf(inputs), applied, progress);
    await forgetJournal(inputs, unseen);
  } catch (error) {
    if (!isMigrationError(error)) throw error;
    if (inputs.abandon) progress.warn(`abandoned: some offsets may not have been restored: ${error.message}`);
    // The state contains no written offsets. A journal on the target stays there.
    else if (!isDefined(state) && !last && COULD_NOT_LOOK.includes(error.code))
      progress.warn(`${NOT_LOOKED_AT} (${error.code}: ${error.seen})`);
    else throw error;
  }
  return none;
}

/**
 * Phase `returned`: the groups are on the origin again, so what they have on the target is deleted. The next cutover
 * then starts as the first one did. If the way back was never opened, this is a roll-back.
 */
async function afterReturn(
  inputs: ConsumerOffsetsInputs,
  state: AppliedOffsets | null | undefined,
  progress: Progress,
): Promise<ConsumerOffsetsOutputs> {
  if (!isDefined(inputs.wentBack)) return takeBack(inputs, state, progress);
  await forgetOffsets(modelOf(inputs), inputs.wentBack, progress);
  await forgetJournal(inputs, sayUnseen(inputs, progress));
  return none;
}

/** Warns once if the journal topic cannot be seen. The state is enough to revert what this step did. */
function sayUnseen({ mirror }: ConsumerOffsetsInputs, progress: Progress): Unseen {
  let said = false;
  return (error) => {
    if (!said)
      progress.warn(`could not check whether target topic ${offsetsJournalTopic(mirror)} still exists: ${error.seen}`);
    said = true;
  };
}

/** The target did not answer, or the administrator of an older version has no right to see the journal topic. */
const COULD_NOT_LOOK = ["KAFKA_UNREACHABLE", "KAFKA_UNAUTHORIZED"];
const NOT_LOOKED_AT = "could not check whether an interrupted up left offsets to restore; the next up checks again";

/**
 * Reports which groups have advanced since they were moved. Warns about groups that something has set back. Never
 * throws an error.
 */
async function sayWhereTheyStand(
  state: ConsumerOffsetsInputs & ConsumerOffsetsOutputs,
  progress: Progress,
  quiet = false,
): Promise<void> {
  if (!isDefined(state.applied)) return;
  try {
    const { line, warnings } = appliedNowLines(
      appliedNow(state.applied, await checkApplied(modelOf(state), state.applied)),
    );
    for (const warning of warnings) progress.warn(warning);
    if (!quiet) progress.info(line);
  } catch (error) {
    if (!quiet)
      progress.warn(`could not read the groups' offsets on the target: ${(error as Error).message.split("\n", 1)[0]}`);
  }
}

/**
 * Moves consumer groups to their exact offsets on the target in phase `consumers` or `cutover`. A roll-back reverts
 * this.
 */
export const consumerOffsetsStep = defineStep<ConsumerOffsetsInputs, ConsumerOffsetsOutputs>("consumer-offsets", {
  outputs: { appliedAt: true, applied: true },

  async create(inputs, progress) {
    if (inputs.phase === "cutover") return move(inputs, progress);
    if (inputs.phase === "consumers") return moveEarly(inputs, progress);
    if (inputs.phase === "returned") return afterReturn(inputs, undefined, progress);
    return inputs.phase === "mirror" ? takeBack(inputs, undefined, progress) : none;
  },

  async update(olds, news, progress) {
    // There is no way from a cutover to consumers first: the groups have moved.
    if (news.phase === "consumers")
      return olds.phase === "cutover"
        ? { appliedAt: olds.appliedAt, applied: olds.applied }
        : moveEarly(news, progress, olds.applied);
    if (news.phase === "returned") return afterReturn(news, olds.applied, progress);
    switch (phaseChange({ phase: olds.phase, done: isDefined(olds.appliedAt) && unchanged(olds, news) }, news.phase)) {
      case "cutover": {
        const again = isDefined(olds.appliedAt) && sameGate(olds, news);
        const startedAt = again ? (olds.applied?.clientsMayStartAt ?? olds.applied?.at) : undefined;
        // With the same options only other groups can be missing: the patterns have changed.
        const onlyOthers = again && isDeepStrictEqual(olds.options, news.options);
        const stay = onlyOthers ? (olds.applied?.groups ?? []).map((g) => g.group) : [];
        return move(again ? againFenced(news) : news, progress, olds.applied, startedAt, stay);
      }
      case "roll-back":
        return takeBack(news, olds.applied, progress);
      default:
        if (news.phase === "mirror") return takeBack(news, undefined, progress);
        return { appliedAt: olds.appliedAt, applied: olds.applied };
    }
  },

  optional: ["fenceOptions"],

  /**
   * Returns true in phases `mirror` and `returned` if a killed `up` left a journal, and in phase `consumers` if groups
   * have been stopped on the origin since the last move. Returns false in all other cases: the owners of a group may
   * have moved it. After the move the user is informed about such groups.
   */
  async isOutdated(state, progress) {
    if (isCopying(state.phase)) return hasJournal(state);
    if (state.phase === "cutover" || state.phase === "consumers") await sayWhereTheyStand(state, progress, true);
    return state.phase === "consumers" && state.abandon !== true && leftBehind(state);
  },

  // Clean-up keeps the offsets, because the clients resume from them.
  async remove(state, progress) {
    // The last cutover may have been killed. Then the groups never left the origin.
    if (isCopying(state.phase)) {
      await takeBack(state, undefined, progress, true);
      return;
    }
    await sayWhereTheyStand(state, progress);
    const unseen = sayUnseen(state, progress);
    try {
      const unknown = unsaved(await journalOf(state, unseen), state.applied).map((g) => g.group);
      if (unknown.length > 0)
        progress.warn(
          `an interrupted up was moving ${countText(unknown.length, "group")} that the state does not know ` +
            `(${someOf(unknown, 5)}): what it wrote on the target stays, so look at their offsets there`,
        );
      await forgetJournal(state, unseen);
    } catch (error) {
      if (!isMigrationError(error) || state.abandon !== true) throw error;
      progress.warn(`abandoned: target topic ${offsetsJournalTopic(state.mirror)} may still exist: ${error.message}`);
    }
  },

  immaterial: ["resume", "gateEnds", "topicIds", "wentBack", "stopped"],
});
