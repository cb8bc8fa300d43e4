import { type Clusters, type OpenKafka, withClusters } from "../clusters";
import { ConnectStateReader, effectiveIsolation } from "../connect-state";
import type { CommittedOffset, GroupDescription, KafkaPort } from "../kafka/port";
import { partitionKey } from "../log/partition";
import type { MigrationModel, MirrorModel } from "../model";
import type { Progress } from "../progress";
import { retryIfRecordsGone } from "../records/retry";
import { sideBySide } from "../side-by-side";
import { countText } from "../units";
import { type Commitments, metadataLimit, readCommitments } from "./commitments";
import { kafkaReader } from "./log-reader";
import { readSynced } from "./other-ways";
import { summarize } from "./summary";
import { activeOnOrigin, membersOf, refuseActive } from "./active";
import { type Readers, whileCopying } from "./while-copying";
import { deletedMeanwhile, onOrigin, partitionsToMove, type PartitionToMove, tasksOf } from "./tasks";
import { translate } from "./translate";
import type { Translation } from "./translation";
import type { GroupPlan, OffsetPlan, PartitionPlan, PlanOptions, TopicPlan } from "./types";
import type { RecordedTopics } from "../model";

/**
 * Finds the offset where the group continues on the target, for every committed offset of every group that moves. Only
 * reads, so it can run at any time. Only a finished copy can be translated completely, except with `copiedSoFar`.
 * @throws MigrationError if a cluster cannot be read. With `copiedSoFar`: GROUPS_ACTIVE_ON_ORIGIN if groups have
 *   members on the origin, OFFSETS_NOT_COPIED if the mirror does not reach every committed offset within
 *   `limitSeconds`.
 */
export async function planOffsets(
  model: MigrationModel,
  options: PlanOptions,
  progress: Progress,
  signal?: AbortSignal,
  open?: OpenKafka,
): Promise<OffsetPlan> {
  const plan = (clusters: Clusters) => planWith(clusters, model.mirror, options, progress, signal, model.recorded);
  return withClusters(model, (clusters) => retryIfRecordsGone(() => plan(clusters), progress), open, {
    progress,
    signal,
  });
}

export async function planWith(
  clusters: Clusters,
  mirror: MirrorModel,
  options: PlanOptions,
  progress: Progress,
  signal?: AbortSignal,
  recorded?: RecordedTopics,
): Promise<OffsetPlan> {
  const connect = new ConnectStateReader(clusters.target, mirror);
  // Clients wait meanwhile, so both clusters are read side by side.
  const [view, seen] = await sideBySide(
    (either) => connect.read(either),
    () => seeCommitments(clusters, mirror, options),
    signal,
  );
  // Like the gate and the verification, read the origin with the isolation level of the mirror's consumer.
  const isolation = effectiveIsolation(view, mirror);
  const readers: Readers = {
    isolation,
    origin: kafkaReader(clusters.origin, isolation),
    target: kafkaReader(clusters.target, mirror.exactlyOnce ? "read_committed" : "read_uncommitted"),
    stored: async () => (await connect.read(signal)).offsets,
  };
  try {
    return await planSeen(clusters, readers, mirror, options, progress, seen, signal, recorded);
  } finally {
    connect.keep();
  }
}

interface Seen {
  /** ISO 8601. Before the offsets were read. */
  at: string;
  commitments: Commitments;
  /** ISO 8601. When the groups' members were known. */
  seenAt: string;
}

async function seeCommitments({ origin }: Clusters, mirror: MirrorModel, options: PlanOptions): Promise<Seen> {
  const at = new Date().toISOString();
  const commitments = await readCommitments(origin, mirror, options);
  return { at, commitments, seenAt: new Date().toISOString() };
}

export async function planThrough(
  clusters: Clusters,
  readers: Readers,
  mirror: MirrorModel,
  options: PlanOptions,
  progress: Progress,
  signal?: AbortSignal,
  recorded?: RecordedTopics,
): Promise<OffsetPlan> {
  const seen = await seeCommitments(clusters, mirror, options);
  return planSeen(clusters, readers, mirror, options, progress, seen, signal, recorded);
}

async function planSeen(
  clusters: Clusters,
  readers: Readers,
  mirror: MirrorModel,
  options: PlanOptions,
  progress: Progress,
  { at, commitments, seenAt }: Seen,
  signal?: AbortSignal,
  recorded?: RecordedTopics,
): Promise<OffsetPlan> {
  const total = [...commitments.committed.values()].reduce((sum, list) => sum + list.length, 0);
  progress.info(
    `offsets: ${countText(commitments.groups.length, "group")} with ${countText(total, "committed offset")}`,
  );
  const { committed, described, targetNames } = commitments;
  const commits = (group: string) => (committed.get(group) ?? []).some((o) => targetNames.has(o.topic));
  const active = activeOnOrigin(described.values(), commits, mirror);
  if (options.copiedSoFar === true) refuseActive(active);
  const busy = new Set(active.map((a) => a.group));
  const onTheTarget = () =>
    Promise.all([
      readTarget(clusters.target, mirror, commitments.groups),
      metadataLimit(clusters.target, commitments.committed.values()),
    ]);
  const translated = async (either = signal) => {
    const toMove = await partitionsToMove(clusters, commitments, recorded);
    const { partitions, recreated } = toMove;
    const answers =
      options.copiedSoFar === true
        ? await whileCopying(clusters, readers, mirror, options, { commitments, partitions }, progress, either)
        : await whenComplete(clusters, readers, partitions, progress, either);
    const translations = new Map(partitions.map((p, i) => [partitionKey(onOrigin(p)), answers[i]!]));
    const deleted = await deletedMeanwhile(clusters, toMove);
    for (const [key, note] of [...recreated, ...deleted]) translations.set(key, note);
    return translations;
  };
  // While the mirror copies, the translation can wait for minutes. The target's groups are then read after it.
  const [translations, [there, limit]] =
    options.copiedSoFar === true
      ? [await translated(), await onTheTarget()]
      : await sideBySide(translated, onTheTarget, signal);
  const groups = commitments.groups
    .map((group) => ({
      ...planGroup(group, commitments, translations, there, limit),
      ...(busy.has(group) ? {} : { idleSince: seenAt }),
    }))
    .filter((g) => g.topics.length > 0 || g.notMigrated !== undefined);
  const nothingCommitted = commitments.groups.filter((g) => (commitments.committed.get(g) ?? []).length === 0);
  const plan = {
    version: 1 as const,
    at,
    groups,
    nothingCommitted,
    unknown: commitments.unknown,
    ...(commitments.share.length === 0 ? {} : { shareGroups: commitments.share }),
    ...(options.copiedSoFar === true ? { copiedSoFar: true as const } : {}),
  };
  return { ...plan, summary: summarize(plan) };
}

