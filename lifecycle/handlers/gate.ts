import { isMigrationError, MigrationError } from "../../engine/errors";
import { fenceIsThere } from "../../engine/fence";
import { type CopyEnds, copyEnds, runGateAndNameWriters, type GateOptions, type GateResult, type WrittenOnTarget, writtenSince } from "../../engine/gate";
import type { Progress } from "../../engine/progress";
import { countText, someOf } from "../../engine/units";
import { behindFence, type FencedInputs, lowerWhatIsThere } from "./fenced";
import { type Handler, serve } from "./framework";
import { modelOf, now, type PhasedInputs, phaseChange, sameSelection } from "./inputs";

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
}

/**
 * A mirror tells how far it has copied once in `offset.flush.interval.ms` (60 s by default, Kafka 4.3): a destroy that
 * follows close on the last record waits for that, but not for a copy that is far from complete.
 */
const CLOSING_MS = 120_000;

const shut = (inputs: GateInputs): GateOutputs => ({
  passed: false,
  passedAt: null,
  abandonedAt: inputs.abandon ? now() : null,
  result: null,
  ends: null,
});

const pass: Handler<GateInputs, GateOutputs>["create"] = async (inputs, progress) => {
  const model = modelOf(inputs);
  const look = async () => ({ result: await runGateAndNameWriters(model, inputs.options, progress), ends: await copyEnds(model) });
  return { ...shut(inputs), passed: true, passedAt: now(), ...(await behindFence(inputs, progress, look, true)) };
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

/** In this order: what the producers come back to, then the fence that keeps them away. */
async function rollBack(olds: GateInputs & GateOutputs, news: GateInputs, progress: Progress): Promise<void> {
  const written = await writtenOnTarget(olds, news);
  if (written !== undefined) progress.warn(written);
  await lowerWhatIsThere(news, olds.fence || news.fence, progress);
  progress.info("shut again: the mirror goes on copying until the next cutover. Taken back: the fence, the groups' offsets; not taken back: replication factors, min.insync.replicas, what is on the target");
}

/**
 * In phase `mirror` the gate is only armed. `cutover` waits for completeness. On the way down it is asked first: it lets
 * the clean-up pass when it has passed and still holds, or when the migration is abandoned.
 */
const handler: Handler<GateInputs, GateOutputs> = {
  /** A roll-back says at preview what it can't take back. */
  async foretell(olds, news, progress) {
    if (phaseChange({ phase: olds.phase, done: olds.passed }, news.phase) !== "roll-back") return;
    const written = await writtenOnTarget(olds, news);
    if (written !== undefined) progress.warn(written);
  },

  /**
   * In phase `mirror` there is no fence. One that stands was left by a cutover that failed or was killed: then this state
   * never came to say `cutover`, and going back to `mirror` changes nothing in it.
   */
  async overtaken(state) {
    return state.phase === "mirror" && (await fenceIsThere(modelOf(state)).catch(() => false));
  },

  async create(inputs, progress) {
    if (inputs.phase === "cutover" && !inputs.abandon) return pass(inputs, progress);
    if (inputs.phase === "mirror" && inputs.fence) await lowerWhatIsThere(inputs, true, progress);
    return shut(inputs);
  },

  async update(olds, news, progress) {
    // What it passed is no answer for topics that have come since.
    const change = phaseChange({ phase: olds.phase, done: olds.passed && sameSelection(olds, news) }, news.phase);
    if (change === "roll-back") await rollBack(olds, news, progress);
    else if (news.phase === "mirror") await lowerWhatIsThere(news, olds.fence || news.fence, progress);
    if (news.abandon) return { ...shut(news), abandonedAt: olds.abandonedAt ?? now() };
    switch (change) {
      case "cutover":
        return pass(news, progress);
      case "roll-back":
        return shut(news);
      default:
        return { passed: olds.passed, passedAt: olds.passedAt, abandonedAt: null, result: olds.result, ends: olds.ends ?? null };
    }
  },

  async remove(state, progress) {
    if (state.abandon) {
      progress.warn(`migration abandoned at ${state.abandonedAt}: the copy is not proved complete, clean-up goes on as asked`);
      return;
    }
    // Also after it has passed: what producers wrote to the origin since then must not be cut off unnoticed.
    // What it had cleared is told again: retention may have taken a trailing marker away meanwhile.
    const cleared = state.result?.cleared;
    const options = {
      ...state.options,
      limitMs: Math.min(state.options.limitMs ?? CLOSING_MS, CLOSING_MS),
      ...(state.passed ? { stableForMs: 0 } : {}),
      compareLastRecord: !state.passed,
      ...(cleared === undefined ? {} : { cleared }),
    };
    await runGateAndNameWriters(modelOf(state), options, progress).catch((error: unknown) => Promise.reject(withWayOut(error)));
    progress.info(state.passed ? `passed at ${state.passedAt}, and the origin has nothing newer` : "passed: the copy is complete");
  },
};

function withWayOut(error: unknown): unknown {
  if (!isMigrationError(error)) return error;
  const way = "everything is left running. `pulumi up` in phase cutover waits for completeness; to give the copy up set abandon to true and run `pulumi up`";
  return new MigrationError(error.code, error.seen, { details: error.details, fix: `${error.fix}; ${way}` });
}

export const gateStep = serve("gate", handler);
