import { partitionKey } from "../log/partition";
import { requireTarget } from "./clusters";
import type { AppliedGroup, AppliedOffsets, WrittenOffset } from "./types";

/**
 * Two applies one after the other as one, so that a revert takes both back. The first may have been ended before or after
 * it wrote: only its own note says what was there before it.
 * @throws MigrationError OFFSETS_OTHER_CLUSTER when they were made on different targets
 */
export function continued(first: AppliedOffsets, second: AppliedOffsets): AppliedOffsets {
  requireTarget(first, second.clusters?.target);
  const earlier = new Map(first.groups.map((g) => [g.group, g]));
  const groups = second.groups.map((group) => joined(earlier.get(group.group), group));
  const again = new Set(groups.map((g) => g.group));
  return { ...second, groups: [...groups, ...first.groups.filter((g) => !again.has(g.group))] };
}

/** Every offset that we may have written here. */
export const writtenBy = (o: WrittenOffset): string[] => (o.inPlace === true ? [] : [o.offset, ...(o.earlier ?? [])]);

function joined(first: AppliedGroup | undefined, second: AppliedGroup): AppliedGroup {
  if (first === undefined) return second;
  const was = new Map(first.offsets.map((o) => [partitionKey(o), o]));
  const offsets = second.offsets.map((o): WrittenOffset => {
    const earlier = was.get(partitionKey(o));
    was.delete(partitionKey(o));
    return earlier === undefined ? o : joinedOffset(earlier, o);
  });
  return { ...second, created: first.created || second.created, offsets: [...offsets, ...was.values()] };
}

function joinedOffset(first: WrittenOffset, second: WrittenOffset): WrittenOffset {
  const ours = writtenBy(first);
  if (second.inPlace === true) return ours.includes(second.offset) ? first : second;
  const { before: found, earlier: _, ...rest } = second;
  // What the second found is what the first wrote, or somebody else's.
  const before = found !== undefined && ours.includes(found.offset) ? first.before : found;
  const others = [...new Set(ours)].filter((offset) => offset !== second.offset);
  return { ...rest, ...(before === undefined ? {} : { before }), ...(others.length === 0 ? {} : { earlier: others }) };
}
