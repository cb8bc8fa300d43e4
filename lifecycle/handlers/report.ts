import type { FenceGap, TopicEnds } from "../../engine/fence";
import type { GateOptions } from "../../engine/gate";
import type { OffsetOptions } from "../../engine/offsets";
import type { Progress } from "../../engine/progress";
import {
  buildReport,
  earlierReport,
  type FenceHistory,
  earlierSamples,
  lookAtCopy,
  lookAtGroups,
  lookAtThrottle,
  pauseText,
  type Report,
  type GateRecord,
  type ReportFacts,
  type ReportInput,
  reportParts,
  reportPaths,
  type ReportWave,
  waveFacts,
  withoutResult,
  writeReport,
  writtenSinceGates,
} from "../../engine/report";
import { returnModel } from "../../engine/way-back/model";
import { fenceRecord, mergeGaps } from "./fence-hold";
import { defineStep } from "./framework";
import { modelOf, now, type PhasedInputs, reportFolder, type ReportLocation } from "./inputs";

export interface ReportInputs extends PhasedInputs, ReportLocation {
  options: { gate: GateOptions; offsets: OffsetOptions };
  /** End offsets of the origin when the gate passed. */
  gateEnds?: TopicEnds | null;
  /** Results of the steps. */
  facts: ReportFacts;
  /** The waves, in order. Absent: there are none, or the state of an older version. */
  waves?: ReportWave[];
  /** What the gate of each wave recorded, by the wave's name. */
  waveGates?: Record<string, GateRecord>;
  /** A user operator manages the origin's users. Absent: no operator, no fence, or the state of an older version. */
  userOperator?: boolean;
  /** Changes with every setting of the migration, so that each `up` that changes something writes a new report. */
  trigger: string;
}

export interface ReportOutputs {
  /** Path of the HTML page. It starts with the folder as the user wrote it. */
  report: string;
  /** Null: the last attempt failed. The next `up` tries again. */
  writtenAt: string | null;
  /** The results of the steps in phase `cleanup`, when the steps no longer exist. */
  kept: KeptFacts | null;
}

type KeptFacts = ReportFacts & Pick<ReportInput, "waves">;

/** A report must not fail a cutover or a clean-up. Errors become warnings. */
export async function trying<T>(what: string, progress: Progress, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    progress.warn(`${what}: ${(error instanceof Error ? error.message : String(error)).split("\n", 1)[0]}`);
    return undefined;
  }
}

/** Writes both files. Reports where they are, or why they could not be written. */
export async function put(location: ReportLocation, report: Report, progress: Progress): Promise<string | null> {
  const written = await trying(
    `could not write the report to ${location.folder} (make the folder writable, or set report.folder)`,
    progress,
    () => writeReport(reportFolder(location), report),
  );
  if (written === undefined) return null;
  const waited = report.phase === "cutover" ? pauseText(report.producers) : undefined;
  const text = [report.headline.text, ...(waited === undefined ? [] : [waited])].join("; ");
  progress.info(`${text}; wrote ${reportPaths(location.folder, location.name).html}`);
  return report.madeAt;
}

export function mirrorOf({
  mirror: { originAlias, targetAlias, topicsPattern, groupsPattern },
}: Pick<PhasedInputs, "mirror">): ReportInput["mirror"] {
  return { originAlias, targetAlias, topicsPattern, groupsPattern };
}

const factsNow = ({ facts, waves }: ReportInputs): KeptFacts => ({ ...facts, ...waveFacts(waves) });

async function write(inputs: ReportInputs, kept: KeptFacts | null, progress: Progress): Promise<ReportOutputs> {
  const { name, folder, phase } = inputs;
  const writtenAt = await put(inputs, await make(inputs, kept ?? factsNow(inputs)), progress);
  return { report: reportPaths(folder, name).html, writtenAt, kept: phase === "cleanup" ? kept : null };
}

async function make(inputs: ReportInputs, facts: KeptFacts): Promise<Report> {
  const { name, phase } = inputs;
  const folder = reportFolder(inputs);
  const earlier = await earlierReport(folder, name);
  // The search for residue ran after the mirror was deleted, and so after the report of that `up`. Keep its result.
  if (phase === "cleanup" && earlier?.phase === "cleanup" && earlier.residue !== null)
    return { ...earlier, madeAt: now() };
  const input: ReportInput = {
    ...facts,
    name,
    madeAt: now(),
    phase,
    mirror: mirrorOf(inputs),
    samples: await earlierSamples(folder, name),
  };
  const fence = fenceHistory(inputs, earlier, input.madeAt);
  const whole = fence === undefined ? input : { ...input, fence };
  return buildReport(phase === "cleanup" ? whole : { ...whole, ...(await live(inputs)) });
}

