import { isDeepStrictEqual } from "node:util";
import { isMigrationError, withFix } from "../../engine/errors";
import { type GateOptions, type GateResult, runGateAndNameWriters } from "../../engine/gate";
import { isLoginFailure } from "../../engine/kafka/renew";
import type { MirrorModel, Scope } from "../../engine/model";
import type { Progress } from "../../engine/progress";
import { hasLeftMirror, hasReturnMirror } from "../../engine/way-back/left-mirror";
import { isReturnMirror, returnModel } from "../../engine/way-back/model";
import { wasRemoved } from "./declared-waves";
import { migrationOf } from "./fence-hold";
import { isDefined, modelOf, type PhasedInputs, type StepInputs } from "./inputs";

/** Inputs of steps that act differently once the part's way back was opened. */
export interface WithWayBack {
  /** True: the part is cut over and has a way back, or had one. Absent: it has none. */
  hasLeft?: boolean | null;
}

/**
 * Output of a step before the gate whose creation failed. The gate depends on the step, so it was not created, and no
 * state has it. The step then asks the gate's question when it is deleted, because the mirror is deleted after it.
 */
export interface BeforeGate {
  withoutGate?: true;
}

/** What is known about the gate when the mirror is to be deleted. */
export interface ClosingInputs extends PhasedInputs, WithWayBack {
  options: GateOptions;
  /** Set by the user to continue although the gate did not open. There is no other way. */
  abandon: boolean;
  abandonedAt?: string | null;
  passed?: boolean | null;
  passedAt?: string | null;
  /** What the gate had cleared when it passed. See {@link GateResult}. */
  cleared?: GateResult["cleared"] | null;
}

/**
 * Longest wait of the gate before a deletion, in milliseconds. MirrorMaker 2 records its progress only once per
 * `offset.flush.interval.ms` (60 s by default, Kafka 4.3). A destroy right after the last record must wait for that. It
 * must not wait for a copy that is far from complete.
 */
const CLOSING_MS = 120_000;

/**
 * Runs before anything of a migration is deleted: is the copy complete, or was the migration abandoned? Runs also if
 * the gate has passed before, because producers may have written to the origin since then. Does nothing for a wave that
 * was removed from the program, because the mirror goes on, and for a part whose way back was opened.
 * @throws MigrationError the gate's error, with instructions on how to continue
 */
export async function askBeforeItGoes(inputs: ClosingInputs, progress: Progress): Promise<void> {
  if (wasRemoved(inputs)) return;
  await ask(inputs, progress);
  noteAsked(inputs);
}

/** The parts of each migration whose gate let them go. Pulumi keeps one process for all deletions of a run. */
const asked = new Map<string, Scope[]>();

/** Notes that the gate of this part has let it go, or has nothing to ask about. */
export function noteAsked(inputs: StepInputs): void {
  const migration = migrationOf(modelOf(inputs));
  asked.set(migration, [...(asked.get(migration) ?? []), inputs.mirror.scope ?? {}]);
}

/**
 * For a step that asks in the gate's place. In a clean-up a gate was created since, and has let this part go, also
 * because the migration was abandoned. The state of this step does not know that.
 */
export async function askUnlessAsked(inputs: ClosingInputs, progress: Progress): Promise<void> {
  const scopes = asked.get(migrationOf(modelOf(inputs))) ?? [];
  if (scopes.some((scope) => isDeepStrictEqual(scope, inputs.mirror.scope ?? {}))) return;
  await askBeforeItGoes(inputs, progress);
}

/**
 * Returns the mirror, limited to the parts whose gate was not asked. Undefined: the gates of all parts were asked.
 * @param others patterns of topics that no gate has to be asked about
 */
