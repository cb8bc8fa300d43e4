import { type Clusters, type OpenKafka, withClusters } from "../clusters";
import { isMigrationError, MigrationError } from "../errors";
import type { CommittedOffset, KafkaPort } from "../kafka/port";
import { partitionKey } from "../log/partition";
import type { MigrationModel, MirrorModel } from "../model";
import type { Progress } from "../progress";
import { selectPairs } from "../selection";
import { inParallel, sideBySide } from "../side-by-side";
import { countText, recordsText } from "../units";
import { activeOnOrigin, membersOf, refuseActive } from "./active";
import { clusterIds, offsetCounts } from "./applied";
import { WHY_NOT_SHARE } from "./commitments";
import { readSynced, type WrittenBySync } from "./other-ways";
import { revertWith } from "./revert";
import { isInPlace, partitionsOf } from "./summary";
import type { AppliedGroup, AppliedOffsets, GroupPlan, OffsetOptions, OffsetPlan, WrittenOffset } from "./types";
import { blockedError, blockedGroups } from "./blocked";

/**
 * Writes the offsets of a plan to the target, for groups that are not active there, and reads them back. Offsets that
 * are already in place are not written, so a second run after a kill only does the rest.
 * @returns what was written and what was there before. This is the input of `revertOffsets`.
 * @throws MigrationError GROUPS_ACTIVE_ON_ORIGIN if the plan was made while the mirror copied, and groups have members
 *   on the origin. It is thrown before anything is written.
 * @throws MigrationError OFFSETS_STALE if a group has moved on the origin since the plan.
 * @throws MigrationError OFFSETS_BLOCKED if groups are active on the target, have different offsets there, or have
 *   offsets that could not be translated. It is thrown before anything is written. It is also thrown if a group becomes
 *   active during the writing, after everything is taken back. `blocked: "skip"` moves the other groups instead.
 * @throws MigrationError OFFSETS_NOT_WRITTEN if reading back shows different values. It is thrown after all offsets
 *   that still have the written value are taken back. Any other error during the writing is also thrown after this.
 */
export async function applyOffsets(
  model: MigrationModel,
  plan: OffsetPlan,
  options: OffsetOptions,
  progress: Progress,
  open?: OpenKafka,
  keepIntent?: KeepIntent,
): Promise<AppliedOffsets> {
  return withClusters(
    model,
    async (clusters) => {
      const asked = clusterIds(clusters);
      asked.catch(() => {});
      const writing: Writing = async (intended) => {
        // Nothing is written before both clusters are known.
        const ids = await asked;
        await keepIntent?.({ ...intended, clusters: ids }, clusters.target);
      };
      const applied = await applyWith(clusters, model.mirror, plan, options, progress, writing);
      return { ...applied, clusters: await asked };
    },
    open,
    { progress },
  );
}

/**
 * Must store what is about to be written and what is there now, in a place that a killed run does not lose. The first
 * offset is written only after it returns. If it throws, nothing is written.
 */
export type KeepIntent = (intended: AppliedOffsets, target: KafkaPort) => Promise<void>;

/** Maximum number of lines of a plan's `attention` that are reported. */
const SAID = 20;

/** Called before the first write, with what is about to be written and what is there now. */
export type Writing = (intended: AppliedOffsets) => Promise<void>;

export async function applyWith(
  clusters: Clusters,
  mirror: MirrorModel,
  plan: OffsetPlan,
  options: OffsetOptions,
  progress: Progress,
  writing?: Writing,
): Promise<AppliedOffsets> {
  const refuseChanged = async () => {
    if (plan.copiedSoFar === true) await refuseMembers(clusters.origin, mirror, plan);
    await refuseStale(clusters.origin, mirror, plan);
  };
  const [current] = await sideBySide(() => refresh(clusters.target, mirror, plan.groups), refuseChanged);
  const blocked = blockedGroups(current, options);
  if (blocked.length > 0 && options.blocked !== "skip") throw blockedError(blocked);
  const names = new Set(blocked.map((b) => b.group));
  const free = current.filter((g) => !names.has(g.group));

  const groups = free.map(wanted).filter((g) => g.offsets.length > 0);
  const { attention } = plan.summary;
  const noted = attention.length === 0 ? {} : { attention };
  await writing?.({ ...appliedOf(groups, []), ...noted });
  const late = new Map<string, string>();
  const done = () => groups.filter((g) => !late.has(g.group));
  try {
    await write(clusters.target, groups, late);
    if (late.size > 0 && options.blocked !== "skip")
      throw blockedError([...late].map(([group, why]) => ({ group, why })));
    await readBack(clusters.target, done());
  } catch (error) {
    throw withDetails(error, await takeBack(clusters, done(), progress));
  }

  const share = (plan.shareGroups ?? []).map((group) => ({ group, why: WHY_NOT_SHARE }));
  const skipped = [...blocked, ...share, ...[...late].map(([group, why]) => ({ group, why }))];
  const readBackAt = new Date().toISOString();
  const moved = done().map(({ offsets, ...group }) => ({ ...group, readBackAt, offsets }));
  const applied = { ...appliedOf(moved, skipped), at: readBackAt, ...noted };
  progress.info(
    `offsets: ${countText(applied.written, "offset")} of ${countText(applied.groups.length, "group")} written ` +
      `and read back, ${applied.inPlace} were there already`,
  );
  for (const { group, offsets } of applied.groups) {
    const again = offsets.reduce((sum, o) => sum + (o.rereads ?? 0), 0);
    if (again > 0)
      progress.warn(
        `offsets: group "${group}" will read ${recordsText(
          again,
          offsets.some((o) => o.rereadsAtMost),
        )} again`,
      );
  }
  for (const line of attention.slice(0, SAID)) progress.warn(`offsets: ${line}`);
  if (attention.length > SAID)
    progress.warn(`offsets: and ${attention.length - SAID} more; \`kafka-migration offsets\` and the report list them`);
  for (const s of skipped) progress.warn(`offsets: group "${s.group}" was left alone: ${s.why}`);
  return applied;
}

