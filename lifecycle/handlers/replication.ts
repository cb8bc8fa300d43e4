import { isDeepStrictEqual } from "node:util";
import type { Progress } from "../../engine/progress";
import {
  applyReplication,
  planReplicationFor,
  type ReplicationOptions,
  type ReplicationResult,
} from "../../engine/replication";
import { inTurn } from "../../engine/side-by-side";
import { defineStep } from "./framework";
import { changeOwned, describeOwned, leaveOf, planOwned } from "./owned-topics";
import { isDefined, modelOf, now, type PhaseChange, type PhasedInputs, phaseChange, sameTopics } from "./inputs";

export interface ReplicationInputs extends PhasedInputs {
  options: ReplicationOptions;
  abandon: boolean;
  /** `cutover`: in phase `cutover`. `removal`: when the resource is deleted, for a destroy without a cutover. */
  when: "cutover" | "removal";
}

export interface ReplicationOutputs {
  resetAt: string | null;
  result: ReplicationResult | null;
}

const none: ReplicationOutputs = { resetAt: null, result: null };

async function reset(inputs: ReplicationInputs, progress: Progress): Promise<ReplicationOutputs> {
  if (inputs.abandon) return none;
  const model = modelOf(inputs);
  const { options } = inputs;
  const work = async () => {
    const plan = await planOwned(inputs, model, options, progress);
    // After a cutover the KafkaTopics say what the topics' owners want.
    if (options.onlyAdd === true) {
      const leave = [...plan.ours, ...plan.others].map(({ topic }) => topic);
      return { result: await applyReplication(model, { ...options, leave }, progress), resetAt: now() };
    }
    describeOwned(plan, progress);
    await changeOwned(plan, "before");
    const result = await applyReplication(model, { ...options, ...leaveOf(plan) }, progress);
    await changeOwned(plan, "after");
    return { result, resetAt: now() };
  };
  // The throttle is a setting of the target's brokers. If one wave removed it, the copying for another would go on
  // without it.
  return inputs.options.throttleBytesPerSecond === undefined
    ? work()
    : inTurn(`throttle of ${inputs.targetConnection.bootstrapServers}`, work);
}

async function describePlan(inputs: ReplicationInputs, progress: Progress): Promise<void> {
  if (inputs.when !== "cutover" || inputs.phase !== "cutover" || inputs.abandon) return;
  const model = modelOf(inputs);
  const owned = await planOwned(inputs, model, inputs.options, progress);
  const plan = await planReplicationFor(model, { ...inputs.options, ...leaveOf(owned) }, undefined, progress);
  for (const line of plan.lines) progress.info(line);
  describeOwned(owned, progress);
}

/** Preview and update both use this decision. A reset with other rules counts as a cutover, too. */
function changeOf(olds: ReplicationInputs & ReplicationOutputs, news: ReplicationInputs): PhaseChange {
  const done = isDefined(olds.resetAt) && sameTopics(olds, news) && isDeepStrictEqual(olds.options, news.options);
  return phaseChange({ phase: olds.phase, done }, news.phase);
}

/** Brings the target's topics to the wanted replication. A second run finds nothing to do. */
export const replicationStep = defineStep<ReplicationInputs, ReplicationOutputs>("replication", {
  outputs: { resetAt: true, result: true },

  async previewFailures(news, olds, progress) {
    if (olds === undefined) await describePlan(news, progress);
    return [];
  },

  async describeUpdate(olds, news, progress) {
    if (changeOf(olds, news) === "cutover") await describePlan(news, progress);
  },

  async create(inputs, progress) {
    return inputs.when === "cutover" && inputs.phase === "cutover" ? reset(inputs, progress) : none;
  },

  async update(olds, news, progress) {
    const before = { resetAt: olds.resetAt, result: olds.result };
    if (news.when !== "cutover") return before;
    switch (changeOf(olds, news)) {
      case "cutover":
        return reset(news, progress);
      case "roll-back":
        progress.info("replication is not reverted: more replicas do not disturb the mirror");
        return none;
      default:
        return before;
    }
  },

  async remove(state, progress) {
    if (state.when !== "removal") return;
    // After a cutover the topics belong to their owners, who may have added replicas. Only finish what the cutover left
    // undone.
    const onlyAdd = state.phase === "cutover";
    await reset({ ...state, options: { ...state.options, onlyAdd } }, progress);
  },
});