export function unaskedPart(inputs: StepInputs, others: readonly string[]): MirrorModel | undefined {
  const scopes = asked.get(migrationOf(modelOf(inputs))) ?? [];
  if (scopes.length + others.length === 0) return inputs.mirror;
  const waves = [...scopes.flatMap(({ wave, topics = ".*" }) => (wave === undefined ? [] : [topics])), ...others];
  // An `up` that was killed may leave steps with other waves in the state.
  const left = scopes
    .filter(({ wave }) => wave === undefined)
    .map(({ withoutTopics = [] }) => withoutTopics.filter((topics) => !waves.includes(topics)));
  if (left.some((topics) => topics.length === 0)) return undefined;
  const only = left.length === 0 ? {} : { topics: left[0]!.join(",") };
  return { ...inputs.mirror, scope: { ...only, withoutTopics: [...new Set(waves)] } };
}

/** Migrations whose gate was told in this run that they are abandoned. */
const letGo = new Set<string>();

/** For steps that have no such setting. */
export const isLetGo = (inputs: StepInputs): boolean => letGo.has(migrationOf(modelOf(inputs)));

async function ask(inputs: ClosingInputs, progress: Progress): Promise<void> {
  if (inputs.abandon) {
    letGo.add(migrationOf(modelOf(inputs)));
    progress.warn(
      `migration abandoned${isDefined(inputs.abandonedAt) ? ` at ${inputs.abandonedAt}` : ""}: it is not ` +
        "proved that the copy is complete; clean-up continues",
    );
    return;
  }
  if (await wasOpened(inputs).catch(() => false)) {
    progress.info(
      "the gate is not asked again: since the way back was opened, the origin also gets records that come from the " +
        `target${isDefined(inputs.passedAt) ? `; the copy was proved at ${inputs.passedAt}` : ""}`,
    );
    return;
  }
  const passed = inputs.passed === true;
  const options = {
    ...inputs.options,
    limitMs: Math.min(inputs.options.limitMs ?? CLOSING_MS, CLOSING_MS),
    ...(passed ? { stableForMs: 0 } : {}),
    compareLastRecord: !passed,
    // Retention may have deleted a trailing transaction marker since the gate passed.
    ...(isDefined(inputs.cleared) ? { cleared: inputs.cleared } : {}),
  };
  await runGateAndNameWriters(modelOf(inputs), options, progress).catch((error: unknown) =>
    Promise.reject(closingError(error)),
  );
  progress.info(
    passed ? `passed at ${inputs.passedAt}, and the origin received nothing since` : "passed: the copy is complete",
  );
}

/** The return mirrors that were deleted in this run. */
const deletedReturns = new Set<string>();

/** Notes a return mirror that is deleted. After an `up` that failed, Pulumi may delete it before the guard. */
export function noteMirrorGone(inputs: StepInputs): void {
  if (isReturnMirror(inputs.mirror)) deletedReturns.add(migrationOf(modelOf(inputs)));
}

/**
 * Returns true if the part's way back was opened. The mirrors show it, so it is also known after an `up` that was
 * killed before it recorded this. Connectors can be stopped for other reasons, so a state of before the cutover needs both.
 */
export async function wasOpened(inputs: StepInputs & WithWayBack): Promise<boolean> {
  const model = modelOf(inputs);
  if (inputs.hasLeft === true) return hasLeftMirror(model);
  if (!isDefined(inputs.mirror.leaving)) return false;
  const started = deletedReturns.has(migrationOf(returnModel(model))) || (await hasReturnMirror(model));
  return started && hasLeftMirror(model);
}

/** Adds to the gate's error how to continue. */
export function closingError(error: unknown): unknown {
  // A refused login says nothing about the copy, so do not suggest to abandon it.
  if (!isMigrationError(error) || isLoginFailure(error)) return error;
  const givenUp = "set abandon to true and run `pulumi up`";
  const way =
    error.code === "KAFKA_UNREACHABLE"
      ? `nothing was changed, so run this again when the cluster answers; if a cluster is gone for ever, ${givenUp}`
      : "nothing was changed. `pulumi up` in phase cutover waits until the copy is complete; to give up the " +
        `copy, ${givenUp}`;
  return withFix(error, `${error.fix}; ${way}`);
}