/** @param late receives the groups that became active between the check and the write, with the reason */
async function write(target: KafkaPort, groups: readonly AppliedGroup[], late: Map<string, string>): Promise<void> {
  await inParallel(groups, async (g) => {
    const moving = g.offsets.filter((o) => o.inPlace === undefined);
    try {
      await target.alterGroupOffsets(g.group, moving.map(asCommit));
    } catch (error) {
      if (!isMigrationError(error) || error.code !== "KAFKA_GROUP_ACTIVE") throw error;
      late.set(g.group, "became active on the target");
    }
  });
}

function appliedOf(groups: AppliedGroup[], skipped: AppliedOffsets["skipped"]): AppliedOffsets {
  return { version: 1, at: new Date().toISOString(), groups, skipped, ...offsetCounts(groups) };
}

/** Takes back what this run has written, but nothing that it found in place. Returns what could not be taken back. */
async function takeBack(clusters: Clusters, groups: readonly AppliedGroup[], progress: Progress): Promise<string[]> {
  const written = groups
    .map((g) => ({ ...g, offsets: g.offsets.filter((o) => o.inPlace === undefined) }))
    .filter((g) => g.offsets.length > 0);
  try {
    const { left } = await revertWith(clusters, appliedOf(written, []), progress);
    return left.map((l) => `group "${l.group}" keeps what it has on the target: it ${l.why}`);
  } catch (error) {
    // Usually this has the same cause as the first failure: the target cannot be reached.
    const why = isMigrationError(error) ? `${error.code}: ${error.seen}` : String(error);
    return [
      `${countText(written.length, "group")} may have new offsets that could not be taken back (${why}): what ` +
        "was kept before the first write takes them back",
    ];
  }
}

function withDetails(error: unknown, more: readonly string[]): unknown {
  if (!isMigrationError(error) || more.length === 0) return error;
  return new MigrationError(error.code, error.seen, {
    details: [...error.details, ...more],
    fix: error.fix,
    cause: error,
  });
}

/** Throws if groups have joined on the origin since the plan was made. Producers still write there. */
async function refuseMembers(origin: KafkaPort, mirror: MirrorModel, plan: OffsetPlan): Promise<void> {
  const planned = new Set(plan.groups.filter((g) => g.topics.length > 0).map((g) => g.group));
  const described = await origin.describeGroups([...plan.groups.map((g) => g.group), ...plan.nothingCommitted]);
  refuseActive(activeOnOrigin(described, (group) => planned.has(group), mirror));
}

/**
 * Throws if the committed offsets on the origin have changed since the plan was made. A first commit also counts as a
 * change: on another migrated partition, or by a group that had none.
 */
async function refuseStale(origin: KafkaPort, mirror: MirrorModel, plan: OffsetPlan): Promise<void> {
  const now = await origin.groupOffsets([...plan.groups.map((g) => g.group), ...plan.nothingCommitted]);
  const moved: string[] = [];
  const planned = new Set(
    plan.groups.flatMap((g) =>
      g.topics.flatMap((t) =>
        t.partitions.map((p) => `${g.group} ${partitionKey({ topic: t.topic, partition: p.partition })}`),
      ),
    ),
  );
  const topics = new Set([...now.values()].flatMap((list) => list.map((o) => o.topic)));
  const migrated = new Set(selectPairs([...topics], mirror).map((pair) => pair.origin));
  for (const [group, offsets] of now) {
    for (const o of offsets) {
      if (o.offset < 0n || !migrated.has(o.topic) || planned.has(`${group} ${partitionKey(o)}`)) continue;
      moved.push(`group "${group}", ${o.topic}-${o.partition}: had no offset, is at ${o.offset}`);
    }
  }
  for (const group of plan.groups) {
    const offsets = new Map((now.get(group.group) ?? []).map((o) => [partitionKey(o), String(o.offset)]));
    for (const topic of group.topics) {
      for (const p of topic.partitions) {
        const is = offsets.get(partitionKey({ topic: topic.topic, partition: p.partition }));
        if (is !== p.originOffset)
          moved.push(
            `group "${group.group}", ${topic.topic}-${p.partition}: planned from ${p.originOffset}, is at ` +
              `${is ?? "no offset"}`,
          );
      }
    }
  }
  if (moved.length === 0) return;
  throw new MigrationError(
    "OFFSETS_STALE",
    `${countText(moved.length, "committed offset")} moved on the origin since ${plan.at}`,
    {
      details: moved.slice(0, 20),
      fix: "stop the consumers on the origin, then plan and apply again",
    },
  );
}

