import {
  applyThrottle,
  brokersOf,
  copyShares,
  isOff,
  LIMITING_QUOTA,
  removeLeft,
  type Shares,
  type ThrottledUsers,
} from "../../engine/copy-throttle";
import type { Side } from "../../engine/model";
import { SIDES } from "../../engine/sides";
import type { Progress } from "../../engine/progress";
import { defineStep } from "./framework";
import { isDefined, modelOf, type StepInputs } from "./inputs";
import { type GivenUpInputs, originIsGone } from "./internal-topics";

export interface CopySharesInputs extends StepInputs {
  /** Of the whole mirror. */
  bytesPerSecond: number;
  /** `fetch.max.bytes` of the mirror's consumers. */
  fetchBytes: number;
  users: ThrottledUsers;
}

export interface CopySharesOutputs {
  brokers: Record<Side, number>;
  /** The quota of each broker, in bytes per second. */
  shares: Shares;
}

/** An operator's KafkaUser is new, so nobody can have given it a quota before. */
const unclaimed = (inputs: CopySharesInputs, which: (side: Side) => boolean = () => true): Side[] =>
  SIDES.filter((side) => !inputs.users[side].operator && which(side));

/**
 * Runs before the mirror's users are created. Divides the rate by the number of brokers, and checks that nobody else
 * has set a quota for these users. It is recorded before a quota is set, so a quota that is found later is the
 * migration's, also after an `up` that was killed.
 */
export const copySharesStep = defineStep<CopySharesInputs, CopySharesOutputs>("copy-shares", {
  outputs: { brokers: true, shares: true },

  /** More brokers than before have more together. With fewer, some may only be down. */
  async isOutdated(state) {
    const brokers = await brokersOf(modelOf(state)).catch(() => state.brokers);
    return SIDES.some((side) => brokers[side] > state.brokers[side]);
  },

  create: (inputs, progress) => shares(inputs, unclaimed(inputs), progress),

  update: (olds, news, progress) =>
    shares(
      news,
      unclaimed(news, (side) => olds.users[side].principal !== news.users[side].principal),
      progress,
    ),

  /** If the `up` that sets the first limit is killed, no state has the step that removes it. */
  remove: (state, progress) => removeLeft(modelOf(state), state, progress),
});

const shares = (inputs: CopySharesInputs, unlimited: Side[], progress: Progress): Promise<CopySharesOutputs> =>
  copyShares(modelOf(inputs), { ...inputs, unlimited }, progress);

export interface CopyThrottleInputs extends GivenUpInputs {
  users: ThrottledUsers;
  /** The quota of each broker, in bytes per second. */
  shares: Shares;
  /** True in phase `mirror`: the mirror is limited. */
  limited: boolean;
}

export interface CopyThrottleOutputs {
  /** The limits that were set. Null: none is set. */
  applied: Shares | null;
}

/** An abandoned migration can be deleted even if the origin no longer exists. */
async function reachable(inputs: CopyThrottleInputs, progress: Progress): Promise<readonly Side[]> {
  if (!(await originIsGone(inputs))) return SIDES;
  progress.warn(
    `the quota ${LIMITING_QUOTA.origin} of ${inputs.users.origin.principal} may still exist on the origin, which is ` +
      "unreachable",
  );
  return ["target"];
}

const appliedIn = ({ applied }: CopyThrottleOutputs): Shares | null => (isDefined(applied) ? applied : null);

async function apply(
  inputs: CopyThrottleInputs,
  before: Shares | null,
  progress: Progress,
): Promise<CopyThrottleOutputs> {
  await applyThrottle(modelOf(inputs), { ...inputs, sides: await reachable(inputs, progress), before }, progress);
  return { applied: inputs.limited ? inputs.shares : null };
}

/**
 * Limits the mirror in phase `mirror`, and lifts the limit before anything of a cutover happens. Its deletion lifts it,
 * after the mirror is deleted.
 */
export const copyThrottleStep = defineStep<CopyThrottleInputs, CopyThrottleOutputs>("copy-throttle", {
  outputs: { applied: true },

  /** Returns false if this cannot be determined. */
  async isOutdated(state) {
    if (!state.limited) return false;
    return isOff(modelOf(state), state).catch(() => false);
  },

  create: (inputs, progress) => apply(inputs, null, progress),

  async update(olds, news, progress) {
    const before = appliedIn(olds);
    await forget(olds, news, before, progress);
    return apply(news, before, progress);
  },

  async remove(state, progress) {
    await lift(state, appliedIn(state), progress);
  },

  optional: ["abandon"],
});

/** If the program names other users, the limits of the earlier ones are removed. */
async function forget(
  olds: CopyThrottleInputs,
  news: CopyThrottleInputs,
  before: Shares | null,
  progress: Progress,
): Promise<void> {
  const renamed = (side: Side) => olds.users[side].principal !== news.users[side].principal;
  await lift({ ...news, users: olds.users, shares: olds.shares }, before, progress, renamed);
}

/** An operator removes the quotas of its users together with them. */
async function lift(
  inputs: CopyThrottleInputs,
  before: Shares | null,
  progress: Progress,
  which: (side: Side) => boolean = () => true,
): Promise<void> {
  if (!SIDES.some(which)) return;
  const sides = (await reachable(inputs, progress)).filter((side) => !inputs.users[side].operator && which(side));
  if (sides.length > 0) await applyThrottle(modelOf(inputs), { ...inputs, sides, limited: false, before }, progress);
}
