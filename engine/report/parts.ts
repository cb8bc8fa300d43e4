import { type Movement, type TopicEnds, writtenOnOrigin } from "../fence";
import type { MigrationModel, MirrorModel, Phase, Scope } from "../model";
import { outsideOf } from "../parts";
import type { PartFacts, WaveFacts } from "./types";
import type { RecordedTopics } from "../model";

/** One wave, for the report of the whole migration. */
export interface ReportWave {
  scope: Scope;
  phase: Phase;
  /** Results of its steps. */
  facts: PartFacts;
}

/** What a gate recorded. */
export interface GateRecord {
  gateEnds?: TopicEnds | null;
  topicIds?: RecordedTopics | null;
}

interface ReportPart extends GateRecord {
  scope: Scope | undefined;
  phase: Phase;
  facts: PartFacts;
}

/** The inputs of the report that concern its parts. */
export interface PartInputs extends GateRecord {
  mirror: MirrorModel;
  phase: Phase;
  facts: PartFacts;
  waves?: ReportWave[];
  waveGates?: Record<string, GateRecord>;
}

/** Everything outside the waves, then each wave. Without waves one part: the whole mirror. */
export function reportParts({
  phase,
  facts,
  gateEnds,
  topicIds,
  waves = [],
  waveGates = {},
}: PartInputs): ReportPart[] {
  const scope = waves.length === 0 ? undefined : outsideOf(waves.map((wave) => wave.scope));
  const rest = { scope, phase, facts, gateEnds: gateEnds ?? null, topicIds: topicIds ?? null };
  return [rest, ...waves.map((wave) => ({ ...wave, ...waveGates[wave.scope.wave ?? ""] }))];
}

export const waveFacts = (waves: readonly ReportWave[] | undefined): { waves?: WaveFacts[] } =>
  waves === undefined
    ? {}
    : { waves: waves.map(({ scope, phase, facts }) => ({ wave: scope.wave ?? "", phase, ...facts })) };

/**
 * Limits the model to the parts for which a step has no result yet, so that one look at the clusters covers all of
 * them.
 * @param isDone returns true for a part with a result
 * @returns undefined if every part has one
 */
export function withoutResult(
  model: MigrationModel,
  parts: readonly ReportPart[],
  isDone: (facts: PartFacts) => boolean,
): MigrationModel | undefined {
  const open = parts.filter((part) => !isDone(part.facts));
  if (open.length === 0) return undefined;
  const { scope: rest } = parts[0]!;
  if (rest === undefined) return model;
  const scopes = (all: readonly ReportPart[]) => all.slice(1).map((part) => part.scope!);
  const scope = open.includes(parts[0]!)
    ? outsideOf(scopes([parts[0]!, ...parts.slice(1).filter((part) => !open.includes(part))]), rest.splitGroups)
    : joined(open.map((part) => part.scope!));
  const recorded = Object.assign({}, ...parts.map((part) => part.topicIds ?? {})) as RecordedTopics;
  return { ...model, mirror: { ...model.mirror, scope }, recorded };
}

/** The topics and groups of several waves. */
function joined(scopes: readonly Scope[]): Scope {
  const list = (lists: readonly (string | undefined)[]) =>
    lists.filter((one) => one !== undefined && one !== "").join(",");
  const split = scopes[0]?.splitGroups;
  return {
    topics: list(scopes.map((scope) => scope.topics)),
    groups: list(scopes.map((scope) => scope.groups)),
    ...(split === undefined ? {} : { splitGroups: split }),
  };
}

/** The writes to the origin since the gate of each part passed. Undefined: no gate has passed. */
export async function writtenSinceGates(
  model: MigrationModel,
  parts: readonly ReportPart[],
): Promise<Movement[] | undefined> {
  const passed = parts.filter(
    ({ phase, gateEnds }) => phase === "cutover" && gateEnds !== null && gateEnds !== undefined,
  );
  if (passed.length === 0) return undefined;
  const written: Movement[] = [];
  for (const { scope, gateEnds } of passed) {
    const mirror = scope === undefined ? model.mirror : { ...model.mirror, scope };
    written.push(...(await writtenOnOrigin({ ...model, mirror }, gateEnds!)));
  }
  return written;
}