async function whenComplete(
  clusters: Clusters,
  { origin, target, isolation }: Readers,
  partitions: readonly PartitionToMove[],
  progress: Progress,
  signal?: AbortSignal,
): Promise<Map<number, Translation>[]> {
  const tasks = await tasksOf(clusters, partitions, isolation, signal);
  return translate(origin, target, tasks, progress, signal);
}

interface Found {
  described: Map<string, GroupDescription>;
  offsets: Map<string, Map<string, { offset: string; metadata: string; mirrors: boolean }>>;
}

/** Reads these groups on the target. `mirrors` is true for offsets that MirrorMaker 2's own group sync wrote. */
async function readTarget(target: KafkaPort, mirror: MirrorModel, groups: readonly string[]): Promise<Found> {
  const [descriptions, offsets] = await Promise.all([target.describeGroups(groups), target.groupOffsets(groups)]);
  const known = [...offsets].map(([group, list]) => [group, list.filter((o) => o.offset >= 0n)] as const);
  const synced = mirror.syncGroupOffsets ? await readSynced(target, mirror, known) : undefined;
  const found: Found = { described: new Map(descriptions.map((d) => [d.groupId, d])), offsets: new Map() };
  for (const [group, list] of known) {
    const entries = list.map((o) => {
      const mirrors = synced?.(group, o) === true;
      return [partitionKey(o), { offset: String(o.offset), metadata: o.metadata, mirrors }] as const;
    });
    found.offsets.set(group, new Map(entries));
  }
  return found;
}

function planGroup(
  group: string,
  commitments: Commitments,
  translations: Map<string, Map<number, Translation>>,
  there: Found,
  limit: number,
): GroupPlan {
  const topics = new Map<string, TopicPlan>();
  const notMigrated = new Set<string>();
  const committed = [...(commitments.committed.get(group) ?? [])].sort((a, b) =>
    a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1,
  );
  for (const commit of committed) {
    const targetTopic = commitments.targetNames.get(commit.topic);
    if (targetTopic === undefined) {
      notMigrated.add(commit.topic);
      continue;
    }
    const plan: TopicPlan = topics.get(commit.topic) ?? {
      topic: commit.topic,
      ...(targetTopic === commit.topic ? {} : { targetTopic }),
      partitions: [],
    };
    topics.set(commit.topic, plan);
    const found = there.offsets.get(group)?.get(partitionKey({ topic: targetTopic, partition: commit.partition }));
    const translation = translations.get(partitionKey(commit))?.get(Number(commit.offset));
    plan.partitions.push(planPartition(commit, translation, found, limit));
  }
  const target = there.described.get(group);
  const known = target !== undefined && target.state !== "Dead";
  const plan: GroupPlan = {
    group,
    type: commitments.described.get(group)?.type ?? "",
    originMembers: commitments.described.get(group)?.members.length ?? 0,
    targetMembers: known ? membersOf(target) : [],
    exists: known,
    topics: [...topics.values()],
  };
  return notMigrated.size > 0 ? { ...plan, notMigrated: [...notMigrated] } : plan;
}

function planPartition(
  commit: CommittedOffset,
  translation: Translation | undefined,
  found: PartitionPlan["found"],
  limit: number,
): PartitionPlan {
  const t: Translation = translation ?? {
    target: undefined,
    exact: false,
    how: "incomplete",
    rereads: 0,
    missing: 0,
    note: "the partition is not on both clusters",
  };
  const notes = [
    ...(t.note === undefined ? [] : [t.note]),
    ...(t.missing > 0
      ? [`${countText(t.missing, "record")} fewer follow on the target: not there, or on the origin twice`]
      : []),
  ];
  return {
    partition: commit.partition,
    originOffset: String(commit.offset),
    targetOffset: t.target === undefined ? null : String(t.target),
    exact: t.exact,
    how: t.how,
    rereads: t.rereads,
    ...(t.rereadsAtMost === true ? { rereadsAtMost: true as const } : {}),
    ...(commit.metadata === "" ? {} : { metadata: commit.metadata }),
    ...(commit.metadata.length > limit ? { metadataLimit: limit } : {}),
    ...(found === undefined ? {} : { found }),
    ...(notes.length === 0 ? {} : { note: notes.join("; ") }),
  };
}