/** Returns the plan's groups with their current state on the target, which may have changed since the plan was made. */
async function refresh(target: KafkaPort, mirror: MirrorModel, groups: readonly GroupPlan[]): Promise<GroupPlan[]> {
  const names = groups.map((g) => g.group);
  const [descriptions, offsets] = await Promise.all([target.describeGroups(names), target.groupOffsets(names)]);
  const described = new Map(descriptions.map((d) => [d.groupId, d]));
  const there = new Map(
    names.map((group) => {
      const known = (offsets.get(group) ?? []).filter((o) => o.offset >= 0n);
      return [group, new Map(known.map((o) => [partitionKey(o), o]))] as const;
    }),
  );
  const synced = await syncedSince(target, mirror, groups, there);
  return groups.map((group) => {
    const description = described.get(group.group);
    const exists = description !== undefined && description.state !== "Dead";
    const topics = group.topics.map((t) => ({
      ...t,
      partitions: t.partitions.map(({ found: planned, ...p }) => {
        const is = there
          .get(group.group)!
          .get(partitionKey({ topic: t.targetTopic ?? t.topic, partition: p.partition }));
        if (is === undefined) return p;
        const offset = String(is.offset);
        const mirrors = planned?.offset === offset ? planned.mirrors : synced?.(group.group, is) === true;
        return { ...p, found: { offset, metadata: is.metadata, mirrors } };
      }),
    }));
    const targetMembers = exists ? membersOf(description) : [];
    return { ...group, exists, targetMembers, topics };
  });
}

/** Reads the offsets of the mirror's group sync if it may have written one since the plan was made. */
async function syncedSince(
  target: KafkaPort,
  mirror: MirrorModel,
  groups: readonly GroupPlan[],
  there: ReadonlyMap<string, ReadonlyMap<string, CommittedOffset>>,
): Promise<WrittenBySync | undefined> {
  if (!mirror.syncGroupOffsets) return undefined;
  const others = groups.map((group) => {
    const now = partitionsOf(group).flatMap(({ topic, p: { partition, found } }) => {
      const is = there.get(group.group)!.get(partitionKey({ topic, partition }));
      return is === undefined || String(is.offset) === found?.offset ? [] : [is];
    });
    return [group.group, now] as const;
  });
  return readSynced(target, mirror, others);
}

function wanted(group: GroupPlan): AppliedGroup {
  // There is no target offset if one of the guide's ways has no answer for this partition.
  const offsets = partitionsOf(group)
    .filter(({ p }) => p.targetOffset !== null)
    .map(({ topic, p }): WrittenOffset => {
      const before = p.found === undefined ? undefined : { offset: p.found.offset, metadata: p.found.metadata };
      return {
        topic,
        partition: p.partition,
        offset: p.targetOffset as string,
        ...(p.metadata === undefined ? {} : { metadata: p.metadata }),
        ...(p.rereads > 0
          ? { rereads: p.rereads, ...(p.rereadsAtMost === true ? { rereadsAtMost: true as const } : {}) }
          : {}),
        ...(p.exact ? {} : { unproved: true as const }),
        ...(isInPlace(p) ? { inPlace: true as const } : before === undefined ? {} : { before }),
      };
    });
  const { idleSince } = group;
  return { group: group.group, created: !group.exists, ...(idleSince === undefined ? {} : { idleSince }), offsets };
}

const asCommit = (o: WrittenOffset): CommittedOffset => ({
  topic: o.topic,
  partition: o.partition,
  offset: BigInt(o.offset),
  metadata: o.metadata ?? "",
});

async function readBack(target: KafkaPort, groups: readonly AppliedGroup[]): Promise<void> {
  const now = await target.groupOffsets(groups.map((g) => g.group));
  const wrong: string[] = [];
  for (const { group, offsets } of groups) {
    const is = new Map((now.get(group) ?? []).map((o) => [partitionKey(o), o]));
    for (const o of offsets) {
      const found = is.get(partitionKey(o));
      if (String(found?.offset) === o.offset && found?.metadata === (o.metadata ?? "")) continue;
      const reads =
        found === undefined
          ? "nothing"
          : `${found.offset}${String(found.offset) === o.offset ? " with other metadata" : ""}`;
      wrong.push(`group "${group}", ${o.topic}-${o.partition}: wrote ${o.offset}, reads ${reads}`);
    }
  }
  if (wrong.length === 0) return;
  throw new MigrationError(
    "OFFSETS_NOT_WRITTEN",
    `${countText(wrong.length, "offset")} read back from the target differ`,
    {
      details: wrong.slice(0, 20),
      fix:
        "look for something else that writes offsets of these groups (a client, or another mirror's group sync), " +
        "stop it, and run again",
    },
  );
}
