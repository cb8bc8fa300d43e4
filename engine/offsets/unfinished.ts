import { type OpenKafka, withCluster } from "../clusters";
import { partitionKey } from "../log/partition";
import type { MigrationModel } from "../model";
import { writtenBy } from "./applied";
import { summarize } from "./summary";
import type { AppliedGroup, OffsetPlan } from "./types";

/**
 * Returns those of the groups that a killed apply has written, and whose clients have read on since. Each of their
 * offsets is where it was put, or after it, and at least one is after it.
 */
export async function readOnGroups(
  model: MigrationModel,
  groups: readonly AppliedGroup[],
  open?: OpenKafka,
): Promise<string[]> {
  return withCluster(
    model,
    "target",
    async (target) => {
      const now = await target.groupOffsets(groups.map((g) => g.group));
      const hasReadOn = ({ group, offsets }: AppliedGroup): boolean => {
        const is = new Map((now.get(group) ?? []).map((o) => [partitionKey(o), o.offset]));
        const steps = offsets.map((o) => {
          const found = is.get(partitionKey(o)) ?? -1n;
          // The apply was killed before it wrote this offset.
          if (String(found) === o.before?.offset && o.before.offset !== o.offset) return -1n;
          return found - BigInt(o.offset);
        });
        return steps.every((step) => step >= 0n) && steps.some((step) => step > 0n);
      };
      return groups.filter(hasReadOn).map((g) => g.group);
    },
    open,
  );
}

/**
 * Returns the plan with the offsets on the target marked that a killed apply has written. The group did not choose
 * them, so they may be replaced without `overwrite` if the group has read on the origin since.
 */
export function withOwnWrites(plan: OffsetPlan, killed: readonly AppliedGroup[]): OffsetPlan {
  if (killed.length === 0) return plan;
  const ours = new Map(
    killed.map((g) => [g.group, new Map(g.offsets.map((o) => [partitionKey(o), writtenBy(o)]))] as const),
  );
  return marked(plan, (group, place, found) => ours.get(group)?.get(place)?.includes(found) === true);
}

/**
 * Returns the plan with all offsets of these groups on the target marked as replaceable without `overwrite`. For groups
 * that go back to a cluster: what they have there is from the time before they left it.
 */
export function withReplaceable(plan: OffsetPlan, groups: ReadonlySet<string>): OffsetPlan {
  return groups.size === 0 ? plan : marked(plan, (group) => groups.has(group));
}

/** Marks offsets on the target that the group itself did not choose. */
function marked(plan: OffsetPlan, isMarked: (group: string, place: string, offset: string) => boolean): OffsetPlan {
  const groups = plan.groups.map((group) => ({
    ...group,
    topics: group.topics.map((t) => ({
      ...t,
      partitions: t.partitions.map((p) => {
        const place = partitionKey({ topic: t.targetTopic ?? t.topic, partition: p.partition });
        const is = p.found !== undefined && isMarked(group.group, place, p.found.offset);
        return is ? { ...p, found: { ...p.found!, mirrors: true } } : p;
      }),
    })),
  }));
  return { ...plan, groups, summary: summarize({ ...plan, groups }) };
}
