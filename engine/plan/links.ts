import { MigrationError } from "../errors";
import { nearMiss } from "../near-miss";
import { applicationOf, isStreamsTopic } from "../streams";
import type { Link, PlanFacts } from "./types";

/**
 * What holds topics together: a group that reads several of them (committed offsets and members' assignments), a
 * Streams application with everything it reads and its internal topics, and a producer that writes transactions to
 * several topics. Links with one topic are left out.
 * @param split groups and producers that do not count
 * @throws MigrationError PLAN_SPLIT if there is no such link, or if it is a Streams application
 */
export function linksOf(
  facts: Pick<PlanFacts, "topics" | "groups" | "allGroups" | "transactions">,
  split: readonly string[] = [],
): Link[] {
  const internal = internalTopics(facts);
  const links = new Map<string, Link>();
  const add = (kind: Link["kind"], name: string, ...lists: (readonly string[])[]) => {
    const key = `${kind === "transactions" ? "transactions" : "group"}:${name}`;
    links.set(key, { kind, name, topics: union([links.get(key)?.topics ?? [], ...lists]) });
  };
  for (const [application, topics] of internal.byApplication) add("streams", application, [...topics].sort());
  for (const { name, committed, reads } of facts.groups) {
    const kind = internal.byApplication.has(name) ? "streams" : "group";
    add(kind, name, committed, reads ?? []);
  }
  for (const { name, topics } of facts.transactions ?? []) add("transactions", name, topics);
  const all = [...links.values()];
  checkSplit(all, split);
  return all.filter((link) => link.topics.length > 1 && !split.includes(link.name));
}

/** All names of sorted lists, once and sorted. Merges, because a thousand groups may each read thousands of topics. */
function union(lists: readonly (readonly string[])[]): string[] {
  return lists.reduce<string[]>((all, list) => (list.length === 0 ? all : merge(all, list)), []);
}

function merge(one: readonly string[], other: readonly string[]): string[] {
  if (one.length === 0) return [...other];
  const all: string[] = [];
  for (let i = 0, j = 0; i < one.length || j < other.length; ) {
    const [a, b] = [one[i], other[j]];
    const name = b === undefined || (a !== undefined && a <= b) ? a! : b;
    if (a === name) i++;
    if (b === name) j++;
    all.push(name);
  }
  return all;
}

/** Internal topics of Streams applications: by application, and those whose application has no group on the origin. */
export function internalTopics({ topics, allGroups }: Pick<PlanFacts, "topics" | "allGroups">): {
  byApplication: Map<string, string[]>;
  withoutGroup: string[];
} {
  const known = new Set(allGroups);
  const byApplication = new Map<string, string[]>();
  const withoutGroup: string[] = [];
  for (const { name } of topics) {
    if (!isStreamsTopic(name)) continue;
    const application = applicationOf(name, known);
    const own = application === undefined ? withoutGroup : (byApplication.get(application) ?? []);
    own.push(name);
    if (application !== undefined) byApplication.set(application, own);
  }
  return { byApplication, withoutGroup };
}

function checkSplit(links: readonly Link[], split: readonly string[]): void {
  const mistakes = split.flatMap((name) => {
    const link = links.find((l) => l.name === name);
    if (link === undefined) {
      const meant = nearMiss(
        name,
        links.map((l) => l.name),
      );
      const hint = meant === undefined ? "" : ` (did you mean "${meant}"?)`;
      return [`no group and no transactional producer is called "${name}"${hint}`];
    }
    return link.kind === "streams" ? [`"${name}" is a Streams application, which cannot run on both clusters`] : [];
  });
  if (mistakes.length === 0) return;
  throw new MigrationError("PLAN_SPLIT", "the plan cannot be split as asked", {
    details: mistakes,
    fix: "name groups or transactional producers that the plan lists without --split",
  });
}
