import { coverPatternList } from "../acls/cover";
import { mergeAcls } from "../inventory/sort";
import type { InventoryAcl } from "../inventory/types";
import type { MirrorModel } from "../model";
import { selectGroups, topicRule } from "../selection";
import type { Moving, Narrowing } from "./types";

/**
 * Returns what a mirror copies.
 * @param groups groups that move although the patterns do not select them, and those that do not move
 */
export function narrowingOf(
  mirror: MirrorModel,
  groups: { groups?: readonly string[]; excludeGroups?: readonly string[] } = {},
): Narrowing {
  const skip = topicRule(mirror);
  const more = new Set(groups.groups);
  const less = new Set(groups.excludeGroups);
  const movesGroup = (name: string) => !less.has(name) && (more.has(name) || selectGroups([name], mirror).length === 1);
  return {
    topics: { moves: (name) => skip(name) === undefined, covers: coverPatternList(mirror.topicsPattern) },
    groups: {
      moves: movesGroup,
      covers: [
        ...coverPatternList(mirror.groupsPattern),
        ...[...more].map((name) => ({ name, patternType: "literal" as const })),
      ],
    },
  };
}

/**
 * Adds the ACLs on the copies where these have other names than the topics of the origin. The ACLs on the origin's
 * names stay, because applications write to these names when they have moved. An ACL on the origin's names that would
 * cover copies of other topics is left out: prefix `or` covers `origin-cluster.invoices`.
 */
export function withCopies(acls: readonly InventoryAcl[], copyOf: (topic: string) => string): InventoryAcl[] {
  const start = copyOf("");
  const both = acls.flatMap((acl): InventoryAcl[] => {
    const { resource, name, pattern } = acl;
    if (resource !== "topic" || (pattern === "literal" && name === "*")) return [acl];
    const copy = { ...acl, name: copyOf(name) };
    const coversCopies = name.startsWith(start) || (pattern === "prefixed" && start.startsWith(name));
    return coversCopies ? [copy] : [acl, copy];
  });
  return mergeAcls(both);
}

export interface NarrowedAcls {
  acls: InventoryAcl[];
  /** Rules that cover nothing that migrates. */
  leftOut: InventoryAcl[];
}

/**
 * Narrows ACLs to what migrates. Nobody gets a right that they did not have: an allow rule becomes rules whose names
 * are a subset of its own, and a deny rule stays as it is. Nobody loses a right on a topic or a group that migrates.
 * Rules on other resources stay as they are.
 */
export function narrowAcls(acls: readonly InventoryAcl[], { topics, groups }: Narrowing): NarrowedAcls {
  const kept = new Map<string, InventoryAcl>();
  const leftOut: InventoryAcl[] = [];
  const keep = (acl: InventoryAcl) => kept.set(JSON.stringify(Object.entries(acl).sort()), acl);
  for (const acl of acls) {
    const moving = acl.resource === "topic" ? topics : acl.resource === "group" ? groups : undefined;
    if (moving === undefined || acl.permission === "deny") {
      keep(acl);
      continue;
    }
    const narrower = narrowed(acl, moving);
    if (narrower.length === 0) leftOut.push(acl);
    for (const one of narrower) keep(one);
  }
  return { acls: [...kept.values()], leftOut };
}

/** Returns the parts of an allow rule that cover something that migrates. */
function narrowed(acl: InventoryAcl, { moves, covers }: Moving): InventoryAcl[] {
  const everyName = acl.pattern === "literal" && acl.name === "*";
  if (acl.pattern === "literal" && !everyName) return moves(acl.name) ? [acl] : [];
  const prefix = everyName ? "" : acl.name;
  return covers.flatMap((cover): InventoryAcl[] => {
    if (cover.patternType === "literal" && cover.name !== "*")
      return cover.name.startsWith(prefix) && moves(cover.name)
        ? [{ ...acl, name: cover.name, pattern: "literal" }]
        : [];
    const start = cover.patternType === "prefix" ? cover.name : "";
    if (prefix.startsWith(start)) return [acl];
    return start.startsWith(prefix) ? [{ ...acl, name: start, pattern: "prefixed" }] : [];
  });
}