/** Joins what earlier runs and this run know about the fence. Nothing holds the fence after an `up` ends. */
function fenceHistory(inputs: ReportInputs, earlier: Report | undefined, at: string): FenceHistory | undefined {
  if (inputs.phase === "cleanup") return earlier?.fence === undefined ? undefined : { gaps: earlier.fence.gaps };
  const fenced = reportParts(inputs).flatMap(({ scope, phase, facts: { fenceRaisedAt: at, fenceEmpty } }) =>
    phase === "cutover" && at !== undefined ? [{ wave: scope?.wave ?? null, at, empty: fenceEmpty === true }] : [],
  );
  // A fence without an ACL stays as it is.
  const withAcls = fenced.filter((part) => !part.empty);
  const raised = fenced.map((part) => part.at);
  const returned = returnGaps(inputs, earlier, at);
  const ofReturns = returned.length === 0 ? {} : { returnGaps: returned };
  if (raised.length === 0) return returned.length === 0 ? undefined : { gaps: [], ...ofReturns };
  const { gaps, heldUntil } = fenceRecord(modelOf(inputs), at);
  // With waves, the migration's own phase says nothing about the fences.
  const before = earlier?.phase === "cutover" || earlier?.waves !== undefined ? earlier.fence : undefined;
  const notHeldSince = heldUntil ?? before?.notHeldSince ?? raised.sort().at(-1)!;
  return {
    gaps: mergeGaps(before?.gaps ?? [], gaps),
    notHeldSince,
    ...ofReturns,
    raised: withAcls.map(({ wave }) => wave),
    ...(inputs.userOperator === true && withAcls.length > 0 ? { userOperator: true } : {}),
  };
}

/** The gaps of the target's fences during the returns of all parts that have returned, also those of earlier runs. */
function returnGaps(inputs: ReportInputs, earlier: Report | undefined, at: string): FenceGap[] {
  const model = modelOf(inputs);
  const returned = reportParts(inputs).filter(({ phase }) => phase === "returned");
  if (returned.length === 0) return [];
  return returned.reduce<FenceGap[]>((all, { scope }) => {
    const { scope: _, ...mirror } = model.mirror;
    const part = returnModel({ ...model, mirror: { ...mirror, ...(scope === undefined ? {} : { scope }) } });
    return mergeGaps(all, fenceRecord(part, at).gaps);
  }, earlier?.fence?.returnGaps ?? []);
}

/** Looks at what no step has examined yet. */
async function live(inputs: ReportInputs): Promise<Partial<ReportInput>> {
  const notes: string[] = [];
  const noting: Progress = { info: () => {}, warn: (line) => notes.push(line) };
  const model = modelOf(inputs);
  const parts = reportParts(inputs);
  const unverified = withoutResult(model, parts, (facts) => facts.verification !== undefined);
  // After the gate has passed clients may write to the target. Its last records are then theirs.
  const passed = parts.some(({ facts }) => facts.verification === undefined && facts.gate !== undefined);
  const look =
    unverified &&
    (await trying("could not read the state of the copy", noting, () =>
      lookAtCopy(unverified, { ...inputs.options.gate, compareLastRecord: !passed }),
    ));
  const unmoved = withoutResult(model, parts, (facts) => facts.offsets !== undefined);
  const groups =
    unmoved && (await trying("could not read the groups", noting, () => lookAtGroups(unmoved, inputs.options.offsets)));
  const written = await trying("could not check whether the origin received writes since the gate passed", noting, () =>
    writtenSinceGates(model, parts),
  );
  // If other looks failed, the notes already name the clusters that did not answer.
  const left =
    notes.length > 0
      ? undefined
      : await trying("could not check whether a replication throttle is left", noting, () => lookAtThrottle(model));
  return {
    notes,
    ...(left === undefined ? {} : { leftThrottle: left }),
    ...(written === undefined ? {} : { written }),
    ...(look === undefined ? {} : { look }),
    ...(groups === undefined ? {} : { groups }),
  };
}

/** Declared after the last step of each phase. Writes a report of all their results. */
export const reportStep = defineStep<ReportInputs, ReportOutputs>("report", {
  outputs: { report: true, writtenAt: true, kept: true },

  create: (inputs, progress) => write(inputs, null, progress),

  async update(olds, news, progress) {
    const kept = news.phase !== "cleanup" ? null : olds.phase === "cleanup" ? (olds.kept ?? null) : factsNow(olds);
    return write(news, kept, progress);
  },

  // This resource is deleted first. After this write only the residue is added. The write also creates the files if
  // those of an earlier run are not on this machine.
  async remove(state, progress) {
    await write(state, state.kept ?? null, progress);
  },

  immaterial: ["gateEnds", "topicIds", "userOperator", "waveGates"],
  optional: ["waves"],

  // Retry a write that failed. Missing files (for example on another build machine) are no reason to write again.
  isOutdated: async ({ writtenAt }) => writtenAt === undefined || writtenAt === null,
});
