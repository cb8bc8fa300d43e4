import { type TopicEnds, writtenOnOrigin } from "../../engine/fence";
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
  type Report,
  type ReportFacts,
  type ReportInput,
  reportPaths,
  writeReport,
} from "../../engine/report";
import { fenceRecord, mergeGaps } from "./fence-hold";
import { defineStep } from "./framework";
import { isDefined, modelOf, now, type PhasedInputs } from "./inputs";
import { folderOf, type ReportPlace } from "./place";

export interface ReportInputs extends PhasedInputs, ReportPlace {
  options: { gate: GateOptions; offsets: OffsetOptions };
  /** Where the origin ended when the gate passed. */
  gateEnds?: TopicEnds | null;
  /** What the steps have found. */
  facts: ReportFacts;
  /** A user operator looks after the origin's users. Absent: no, there is no fence, or an older state. */
  userOperator?: boolean;
  /** Changes with every setting of the migration, so that each `up` that changed something writes anew. */
  trigger: string;
}

export interface ReportOutputs {
  /** Path of the page, as the folder was given. */
  report: string;
  /** Null: the last attempt failed; the next `up` tries again. */
  writtenAt: string | null;
  /** In phase `cleanup`, when the steps are gone: what they had found. */
  kept: ReportFacts | null;
}

/** A report is worth no failure: what goes wrong with it is said, and neither stops a cutover nor a clean-up. */
export async function trying<T>(what: string, progress: Progress, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    progress.warn(`${what}: ${(error instanceof Error ? error.message : String(error)).split("\n", 1)[0]}`);
    return undefined;
  }
}

/** Writes both files, and says where they are or why they are not. */
export async function put(place: ReportPlace, report: Report, progress: Progress): Promise<string | null> {
  const written = await trying(
    `the report could not be written to ${place.folder} (make the folder writable, or set report.folder)`,
    progress,
    () => writeReport(folderOf(place), report),
  );
  if (written === undefined) return null;
  progress.info(`${report.headline.text}; wrote ${reportPaths(place.folder, place.name).html}`);
  return report.madeAt;
}

export function mirrorOf({
  mirror: { originAlias, targetAlias, topicsPattern, groupsPattern },
}: Pick<PhasedInputs, "mirror">): ReportInput["mirror"] {
  return { originAlias, targetAlias, topicsPattern, groupsPattern };
}

async function write(inputs: ReportInputs, kept: ReportFacts | null, progress: Progress): Promise<ReportOutputs> {
  const { name, folder, phase } = inputs;
  const writtenAt = await put(inputs, await make(inputs, kept ?? inputs.facts), progress);
  return { report: reportPaths(folder, name).html, writtenAt, kept: phase === "cleanup" ? kept : null };
}

async function make(inputs: ReportInputs, facts: ReportFacts): Promise<Report> {
  const { name, phase } = inputs;
  const folder = folderOf(inputs);
  const earlier = await earlierReport(folder, name);
  // Residue was looked for when the mirror had gone, after the report of that `up`; that look stands.
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
  const fence = fenceHistory(inputs, facts, earlier, input.madeAt);
  const whole = fence === undefined ? input : { ...input, fence };
  return buildReport(phase === "cleanup" ? whole : { ...whole, ...(await live(inputs, facts)) });
}

/** What earlier runs and this one have seen of the fence; when an `up` ends, nobody holds the fence any more. */
function fenceHistory(
  inputs: ReportInputs,
  facts: ReportFacts,
  earlier: Report | undefined,
  at: string,
): FenceHistory | undefined {
  if (inputs.phase === "cleanup") return earlier?.fence === undefined ? undefined : { gaps: earlier.fence.gaps };
  if (inputs.phase !== "cutover" || facts.fenceRaisedAt === undefined) return undefined;
  const { gaps, heldUntil } = fenceRecord(at);
  const before = earlier?.phase === "cutover" ? earlier.fence : undefined;
  const notHeldSince = heldUntil ?? before?.notHeldSince ?? facts.fenceRaisedAt;
  return {
    gaps: mergeGaps(before?.gaps ?? [], gaps),
    notHeldSince,
    ...(inputs.userOperator === true ? { userOperator: true } : {}),
  };
}

/** Where no step has looked yet, the report does. */
async function live(inputs: ReportInputs, facts: ReportFacts): Promise<Partial<ReportInput>> {
  const notes: string[] = [];
  const noting: Progress = { info: () => {}, warn: (line) => notes.push(line) };
  const model = modelOf(inputs);
  // Once the gate has passed clients may write to the target, and its last records are theirs.
  const look =
    facts.verification === undefined
      ? await trying("the copy could not be looked at", noting, () =>
          lookAtCopy(model, { ...inputs.options.gate, compareLastRecord: facts.gate === undefined }),
        )
      : undefined;
  const groups =
    facts.offsets === undefined
      ? await trying("the groups could not be looked at", noting, () => lookAtGroups(model, inputs.options.offsets))
      : undefined;
  const { gateEnds } = inputs;
  const since = inputs.phase === "cutover" && isDefined(gateEnds) ? gateEnds : undefined;
  const written =
    since === undefined
      ? undefined
      : await trying("whether the origin was written to since the gate passed can't be told", noting, () =>
          writtenOnOrigin(model, since),
        );
  // Clusters that did not answer the other looks are named already.
  const left =
    notes.length > 0
      ? undefined
      : await trying("whether a replication throttle is left could not be looked at", noting, () =>
          lookAtThrottle(model),
        );
  return {
    notes,
    ...(left === undefined ? {} : { leftThrottle: left }),
    ...(written === undefined ? {} : { written }),
    ...(look === undefined ? {} : { look }),
    ...(groups === undefined ? {} : { groups }),
  };
}

/** Declared after the last step of each phase: writes the report of what all of them have found. */
export const reportStep = defineStep<ReportInputs, ReportOutputs>("report", {
  outputs: { report: true, writtenAt: true, kept: true },

  create: (inputs, progress) => write(inputs, null, progress),

  async update(olds, news, progress) {
    const kept = news.phase !== "cleanup" ? null : olds.phase === "cleanup" ? (olds.kept ?? null) : olds.facts;
    return write(news, kept, progress);
  },

  // The first to go: from here on only the residue is added, also where an earlier run's files are not at hand.
  async remove(state, progress) {
    await write(state, state.kept ?? null, progress);
  },

  immaterial: ["gateEnds", "topicIds", "userOperator"],

  // A write that failed is tried again; files that are not at hand (a build machine's) are no reason for another one.
  isOutdated: async ({ writtenAt }) => writtenAt === undefined || writtenAt === null,
});
