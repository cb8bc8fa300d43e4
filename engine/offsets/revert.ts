import { type Clusters, type OpenKafka, withCluster } from "../clusters";
import { isMigrationError } from "../errors";
import type { CommittedOffset, KafkaPort } from "../kafka/port";
import { partitionKey } from "../log/partition";
import type { MigrationModel } from "../model";
import type { Progress } from "../progress";
import { inParallel } from "../side-by-side";
import { countText } from "../units";
import { requireSameTarget, writtenBy } from "./applied";
import type { AppliedGroup, AppliedOffsets, RevertedOffsets, WrittenOffset } from "./types";

/**
 * Takes back what an apply did. Offsets that it created are deleted, and so is the group if the apply created it.
 * Offsets that it replaced are restored. Offsets that it found in place are not changed. A group that is active on the
 * target, or has moved since, is not changed but reported. A second revert does nothing.
 * @throws MigrationError OFFSETS_OTHER_CLUSTER if the apply ran on another cluster. Nothing is changed then.
 */
export async function revertOffsets(
  model: MigrationModel,
  applied: AppliedOffsets,
  progress: Progress,
  open?: OpenKafka,
): Promise<RevertedOffsets> {
  return withCluster(
    model,
    "target",
    async (target) => {
      await requireSameTarget(target, applied);
      return revertWith({ target }, applied, progress);
    },
    open,
    { progress },
  );
}

/**
 * Returns what `revertOffsets` would do now. Changes nothing.
 * @throws MigrationError OFFSETS_OTHER_CLUSTER if the apply ran on another cluster
 */
export async function planRevert(
  model: MigrationModel,
  applied: AppliedOffsets,
  progress: Progress,
  open?: OpenKafka,
): Promise<RevertedOffsets> {
  const plan = async (target: KafkaPort) => {
    await requireSameTarget(target, applied);
    return revertEach(target, applied, false);
  };
  return withCluster(model, "target", plan, open, { progress });
}

export async function revertWith(
  { target }: Pick<Clusters, "target">,
  applied: AppliedOffsets,
  progress: Progress,
): Promise<RevertedOffsets> {
  const result = await revertEach(target, applied, true);
  const sum = (pick: (g: RevertedOffsets["groups"][number]) => number): number =>
    result.groups.reduce((n, g) => n + pick(g), 0);
  progress.info(
    `offsets: taken back for ${countText(result.groups.length, "group")}: ${sum((g) => g.deleted)} deleted, ` +
      `${sum((g) => g.restored)} restored`,
  );
  for (const l of result.left) progress.warn(`offsets: group "${l.group}" was left as it is: ${l.why}`);
  return result;
}

/** @param write false: only find out what would be done */
async function revertEach(target: KafkaPort, applied: AppliedOffsets, write: boolean): Promise<RevertedOffsets> {
  const names = applied.groups.map((g) => g.group);
  const [descriptions, offsets] = await Promise.all([target.describeGroups(names), target.groupOffsets(names)]);
  const described = new Map(descriptions.map((d) => [d.groupId, d]));
  const result: RevertedOffsets = { groups: [], left: [] };
  await inParallel(applied.groups, async (group) => {
    const members = described.get(group.group)?.members ?? [];
    if (members.length > 0) {
      result.left.push({
        group: group.group,
        why: `is active on the target: ${members.map((m) => m.clientId).join(", ")}`,
      });
      return;
    }
    try {
      await revertGroup(target, group, offsets.get(group.group) ?? [], result, write);
    } catch (error) {
      if (!isMigrationError(error) || error.code !== "KAFKA_GROUP_ACTIVE") throw error;
      result.left.push({ group: group.group, why: "became active on the target" });
    }
  });
  result.groups.sort((a, b) => (a.group < b.group ? -1 : 1));
  return result;
}

async function revertGroup(
  target: KafkaPort,
  group: AppliedGroup,
  current: readonly CommittedOffset[],
  result: RevertedOffsets,
  write: boolean,
): Promise<void> {
  const is = new Map(current.filter((o) => o.offset >= 0n).map((o) => [partitionKey(o), o]));
  const reads = (o: WrittenOffset): string | undefined => is.get(partitionKey(o))?.offset.toString();
  const written = group.offsets.filter((o) => o.inPlace !== true);
  const isOurs = (o: WrittenOffset): boolean => writtenBy(o).includes(reads(o) ?? "");
  const ours = written.filter(isOurs);
  const moved = written.filter((o) => !isOurs(o) && reads(o) !== o.before?.offset);
  const back = ours.filter((o) => o.before !== undefined);
  const gone = ours.filter((o) => o.before === undefined);
  if (moved.length > 0) {
    const [first] = moved as [WrittenOffset];
    const what =
      `has moved on the target on ${countText(moved.length, "partition")} (${first.topic}-${first.partition}: ` +
      `written ${first.offset}, is at ${reads(first) ?? "no offset"})`;
    result.left.push({ group: group.group, why: what });
    return;
  }
  if (ours.length === 0) return;
  if (write) await writeBack(target, group, back, gone, gone.length === is.size);
  result.groups.push({ group: group.group, restored: back.length, deleted: gone.length });
}

/** @param all true: the group has no offsets but those that are deleted */
async function writeBack(
  target: KafkaPort,
  group: AppliedGroup,
  back: readonly WrittenOffset[],
  gone: readonly WrittenOffset[],
  all: boolean,
): Promise<void> {
  await target.alterGroupOffsets(
    group.group,
    back.map((o) => ({
      topic: o.topic,
      partition: o.partition,
      offset: BigInt(o.before?.offset as string),
      metadata: o.before?.metadata ?? "",
    })),
  );
  // Delete a group that the apply created. Otherwise an empty group would remain.
  if (group.created && all) await target.deleteGroups([group.group]);
  else await target.deleteGroupOffsets(group.group, gone);
}
