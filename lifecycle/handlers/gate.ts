import { isDeepStrictEqual } from "node:util";
import { withCluster } from "../../engine/clusters";
import { entry } from "../../engine/objects";
import { isMigrationError, MigrationError } from "../../engine/errors";
import { fenceIsThere } from "../../engine/fence";
import {
  type CopyEnds,
  copyEnds,
  runGateAndNameWriters,
  type GateOptions,
  type GateResult,
  originMovedOn,
  type WrittenOnTarget,
  writtenSince,
} from "../../engine/gate";
import type { Progress } from "../../engine/progress";
import { selectTopics } from "../../engine/selection";
import { readTopicIds, withNewTopics } from "../../engine/topic-ids";
import { countText, someOf } from "../../engine/units";
import { askBeforeItGoes, type ClosingInputs, noteAsked, wasOpened, type WithWayBack } from "./closing";
import { behindFence, type FencedInputs, lowerWhatIsThere } from "./fenced";
import { defineStep, type Handler } from "./framework";
import { endWatch, watchGroups } from "./idle-groups";
import { isCopying, isDefined, modelOf, now, type PhasedInputs, phaseChange, sameTopics } from "./inputs";
import { readCopied } from "./unasked";
import type { RecordedTopics } from "../../engine/model";

export interface GateInputs extends PhasedInputs, FencedInputs, WithWayBack {
  options: GateOptions;
  /** Phase `returned`: when everything was back on the origin (`WayBack`). Absent: the way back was never opened. */
  returnedAt?: string | null;
  /** Set by the user to continue although the gate did not open. There is no other way. Recorded in the outputs. */
  abandon: boolean;
}

export interface GateOutputs {
  passed: boolean;
  passedAt: string | null;
  abandonedAt: string | null;
  result: GateResult | null;
  /** Where both sides ended when it passed. */
  ends: CopyEnds | null;
  /** True: the gate refused a clean-up that created it, so it must be asked again. Absent: no. */
  refused?: true;
  /** Topic ids when they were first seen. A topic that was deleted and created again has another id. */
  topicIds: RecordedTopics;
}

/** @param topicIds the recorded ids; undefined or null in the state of an older version */
const shut = (inputs: GateInputs, topicIds: RecordedTopics | null = {}): GateOutputs => ({
  passed: false,
  passedAt: null,
  abandonedAt: inputs.abandon ? now() : null,
  result: null,
  ends: null,
  topicIds: topicIds ?? {},
});

const pass: Handler<GateInputs, GateOutputs>["create"] = async (inputs, progress) => {
  const model = modelOf(inputs);
  const options = { ...inputs.options, fenced: inputs.fence };
  const look = async (lost?: AbortSignal) => {
    const { originEnds, topicIds = {}, ...result } = await runGateAndNameWriters(model, options, progress, lost);
    return { result, topicIds, ends: await copyEnds(model, undefined, originEnds) };
  };
  watchGroups(model);
  const found = await behindFence(inputs, progress, look, true).catch((error: unknown) => {
    endWatch(model);
    throw error;
  });
  return { ...shut(inputs), passed: true, passedAt: now(), ...found };
};

/** What clients have written to the target since the gate passed, in words. */
interface TargetWrites {
  text: string;
  /** The target did not answer, so it is not known whether there is anything. */
  unknown?: true;
}

/**
 * Returns undefined if there is nothing, if the gate did not pass, or if the state is of an older version that did not
 * record it. An unreachable target is often the reason for the roll-back, so it must not keep producers locked out: the
 * text then says so.
 */
