import { withCluster, type Clusters, type OpenKafka } from "../clusters";
import { partitionKey } from "../log/partition";
import type { MigrationModel } from "../model";
import { countText, someOf } from "../units";
import type { AppliedOffsets } from "./types";

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

/** Where the groups stand that an apply has moved. */
export interface AppliedNow {
  /** Groups that stand where they were put: their clients have not committed since. */
  standing: number;
  /** Groups that have read on. */
  movedOn: number;
  /** Offsets that lie before the place, or are gone: what follows is read again, or `auto.offset.reset` decides. */
  back: MovedOffset[];
}

/**
 * Says which applied offsets are elsewhere now: the clients have begun to read, or something else writes them. With
 * `sync.group.offsets.enabled` the mirror itself may do so once, for a group that it first saw while the target did not
 * know it (MirrorCheckpointTask.syncGroupOffset, Kafka 4.3): then apply again.
 */
export async function checkApplied(model: MigrationModel, applied: AppliedOffsets, open?: OpenKafka): Promise<MovedOffset[]> {
  return withCluster(model, "target", (target) => checkWith({ target }, applied), open);
}

export async function checkWith({ target }: Pick<Clusters, "target">, applied: AppliedOffsets): Promise<MovedOffset[]> {
  const now = await target.groupOffsets(applied.groups.map((g) => g.group));
  return applied.groups.flatMap(({ group, offsets }) => {
    const is = new Map((now.get(group) ?? []).filter((o) => o.offset >= 0n).map((o) => [partitionKey(o), String(o.offset)]));
    return offsets.flatMap(({ topic, partition, offset: written }): MovedOffset[] => {
      const found = is.get(partitionKey({ topic, partition }));
      if (found === written) return [];
      return [{ group, topic, partition, written, ...(found === undefined ? {} : { found }) }];
    });
  });
}

/** What the moved offsets mean for the groups. */
export function appliedNow(applied: AppliedOffsets, moved: readonly MovedOffset[]): AppliedNow {
  const back = moved.filter((m) => m.found === undefined || BigInt(m.found) < BigInt(m.written));
  const behind = new Set(back.map((m) => m.group));
  const elsewhere = new Set(moved.map((m) => m.group));
  return { standing: applied.groups.filter((g) => !elsewhere.has(g.group)).length, movedOn: [...elsewhere].filter((g) => !behind.has(g)).length, back };
}

/** The same in lines for a person: how many went on, and one for each group that stands earlier than it was put, at most 20. */
export function appliedNowLines({ standing, movedOn, back }: AppliedNow): { line: string; warnings: string[] } {
  const groups = new Map<string, MovedOffset[]>();
  for (const m of back) {
    const list = groups.get(m.group);
    if (list === undefined) groups.set(m.group, [m]);
    else list.push(m);
  }
  const warnings = [...groups].slice(0, 20).map(([group, list]) => `group "${group}" is no longer where it was put: ${someOf(list.map(where), 5)}`);
  if (groups.size > warnings.length) warnings.push(`and ${countText(groups.size - warnings.length, "group")} more`);
  return { line: `${countText(movedOn, "group")} moved on since, ${standing} where they were put, ${groups.size} before it`, warnings };
}

const where = (m: MovedOffset): string => `${m.topic}-${m.partition} was put at ${m.written}, is at ${m.found ?? "no offset"}`;
