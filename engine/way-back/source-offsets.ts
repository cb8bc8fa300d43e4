import { setTimeout as sleep } from "node:timers/promises";
import type { Clusters } from "../clusters";
import { ConnectStateReader, type ConnectView, offsetRecord, offsetsTopicOf } from "../connect-state";
import { MigrationError } from "../errors";
import type { KafkaPort, TopicPartition } from "../kafka/port";
import { readLogs } from "../log/bounds";
import { partitionKey } from "../log/partition";
import type { MirrorModel } from "../model";
import { connectorNames, internalTopics } from "../naming";
import { inTurn } from "../side-by-side";
import { type Progress, silent } from "../progress";
import { countText } from "../units";

/** Where a mirror continues with one partition of its origin. */
export interface SourceEnd extends TopicPartition {
  /** The first offset that the mirror copies. Everything before it counts as copied. */
  end: bigint;
}

export interface WrittenOffsets {
  /** Connect's topic that holds the offsets. */
  topic: string;
  /** Partitions whose offset was written now. */
  written: number;
  /** Partitions that already had this offset. */
  kept: number;
  /** Partitions whose end is 0. They have no entry: the mirror begins at their start. */
  empty: number;
}

export interface SourceOffsetOptions {
  /**
   * Replication factor of the offsets topic, if it does not exist yet.
   * @default -1, the cluster's own `default.replication.factor`
   */
  replicationFactor?: number;
  /**
   * Longest wait until all offsets can be read back, in milliseconds. With exactly-once support they are visible after
   * the open transactions of other tasks have ended.
   * @default 60000
   */
  limitMs?: number;
  /**
   * True: no worker of the mirror runs, so the assignments that its storage topics still show do not count.
   * @default false
   */
  stopped?: boolean;
  signal?: AbortSignal;
}

/** As Connect creates it. */
const CONFIGS = { "cleanup.policy": "compact" };
const BETWEEN_READS_MS = 200;
const LISTED = 10;

/**
 * Writes where a mirror continues, into Connect's own offsets topic on the mirror's target. The mirror must not copy
 * these topics at this time: it does not run yet, or they are excluded and its old tasks have stopped.
 *
 * Creates the topic as the mirror's workers would. Reads everything back. Can be killed and repeated: an offset that is
 * already there is not written again.
 *
 * @param clusters the mirror's own: `origin` is the cluster that it reads
 * @param ends for a partition without an entry here nothing changes
 * @throws MigrationError SOURCE_OFFSETS_BEYOND_END if an end is after the end of the log (MirrorMaker 2 would then
 *   start at the beginning without a message), or the partition does not exist; SOURCE_OFFSETS_LATER if the mirror has
 *   already copied more; SOURCE_OFFSETS_IN_USE if a task of the mirror copies such a partition; SOURCE_OFFSETS_LOST if
 *   the offsets cannot be read back. Nothing is written in the first three cases
 */
export async function writeSourceOffsets(
  { origin, target }: Clusters,
  mirror: MirrorModel,
  ends: readonly SourceEnd[],
  progress: Progress = silent,
  options: SourceOffsetOptions = {},
): Promise<WrittenOffsets> {
  await requireInLog(origin, ends);
  // Two waves of one mirror share the topic.
  return inTurn(`source offsets ${mirror.groupId}`, async () => {
    const reader = new ConnectStateReader(target, mirror);
    const view = await reader.read(options.signal);
    const topic = offsetsTopicOf(view.source, mirror);
    const wanted = wantedOf(ends);
    requireNotLater(view, ends, wanted, topic);
    const missing = [...wanted.values()].filter((w) => view.offsets.get(partitionKey(w)) !== w.last);
    if (missing.length > 0) {
      if (options.stopped !== true) requireUnused(view, missing, mirror);
      const partitions = await partitionsOf(target, topic, mirror, options.replicationFactor ?? -1);
      const { source } = connectorNames(mirror);
      const records = missing.map((w) => offsetRecord(source, mirror.originAlias, w, w.last));
      await target.appendByKey(topic, partitions, records);
      await readBack(new ConnectStateReader(target, mirror), wanted, topic, options);
    }
    const result = {
      topic,
      written: missing.length,
      kept: wanted.size - missing.length,
      empty: ends.length - wanted.size,
    };
    progress.info(
      `the mirror ${mirror.originAlias} to ${mirror.targetAlias} continues after the records that are there now: ` +
        `${countText(result.written, "offset")} written, ${result.kept} already there, ` +
        `${countText(result.empty, "partition")} empty`,
    );
    return result;
  });
}

interface Wanted extends TopicPartition {
  /** The last offset that counts as copied. */
  last: number;
}

function wantedOf(ends: readonly SourceEnd[]): Map<string, Wanted> {
  const some = ends.filter(({ end }) => end > 0n);
  return new Map(
    some.map(({ topic, partition, end }) => [
      partitionKey({ topic, partition }),
      { topic, partition, last: Number(end) - 1 },
    ]),
  );
}

