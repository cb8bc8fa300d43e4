import { isDeepStrictEqual } from "node:util";
import { resolve } from "node:path";
import { engineProgress } from "./engine-link";
import { type ConnectionSecrets, renewable } from "../kubernetes/renewed";
import type { Connection, MigrationModel, MirrorModel, Phase, ProvedEnds } from "../../engine/model";
import type { RecordedTopics } from "../../engine/model";

/** Inputs of every step. The connections are secret in the state. The mirror's model is readable in the state. */
export interface StepInputs {
  originConnection: Connection;
  targetConnection: Connection;
  mirror: MirrorModel;
  /**
   * Secrets that the connections come from. Absent: they cannot be read again (an older state, or users given by the
   * program).
   */
  originSecrets?: ConnectionSecrets | null;
  targetSecrets?: ConnectionSecrets | null;
  /**
   * For the steps after the gate: time at which the gate passed, ISO 8601. Work done for an earlier pass must be
   * repeated.
   */
  gatePassedAt?: string | null;
  /** Topic ids that the gate recorded when the mirror started. Absent in the state of an older version. */
  topicIds?: RecordedTopics | null;
  /** Where both sides ended when they were last proved equal. Absent: never, or the state of an older version. */
  proved?: ProvedEnds | null;
}

/** Inputs of steps that act when the phase changes. */
export interface PhasedInputs extends StepInputs {
  phase: Phase;
}

/** Where the files of the report are. */
export interface ReportLocation {
  /** Name of the migration in the report. The file names contain it, too. */
  name: string;
  /** Folder as the user wrote it. A relative path starts at the Pulumi project's folder. */
  folder: string;
  /**
   * Path to the Pulumi project's folder, relative to the program's folder. The program's folder is the working
   * directory.
   */
  root: string;
}

export const reportFolder = ({ root, folder }: ReportLocation): string => resolve(root, folder);

export function modelOf(inputs: StepInputs): MigrationModel {
  const recorded = isDefined(inputs.topicIds) ? { recorded: inputs.topicIds } : {};
  return {
    origin: renewable(inputs.originConnection, inputs.originSecrets, engineProgress("login")),
    target: renewable(inputs.targetConnection, inputs.targetSecrets, engineProgress("login")),
    mirror: inputs.mirror,
    ...recorded,
    ...(isDefined(inputs.proved) ? { proved: inputs.proved } : {}),
  };
}

/** True if the part's applications are on the origin and the mirror copies: before a cutover, or after a return. */
export const isCopying = (phase: Phase): boolean => phase === "mirror" || phase === "returned";

export type PhaseChange = "arm" | "cutover" | "roll-back" | "none";

/**
 * Returns what a phased step has to do now. `done` comes from the state: true if the cutover work was finished. An `up`
 * that was killed half-way does its work again. A second `up` does nothing.
 */
export function phaseChange(was: { phase: Phase; done: boolean } | undefined, now: Phase): PhaseChange {
  if (now === "cutover") return was?.done === true && was.phase === "cutover" ? "none" : "cutover";
  if (isCopying(now) && was !== undefined && (was.phase === "cutover" || was.phase === "consumers" || was.done))
    return "roll-back";
  return was === undefined ? "arm" : "none";
}

/**
 * Returns true if both inputs select the same topics and groups, for the same pass of the gate. The state of an older
 * version may lack some fields.
 */
export function sameSelection(olds: StepInputs, news: StepInputs): boolean {
  const groups = ({ mirror: { scope, groupsPattern, groupsExcludePattern } }: StepInputs) => [
    groupsPattern,
    groupsExcludePattern ?? null,
    scope?.groups ?? null,
    scope?.withoutGroups ?? [],
    scope?.splitGroups ?? [],
  ];
  return sameTopics(olds, news) && isDeepStrictEqual(groups(olds), groups(news));
}

/**
 * Like {@link sameSelection}, but the groups may differ. The steps that work on topics need not run again if another
 * group moves.
 */
export function sameTopics(olds: StepInputs, news: StepInputs): boolean {
  const judged = isDefined(olds.gatePassedAt) && isDefined(news.gatePassedAt);
  if (judged && olds.gatePassedAt !== news.gatePassedAt) return false;
  const keys = ["originAlias", "policyClass"] as const;
  // The gate kept its pass, so it has found that these select the same topics.
  const patterns = judged ? [] : (["topicsPattern", "topicsExcludePattern"] as const);
  const topics = ({ mirror: { scope } }: StepInputs) => [
    scope?.wave ?? null,
    scope?.topics ?? null,
    judged ? [] : (scope?.withoutTopics ?? []),
  ];
  return (
    [...keys, ...patterns].every((key) => olds.mirror[key] === news.mirror[key]) &&
    isDeepStrictEqual(topics(olds), topics(news))
  );
}

/** Returns true if the step ran for the same pass of the gate, possibly with other options. */
export function sameGate(olds: StepInputs, news: StepInputs): boolean {
  return isDefined(olds.gatePassedAt) && olds.gatePassedAt === news.gatePassedAt;
}

/** Pulumi drops nulls. An output that a step has not produced yet is absent when the state comes back. */
export function isDefined<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}

export const now = (): string => new Date().toISOString();