async function writtenOnTarget(olds: GateOutputs, news: GateInputs): Promise<TargetWrites | undefined> {
  if (olds.passed !== true || olds.ends === undefined || olds.ends === null) return undefined;
  let written: WrittenOnTarget[];
  try {
    written = await writtenSince(modelOf(news), olds.ends);
  } catch (error) {
    if (!isMigrationError(error)) throw error;
    const what = "could not check whether clients wrote to the target since the gate passed";
    return { text: `${what} (${error.code}: ${error.seen})`, unknown: true };
  }
  if (written.length === 0) return undefined;
  const records = written.reduce((sum, w) => sum + w.records, 0);
  const where = someOf(written.map((w) => `${w.topic}-${w.partition} (${w.records})`));
  return {
    text:
      `clients wrote ${countText(records, "record")} to ${countText(written.length, "partition")} ` +
      `of the target since the gate passed: ${where}`,
  };
}

function sayWritten({ text, unknown }: TargetWrites, progress: Progress): void {
  const stays =
    ". These records stay on the target and are not copied back. The next cutover reports a difference until they are " +
    "deleted";
  progress.warn(`roll-back: ${text}${unknown === true ? "" : stays}`);
}

/**
 * The cutover with a way back failed or was killed before its return mirror ran, but clients were told already that
 * they may start. A roll-back would leave their records behind.
 */
function notBack({ text }: TargetWrites): MigrationError {
  return new MigrationError(
    "WAY_BACK_INTERRUPTED",
    `the return mirror never ran, so nothing was copied back to the origin, but ${text}`,
    {
      fix:
        "stop the clients on the target, set the phase to cutover again and run `pulumi up`, which starts the return " +
        "mirror, and then return",
    },
  );
}

/**
 * Returns false if this cannot be determined: the origin may be gone long after the cutover. Also false once the way
 * back was opened: the origin's new records come from the target.
 */
async function movedOn(olds: GateOutputs, news: GateInputs): Promise<boolean> {
  if (olds.passed !== true || olds.ends === undefined || olds.ends === null || news.abandon) return false;
  const moved = await originMovedOn(modelOf(news), olds.ends).catch(() => false);
  return moved && !(await wasOpened(news).catch(() => true));
}

/**
 * Returns true if the patterns changed, but select the same topics of this part: the mirror copies more for another
 * wave, or another wave was added. Clients may use the target, so this part's gate could not pass again. Returns false
 * if this cannot be determined.
 */
async function selectsSame(olds: GateInputs & GateOutputs, news: GateInputs): Promise<boolean> {
  if (news.phase !== "cutover" || olds.phase !== "cutover" || olds.passed !== true) return false;
  const pass = { gatePassedAt: olds.passedAt };
  if (!sameTopics({ ...olds, ...pass }, { ...news, ...pass })) return false;
  const listed = await withCluster(modelOf(news), "origin", (origin) => origin.listTopics()).catch(() => undefined);
  return (
    listed !== undefined && isDeepStrictEqual(selectTopics(listed, olds.mirror), selectTopics(listed, news.mirror))
  );
}

/** Reports first what the producers come back to, then lowers the fence. */
async function rollBack(olds: GateInputs & GateOutputs, news: GateInputs, progress: Progress): Promise<void> {
  const written = isDefined(news.returnedAt) ? undefined : await writtenOnTarget(olds, news);
  if (written !== undefined) {
    if (news.phase === "returned" && written.unknown !== true && !news.abandon) throw notBack(written);
    sayWritten(written, progress);
  }
  await lowerWhatIsThere(news, olds.fence || news.fence, progress);
  // The patterns may have changed since it was raised.
  if (olds.fence && !isDeepStrictEqual(olds.mirror, news.mirror))
    await lowerWhatIsThere({ ...news, mirror: olds.mirror }, true, progress);
  progress.info(
    "closed again: the mirror continues to copy until the next cutover. Reverted: the fence and the groups' " +
      "offsets. Not reverted: replication factors, min.insync.replicas and data on the target",
  );
}

const arm: Handler<GateInputs, GateOutputs>["create"] = async (inputs, progress) => {
  if (inputs.phase === "cutover" && !inputs.abandon) return pass(inputs, progress);
  if (isCopying(inputs.phase) && inputs.fence) await lowerWhatIsThere(inputs, true, progress);
  if (inputs.phase === "cleanup") await askIfCopied(inputs, progress);
  return shut(inputs, isCopying(inputs.phase) ? await recordTopics(inputs, progress) : {});
};

