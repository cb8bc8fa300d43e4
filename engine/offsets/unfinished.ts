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
  const groups = plan.groups.map((group) => ({
    ...group,
    topics: group.topics.map((t) => ({
      ...t,
      partitions: t.partitions.map((p) => {
        const place = partitionKey({ topic: t.targetTopic ?? t.topic, partition: p.partition });
        const isOurs = p.found !== undefined && ours.get(group.group)?.get(place)?.includes(p.found.offset);
        return isOurs === true ? { ...p, found: { ...p.found!, mirrors: true } } : p;
      }),
    })),
  }));
  return { ...plan, groups, summary: summarize({ ...plan, groups }) };
}
