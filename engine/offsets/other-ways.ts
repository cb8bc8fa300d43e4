import { type Clusters, type OpenKafka, withClusters } from "../clusters";
import { MigrationError } from "../errors";
import type { KafkaPort, TopicPartition } from "../kafka/port";
import { readBounds, readOffsets } from "../log/bounds";
import { partitionKey } from "../log/partition";
import { type Checkpoint, decodeCheckpoint, decodeCheckpointKey, LatestCheckpoints } from "../mirror-records";
import type { MigrationModel, MirrorModel } from "../model";
import { internalTopics } from "../naming";
import type { Progress } from "../progress";
import { countText, recordsText } from "../units";
import { kafkaReader } from "./log-reader";
import { summarize } from "./summary";
import type { OffsetPlan, PartitionPlan } from "./types";

/** Latest checkpoint by group, then by `topic:partition`. */
export type Checkpoints = Map<string, Map<string, Checkpoint>>;

/** The name of the checkpoints topic on the target. */
export function checkpointsTopic(mirror: MirrorModel): string {
  const topic = internalTopics(mirror).find((t) => t.kind === "checkpoints");
  return (topic as { name: string }).name;
}

/**
 * Reads the latest checkpoints.
 * @returns undefined if the topic does not exist.
 * @throws MigrationError CHECKPOINTS_UNREADABLE if the topic holds records that are not checkpoints of a known version
 */
export async function readCheckpoints(
  target: KafkaPort,
  mirror: MirrorModel,
  signal?: AbortSignal,
): Promise<Checkpoints | undefined> {
  const latest = new LatestCheckpoints();
  const exists = await scanCheckpoints(target, mirror, (key, value) => latest.add(key, value), signal);
  return exists ? byGroup(latest.list()) : undefined;
}

/** An offset that a group has on the target. */
type Placed = TopicPartition & { offset: bigint };

/** Returns true if MirrorMaker 2's group sync may have written this offset. */
export type WrittenBySync = (group: string, at: Placed) => boolean;

/**
 * Finds which offsets of these groups a checkpoint names. The group sync writes them later than the checkpoints (each
 * `sync.group.offsets.interval.seconds`, default 60), so a group may still have an earlier one. Keeps only these: until
 * it is compacted, the topic can hold millions of checkpoints.
 * @throws MigrationError as {@link readCheckpoints}
 */
export async function readSynced(
  target: KafkaPort,
  mirror: MirrorModel,
  offsets: Iterable<readonly [group: string, offsets: Iterable<Placed>]>,
): Promise<WrittenBySync> {
  const idOf = (group: string, at: Placed) => `${partitionKey(at)} ${at.offset} ${group}`;
  const asked = new Set<string>();
  for (const [group, list] of offsets) for (const at of list) asked.add(idOf(group, at));
  const named = new Set<string>();
  if (asked.size === 0) return () => false;
  await scanCheckpoints(target, mirror, (key, value) => {
    const checkpoint = key === null || value === null ? undefined : decodeCheckpoint(key, value);
    if (checkpoint === undefined) return key !== null && value === null && decodeCheckpointKey(key) !== undefined;
    const id = idOf(checkpoint.group, { ...checkpoint, offset: checkpoint.downstream });
    if (asked.has(id)) named.add(id);
    return true;
  });
  return (group, at) => named.has(idOf(group, at));
}

/**
 * Reads the checkpoints topic from start to end. RemoteClusterUtils.translateOffsets reads the same topic, but at its
 * timeout it returns what it has so far without an error.
 * @param see returns false for a record that is not a checkpoint
 * @returns false if the topic does not exist.
 */
async function scanCheckpoints(
  target: KafkaPort,
  mirror: MirrorModel,
  see: (key: Buffer | null, value: Buffer | null) => boolean,
  signal?: AbortSignal,
): Promise<boolean> {
  const topic = checkpointsTopic(mirror);
  if ((await target.describeTopics([topic])).length === 0) return false;
  const partition = { topic, partition: 0 };
  const log = (await readBounds(target, [partition])).get(partitionKey(partition))!;
  const reader = kafkaReader(target, mirror.exactlyOnce ? "read_committed" : "read_uncommitted");
  const foreign: number[] = [];
  await reader.scan(
    [
      {
        ...partition,
        from: log.start,
        to: log.end,
        see: (cursor) => void (see(cursor.key(), cursor.value()) || foreign.push(cursor.offset)),
      },
    ],
    signal,
  );
  if (foreign.length === 0) return true;
  throw new MigrationError(
    "CHECKPOINTS_UNREADABLE",
    `target topic ${topic}: ` +
      `${countText(foreign.length, "record is not a checkpoint", "records are not checkpoints")} of a known version ` +
      `(first: offset ${foreign[0]})`,
    {
      fix: "find out who writes to that topic; use the exact offsets, which need no checkpoints",
    },
  );
}

function byGroup(all: readonly Checkpoint[]): Checkpoints {
  const groups: Checkpoints = new Map();
  for (const checkpoint of all) {
    const own = groups.get(checkpoint.group) ?? new Map<string, Checkpoint>();
    groups.set(checkpoint.group, own.set(partitionKey(checkpoint), checkpoint));
  }
  return groups;
}

/*
 * The guide's two ways of moving groups, as plans to compare with the exact plan. They have the same groups and
 * partitions; `compared` holds the exact answer. `rereads` and `skips` are distances between target offsets. They equal
 * numbers of records if the log has no gaps.
 */

