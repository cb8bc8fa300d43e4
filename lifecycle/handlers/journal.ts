import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type AppliedOffsets, continued } from "../../engine/offsets";
import type { Progress } from "../../engine/progress";
import { fileBase } from "../../engine/report/write";
import type { StepInputs } from "./inputs";
import { folderOf, type Place } from "./place";

export interface Journalled extends StepInputs {
  /** Where an `up` that is killed leaves what it was about to write. Absent (an older state): nowhere. */
  resume?: Place;
}

interface Journal {
  version: 1;
  /** The clusters that it speaks of: a file of another migration with this name is none of ours. */
  clusters: [string, string];
  applied: AppliedOffsets;
}

const fileOf = (place: Place): string => join(folderOf(place), `${fileBase(place.name)}.offsets.json`);
const clustersOf = (inputs: StepInputs): [string, string] => [inputs.originConnection.bootstrapServers, inputs.targetConnection.bootstrapServers];

/**
 * Pulumi records what a step has written when the step ends. What an `up` that is killed meanwhile was about to write, and
 * what stood there before, is kept in a file beside the report: the roll-back takes that back, too. Names and offsets only.
 */
export async function keepJournal(inputs: Journalled, applied: AppliedOffsets, progress: Progress): Promise<void> {
  if (inputs.resume === undefined) return;
  const file = fileOf(inputs.resume);
  const journal: Journal = { version: 1, clusters: clustersOf(inputs), applied };
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(`${file}.tmp`, JSON.stringify(journal), { mode: 0o600 });
    await rename(`${file}.tmp`, file);
  } catch (error) {
    progress.warn(`if this up is killed now, a roll-back will not know of its offsets: ${(error as Error).message}`);
  }
}

/** What an `up` that may have been killed was about to write. */
export async function journalOf(inputs: Journalled): Promise<AppliedOffsets | undefined> {
  if (inputs.resume === undefined) return undefined;
  try {
    const { version, clusters, applied } = JSON.parse(await readFile(fileOf(inputs.resume), "utf8")) as Journal;
    return version === 1 && String(clusters) === String(clustersOf(inputs)) ? applied : undefined;
  } catch {
    return undefined;
  }
}

export async function forgetJournal({ resume }: Journalled): Promise<void> {
  if (resume !== undefined) await rm(fileOf(resume), { force: true }).catch(() => {});
}

/** What the state knows of and what the journal adds to that. */
export function together(state: AppliedOffsets | null | undefined, journal: AppliedOffsets | undefined): AppliedOffsets | undefined {
  if (state === null || state === undefined) return journal;
  return journal === undefined ? state : continued(state, journal);
}
