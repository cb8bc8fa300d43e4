import { MigrationError } from "../errors";
import type { GroupDescription } from "../kafka/port";
import type { MirrorModel } from "../model";
import { topicRule } from "../selection";
import { countText, someOf } from "../units";

/** A group that has members on the origin. */
export interface ActiveGroup {
  group: string;
  /** As `clientId@host`. */
  members: string[];
}

/**
 * Returns the groups with members on the origin whose offsets would move, or will once they commit. A split group may
 * stay active for the topics of another part: it counts only if its members read topics of this part.
 * @param commits true for a group with committed offsets that would move
 */
export function activeOnOrigin(
  described: Iterable<GroupDescription>,
  commits: (group: string) => boolean,
  mirror: MirrorModel,
): ActiveGroup[] {
  const skip = topicRule(mirror);
  const split = new Set(mirror.scope?.splitGroups);
  return [...described].flatMap((group) => {
    if (group.members.length === 0) return [];
    const has = commits(group.groupId);
    // During a rebalance the broker does not show what the members read.
    const reads = group.state === "Stable" ? group.reads : undefined;
    const readsHere = reads === undefined ? has : reads.some((topic) => skip(topic) === undefined);
    return readsHere || (has && !split.has(group.groupId)) ? [{ group: group.groupId, members: membersOf(group) }] : [];
  });
}

export const membersOf = ({ members }: GroupDescription): string[] =>
  members.map((m) => `${m.clientId}@${m.clientHost.replace(/^\//, "")}`);

/** @throws MigrationError GROUPS_ACTIVE_ON_ORIGIN, which names all of them, if there are any */
export function refuseActive(active: readonly ActiveGroup[]): void {
  if (active.length === 0) return;
  throw new MigrationError(
    "GROUPS_ACTIVE_ON_ORIGIN",
    `${countText(active.length, "group has", "groups have")} members on the origin; nothing was written`,
    {
      details: active.map(({ group, members }) => `group "${group}": ${someOf(members, 5)}`),
      fix: "stop the named members and run again, or list the groups in offsets.excludeGroups (--exclude-group)",
    },
  );
}
