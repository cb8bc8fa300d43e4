import { type Clusters, type OpenKafka, withCluster } from "../clusters";
import { MigrationError } from "../errors";
import type { KafkaPort } from "../kafka/port";
import { partitionKey } from "../log/partition";
import type { MigrationModel } from "../model";
import { defined } from "../objects";
import { countText, someOf } from "../units";
import { aboutGroup } from "./summary";
import type { AppliedGroup, AppliedOffsets, WrittenOffset } from "./types";

/** Reads the cluster ids. They identify a cluster even if its bootstrap servers are reordered or replaced. */
export async function clusterIds({ origin, target }: Clusters): Promise<NonNullable<AppliedOffsets["clusters"]>> {
  const [originId, targetId] = await Promise.all([idOf(origin), idOf(target)]);
  return {
    ...(originId === undefined ? {} : { origin: originId }),
    ...(targetId === undefined ? {} : { target: targetId }),
  };
}

async function idOf(port: KafkaPort): Promise<string | undefined> {
  const { clusterId } = await port.describeCluster();
  return clusterId === "" ? undefined : clusterId;
}

/** @throws MigrationError OFFSETS_OTHER_CLUSTER if these offsets were written on a different cluster than this one */
export async function requireSameTarget(
  target: KafkaPort,
  applied: Pick<AppliedOffsets, "at" | "clusters">,
): Promise<void> {
  if (applied.clusters?.target !== undefined) requireTarget(applied, await idOf(target));
}

/**
 * @param is the target's cluster id; undefined if the brokers do not return one
 * @throws MigrationError OFFSETS_OTHER_CLUSTER if these offsets were written on a different cluster
 */
export function requireTarget(applied: Pick<AppliedOffsets, "at" | "clusters">, is: string | undefined): void {
  const was = applied.clusters?.target;
  if (was === undefined || is === undefined || is === was) return;
  throw new MigrationError(
    "OFFSETS_OTHER_CLUSTER",
    `the offsets of ${applied.at} were written on cluster ${was}, but the target is cluster ${is}; nothing was changed`,
    {
      fix:
        `connect to cluster ${was} as the target to take them back there; where that cluster is gone there is ` +
        "nothing to take back (a stack with abandon: true goes on without)",
    },
  );
}

/**
 * @param is the origin's cluster id; undefined if it is not known
 * @throws MigrationError OFFSETS_OTHER_CLUSTER if these offsets were translated from a different cluster
 */
export function requireOrigin(
  applied: Pick<AppliedOffsets, "at" | "clusters">,
  is: string | undefined,
  topic: string,
): void {
  const was = applied.clusters?.origin;
  if (was === undefined || is === undefined || is === was) return;
  throw new MigrationError(
    "OFFSETS_OTHER_CLUSTER",
    `target topic ${topic} holds offsets of ${applied.at} for groups from cluster ${was}, but the origin is cluster ` +
      `${is}; the topic was kept and no offset was changed`,
    {
      fix:
        `roll back the migration from cluster ${was} with its own stack, or give this mirror another target.groupId; ` +
        "if no offset has to be taken back, delete the topic by hand and run again",
    },
  );
}

/**
 * Combines two applies that ran one after the other, so that a revert takes both back. The first may have been killed
 * before or after it wrote. Only its own record shows what was there before it. Groups that only the first has keep
 * their lines of `attention`.
 * @throws MigrationError OFFSETS_OTHER_CLUSTER if they ran on different targets
 */
export function joinApplied(first: AppliedOffsets, second: AppliedOffsets): AppliedOffsets {
  requireTarget(first, second.clusters?.target);
  const earlier = new Map(first.groups.map((g) => [g.group, g]));
  const again = new Set(second.groups.map((g) => g.group));
  const kept = first.groups.filter((g) => !again.has(g.group));
  const groups = [...second.groups.map((group) => joined(earlier.get(group.group), group)), ...kept];
  const about = kept.map((g) => aboutGroup(g.group));
  const lines = (first.attention ?? []).filter((line) => about.some((start) => line.startsWith(start)));
  const attention = [...(second.attention ?? []), ...lines];
  return { ...second, groups, ...offsetCounts(groups), ...(attention.length === 0 ? {} : { attention }) };
}

/** How many offsets an apply wrote, and how many were there already. */
export function offsetCounts(groups: readonly AppliedGroup[]): Pick<AppliedOffsets, "written" | "inPlace"> {
  const all = groups.flatMap((g) => g.offsets);
  const inPlace = all.filter((o) => o.inPlace === true).length;
  return { written: all.length - inPlace, inPlace };
}

/** Every offset that an apply may have written here. */
export const writtenBy = (o: WrittenOffset): string[] => (o.inPlace === true ? [] : [o.offset, ...(o.earlier ?? [])]);

function joined(first: AppliedGroup | undefined, second: AppliedGroup): AppliedGroup {
  if (first === undefined) return second;
  const was = new Map(first.offsets.map((o) => [partitionKey(o), o]));
  const offsets = second.offsets.map((o): WrittenOffset => {
    const earlier = was.get(partitionKey(o));
    was.delete(partitionKey(o));
    return earlier === undefined ? o : joinedOffset(earlier, o);
  });
  const { idleSince: _idle, readBackAt: _read, ...rest } = second;
  return {
    ...rest,
    ...pauseOf(first, second),
    created: first.created || second.created,
    offsets: [...offsets, ...was.values()],
  };
}

