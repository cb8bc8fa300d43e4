import { PROBE } from "../acls";
import type { Acl } from "../kafka/port";
import type { MirrorModel, Side } from "../model";
import { connectorNames, targetTopicName } from "../naming";
import { groupRule, topicRule } from "../selection";
import type { AccessOptions, AccessResource, ComparedName, ComparedNames } from "./types";

/** Names that exist on the origin. */
export interface Existing {
  topics: readonly string[];
  groups: readonly string[];
  /** Transactional ids in use. */
  transactionalIds: readonly string[];
}

/**
 * Returns the names to compare: existing topics, groups and transactional ids that move, the names in ACLs that the
 * migration's patterns select, and one name that stands for all new ones of each prefix.
 * @param acls ACLs of both clusters
 */
export function namesToCompare(
  mirror: MirrorModel,
  existing: Existing,
  acls: Record<Side, readonly Acl[]>,
  options: AccessOptions = {},
): ComparedNames {
  const skip = topicRule(mirror);
  const left = new Set(options.excludeGroups);
  const moved = new Set(options.groups);
  const own = ownTransactionalIds(mirror);
  const selected = groupRule(mirror);
  const movesAsGroup = (name: string) => !left.has(name) && (moved.has(name) || selected(name));
  const same = (name: string) => name;
  const copies = (name: string) => targetTopicName(mirror, name);
  return {
    topic: namesOf("topic", existing.topics, (name) => skip(name) === undefined, acls, copies),
    group: namesOf("group", [...existing.groups, ...moved], movesAsGroup, acls, same),
    transactionalId: namesOf("transactionalId", existing.transactionalIds, (id) => !own(id), acls, same),
    cluster: [{ origin: "kafka-cluster", target: "kafka-cluster", kind: "exists" }],
  };
}

/** The names of the mirror's own transactions: those of Connect's leader and of its source tasks. */
function ownTransactionalIds(mirror: MirrorModel): (id: string) => boolean {
  const { groupId } = mirror;
  const starts = Object.values(connectorNames(mirror)).map((connector) => `${groupId}-${connector}-`);
  return (id) => id === `connect-cluster-${groupId}` || starts.some((start) => id.startsWith(start));
}

function namesOf(
  resource: AccessResource,
  existing: readonly string[],
  selects: (name: string) => boolean,
  acls: Record<Side, readonly Acl[]>,
  onTarget: (name: string) => string,
): ComparedName[] {
  const found = new Map<string, ComparedName>();
  const add = (origin: string, rest: Pick<ComparedName, "kind" | "text">) => {
    if (!found.has(origin) && selects(origin)) found.set(origin, { origin, target: onTarget(origin), ...rest });
  };
  for (const name of existing) add(name, { kind: "exists" });
  const prefixes = new Set<string>();
  const named = (acl: Acl, name: string) => {
    if (acl.patternType === "prefixed") prefixes.add(name);
    else if (name !== "*") add(name, { kind: "named" });
  };
  // The renaming policy puts the same text before every name.
  const before = onTarget("");
  for (const acl of acls.origin) if (acl.resourceType === resource) named(acl, acl.resourceName);
  for (const acl of acls.target)
    if (acl.resourceType === resource && acl.resourceName.startsWith(before))
      named(acl, acl.resourceName.slice(before.length));
  for (const text of prefixes) {
    const name = unused(text, found);
    if (text !== "") add(name, { kind: "prefix", text });
  }
  add(unused("", found), { kind: "any" });
  return [...found.values()];
}

/** A name that nothing has yet. */
function unused(prefix: string, taken: ReadonlyMap<string, unknown>): string {
  let name = `${prefix}${PROBE}`;
  while (taken.has(name)) name += "-";
  return name;
}

/**
 * Returns a function that gives the ACLs on the target that say the same as one of the origin.
 */
export function counterpartsOn(mirror: MirrorModel): (acl: Acl) => Acl[] {
  const all = targetTopicName(mirror, "");
  return (acl) => {
    if (acl.resourceType !== "topic" || all === "") return [acl];
    if (acl.patternType === "literal" && acl.resourceName === "*")
      return [acl, { ...acl, resourceName: all, patternType: "prefixed" }];
    return [{ ...acl, resourceName: targetTopicName(mirror, acl.resourceName) }];
  };
}
