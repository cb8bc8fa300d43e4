import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { withCluster } from "../../engine/clusters";
import { isMigrationError, MigrationError, withFix } from "../../engine/errors";
import {
  type AppliedOffsets,
  joinApplied,
  deleteJournal,
  isApplied,
  isJournalLeft,
  type OriginId,
  readJournal,
} from "../../engine/offsets";
import { offsetsJournalTopic } from "../../engine/naming";
import { waveOf } from "../../engine/parts";
import { fileBase } from "../../engine/report/write";
import { modelOf, reportFolder, type ReportLocation, type StepInputs } from "./inputs";

export interface Journalled extends StepInputs {
  /**
   * Location of the report. Older versions of this package kept what an `up` was about to write in a file beside the
   * report. That file is still read. The journal is now a topic of the target (engine/offsets/journal.ts).
   */
  resume?: ReportLocation;
}

/** The file of older versions. `clusters` are the bootstrap servers of origin and target, as the user wrote them. */
interface OldJournal {
  version: 1;
  clusters: [string, string];
  applied: AppliedOffsets;
}

const fileOf = (location: ReportLocation): string =>
  join(reportFolder(location), `${fileBase(location.name)}.offsets.json`);

/**
 * Returns what an `up` that may have been killed was about to write.
 * @param unseen called if the administrator has no right to see the journal topic, which then counts as absent.
 *   Default: the error is thrown
 * @throws MigrationError OFFSETS_JOURNAL_UNREADABLE, OFFSETS_OTHER_CLUSTER: the journal exists but cannot be used. It
 *   is not deleted.
 */
export async function journalOf(inputs: Journalled, unseen?: Unseen): Promise<AppliedOffsets | undefined> {
  const old = await oldJournal(inputs);
  const kept = await orUnseen(unseen, () =>
    withCluster(modelOf(inputs), "target", (target) => readJournal(target, inputs.mirror, originId(inputs))),
  );
  return together(old, kept);
}

/**
 * As {@link journalOf}, for a step that is going to write the journal: names all rights on the topic at once, because
 * the broker names none.
 */
export async function neededJournal(inputs: Journalled): Promise<AppliedOffsets | undefined> {
  try {
    return await journalOf(inputs);
  } catch (error) {
    if (!isMigrationError(error) || error.code !== "KAFKA_UNAUTHORIZED") throw error;
    throw withFix(
      error,
      `grant the migration's administrator Create, Write, Read, Delete on topic ${offsetsJournalTopic(inputs.mirror)} ` +
        "of the target (docs/acls.md)",
    );
  }
}

/**
 * Called if the administrator has no right to see the journal topic. Older versions of this package did not grant this
 * right, so such an administrator never wrote a journal.
 */
export type Unseen = (error: MigrationError) => void;

async function orUnseen<T>(unseen: Unseen | undefined, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (unseen === undefined || !isMigrationError(error) || error.code !== "KAFKA_UNAUTHORIZED") throw error;
    unseen(error);
    return undefined;
  }
}

/** Returns true if a journal exists, usable, empty or not. Returns false if this cannot be determined. */
export async function hasJournal(inputs: Journalled): Promise<boolean> {
  try {
    if ((await oldJournal(inputs)) !== undefined) return true;
    return await withCluster(modelOf(inputs), "target", (target) => isJournalLeft(target, inputs.mirror));
  } catch (error) {
    return isMigrationError(error) && error.code.startsWith("OFFSETS_");
  }
}

/**
 * Deletes the journal when it is no longer needed.
 * @param unseen as for {@link journalOf}
 * @throws MigrationError as {@link journalOf}: a journal that cannot be read is not deleted
 */
export async function forgetJournal(inputs: Journalled, unseen?: Unseen): Promise<void> {
  await oldJournal(inputs);
  await orUnseen(unseen, () =>
    withCluster(modelOf(inputs), "target", (target) => deleteJournal(target, inputs.mirror, originId(inputs))),
  );
  if (inputs.resume !== undefined && waveOf(inputs.mirror) === undefined)
    await rm(fileOf(inputs.resume), { force: true });
}

/** Neither a roll-back nor a clean-up needs the origin, which may be gone by then. */
const originId =
  (inputs: StepInputs): OriginId =>
  async () => {
    try {
      const { clusterId } = await withCluster(modelOf(inputs), "origin", (origin) => origin.describeCluster());
      return clusterId === "" ? undefined : clusterId;
    } catch (error) {
      if (!isMigrationError(error)) throw error;
      return undefined;
    }
  };

/** Joins the offsets in the state with those in the journal. */
export function together(
  first: AppliedOffsets | null | undefined,
  second: AppliedOffsets | undefined,
): AppliedOffsets | undefined {
  if (first === null || first === undefined) return second;
  return second === undefined ? first : joinApplied(first, second);
}

async function oldJournal(inputs: Journalled): Promise<AppliedOffsets | undefined> {
  // The versions that wrote this file had no waves.
  if (inputs.resume === undefined || waveOf(inputs.mirror) !== undefined) return undefined;
  const file = fileOf(inputs.resume);
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw unreadable(file, (error as Error).message, "make it readable");
  }
  const journal = parse(text);
  if (journal === undefined) throw unreadable(file, "it is damaged", "restore it from a backup");
  const servers = [inputs.originConnection.bootstrapServers, inputs.targetConnection.bootstrapServers];
  const other = journal.clusters.findIndex((was, i) => !sameCluster(was, servers[i]!));
  if (other < 0) return journal.applied;
  const side = other === 0 ? "origin" : "target";
  throw new MigrationError(
    "OFFSETS_OTHER_CLUSTER",
    `${file} belongs to another ${side}: bootstrap servers ${journal.clusters[other]}, not ` +
      `${servers[other]}; the file was kept and no offset was changed`,
    {
      fix:
        "if both are the same cluster, correct `clusters` in the file; if the file belongs to another " +
        "migration, move it away; then run again",
    },
  );
}

function parse(text: string): OldJournal | undefined {
  try {
    const { version, clusters, applied } = JSON.parse(text) as Partial<OldJournal>;
    const named = Array.isArray(clusters) && clusters.length === 2 && clusters.every((c) => typeof c === "string");
    return version === 1 && named && isApplied(applied) ? { version, clusters, applied } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * One common server is enough, because a server belongs to one cluster. Order and number of the servers do not matter.
 */
function sameCluster(a: string, b: string): boolean {
  const servers = (text: string) =>
    text
      .split(",")
      .map((s) => s.trim().toLowerCase())
      .filter((s) => s.length > 0);
  const known = new Set(servers(a));
  return servers(b).some((s) => known.has(s));
}

function unreadable(file: string, why: string, way: string): MigrationError {
  return new MigrationError(
    "OFFSETS_JOURNAL_UNREADABLE",
    `${file} should contain the groups' offsets before the cutover, but cannot be read (${why}); the file ` +
      "was kept and no offset was changed",
    {
      fix: `${way}, and run again; if no offset needs to be restored, move the file away`,
    },
  );
}
