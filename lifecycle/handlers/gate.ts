import { isMigrationError } from "../../engine/errors";
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
import { readTopicIds, type RecordedTopics, withNewTopics } from "../../engine/topic-ids";
import { countText, someOf } from "../../engine/units";
import { askBeforeItGoes, type ClosingInputs } from "./closing";
import { behindFence, type FencedInputs, lowerWhatIsThere } from "./fenced";
import { defineStep, type Handler } from "./framework";
import { isDefined, modelOf, now, type PhasedInputs, phaseChange, sameSelection } from "./inputs";

export interface GateInputs extends PhasedInputs, FencedInputs {
  options: GateOptions;
  /** The one explicit way past a gate that does not open; recorded in the outputs. */
  abandon: boolean;
}

export interface GateOutputs {
  passed: boolean;
  passedAt: string | null;
  abandonedAt: string | null;
  result: GateResult | null;
  /** Where both sides ended when it passed. */
  ends: CopyEnds | null;
  /** The topics' ids as they were first seen: a topic that is deleted and created again has another one. */
  topicIds: RecordedTopics;
}

/** @param topicIds what is recorded; an older state has nothing */
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
  const look = async (lost?: AbortSignal) => {
    const { originEnds, topicIds = {}, ...result } = await runGateAndNameWriters(model, inputs.options, progress, lost);
    return { result, topicIds, ends: await copyEnds(model, undefined, originEnds) };
  };
  const found = await behindFence(inputs, progress, look, true);
  return { ...shut(inputs), passed: true, passedAt: now(), ...found };
};

/**
 * What clients have written to the target since the gate passed; undefined when it has not, or an older state does not
 * tell. A target that can't be asked, often the very reason for the roll-back, must not keep producers locked out.
 */
async function writtenOnTarget(olds: GateOutputs, news: GateInputs): Promise<string | undefined> {
  if (olds.passed !== true || olds.ends === undefined || olds.ends === null) return undefined;
  let written: WrittenOnTarget[];
  try {
    written = await writtenSince(modelOf(news), olds.ends);
  } catch (error) {
    if (!isMigrationError(error)) throw error;
    return `roll-back: whether clients have written to the target since the gate passed can't be told (${error.code}: ${error.seen})`;
  }
  if (written.length === 0) return undefined;
  const records = written.reduce((sum, w) => sum + w.records, 0);
  const where = someOf(written.map((w) => `${w.topic}-${w.partition} (${w.records})`));
  return (
    `roll-back: clients have written ${countText(records, "record")} to ${countText(written.length, "partition")} of the target since the gate passed: ${where}. ` +
    "They stay there and are not copied back; the next cutover will find both sides different until they are gone"
  );
}

/** Whoever can't tell says no: the origin may be gone long after the cutover. */
async function movedOn(olds: GateOutputs, news: GateInputs): Promise<boolean> {
  if (olds.passed !== true || olds.ends === undefined || olds.ends === null || news.abandon) return false;
  return originMovedOn(modelOf(news), olds.ends).catch(() => false);
}

/** In this order: what the producers come back to, then the fence that keeps them away. */
async function rollBack(olds: GateInputs & GateOutputs, news: GateInputs, progress: Progress): Promise<void> {
  const written = await writtenOnTarget(olds, news);
  if (written !== undefined) progress.warn(written);
  await lowerWhatIsThere(news, olds.fence || news.fence, progress);
  progress.info(
    "shut again: the mirror goes on copying until the next cutover. Taken back: the fence, the groups' offsets; not taken back: replication factors, min.insync.replicas, what is on the target",
  );
}

const arm: Handler<GateInputs, GateOutputs>["create"] = async (inputs, progress) => {
  if (inputs.phase === "cutover" && !inputs.abandon) return pass(inputs, progress);
  if (inputs.phase === "mirror" && inputs.fence) await lowerWhatIsThere(inputs, true, progress);
  return shut(inputs, inputs.phase === "mirror" ? await recordTopics(inputs, progress) : {});
};

/**
 * The ids of all topics, as they were first seen. A topic whose id differs later was deleted and created again. Where a
 * cluster can't be asked now, the next `up` records them.
 */
async function recordTopics(inputs: GateInputs, progress: Progress): Promise<RecordedTopics> {
  const known = inputs.topicIds ?? {};
  try {
    return withNewTopics(known, await readTopicIds(modelOf(inputs)));
  } catch (error) {
    if (!isMigrationError(error)) throw error;
    progress.warn(`the topics' ids could not be recorded, the next up tries again (${error.code}: ${error.seen})`);
    return known;
  }
}