/** The state has no gate that was asked, because every `up` before was killed. This one deletes the mirror. */
async function askIfCopied(inputs: GateInputs, progress: Progress): Promise<void> {
  if (inputs.abandon || (await readCopied(modelOf(inputs))).partitions === 0) noteAsked(inputs);
  else await askBeforeItGoes(closing(inputs, shut(inputs)), progress);
}

/**
 * Returns the ids of all topics as they were first seen. If the id of a topic differs later, the topic was deleted and
 * created again. If a cluster cannot be reached now, the next `up` records its ids.
 */
async function recordTopics(inputs: GateInputs, progress: Progress): Promise<RecordedTopics> {
  const known = inputs.topicIds ?? {};
  try {
    return withNewTopics(known, await readTopicIds(modelOf(inputs)));
  } catch (error) {
    if (!isMigrationError(error)) throw error;
    progress.warn(`could not record the topics' ids; the next up tries again (${error.code}: ${error.seen})`);
    return known;
  }
}

/**
 * Returns true if the origin has topics whose ids are not recorded yet, for example after an update of this package.
 */
async function hasNewTopics(state: GateInputs & GateOutputs, progress: Progress): Promise<boolean> {
  if (state.abandon) return false;
  const now = await readTopicIds(modelOf(state)).catch(() => ({}) as RecordedTopics);
  const unknown = Object.keys(now).filter(
    (topic) => now[topic]!.origin !== undefined && entry(state.topicIds, topic)?.origin === undefined,
  );
  if (unknown.length > 0)
    progress.info(`the ids of ${countText(unknown.length, "topic")} will be recorded: ${someOf(unknown, 5)}`);
  return unknown.length > 0;
}

/**
 * Returns the recorded ids that are valid for the program's mirror. Returns null if the mirror changed, because a new
 * mirror copies everything from the beginning. A topic that is new in `acceptTruncation` is left out, so its current id
 * is recorded. Otherwise the user would have to abandon the migration when an id changed, for example on a cluster that
 * was restored from a backup. The gate still compares the first and last records of such a topic.
 */
function recordedFor(olds: GateInputs & GateOutputs, news: GateInputs): RecordedTopics | null {
  const keys = ["originAlias", "targetAlias", "offsetStorageTopic", "policyClass", "separator"] as const;
  if (!isDefined(olds.topicIds) || !keys.every((key) => olds.mirror[key] === news.mirror[key])) return null;
  const before = olds.options.acceptTruncation ?? [];
  const accepted = (news.options.acceptTruncation ?? []).filter((topic) => !before.includes(topic));
  return Object.fromEntries(Object.entries(olds.topicIds).filter(([topic]) => !accepted.includes(topic)));
}

/** Returns the inputs of the gate before a deletion: the program's settings and what the state knows. */
function closing(news: GateInputs, olds: GateOutputs & WithWayBack): ClosingInputs {
  const { passed, passedAt, abandonedAt, result } = olds;
  return {
    ...news,
    hasLeft: news.hasLeft ?? olds.hasLeft ?? null,
    passed,
    passedAt,
    abandonedAt,
    cleared: result?.cleared ?? null,
    topicIds: olds.topicIds,
  };
}

/** `cleanup` runs the gate in the update, because Pulumi deletes only after every update succeeded. */
async function letGo(olds: GateInputs & GateOutputs, news: GateInputs, progress: Progress): Promise<GateOutputs> {
  const abandonedAt = news.abandon ? (olds.abandonedAt ?? now()) : null;
  if (olds.refused === true) await askIfCopied(news, progress);
  else if (olds.phase !== "cleanup")
    await askBeforeItGoes(closing(news, { ...olds, abandonedAt, topicIds: news.topicIds ?? {} }), progress);
  return {
    ...shut(news, news.topicIds),
    passed: olds.passed,
    passedAt: olds.passedAt,
    abandonedAt,
    result: olds.result,
    ends: olds.ends ?? null,
  };
}