/** The log may start later: then the mirror begins at its start, and no record that exists is left out. */
async function requireInLog(origin: KafkaPort, ends: readonly SourceEnd[]): Promise<void> {
  const described = new Map(
    (await origin.describeTopics([...new Set(ends.map((e) => e.topic))])).map((t) => [t.name, t.partitions.length]),
  );
  const known = ends.filter((e) => e.partition < (described.get(e.topic) ?? 0));
  const logs = new Map((await readLogs(origin, known)).map((log) => [partitionKey(log), log.to]));
  const beyond = ends.flatMap((e) => {
    const to = logs.get(partitionKey(e));
    if (to === undefined) return [`${e.topic}-${e.partition} does not exist`];
    return e.end > to ? [`${e.topic}-${e.partition} ends at ${to}, not at ${e.end}`] : [];
  });
  if (beyond.length === 0) return;
  throw new MigrationError(
    "SOURCE_OFFSETS_BEYOND_END",
    `${countText(beyond.length, "partition")} of the ${origin.side} end before the offset where the mirror should ` +
      "continue, so it would copy them from the beginning; nothing was written",
    {
      details: beyond.slice(0, LISTED),
      fix: "find out who deleted or created these topics again; their records since then must be copied by hand",
    },
  );
}

function requireNotLater(
  view: ConnectView,
  ends: readonly SourceEnd[],
  wanted: ReadonlyMap<string, Wanted>,
  topic: string,
): void {
  const later = ends.flatMap((e) => {
    const [has, wants] = [view.offsets.get(partitionKey(e)), wanted.get(partitionKey(e))?.last ?? -1];
    return has !== undefined && has > wants
      ? [`${e.topic}-${e.partition} is copied up to ${has}, but should be up to ${wants === -1 ? "nothing" : wants}`]
      : [];
  });
  if (later.length === 0) return;
  throw new MigrationError(
    "SOURCE_OFFSETS_LATER",
    `${topic} says for ${countText(later.length, "partition")} that the mirror has already copied more; nothing was ` +
      "written, because it would copy these records a second time",
    {
      details: later.slice(0, LISTED),
      fix:
        `if the mirror of this topic was removed and its records are not needed, delete ${topic} and run again; ` +
        "otherwise find out which mirror copied them",
    },
  );
}

function requireUnused(view: ConnectView, missing: readonly Wanted[], mirror: MirrorModel): void {
  const assigned = new Set(view.assignments.flatMap((a) => a.partitions.map(partitionKey)));
  const used = missing.filter((w) => assigned.has(partitionKey(w))).map((w) => `${w.topic}-${w.partition}`);
  if (used.length === 0) return;
  throw new MigrationError(
    "SOURCE_OFFSETS_IN_USE",
    `the mirror ${mirror.originAlias} to ${mirror.targetAlias} copies ${countText(used.length, "partition")} whose ` +
      "offset is to be written; nothing was written",
    { details: used.slice(0, LISTED), fix: "exclude these topics from the mirror and run again" },
  );
}

/** The number of partitions of the offsets topic. Creates it as Connect does if it does not exist. */
async function partitionsOf(
  target: KafkaPort,
  topic: string,
  mirror: MirrorModel,
  replicationFactor: number,
): Promise<number> {
  const [found] = await target.describeTopics([topic]);
  if (found !== undefined) return found.partitions.length;
  const { partitions } = internalTopics(mirror).find((t) => t.kind === "offsets")!;
  await target.createTopic(topic, { partitions, replicationFactor, configs: CONFIGS });
  return partitions;
}

/** @throws MigrationError SOURCE_OFFSETS_LOST */
async function readBack(
  reader: ConnectStateReader,
  wanted: ReadonlyMap<string, Wanted>,
  topic: string,
  { limitMs = 60_000, signal }: SourceOffsetOptions,
): Promise<void> {
  for (const deadline = Date.now() + limitMs; ; await sleep(BETWEEN_READS_MS, undefined, { signal })) {
    const { offsets } = await reader.read(signal);
    const wrong = [...wanted].filter(([key, { last }]) => offsets.get(key) !== last);
    if (wrong.length === 0) return;
    if (Date.now() < deadline) continue;
    throw new MigrationError(
      "SOURCE_OFFSETS_LOST",
      `${countText(wrong.length, "offset")} could not be read back from ${topic}`,
      {
        details: wrong
          .slice(0, LISTED)
          .map(
            ([, w]) => `${w.topic}-${w.partition}: ${w.last} written, ${offsets.get(partitionKey(w)) ?? "none"} read`,
          ),
        fix:
          "find out who else writes to this topic, or which transaction is open there " +
          "(kafka-transactions.sh list), and run again",
      },
    );
  }
}
