import { type ConnectCluster, planConnectors, requireNoneRefused } from "../../engine/connectors";
import { isMigrationError, MigrationError } from "../../engine/errors";
import { type FenceOptions, previewFence } from "../../engine/fence";
import { type GateOptions, waitForMirror } from "../../engine/gate";
import type { MigrationModel } from "../../engine/model";
import {
  blockedError,
  blockedUntilMended,
  type OffsetOptions,
  type OffsetPlan,
  planOffsets,
  withReplaceable,
} from "../../engine/offsets";
import { defined } from "../../engine/objects";
import { prepareCutover } from "../../engine/prepare";
import { type Progress, silent } from "../../engine/progress";
import { durationText } from "../../engine/units";
import { modelOf, type ReportLocation, type StepInputs } from "./inputs";
import { neededJournal } from "./journal";

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
  /** Groups that go back to a cluster. What they have there may be replaced. */
  goBack?: readonly string[];
}

const NOT_RAISED = "so the fence was not raised and no producer was stopped";
/** Longest search for groups that cannot be moved. It can read whole partitions, and the fence waits for it. */
const SEARCH_MS = 60_000;

/**
 * Does what can be done while producers still write: finds what the steps behind the fence would refuse, waits until
 * the mirror is close behind the producers, and looks again, because the wait may be long. Does nothing if a part of
 * the fence exists: an earlier `up` raised it, so they wait already.
 * @throws MigrationError what the raise would refuse, CONNECTORS_REFUSED, OFFSETS_BLOCKED, the errors of
 *   `waitForMirror`, or errors of those steps that do not go away by waiting
 */
export async function beforeFence(
  inputs: StepInputs,
  { options, gate, behind, goBack }: BeforeFence,
  progress: Progress,
  searchMs = SEARCH_MS,
): Promise<void> {
  const model = modelOf(inputs);
  const { existing } = await previewFence(model, options);
  if (existing > 0) return;
  const search = behind === undefined ? undefined : new Search(inputs, model, behind, goBack);
  await search?.refuse(() => search.plan(searchMs, progress));
  await waitForMirror(model, gate, progress);
  const plan = await prepareCutover(model, behind?.offsets);
  await search?.refuse(async () => plan);
}

/** Looks for what the steps behind the fence would refuse. */
class Search {
  constructor(
    private readonly inputs: StepInputs,
    private readonly model: MigrationModel,
    private readonly behind: StepsBehind,
    private readonly goBack: readonly string[] = [],
  ) {}

  /** @param planned undefined: it is not known which groups can be moved */
  async refuse(planned: () => Promise<OffsetPlan | undefined>): Promise<void> {
    const plans = await unlessPassing(() => planConnectors(this.model, this.behind.connectors));
    requireNoneRefused(plans ?? [], NOT_RAISED);
    const blocked = (await unlessPassing(() => this.blocked(planned))) ?? [];
    if (blocked.length > 0) throw blockedError(blocked, `, ${NOT_RAISED}`);
  }

  /** Groups that an earlier `up` was about to move are left to the step that knows more about them. */
  private async blocked(planned: () => Promise<OffsetPlan | undefined>) {
    const { offsets, resume } = this.behind;
    const known = await neededJournal({ ...this.inputs, ...defined({ resume }) });
    const moved = new Set((known?.groups ?? []).map((one) => one.group));
    const plan = offsets.blocked === "skip" ? undefined : await planned();
    if (plan === undefined) return [];
    const { groups } = withReplaceable(plan, new Set(this.goBack));
    return blockedUntilMended(
      groups.filter(({ group }) => !moved.has(group)),
      offsets,
    );
  }

  async plan(limitMs: number, progress: Progress): Promise<OffsetPlan | undefined> {
    const limit = AbortSignal.timeout(limitMs);
    try {
      return await planOffsets(this.model, this.behind.offsets, silent, limit);
    } catch (error) {
      if (!limit.aborted) throw error;
      progress.warn(
        `fence: it is not known after ${durationText(limitMs)} whether all groups can be moved: their offsets take ` +
          "long to translate, and clients will wait that long. The step that moves them will find out behind the fence",
      );
      return undefined;
    }
  }
}

/** Errors that the step behind the fence would meet, too. Others may pass, or come only from the present state. */
const LASTING = ["KAFKA_UNAUTHORIZED", "KAFKA_AUTHENTICATION", "CHECKPOINTS_UNREADABLE"];
const isLasting = (code: string): boolean => LASTING.includes(code) || /^(OFFSETS|CONNECT)_/.test(code);

/** @returns undefined after an error that may have passed when the step behind the fence does this */
async function unlessPassing<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!isMigrationError(error)) throw error;
    if (!isLasting(error.code)) return undefined;
    const { code, seen, details, fix } = error;
    throw new MigrationError(code, `${seen}, ${NOT_RAISED}`, { details, fix, cause: error });
  }
}