/**
 * How long the group waited. If the second apply found everything in place, or only intended the same, clients could
 * start after the first. If the first was killed and the group has not read on since, it has waited since the first.
 */
function pauseOf(first: AppliedGroup, second: AppliedGroup): Pick<AppliedGroup, "idleSince" | "readBackAt"> {
  const places = new Map(first.offsets.map((o) => [partitionKey(o), o.offset]));
  const isSame = second.offsets.every((o) => places.get(partitionKey(o)) === o.offset);
  const found = second.offsets.every((o) => o.inPlace === true);
  const intended = second.readBackAt === undefined;
  // Without both times an older version made the first apply, and did not record when it ended.
  if (isSame && (found || intended) && (first.readBackAt !== undefined || first.idleSince === undefined))
    return defined({ idleSince: first.idleSince, readBackAt: first.readBackAt });
  const { idleSince, readBackAt } = second;
  const earlier = isSame && first.readBackAt === undefined && idleSince !== undefined ? first.idleSince : undefined;
  return defined({ idleSince: earlier ?? idleSince, readBackAt });
}

function joinedOffset(first: WrittenOffset, second: WrittenOffset): WrittenOffset {
  const ours = writtenBy(first);
  if (second.inPlace === true) return ours.includes(second.offset) ? first : second;
  const { before: found, earlier: _, ...rest } = second;
  // The second apply found an offset that the first one wrote, or one that something else wrote.
  const before = found !== undefined && ours.includes(found.offset) ? first.before : found;
  const others = [...new Set(ours)].filter((offset) => offset !== second.offset);
  return { ...rest, ...(before === undefined ? {} : { before }), ...(others.length === 0 ? {} : { earlier: others }) };
}

/** An offset that is no longer where the apply put it. */
export interface MovedOffset {
  group: string;
  topic: string;
  partition: number;
  /** Decimal string. */
  written: string;
  /** Absent: the group has no offset there now. */
  found?: string;
}

/** The current positions of the groups that an apply has moved. */
export interface AppliedNow {
  /** Number of groups that are still where they were put. Their clients have not committed since. */
  standing: number;
  /** Number of groups that have read on. */
  movedOn: number;
  /** Offsets that are earlier than they were put, or gone. Records are read again, or `auto.offset.reset` decides. */
  back: MovedOffset[];
}

/**
 * Returns the applied offsets that have a different value now. The clients have started to read, or something else
 * writes offsets. With `sync.group.offsets.enabled` the mirror itself may do so once, for a group that it first saw
 * before the target knew the group (MirrorCheckpointTask.syncGroupOffset, Kafka 4.3). In this case, apply again.
 */
export async function checkApplied(
  model: MigrationModel,
  applied: AppliedOffsets,
  open?: OpenKafka,
): Promise<MovedOffset[]> {
  return withCluster(model, "target", (target) => checkWith({ target }, applied), open);
}

export async function checkWith({ target }: Pick<Clusters, "target">, applied: AppliedOffsets): Promise<MovedOffset[]> {
  const now = await target.groupOffsets(applied.groups.map((g) => g.group));
  return applied.groups.flatMap(({ group, offsets }) => {
    const is = new Map(
      (now.get(group) ?? []).filter((o) => o.offset >= 0n).map((o) => [partitionKey(o), String(o.offset)]),
    );
    return offsets.flatMap(({ topic, partition, offset: written }): MovedOffset[] => {
      const found = is.get(partitionKey({ topic, partition }));
      if (found === written) return [];
      return [{ group, topic, partition, written, ...(found === undefined ? {} : { found }) }];
    });
  });
}

/** Summarizes the moved offsets by group. */
export function appliedNow(applied: AppliedOffsets, moved: readonly MovedOffset[]): AppliedNow {
  const back = moved.filter((m) => m.found === undefined || BigInt(m.found) < BigInt(m.written));
  const behind = new Set(back.map((m) => m.group));
  const elsewhere = new Set(moved.map((m) => m.group));
  return {
    standing: applied.groups.filter((g) => !elsewhere.has(g.group)).length,
    movedOn: [...elsewhere].filter((g) => !behind.has(g)).length,
    back,
  };
}

/** The same as text: one line with the numbers, and a warning for each group with earlier offsets (at most 20). */
export function appliedNowLines({ standing, movedOn, back }: AppliedNow): { line: string; warnings: string[] } {
  const groups = new Map<string, MovedOffset[]>();
  for (const m of back) {
    const list = groups.get(m.group);
    if (list === undefined) groups.set(m.group, [m]);
    else list.push(m);
  }
  const warnings = [...groups]
    .slice(0, 20)
    .map(([group, list]) => `group "${group}" is no longer where it was put: ${someOf(list.map(where), 5)}`);
  if (groups.size > warnings.length) warnings.push(`and ${countText(groups.size - warnings.length, "group")} more`);
  return {
    line: `${countText(movedOn, "group")} moved on since, ${standing} where they were put, ${groups.size} before it`,
    warnings,
  };
}

const where = (m: MovedOffset): string =>
  `${m.topic}-${m.partition} was put at ${m.written}, is at ${m.found ?? "no offset"}`;
