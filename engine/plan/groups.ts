import { allows } from "../acls";
import type { CommittedOffset, GroupDescription, KafkaPort } from "../kafka/port";
import { partitionKey } from "../log/partition";
import type { MirrorModel } from "../model";
import type { OffsetOptions } from "../offsets";
import { chooseGroups } from "../offsets/commitments";
import type { Progress } from "../progress";
import { countText, durationText } from "../units";
import type { GroupFacts, PlanFacts } from "./types";

/** Groups whose offsets are held in memory at a time. A group can have an offset on every partition. */
const AT_A_TIME = 200;
const MOVABLE = ["consumer", "", "streams"];

/** A partition's log, and its first record that is not old. */
export interface Age {
  start: bigint;
  /** Offset of the first record of the last `idleMs`. The end of the log if there is none. */
  fresh: bigint;
}

export type GroupsOfPlan = Pick<PlanFacts, "groups" | "allGroups" | "leftOut" | "share">;

/** Reads which groups read the migration's topics, and which of them look unused. */
export async function readGroups(
  origin: KafkaPort,
  mirror: MirrorModel,
  options: OffsetOptions,
  ages: ReadonlyMap<string, Age>,
  idleMs: number,
  progress: Progress,
): Promise<GroupsOfPlan> {
  const listed = await origin.listGroups();
  const { chosen, share } = chooseGroups(listed, mirror, options);
  const topics = new Set([...ages.keys()].map((key) => key.slice(0, key.lastIndexOf(":"))));
  const groups: GroupFacts[] = [];
  for (let from = 0; from < chosen.length; from += AT_A_TIME) {
    const some = chosen.slice(from, from + AT_A_TIME);
    progress.info(`plan: reading groups, ${from} of ${chosen.length}`);
    const [offsets, described] = await Promise.all([origin.groupOffsets(some), origin.describeGroups(some)]);
    for (const group of described) groups.push(factsOf(group, offsets.get(group.groupId) ?? [], topics, ages, idleMs));
  }
  const moving = new Set([...chosen, ...share]);
  const others = listed.filter((g) => !moving.has(g.groupId) && MOVABLE.includes(g.protocolType)).map((g) => g.groupId);
  return {
    groups,
    allGroups: listed.map((g) => g.groupId),
    share,
    leftOut: await readersOf(origin, others, topics),
  };
}

/** Groups of these with an offset on one of the topics. Skips groups that this user may not describe. */
async function readersOf(origin: KafkaPort, groups: readonly string[], topics: ReadonlySet<string>): Promise<string[]> {
  const found: string[] = [];
  for (let from = 0; from < groups.length; from += AT_A_TIME) {
    const operations = await origin.groupOperations(groups.slice(from, from + AT_A_TIME));
    const visible = [...operations].filter(([, own]) => own !== null && allows(own, "Describe")).map(([name]) => name);
    for (const [name, offsets] of await origin.groupOffsets(visible))
      if (offsets.some((o) => o.offset >= 0n && topics.has(o.topic))) found.push(name);
  }
  return found.sort();
}

function factsOf(
  group: GroupDescription,
  all: readonly CommittedOffset[],
  topics: ReadonlySet<string>,
  ages: ReadonlyMap<string, Age>,
  idleMs: number,
): GroupFacts {
  const offsets = all.filter((o) => o.offset >= 0n && topics.has(o.topic));
  const reads = group.reads?.filter((topic) => topics.has(topic));
  const unused = whyUnused(group.members.length, reads, offsets, ages, idleMs);
  return {
    name: group.groupId,
    members: group.members.length,
    committed: [...new Set(offsets.map((o) => o.topic))].sort(),
    ...(reads === undefined ? {} : { reads }),
    ...(unused === undefined ? {} : { unused }),
  };
}

/**
 * Brokers do not return when a group committed. But a group that reads has read the old records first: if it has no
 * members, has unread records that are old, and has read no fresh record of any partition, nobody uses it.
 */
export function whyUnused(
  members: number,
  reads: readonly string[] | undefined,
  offsets: readonly CommittedOffset[],
  ages: ReadonlyMap<string, Age>,
  idleMs: number,
): string | undefined {
  if (members > 0 && reads === undefined) return undefined;
  if (offsets.length === 0 && (reads ?? []).length === 0) return "reads no topic of the migration";
  if (members > 0) return undefined;
  let old = false;
  for (const o of offsets) {
    const age = ages.get(partitionKey(o));
    if (age === undefined) continue;
    if (o.offset > age.fresh) return undefined;
    const next = o.offset < age.start ? age.start : o.offset;
    if (next < age.fresh) old = true;
  }
  return old ? `has no members, and has not read records that are older than ${ageText(idleMs)}` : undefined;
}

const DAY_MS = 86_400_000;

const ageText = (ms: number) => (ms % DAY_MS === 0 ? countText(ms / DAY_MS, "day") : durationText(ms));
