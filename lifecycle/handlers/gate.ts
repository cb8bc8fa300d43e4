import { isMigrationError, MigrationError } from "../../engine/errors";
import { runGate, type GateOptions, type GateResult } from "../../engine/gate";
import { behindFence, type FencedInputs } from "./fenced";
import { type Handler, serve } from "./framework";
import { modelOf, now, type PhasedInputs, phaseChange } from "./inputs";

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
});

const pass: Handler<GateInputs, GateOutputs>["create"] = async (inputs, progress) => {
  const result = await behindFence(inputs, progress, () => runGate(modelOf(inputs), inputs.options, progress), true);
  return { ...shut(inputs), passed: true, passedAt: now(), result };
};

/**
 * In phase `mirror` the gate is only armed. `cutover` waits for completeness. On the way down it is asked first: it lets
 * the clean-up pass when it has passed and still holds, or when the migration is abandoned.
 */
const handler: Handler<GateInputs, GateOutputs> = {
  async create(inputs, progress) {
    return inputs.phase === "cutover" && !inputs.abandon ? pass(inputs, progress) : shut(inputs);
  },

  async update(olds, news, progress) {
    if (news.abandon) return { ...shut(news), abandonedAt: olds.abandonedAt ?? now() };
    switch (phaseChange({ phase: olds.phase, done: olds.passed }, news.phase)) {
      case "cutover":
        return pass(news, progress);
      case "roll-back":
        progress.info("shut again: the mirror goes on copying until the next cutover");
        return shut(news);
      default:
        return { passed: olds.passed, passedAt: olds.passedAt, abandonedAt: null, result: olds.result };
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
    await runGate(modelOf(state), options, progress).catch((error: unknown) => Promise.reject(withWayOut(error)));
    progress.info(state.passed ? `passed at ${state.passedAt}, and the origin has nothing newer` : "passed: the copy is complete");
  },
};

function withWayOut(error: unknown): unknown {
  if (!isMigrationError(error)) return error;
  const way = "everything is left running. `pulumi up` in phase cutover waits for completeness; to give the copy up set abandon to true and run `pulumi up`";
  return new MigrationError(error.code, error.seen, { details: error.details, fix: `${error.fix}; ${way}` });
}

export const gateStep = serve("gate", handler);