/** Has the origin topics that are not recorded yet, as after an update of this package? */
async function hasNewTopics(state: GateInputs & GateOutputs, progress: Progress): Promise<boolean> {
  if (state.abandon) return false;
  const now = await readTopicIds(modelOf(state)).catch(() => ({}) as RecordedTopics);
  const unknown = Object.keys(now).filter(
    (topic) => now[topic]!.origin !== undefined && state.topicIds?.[topic]?.origin === undefined,
  );
  if (unknown.length > 0)
    progress.info(`the ids of ${countText(unknown.length, "topic")} will be recorded: ${someOf(unknown, 5)}`);
  return unknown.length > 0;
}

/**
 * What is recorded for the mirror that the program asks for: another one copies everything from the beginning. A topic of
 * which a loss is accepted from now on counts as it is now: else nothing but giving up would lead past an id that has changed,
 * as it does on a cluster that was restored from a backup. Its first and last records are compared all the same.
 */
function recordedFor(olds: GateInputs & GateOutputs, news: GateInputs): RecordedTopics | null {
  const keys = ["originAlias", "targetAlias", "offsetStorageTopic", "policyClass", "separator"] as const;
  if (!isDefined(olds.topicIds) || !keys.every((key) => olds.mirror[key] === news.mirror[key])) return null;
  const before = olds.options.acceptTruncation ?? [];
  const accepted = (news.options.acceptTruncation ?? []).filter((topic) => !before.includes(topic));
  return Object.fromEntries(Object.entries(olds.topicIds).filter(([topic]) => !accepted.includes(topic)));
}

/** The question on the way down, of the program's settings and what the state knows. */
function closing(news: GateInputs, olds: GateOutputs): ClosingInputs {
  const { passed, passedAt, abandonedAt, result } = olds;
  return { ...news, passed, passedAt, abandonedAt, cleared: result?.cleared ?? null, topicIds: olds.topicIds };
}

/** `cleanup` asks before anything goes: Pulumi deletes only after every update went well. */
async function letGo(olds: GateInputs & GateOutputs, news: GateInputs, progress: Progress): Promise<GateOutputs> {
  const abandonedAt = news.abandon ? (olds.abandonedAt ?? now()) : null;
  if (olds.phase !== "cleanup")
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
 * In phase `mirror` the gate is only armed. `cutover` waits for completeness. On the way down it is asked first: it lets
 * the clean-up pass when it has passed and still holds, or when the migration is abandoned.
 */
export const gateStep = defineStep<GateInputs, GateOutputs>("gate", {
  outputs: { passed: true, passedAt: true, abandonedAt: true, result: true, ends: true, topicIds: true },

  /** A roll-back says at preview what it can't take back. */
  async describeUpdate(olds, news, progress) {
    if (olds.phase === "cleanup" || phaseChange({ phase: olds.phase, done: olds.passed }, news.phase) !== "roll-back")
      return;
    const written = await writtenOnTarget(olds, news);
    if (written !== undefined) progress.warn(written);
  },

  /**
   * In phase `mirror` there is no fence. One that stands was left by a cutover that failed or was killed: then this state
   * never came to say `cutover`, and going back to `mirror` changes nothing in it. In phase `cutover` what was passed is
   * no answer for records that came later, as when a later step failed and the next `up` comes hours after.
   */
  async isOutdated(state, progress) {
    if (state.phase === "cutover") return movedOn(state, state);
    if (state.phase !== "mirror") return false;
    return (await fenceIsThere(modelOf(state)).catch(() => false)) || (await hasNewTopics(state, progress));
  },

  optional: ["fenceOptions"],

  create: arm,

  /** A gate that did not open guards the mirror all the same: a destroy asks it. */
  unfinished: (inputs) => shut(inputs),

  async update(olds, wanted, progress) {
    const news = { ...wanted, topicIds: recordedFor(olds, wanted) };
    if (news.phase === "cleanup") return letGo(olds, news, progress);
    // A migration that begins anew: nothing of what it passed is there any more.
    if (olds.phase === "cleanup") return arm({ ...news, topicIds: null }, progress);
    // What it passed is no answer for topics that have come since, or for records.
    const holds = sameSelection(olds, news) && !(news.phase === "cutover" && (await movedOn(olds, news)));
    const change = phaseChange({ phase: olds.phase, done: olds.passed && holds }, news.phase);
    if (change === "roll-back") await rollBack(olds, news, progress);
    else if (news.phase === "mirror") await lowerWhatIsThere(news, olds.fence || news.fence, progress);
    if (news.abandon) return { ...shut(news, news.topicIds), abandonedAt: olds.abandonedAt ?? now() };
    switch (change) {
      case "cutover":
        return pass(news, progress);
      case "roll-back":
        return shut(news, await recordTopics(news, progress));
      default: {
        const topicIds = news.phase === "mirror" ? await recordTopics(news, progress) : (news.topicIds ?? {});
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

  /** After a clean-up it has been asked already. */
  async remove(state, progress) {
    if (state.phase !== "cleanup") await askBeforeItGoes(closing(state, state), progress);
  },
});
