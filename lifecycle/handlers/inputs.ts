import { engineProgress } from "./engine-link";
import { type ConnectionSecrets, renewable } from "./renewed";
import type { Connection, MigrationModel, MirrorModel, Phase } from "../../engine/model";
import type { RecordedTopics } from "../../engine/topic-ids";

/** What every step is given. The connections are secrets in state; the mirror's model is readable there. */
export interface StepInputs {
  originConnection: Connection;
  targetConnection: Connection;
  mirror: MirrorModel;
  /** Secrets that the connections come from. Absent (an older state, given users): they cannot be read again. */
  originSecrets?: ConnectionSecrets | null;
  targetSecrets?: ConnectionSecrets | null;
  /** For what follows the gate: when it passed, ISO 8601. What was done for an earlier passing is to be done again. */
  gatePassedAt?: string | null;
  /** The topics' ids as the gate has recorded them when the mirror was started. An older state has none. */
  topicIds?: RecordedTopics | null;
}

/** Steps that act when the phase changes. */
export interface PhasedInputs extends StepInputs {
  phase: Phase;
}

export function modelOf(inputs: StepInputs): MigrationModel {
  const recorded = isDefined(inputs.topicIds) ? { recorded: inputs.topicIds } : {};
  return {
    origin: renewable(inputs.originConnection, inputs.originSecrets, engineProgress("login")),
    target: renewable(inputs.targetConnection, inputs.targetSecrets, engineProgress("login")),
    mirror: inputs.mirror,
    ...recorded,
  };
}

export type PhaseChange = "arm" | "cutover" | "roll-back" | "none";

/**
 * What a phased step has to do now. `done` is what its state says: whether its cutover work was finished, so that an
 * `up` that was killed half-way does it again and one that comes twice does nothing.
 */
export function phaseChange(was: { phase: Phase; done: boolean } | undefined, now: Phase): PhaseChange {
  if (now === "cutover") return was?.done === true && was.phase === "cutover" ? "none" : "cutover";
  if (now === "mirror" && was !== undefined && (was.phase === "cutover" || was.done)) return "roll-back";
  return was === undefined ? "arm" : "none";
}

/**
 * Do both speak of the same topics and groups, as they were when the gate let them pass? A state of an older version may
 * lack what it did not know.
 */
export function sameSelection(olds: StepInputs, news: StepInputs): boolean {
  if (isDefined(olds.gatePassedAt) && isDefined(news.gatePassedAt) && olds.gatePassedAt !== news.gatePassedAt)
    return false;
  const keys = [
    "originAlias",
    "policyClass",
    "topicsPattern",
    "topicsExcludePattern",
    "groupsPattern",
    "groupsExcludePattern",
  ] as const;
  return keys.every((key) => olds.mirror[key] === news.mirror[key]);
}

/** Was this step done for this very passing of the gate, maybe with other options? */
export function sameGate(olds: StepInputs, news: StepInputs): boolean {
  return isDefined(olds.gatePassedAt) && olds.gatePassedAt === news.gatePassedAt;
}

/** Pulumi keeps no null: what a step has not done yet is absent from the state that comes back. */
export function isDefined<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}

export const now = (): string => new Date().toISOString();
