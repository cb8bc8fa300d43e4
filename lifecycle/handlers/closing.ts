import { isMigrationError, MigrationError } from "../../engine/errors";
import { type GateOptions, type GateResult, runGateAndNameWriters } from "../../engine/gate";
import { isLoginFailure } from "../../engine/kafka/renew";
import type { Progress } from "../../engine/progress";
import { isDefined, modelOf, type PhasedInputs } from "./inputs";

/** What is known of the gate when the mirror is to go. */
export interface ClosingInputs extends PhasedInputs {
  options: GateOptions;
  /** The one explicit way past a gate that does not open. */
  abandon: boolean;
  abandonedAt?: string | null;
  passed?: boolean | null;
  passedAt?: string | null;
  /** What the gate had cleared when it passed. */
  cleared?: GateResult["cleared"] | null;
}

/**
 * A mirror tells how far it has copied once in `offset.flush.interval.ms` (60 s by default, Kafka 4.3): a destroy that
 * follows close on the last record waits for that, but not for a copy that is far from complete.
 */
const CLOSING_MS = 120_000;

/**
 * Asked before anything of a migration goes: is the copy complete, or is the migration given up? Also after the gate has
 * passed: what producers wrote to the origin since then must not be cut off unnoticed.
 * @throws MigrationError as the gate does, with the way out
 */
export async function askBeforeItGoes(inputs: ClosingInputs, progress: Progress): Promise<void> {
  if (inputs.abandon) {
    progress.warn(
      `migration abandoned${isDefined(inputs.abandonedAt) ? ` at ${inputs.abandonedAt}` : ""}: the copy is not proved complete, clean-up goes on as asked`,
    );
    return;
  }
  const passed = inputs.passed === true;
  const options = {
    ...inputs.options,
    limitMs: Math.min(inputs.options.limitMs ?? CLOSING_MS, CLOSING_MS),
    ...(passed ? { stableForMs: 0 } : {}),
    compareLastRecord: !passed,
    // Told again: retention may have taken a trailing marker away meanwhile.
    ...(isDefined(inputs.cleared) ? { cleared: inputs.cleared } : {}),
  };
  await runGateAndNameWriters(modelOf(inputs), options, progress).catch((error: unknown) =>
    Promise.reject(closingError(error)),
  );
  progress.info(
    passed ? `passed at ${inputs.passedAt}, and the origin has nothing newer` : "passed: the copy is complete",
  );
}

/** Adds the ways out of a gate that stays shut. */
export function closingError(error: unknown): unknown {
  // A login that is refused says nothing of the copy: giving it up is not the way.
  if (!isMigrationError(error) || isLoginFailure(error)) return error;
  const way =
    "everything is left running. `pulumi up` in phase cutover waits for completeness; to give the copy up set abandon to true and run `pulumi up`";
  return new MigrationError(error.code, error.seen, { details: error.details, fix: `${error.fix}; ${way}` });
}
