import type { AppliedGroup, AppliedOffsets, WrittenOffset } from "./types";

/**
 * Two applies one after the other as one, so that a revert takes both back: what the second found in place is what the
 * first wrote, and only that knows what was there before.
 */
export function continued(first: AppliedOffsets, second: AppliedOffsets): AppliedOffsets {
  const earlier = new Map(first.groups.map((g) => [g.group, g]));
  const groups = second.groups.map((group) => joined(earlier.get(group.group), group));
  const again = new Set(groups.map((g) => g.group));
  return { ...second, groups: [...groups, ...first.groups.filter((g) => !again.has(g.group))] };
}

const keyOf = (o: WrittenOffset): string => `${o.topic}:${o.partition}`;

function joined(first: AppliedGroup | undefined, second: AppliedGroup): AppliedGroup {
  if (first === undefined) return second;
  const was = new Map(first.offsets.map((o) => [keyOf(o), o]));
  const offsets = second.offsets.map((o): WrittenOffset => {
    const earlier = was.get(keyOf(o));
    was.delete(keyOf(o));
    return earlier === undefined ? o : earlier.offset === o.offset ? earlier : { ...o, ...(earlier.before === undefined ? {} : { before: earlier.before }) };
  });
  return { ...second, created: first.created || second.created, offsets: [...offsets, ...was.values()] };
}
