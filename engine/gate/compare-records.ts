import { type Clusters, type OpenKafka, withClusters } from "../clusters";
import { readLogs } from "../log/bounds";
import { compactedTopics } from "../log/compaction";
import type { MigrationModel } from "../model";
import type { Progress } from "../progress";
import { type Beginning, Beginnings } from "../records/beginning";
import { unsureTexts } from "../records/unsure";
import { retryIfRecordsGone } from "../records/retry";
import { slices } from "../slices";
import { recreatedFindings } from "./findings";
import { LastRecords, type Pair } from "./last-record";
import { Observer } from "./observe";
import type { GateFinding } from "./types";
import type { Look, PartitionLook } from "./look";

/** Number of partitions of the target whose logs are listed at a time. */
const LISTED = 5_000;
/** Number of partitions compared at a time. It limits memory: a record of each is held on each side. */
const COMPARED = 500;

/**
 * Checks a copy that looks complete: both clusters must begin and end with the same records. Offsets alone cannot show
 * this.
 */
export async function compareRecords(
  clusters: Clusters,
  look: Look,
  signal?: AbortSignal,
): Promise<{ against: GateFinding[]; compared: number; unsure: string[] }> {
  const ends = new LastRecords(clusters, look.isolation);
  const first = await compareFirstRecords(clusters, look, true, signal, (pairs) => ends.add(pairs));
  const last = await ends.end();
  return { ...last, against: [...first.against, ...last.against], unsure: [...first.unsure, ...last.unsure] };
}

/**
 * Compares the first visible record of each partition that has at least one copied record. `compareBeginnings` decides
 * where this comparison is meaningful. It finds a topic that was deleted and created again if no topic ids are known.
 * @param also runs at the same time for the same partitions
 * @returns the findings, and a line for each reason why partitions have no clear result
 */
async function compareFirstRecords(
  clusters: Clusters,
  look: Look,
  complete: boolean,
  signal?: AbortSignal,
  also: (pairs: readonly Pair[]) => Promise<void> = async () => {},
): Promise<{ against: GateFinding[]; unsure: string[] }> {
  const targets = new Map(look.topics.filter((t) => t.targetPartitions !== undefined).map((t) => [t.origin, t]));
  const isKnown = ({ topic, partition, facts }: PartitionLook) => {
    const there = targets.get(topic);
    const held = there !== undefined && partition < there.targetPartitions! && !there.targetOffline.includes(partition);
    return (
      held && facts.start < facts.end && (complete || (facts.mirrored !== undefined && facts.mirrored >= facts.start))
    );
  };
  const known: PartitionLook[] = [];
  for (const p of look.partitions.values()) if (isKnown(p)) known.push(p);
  if (known.length === 0) return { against: [], unsure: [] };
  const compacted = await compactedTopics(
    clusters,
    [...new Set(known.map(({ topic }) => topic))].map((topic) => targets.get(topic)!),
  );
  const beginnings = new Beginnings(clusters, look.isolation, signal);
  for (const part of slices(known, LISTED)) {
    const copies = part.map(({ topic, partition }) => ({ topic: targets.get(topic)!.target, partition }));
    const logs = await readLogs(clusters.target, copies);
    const pairs = part.map(
      ({ topic, partition, facts }, i): Beginning => ({
        origin: { topic, partition, from: BigInt(facts.start), to: BigInt(facts.end) },
        target: logs[i]!,
        compacted: compacted.has(topic),
        ...(complete || facts.mirrored === undefined ? {} : { copiedTo: facts.mirrored }),
      }),
    );
    for (const some of slices(pairs, COMPARED)) await Promise.all([beginnings.add(some), also(some)]);
  }
  const { differences, unsure } = await beginnings.end();
  const against = differences.map(
    ({ pair: { origin }, text }): GateFinding => ({
      kind: "first record",
      subject: `${origin.topic}-${origin.partition}`,
      text,
      hopeless: true,
    }),
  );
  return { against, unsure: unsureTexts(unsure) };
}

/**
 * Finds topics that were deleted and created again since the mirror started. Compares the recorded topic ids, and the
 * first record of each partition that has copied records. Can be called at any time, also while the mirror is behind.
 * @param passed true if the gate has passed. Clients may change the target's topics then, so they are not compared.
 */
export async function findRecreatedTopics(
  model: MigrationModel,
  passed: boolean,
  signal?: AbortSignal,
  open?: OpenKafka,
  progress?: Progress,
): Promise<GateFinding[]> {
  const work = (clusters: Clusters) => retryIfRecordsGone(() => lookOnce(clusters, model, passed, signal));
  return withClusters(model, work, open, { signal, progress });
}

async function lookOnce(
  clusters: Clusters,
  model: MigrationModel,
  passed: boolean,
  signal?: AbortSignal,
): Promise<GateFinding[]> {
  const observer = new Observer(clusters, model.mirror);
  const look = await observer.look(false, signal);
  const byId = recreatedFindings(look, model.recorded, !passed);
  const known = new Set(byId.map((f) => f.subject));
  const byRecord = passed ? [] : (await compareFirstRecords(clusters, look, false, signal)).against;
  observer.end();
  return [...byId, ...byRecord.filter((f) => !known.has(f.subject.replace(/-\d+$/, "")))];
}