/**
 * In phases `mirror` and `returned` the gate is only prepared: it records topic ids and lowers a fence that was left.
 * In phase `cutover` it waits until the copy is complete. Clean-up and destroy run it before anything is deleted. They
 * continue if the gate passes, or if the migration was abandoned.
 */
export const gateStep = defineStep<GateInputs, GateOutputs>("gate", {
  outputs: { passed: true, passedAt: true, abandonedAt: true, result: true, ends: true, topicIds: true },

  /** Reports at preview what a roll-back cannot revert. */
  async describeUpdate(olds, news, progress) {
    if (olds.phase === "cleanup" || phaseChange({ phase: olds.phase, done: olds.passed }, news.phase) !== "roll-back")
      return;
    // The records come back. WayBack reports what is left to copy.
    if (news.phase === "returned") return;
    const written = await writtenOnTarget(olds, news);
    if (written !== undefined) sayWritten(written, progress);
  },

  /**
   * In phase `mirror` there must be no fence. A fence that exists was left by a cutover that failed or was killed. That
   * cutover did not write `cutover` to this state, so going back to `mirror` is not a change in it. In phase `cutover`
   * an earlier pass says nothing about records that were written later, for example when a later step failed and the
   * next `up` runs hours later.
   */
  async isOutdated(state, progress) {
    if (state.phase === "cutover") return movedOn(state, state);
    if (!isCopying(state.phase)) return false;
    return (await fenceIsThere(modelOf(state)).catch(() => false)) || (await hasNewTopics(state, progress));
  },

  optional: ["fenceOptions", "hasLeft"],
  immaterial: ["returnedAt"],

  create: arm,

  /** Keep a gate that did not open in the state: a destroy must run it before it deletes the mirror. */
  unfinished: (inputs) => ({ ...shut(inputs), ...(inputs.phase === "cleanup" ? { refused: true } : {}) }),

  async update(olds, wanted, progress) {
    const news = { ...wanted, topicIds: recordedFor(olds, wanted) };
    if (news.phase === "cleanup") return letGo(olds, news, progress);
    // A new migration starts after the clean-up. Nothing that the gate passed exists any more.
    if (olds.phase === "cleanup") return arm({ ...news, topicIds: null }, progress);
    // An earlier pass says nothing about topics or records that were added later.
    const same = sameTopics(olds, news) || (await selectsSame(olds, news));
    const holds = same && !(news.phase === "cutover" && (await movedOn(olds, news)));
    const change = phaseChange({ phase: olds.phase, done: olds.passed && holds }, news.phase);
    if (change === "roll-back") await rollBack(olds, news, progress);
    else if (isCopying(news.phase)) await lowerWhatIsThere(news, olds.fence || news.fence, progress);
    if (news.abandon) return { ...shut(news, news.topicIds), abandonedAt: olds.abandonedAt ?? now() };
    switch (change) {
      case "cutover":
        return pass(news, progress);
      case "roll-back":
        return shut(news, await recordTopics(news, progress));
      default: {
        const topicIds = isCopying(news.phase) ? await recordTopics(news, progress) : (news.topicIds ?? {});
        return {
          passed: olds.passed,
          passedAt: olds.passedAt,
          abandonedAt: null,
          result: olds.result,
          ends: olds.ends ?? null,
          topicIds,
        };
      }
    }
  },

  /**
   * The clean-up has already run the gate. If it refused, the step behind the mirror asks (`unasked`): a gate of a
   * clean-up does not depend on the mirror, so the mirror may be gone. In phase `cutover` with a way back the mirror is
   * deleted before the gate, so only the guard can ask before anything is deleted.
   */
  async remove(state, progress) {
    if (state.phase === "cutover" && state.hasLeft === true) return;
    if (state.phase !== "cleanup") await askBeforeItGoes(closing(state, state), progress);
  },
});
