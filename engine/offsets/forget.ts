import { type OpenKafka, withCluster } from "../clusters";
import { isMigrationError } from "../errors";
import type { KafkaPort, TopicPartition } from "../kafka/port";
import { partitionKey } from "../log/partition";
import type { MigrationModel } from "../model";
import type { Progress } from "../progress";
import { inParallel } from "../side-by-side";
import { countText } from "../units";
import { membersOf } from "./active";
import type { OffsetPlan } from "./types";

/** Where a group was on one cluster. */
export interface GroupPositions {
  group: string;
  /** `offset`: decimal string. */
  offsets: (TopicPartition & { offset: string })[];
}

/** Where the plan's groups were on the origin when it was made. Offsets that could not be translated are left out. */
export function positionsIn(plan: OffsetPlan, groups: ReadonlySet<string>): GroupPositions[] {
  return plan.groups
    .filter((g) => groups.has(g.group))
    .map(({ group, topics }) => ({
      group,
      offsets: topics.flatMap(({ topic, partitions }) =>
        partitions
          .filter((p) => p.targetOffset !== null)
          .map((p) => ({ topic, partition: p.partition, offset: p.originOffset })),
      ),
    }));
}

/**
 * Deletes committed offsets of groups on the target that went back to the origin. A group without any other offset is
 * deleted. A group that is active, or that has committed since, keeps its offsets and is reported. A second run does
 * nothing.
 */
export async function forgetOffsets(
  model: MigrationModel,
  groups: readonly GroupPositions[],
  progress: Progress,
  open?: OpenKafka,
): Promise<void> {
  await withCluster(model, "target", (target) => forgetOn(target, groups, progress), open, { progress });
}

async function forgetOn(target: KafkaPort, groups: readonly GroupPositions[], progress: Progress): Promise<void> {
  const names = groups.map((g) => g.group);
  const [descriptions, committed] = await Promise.all([target.describeGroups(names), target.groupOffsets(names)]);
  const described = new Map(descriptions.map((d) => [d.groupId, d]));
  let forgotten = 0;
  const kept: string[] = [];
  await inParallel(groups, async ({ group, offsets }) => {
    const is = (committed.get(group) ?? []).filter((o) => o.offset >= 0n);
    const was = new Map(offsets.map((o) => [partitionKey(o), o.offset]));
    const moved = is.filter((o) => was.has(partitionKey(o)) && was.get(partitionKey(o)) !== String(o.offset));
    const gone = is.filter((o) => was.has(partitionKey(o)));
    if (gone.length === 0) return;
    const members = described.get(group)?.members ?? [];
    if (members.length > 0) {
      kept.push(`group "${group}" is active on the target: ${membersOf(described.get(group)!).join(", ")}`);
      return;
    }
    if (moved.length > 0) {
      const { topic, partition, offset } = moved[0]!;
      kept.push(
        `group "${group}" has read on the target since it went back (${topic}-${partition}: it was at ` +
          `${was.get(partitionKey(moved[0]!))}, is at ${offset})`,
      );
      return;
    }
    try {
      if (gone.length === is.length) await target.deleteGroups([group]);
      else await target.deleteGroupOffsets(group, gone);
      forgotten++;
    } catch (error) {
      if (!isMigrationError(error) || error.code !== "KAFKA_GROUP_ACTIVE") throw error;
      kept.push(`group "${group}" became active on the target`);
    }
  });
  if (forgotten > 0)
    progress.info(
      `offsets: those of ${countText(forgotten, "group")} on the target were deleted: the groups went back`,
    );
  for (const line of kept.sort()) progress.warn(`offsets: ${line}; its offsets there were kept`);
}
