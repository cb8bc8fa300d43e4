import { type ConnectCluster, planConnectors, requireNoneRefused } from "../../engine/connectors";
import { isMigrationError } from "../../engine/errors";
import { type FenceOptions, previewFence } from "../../engine/fence";
import { type GateOptions, waitForMirror } from "../../engine/gate";
import type { MigrationModel } from "../../engine/model";
import { blockedError, blockedUntilMended, type OffsetOptions, planOffsets } from "../../engine/offsets";
import { defined } from "../../engine/objects";
import { type Progress, silent } from "../../engine/progress";
import { modelOf, type ReportLocation, type StepInputs } from "./inputs";
import { journalOf } from "./journal";

/** Settings of the steps behind the fence, to find what they would refuse. */
export interface StepsBehind {
  connectors: readonly ConnectCluster[];
  offsets: OffsetOptions;
  resume?: ReportLocation;
}

export interface BeforeFence {
  options: FenceOptions;
  gate: GateOptions;
  /** Absent: the cutover has begun before, or the state is of an older version. */
  behind?: StepsBehind;
}

const NOT_RAISED = "so the fence was not raised and no producer was stopped";

/**
 * Does what can be done while producers still write: finds what the steps behind the fence would refuse, and waits
 * until the mirror is close behind the producers. Does nothing if a part of the fence exists: an earlier `up` raised
 * it, so they wait already.
 * @throws MigrationError what the raise would refuse, CONNECTORS_REFUSED, OFFSETS_BLOCKED, or the errors of
 *   `waitForMirror`
 */
export async function beforeFence(
  inputs: StepInputs,
  { options, gate, behind }: BeforeFence,
  progress: Progress,
): Promise<void> {
  const model = modelOf(inputs);
  const { existing } = await previewFence(model, options);
  if (existing > 0) return;
  if (behind !== undefined) {
    requireNoneRefused(await planConnectors(model, behind.connectors), NOT_RAISED);
    await refuseBlocked(inputs, model, behind);
  }
  await waitForMirror(model, gate, progress);
}

/** Groups that an earlier `up` was about to move are left to the step that knows more about them. */
async function refuseBlocked(inputs: StepInputs, model: MigrationModel, { offsets, resume }: StepsBehind) {
  if (offsets.blocked === "skip") return;
  const blocked = await leftToThatStep(async () => {
    const known = await journalOf({ ...inputs, ...defined({ resume }) });
    const moved = new Set((known?.groups ?? []).map((one) => one.group));
    const { groups } = await planOffsets(model, offsets, silent);
    return blockedUntilMended(
      groups.filter(({ group }) => !moved.has(group)),
      offsets,
    );
  });
  if (blocked !== undefined && blocked.length > 0) throw blockedError(blocked, `, ${NOT_RAISED}`);
}

/** The step that moves the groups repeats this, and says better what it needs. */
async function leftToThatStep<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isMigrationError(error)) return undefined;
    throw error;
  }
}
