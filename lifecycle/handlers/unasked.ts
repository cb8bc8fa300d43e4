import { withCluster } from "../../engine/clusters";
import { ConnectStateReader } from "../../engine/connect-state";
import { isMigrationError, withFix } from "../../engine/errors";
import { type GateOptions, runGateAndNameWriters } from "../../engine/gate";
import { parsePartitionKey } from "../../engine/log/partition";
import type { MigrationModel } from "../../engine/model";
import { isLoginFailure } from "../../engine/kafka/renew";
import type { Progress } from "../../engine/progress";
import { unaskedPart } from "./closing";
import { programRuns } from "./framework";
import { isDefined, modelOf, type StepInputs } from "./inputs";

/**
 * How the gate decides if no gate is in the state: the first `up` was killed after it had created the mirror. Both
 * absent: all parts use their way back, or the state is of an older version.
 */
export interface Unasked {
  /** While everything is copied. */
  gate?: GateOptions | null;
  /** From the cutover of a part on. Clients may have written to the target, so no last records are compared. */
  cutoverGate?: GateOptions | null;
  /** Patterns of topics that are not asked about, because a return mirror copies them, or did. Absent: none. */
  returning?: string[] | null;
}

export interface UnaskedInputs extends StepInputs, Unasked {
  abandon?: boolean;
}

/** The origin's ends must not move for this time, also if the settings say less because they ask for a fence. */
const QUIET_MS = 5_000;

/** The mirror is gone. What is missing now will never be copied, so the gate waits only for writes to end. */
const WAIT_MS = 5_000;
/**
 * The limit counts from the start, and the first look alone takes 20 s with 100,000 partitions. If the mirror has
 * copied from fewer of them, the copy is not complete, and a look that is not finished refuses rightly.
 */
const LOOK_MS_PER_PARTITION = 1;

/** The origin's topics from which the mirror has copied something. Its progress there can be lost. */
export interface Copied {
  topics: string[];
  partitions: number;
}

export async function readCopied(model: MigrationModel): Promise<Copied> {
  const view = await withCluster(model, "target", (target) => new ConnectStateReader(target, model.mirror).read());
  const topics = [...new Set([...view.offsets.keys()].map((key) => parsePartitionKey(key).topic))];
  return { topics, partitions: view.offsets.size };
}

/**
 * Asks the gate's question before the mirror's progress is deleted, for the parts that nothing else in this destroy
 * has asked about: no step that asks was in the state. An `up` runs the program, so its gate asks.
 * @throws MigrationError the gate's error. The progress is kept, so nothing is lost
 */
export async function askIfUnasked(inputs: UnaskedInputs, progress: Progress): Promise<void> {
  const { abandon } = inputs;
  const gate = inputs.gate ?? inputs.cutoverGate;
  if (!isDefined(gate) || abandon === true || programRuns()) return;
  const mirror = unaskedPart(inputs, inputs.returning ?? []);
  if (mirror === undefined) return;
  const model = modelOf({ ...inputs, mirror });
  const { topics, partitions } = await readCopied(model);
  if (partitions === 0) return;
  const isCutOver = isDefined(inputs.cutoverGate);
  progress.info(
    "no gate is in the state: checking whether the copy is complete, before its progress is deleted" +
      (isCutOver ? ". Records that the origin has deleted do not count, because no mirror can copy them any more" : ""),
  );
  const stableForMs = Math.max(gate.stableForMs ?? 0, QUIET_MS);
  const options = {
    ...gate,
    stableForMs,
    limitMs: stableForMs + WAIT_MS + partitions * LOOK_MS_PER_PARTITION,
    // A destroy that was killed may have deleted a gate that knew which of them were only markers.
    ...(isCutOver ? { compareLastRecord: false, acceptTruncation: topics } : {}),
  };
  await runGateAndNameWriters(model, options, progress).catch((error: unknown) => Promise.reject(keptError(error)));
}

function keptError(error: unknown): unknown {
  if (!isMigrationError(error)) return error;
  const kept = "the mirror is stopped, but its progress and what it has copied are kept";
  const givenUp = "set abandon to true and run `pulumi up`, then `pulumi destroy`";
  // It says nothing about the copy.
  if (!error.code.startsWith("GATE_")) {
    const again = `then run \`pulumi destroy\` again: ${kept}`;
    return withFix(
      error,
      `${error.fix}; ${again}${isLoginFailure(error) ? "" : `; if a cluster is gone for ever, ${givenUp}`}`,
    );
  }
  const way =
    `${kept}. \`pulumi up\` in phase mirror or cutover creates the mirror again, and it continues where it stopped; ` +
    `to give up the copy, ${givenUp}. If a clean-up was interrupted, \`pulumi up\` in phase cleanup finishes it`;
  return withFix(error, `${way}; when the mirror runs again: ${error.fix}`);
}
