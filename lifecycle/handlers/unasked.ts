import { withCluster } from "../../engine/clusters";
import { ConnectStateReader } from "../../engine/connect-state";
import { isMigrationError, MigrationError } from "../../engine/errors";
import { type GateOptions, runGateAndNameWriters } from "../../engine/gate";
import type { MigrationModel } from "../../engine/model";
import type { Progress } from "../../engine/progress";
import { wasAsked } from "./closing";
import { programRuns } from "./framework";
import { isDefined, modelOf, type StepInputs } from "./inputs";

/**
 * How the gate decides if no gate is in the state: the first `up` was killed after it had created the mirror. Both
 * absent: a part has a way back, or the state is of an older version.
 */
export interface Unasked {
  /** While everything is copied. */
  gate?: GateOptions | null;
  /** From the cutover of a part on. Clients may have written to the target, so no last records are compared. */
  cutoverGate?: GateOptions | null;
}

export interface UnaskedInputs extends StepInputs, Unasked {
  abandon?: boolean;
}

/** The origin's ends must not move for this time, also if the settings say less because they ask for a fence. */
const QUIET_MS = 5_000;

/** The mirror is gone. What is missing now will never be copied, so the gate waits only for writes to end. */
const WAIT_MS = 5_000;

/** Returns true if the mirror has copied something, and its progress can be lost. */
export async function hasCopied(model: MigrationModel): Promise<boolean> {
  const view = await withCluster(model, "target", (target) => new ConnectStateReader(target, model.mirror).read());
  return view.offsets.size > 0;
}

/**
 * Asks the gate's question before the mirror's progress is deleted, if nothing else in this destroy has asked it: no
 * step that asks it was in the state. An `up` runs the program, so its gate asks.
 * @throws MigrationError the gate's error. The progress is kept, so nothing is lost
 */
export async function askIfUnasked(inputs: UnaskedInputs, progress: Progress): Promise<void> {
  const { abandon } = inputs;
  const gate = inputs.gate ?? inputs.cutoverGate;
  if (!isDefined(gate) || abandon === true || programRuns() || wasAsked(inputs)) return;
  const model = modelOf(inputs);
  if (!(await hasCopied(model))) return;
  progress.info("no gate is in the state: checking whether the copy is complete, before its progress is deleted");
  const stableForMs = Math.max(gate.stableForMs ?? 0, QUIET_MS);
  const options = {
    ...gate,
    stableForMs,
    limitMs: stableForMs + WAIT_MS,
    ...(isDefined(inputs.cutoverGate) ? { compareLastRecord: false } : {}),
  };
  await runGateAndNameWriters(model, options, progress).catch((error: unknown) => Promise.reject(keptError(error)));
}

function keptError(error: unknown): unknown {
  if (!isMigrationError(error)) return error;
  const way =
    "the mirror is stopped, but its progress and what it has copied are kept. `pulumi up` creates the mirror again, " +
    "and it continues where it stopped; to give up the copy, set abandon to true and run `pulumi up`, then `pulumi " +
    "destroy`";
  return new MigrationError(error.code, error.seen, { details: error.details, fix: `${error.fix}; ${way}` });
}
