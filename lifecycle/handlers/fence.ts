import {
  checkFence,
  holdCommand,
  isEmptyFence,
  raiseFence,
  type FenceOptions,
  type RaisedFence,
  restoreLostMarkers,
  settledLater,
} from "../../engine/fence";
import type { GateOptions } from "../../engine/gate";
import type { MirrorModel } from "../../engine/model";
import { defined } from "../../engine/objects";
import { waveOf } from "../../engine/parts";
import { prepareCutover } from "../../engine/prepare";
import type { Progress } from "../../engine/progress";
import { countText } from "../../engine/units";
import { beforeFence, type StepsBehind } from "./before-fence";
import { askUnlessAsked, isLetGo, type BeforeGate } from "./closing";
import { wasRemoved } from "./declared-waves";
import { keepHolding, noteGap, noteWhole } from "./fence-hold";
import { lowerWhatIsThere } from "./fenced";
import { originIsGone } from "./internal-topics";
import { defineStep } from "./framework";
import { watchGroups } from "./idle-groups";
import { isCopying, isDefined, modelOf, type PhasedInputs } from "./inputs";

export interface FenceInputs extends PhasedInputs {
  options: FenceOptions;
  enabled: boolean;
  /**
   * A user operator manages the origin's users and removes the fence's ACLs. Absent: no, or the state of an older
   * version.
   */
  userOperator?: boolean;
  /**
   * How the gate decides. The fence is raised when the mirror is close behind the producers. Absent: it is raised at
   * once, because the migration is abandoned or the state is of an older version.
   */
  gate?: GateOptions | null;
  /** Set for a deletion if the migration was abandoned. See `withAbandoned`. */
  abandon?: boolean;
  /** What the steps behind the fence would refuse, the raise refuses. Absent: as for `gate`. */
  behind?: StepsBehind | null;
}

export interface FenceOutputs extends BeforeGate {
  raised: RaisedFence | null;
}

const wanted = (inputs: FenceInputs): boolean => inputs.enabled && inputs.phase === "cutover";

/** @param olds the step before this `up`. Its fence is raised again */
async function raise(
  inputs: FenceInputs,
  progress: Progress,
  olds?: FenceInputs & FenceOutputs,
): Promise<FenceOutputs> {
  const model = modelOf(inputs);
  const before = olds?.raised;
  // No client waits yet, unless an earlier `up` was killed.
  if (!isDefined(before)) {
    const { options, gate, behind } = inputs;
    // Clients may be on the target if the cutover has begun without a fence. It has not if this step has only failed.
    const begins = (olds?.phase !== "cutover" || olds.withoutGate === true) && isDefined(behind);
    if (isDefined(gate)) await beforeFence(inputs, { options, gate, ...(begins ? { behind } : {}) }, progress);
    else await prepareCutover(model);
  }
  watchGroups(model);
  // The gate comes next, and looks until the writes have ended for `settleMs`.
  const found = await raiseFence(model, settledLater(inputs.options), progress, undefined, undefined, before);
  const raised = { ...found, ...timesOf(found, before) };
  if (before !== undefined && before !== null && raised.created > 0) {
    noteGap(model, {
      after: before.raisedAt,
      until: raised.raisedAt,
      rules: raised.created,
      topics: [],
      wrote: [],
      unwatched: true,
    });
    progress.warn(
      `fence: ${countText(raised.created, "ACL")} had been removed since the last up (raised at ` +
        `${before.raisedAt}); restored`,
    );
  }
  noteWhole(model, raised.raisedAt);
  keepHolding(model, inputs.options, progress);
  // Without an ACL there is nothing to remove: nobody may write.
  if (inputs.userOperator === true && !isEmptyFence(raised)) progress.warn(operatorRemoves(model.mirror));
  return { raised };
}

/** Number of earlier raises that are kept. A user operator removes the fence after each `up`. */
const MOST_EARLIER = 20;

/** Since when the producers have waited. If an ACL of the fence was left, that is since the earlier raise. */
function timesOf({ closedAt }: RaisedFence, before: RaisedFence | null | undefined): Partial<RaisedFence> {
  if (before === undefined || before === null) return {};
  const { earlier = [] } = before;
  if (closedAt === undefined)
    return { closedAt: before.closedAt ?? before.raisedAt, ...(earlier.length === 0 ? {} : { earlier }) };
  const last = defined({ raisedAt: before.raisedAt, closedAt: before.closedAt });
  return { earlier: [...earlier, last].slice(-MOST_EARLIER) };
}

const operatorRemoves = (mirror: MirrorModel): string =>
  "the origin's user operator removes the fence's ACLs at each full reconciliation (every 120 s by default). " +
  "This up restores them until it ends. " +
  `After that, run \`${holdCommand(waveOf(mirror))}\` in another terminal until the clients run on the target`;

/**
 * Denies writes on the migrated origin topics from the cutover until the roll-back, the return or the clean-up. In
 * phases `mirror` and `returned` the gate lowers the fence, because it first checks what the producers come back to.
 */
export const fenceStep = defineStep<FenceInputs, FenceOutputs>("fence", {
  outputs: { raised: true },

  /** A user operator removes the fence within minutes. Each further `up` of the cutover raises it again. */
  async isOutdated(state) {
    if (!wanted(state)) return false;
    const found = await checkFence(modelOf(state), state.options, state.raised).catch(() => undefined);
    return found !== undefined && found.missing.length + found.lost.length > 0;
  },

  async create(inputs, progress) {
    if (wanted(inputs)) return raise(inputs, progress);
    return { raised: null };
  },

  unfinished: () => ({ raised: null, withoutGate: true }),

  async update(olds, news, progress) {
    if (wanted(news)) return raise(news, progress, olds);
    if (!isCopying(news.phase)) await lowerWhatIsThere(news, news.enabled || olds.enabled, progress, olds.raised);
    else if (olds.enabled && olds.phase === "cutover") {
      // The gate lowers it by its markers.
      if (isDefined(olds.raised)) await restoreLostMarkers(modelOf(news), olds.raised, progress);
      progress.info("the fence stays up until the gate has checked whether clients wrote to the target");
    }
    return { raised: null };
  },

  immaterial: ["userOperator", "gate", "behind"],

  // Also if the state has no fence: an `up` that was killed may have raised one without recording it. The topics of a
  // wave that was removed from the program may already be fenced for another one.
  async remove(state, progress) {
    if (wasRemoved(state)) return;
    if (state.withoutGate === true)
      await askUnlessAsked({ ...state, options: state.gate ?? {}, abandon: state.abandon === true }, progress);
    const abandon = state.abandon === true || isLetGo(state);
    if (state.enabled && (await originIsGone({ ...state, abandon })))
      progress.warn("abandoned: the fence may still exist on the origin, which is unreachable");
    else await lowerWhatIsThere(state, state.enabled, progress, state.raised);
  },
});