/**
 * Plans with the offsets of the checkpoints topic (the guide's first way).
 * @param exact the exact plan. Its groups and partitions are used.
 * @throws MigrationError OFFSETS_NO_CHECKPOINTS if the topic does not exist.
 */
export async function planFromCheckpoints(
  model: MigrationModel,
  exact: OffsetPlan,
  progress: Progress,
  signal?: AbortSignal,
  open?: OpenKafka,
): Promise<OffsetPlan> {
  return withClusters(model, (clusters) => checkpointsWith(clusters, model.mirror, exact, progress, signal), open, {
    progress,
    signal,
  });
}

export async function checkpointsWith(
  clusters: Clusters,
  mirror: MirrorModel,
  exact: OffsetPlan,
  progress: Progress,
  signal?: AbortSignal,
): Promise<OffsetPlan> {
  const checkpoints = await readCheckpoints(clusters.target, mirror, signal);
  if (checkpoints === undefined) {
    throw new MigrationError("OFFSETS_NO_CHECKPOINTS", `the target has no topic "${checkpointsTopic(mirror)}"`, {
      fix:
        "use the exact offsets, or let the mirror's checkpoint connector run once (its first checkpoint comes " +
        "after emit.checkpoints.interval.seconds)",
    });
  }
  return answered(exact, "checkpoint", progress, (group, topic, p) => {
    const checkpoint = checkpoints.get(group)?.get(partitionKey({ topic, partition: p.partition }));
    if (checkpoint === undefined)
      return { note: "no checkpoint: the group would start where its auto.offset.reset says" };
    const stale =
      String(checkpoint.upstream) === p.originOffset
        ? undefined
        : `written when the group was at ${checkpoint.upstream}`;
    return { offset: checkpoint.downstream, ...(stale === undefined ? {} : { note: stale }) };
  });
}

/**
 * Plans with one time for all groups (the guide's second way, `kafka-consumer-groups --to-datetime`). Each offset is
 * that of the first record at or after this time, or the end if there is none.
 * @param exact the exact plan. Its groups and partitions are used.
 * @param timestamp ms since the epoch.
 */
export async function planToTime(
  model: MigrationModel,
  exact: OffsetPlan,
  timestamp: number,
  progress: Progress,
  open?: OpenKafka,
): Promise<OffsetPlan> {
  return withClusters(model, (clusters) => timeWith(clusters, exact, timestamp, progress), open, { progress });
}

export async function timeWith(
  clusters: Clusters,
  exact: OffsetPlan,
  timestamp: number,
  progress: Progress,
): Promise<OffsetPlan> {
  const partitions = new Map<string, TopicPartition>();
  for (const group of exact.groups) {
    for (const t of group.topics)
      for (const p of t.partitions)
        partitions.set(partitionKey({ topic: t.targetTopic ?? t.topic, partition: p.partition }), {
          topic: t.targetTopic ?? t.topic,
          partition: p.partition,
        });
  }
  const asked = [...partitions.values()];
  const [found, ends] = await Promise.all([
    readOffsets(clusters.target, asked, timestamp),
    readOffsets(clusters.target, asked, "latest"),
  ]);
  return answered(exact, "time", progress, (_group, topic, p) => {
    const key = partitionKey({ topic, partition: p.partition });
    const offset = found.get(key) ?? -1n;
    return offset >= 0n ? { offset } : { offset: ends.get(key)!, note: "no record at or after that time: the end" };
  });
}

type Answer = (group: string, topic: string, p: PartitionPlan) => { offset?: bigint; note?: string };

function answered(exact: OffsetPlan, how: "checkpoint" | "time", progress: Progress, answer: Answer): OffsetPlan {
  const groups = exact.groups.map((group) => ({
    ...group,
    topics: group.topics.map((t) => ({
      ...t,
      partitions: t.partitions.map((p) => replaced(p, how, answer(group.group, t.targetTopic ?? t.topic, p))),
    })),
  }));
  const plan = { ...exact, groups };
  const summary = summarize(plan);
  const name = how === "checkpoint" ? "the checkpoints" : "one time for all groups";
  progress.info(
    `offsets: by ${name} ${summary.exact} of ${summary.offsets} offsets are exact, ` +
      `${recordsText(summary.rereads, summary.rereadsAtMost)} would be read again and ` +
      `${recordsText(summary.skips ?? 0, true)} skipped`,
  );
  return { ...plan, summary };
}

function replaced(
  p: PartitionPlan,
  how: "checkpoint" | "time",
  answer: { offset?: bigint; note?: string },
): PartitionPlan {
  const { note: _, rereadsAtMost: __, ...rest } = p;
  const exactOffset = p.targetOffset;
  const ahead = answer.offset === undefined || exactOffset === null ? 0 : Number(answer.offset - BigInt(exactOffset));
  return {
    ...rest,
    targetOffset: answer.offset === undefined ? null : String(answer.offset),
    exact: answer.offset !== undefined && exactOffset !== null && ahead === 0 && p.exact,
    how,
    rereads: Math.max(0, -ahead),
    ...(ahead < 0 ? { rereadsAtMost: true as const } : {}),
    compared: { exactOffset, skips: Math.max(0, ahead) },
    ...(answer.note === undefined ? {} : { note: answer.note }),
  };
}
