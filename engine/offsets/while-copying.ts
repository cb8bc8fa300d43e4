import type { Clusters } from "../clusters";
import { MigrationError } from "../errors";
import type { KafkaPort, OffsetSpec, TopicPartition } from "../kafka/port";
import { readOffsets } from "../log/bounds";
import { partitionKey } from "../log/partition";
import type { MirrorModel } from "../model";
import type { Progress } from "../progress";
import type { Isolation } from "../records/read";
import { countText, recordsText } from "../units";
import type { Commitments } from "./commitments";
import { type NotReached, realTime, translateSoFar } from "./copied-so-far";
import type { LogReader } from "./log-reader";
import type { BoundsSoFar, Stored } from "./look";
import { onOrigin, onTarget, type PartitionToMove, withLosses } from "./tasks";
import type { Translation } from "./translation";
import type { PlanOptions } from "./types";

/** Reads the logs of both clusters. */
export interface Readers {
  origin: LogReader;
  target: LogReader;
  /** The isolation level of the mirror's consumer. */
  isolation: Isolation;
  /** Reads the last origin offsets that Connect has stored as copied. Default: none. */
  stored?: () => Promise<Stored>;
}

const LIMIT_SECONDS = 300;
/** Added to the interval in which Connect stores offsets, after which a mirror at rest has no doubtful place. */
const AFTER_FLUSH_MS = 5_000;

/**
 * Translates while producers write to the origin and the mirror copies.
 * @throws MigrationError OFFSETS_NOT_COPIED if the mirror does not reach every committed offset within the limit
 */
export async function whileCopying(
  clusters: Clusters,
  readers: Readers,
  mirror: MirrorModel,
  options: PlanOptions,
  { commitments, partitions }: { commitments: Commitments; partitions: readonly PartitionToMove[] },
  progress: Progress,
  signal?: AbortSignal,
): Promise<Map<number, Translation>[]> {
  const waiting = groupsByPartition(commitments);
  const groupsOf = (p: PartitionToMove) => waiting.get(partitionKey(onOrigin(p))) ?? [];
  const limitMs = (options.limitSeconds ?? LIMIT_SECONDS) * 1000;
  const { answers, notReached } = await translateSoFar(
    {
      origin: readers.origin,
      target: readers.target,
      stored: readers.stored ?? (async () => new Map()),
      bounds: (some) => readBoundsSoFar(clusters, readers.isolation, mirror, some),
      withLosses: (tasks) => withLosses(clusters, tasks, readers.isolation, signal),
    },
    partitions,
    { ...realTime(signal), limitMs, unsureMs: mirror.offsetFlushIntervalMs + AFTER_FLUSH_MS, groupsOf },
    progress,
    signal,
  );
  if (notReached.length === 0) return answers;
  if (options.blocked !== "skip") throw notCopied(notReached, commitments, limitMs);
  for (const { partition, committed, missing } of notReached) {
    const note = `the mirror has not copied everything before it, ${recordsText(missing, true)} are missing`;
    const none = { target: undefined, exact: false, how: "incomplete" as const, rereads: 0, missing: 0, note };
    answers[partitions.indexOf(partition)]!.set(committed, none);
  }
  return answers;
}

function groupsByPartition({ committed }: Commitments): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const [group, offsets] of committed) {
    for (const o of offsets) {
      const list = groups.get(partitionKey(o));
      if (list === undefined) groups.set(partitionKey(o), [group]);
      else list.push(group);
    }
  }
  return groups;
}

function notCopied(all: readonly NotReached[], { committed }: Commitments, limitMs: number): MigrationError {
  const details = all.flatMap(({ partition: p, committed: offset, missing }) => {
    const place = onOrigin(p);
    const groups = [...committed].filter(([, list]) =>
      list.some((o) => partitionKey(o) === partitionKey(place) && Number(o.offset) === offset),
    );
    return groups.map(
      ([group]) =>
        `group "${group}", ${place.topic}-${place.partition}: offset ${offset} is not reached, ` +
        `${recordsText(missing, true)} before it ${missing === 1 ? "is" : "are"} missing on the target`,
    );
  });
  return new MigrationError(
    "OFFSETS_NOT_COPIED",
    `the mirror did not copy everything before ${countText(details.length, "committed offset")} within ` +
      `${limitMs / 1000} s; nothing was written`,
    {
      details: details.length > 50 ? [...details.slice(0, 50), `and ${details.length - 50} more`] : details,
      fix:
        "check that the mirror runs and keeps up with the producers (`kafka-migration status`), raise " +
        "offsets.limitSeconds, then run again",
    },
  );
}

async function readBoundsSoFar(
  { origin, target }: Clusters,
  isolation: Isolation,
  mirror: MirrorModel,
  partitions: readonly PartitionToMove[],
): Promise<BoundsSoFar[]> {
  const [here, there] = [partitions.map(onOrigin), partitions.map(onTarget)];
  // The order matters: what the target holds below its end lies below the origin's end, which is read later. The
  // records of an open transaction of an exactly-once mirror are not copied yet.
  const [targetStarts, targetEnds] = await offsetsOf(target, there, mirror.exactlyOnce ? "last-stable" : "latest");
  const limited = isolation === "read_committed";
  const [originStarts, originEnds, written] = await Promise.all([
    readOffsets(origin, here, "earliest"),
    readOffsets(origin, here, limited ? "last-stable" : "latest"),
    limited ? readOffsets(origin, here, "latest") : undefined,
  ]);
  return partitions.map((_, i) => {
    const [onHere, onThere] = [partitionKey(here[i]!), partitionKey(there[i]!)];
    const at = (offsets: Map<string, bigint>, key: string) => Number(offsets.get(key)!);
    const end = at(originEnds, onHere);
    const targetEnd = at(targetEnds, onThere);
    return {
      // Records may be deleted between the answers. A log never ends before it starts.
      origin: { start: Math.min(at(originStarts, onHere), end), end },
      target: { start: Math.min(at(targetStarts, onThere), targetEnd), end: targetEnd },
      written: written === undefined ? end : at(written, onHere),
    };
  });
}

const offsetsOf = (port: KafkaPort, partitions: readonly TopicPartition[], end: OffsetSpec) =>
  Promise.all([readOffsets(port, partitions, "earliest"), readOffsets(port, partitions, end)]);
