import { aclKey, covers, EVERYONE } from "../acls";
import { MigrationError } from "../errors";
import type { Acl } from "../kafka/port";
import type { MirrorModel } from "../model";
import { internalTopics } from "../naming";
import { ownsTopic } from "../parts";
import { selectTopics } from "../selection";
import type { RaisedFence } from "./types";

/** One ACL of the fence, and the marker that identifies it as ours. The marker is an ACL without effect. */
export interface FenceAcl {
  topic: string;
  acl: Acl;
  marker: Acl;
}

/** The topics that the fence protects: the topics that the mirror copies, without those that it writes itself. */
export function fencedTopics(originTopics: readonly string[], mirror: MirrorModel): string[] {
  const own = new Set(
    internalTopics(mirror)
      .filter((t) => t.side === "origin")
      .map((t) => t.name),
  );
  return selectTopics(originTopics, mirror).filter((t) => !own.has(t));
}

/**
 * Prefixes of the marker names. An ACL has no comment field, so each ACL gets a marker: a deny ACL on a transactional
 * id that nobody uses, named after the migration and the topic. The marker is created before the ACL and removed after
 * it. So even after a kill, `kafka-acls --list` shows the fence and it can be removed without any other record.
 */
const PREFIX = { deny: "kafka-migration-fence", allow: "kafka-migration-fence-allow" } as const;
type Kind = keyof typeof PREFIX;

const markerPrefix = (mirror: MirrorModel, kind: Kind): string =>
  `${PREFIX[kind]}:${mirror.originAlias}>${mirror.targetAlias}:`;

const named = (principal: string) => ({ patternType: "literal", principal, host: "*" }) as const;

function fenceAclOf(topic: string, principal: string, kind: Kind): Acl {
  const operation = kind === "deny" ? "Write" : "All";
  return { resourceType: "topic", resourceName: topic, ...named(principal), operation, permission: kind };
}

function fenceAcl(mirror: MirrorModel, topic: string, principal: string, kind: Kind): FenceAcl {
  return {
    topic,
    acl: fenceAclOf(topic, principal, kind),
    marker: {
      resourceType: "transactionalId",
      resourceName: markerPrefix(mirror, kind) + topic,
      ...named(principal),
      operation: "Describe",
      permission: "deny",
    },
  };
}

/**
 * The ACLs of the fence.
 * @param acls the current ACLs of the origin
 * @param opened topics that also need an allow ACL, so that everything except writing stays allowed
 * @throws MigrationError FENCE_EXCEPT_EVERYONE
 */
export function fenceAcls(
  mirror: MirrorModel,
  topics: readonly string[],
  acls: readonly Acl[],
  except: readonly string[],
  opened: readonly string[],
): FenceAcl[] {
  const needed: FenceAcl[] = opened.map((topic) => fenceAcl(mirror, topic, EVERYONE, "allow"));
  if (except.length === 0) return [...needed, ...topics.map((topic) => fenceAcl(mirror, topic, EVERYONE, "deny"))];
  const excepted = new Set(except);
  const ours = new Set(opened);
  const granted = topics.map((topic) => ({
    topic,
    principals: writers(
      acls.filter((a) => !(ours.has(topic) && a.principal === EVERYONE)),
      topic,
    ),
  }));
  const open = granted.filter((g) => g.principals.includes(EVERYONE) || ours.has(g.topic)).map((g) => g.topic);
  if (open.length > 0) {
    throw new MigrationError(
      "FENCE_EXCEPT_EVERYONE",
      `User:* may write to ${open.length} migrated topics (${open.slice(0, 5).join(", ")}), so the fence ` +
        "cannot except anyone there",
      {
        fix: "remove fenceOptions.except, or replace the ACLs for User:* with ACLs for the principals that need them",
      },
    );
  }
  return [
    ...needed,
    ...granted.flatMap(({ topic, principals }) =>
      principals.filter((p) => !excepted.has(p)).map((p) => fenceAcl(mirror, topic, p, "deny")),
    ),
  ];
}

function writers(acls: readonly Acl[], topic: string): string[] {
  const allowing = acls.filter(
    (a) => a.permission === "allow" && (a.operation === "Write" || a.operation === "All") && covers(a, "topic", topic),
  );
  return [...new Set(allowing.map((a) => a.principal))].sort();
}

/** Topics that no ACL names. With `allow.everyone.if.no.acl.found` their first ACL removes all other access. */
export function uncovered(topics: readonly string[], acls: readonly Acl[]): string[] {
  return topics.filter((topic) => !acls.some((a) => covers(a, "topic", topic)));
}

/** Sorts the wanted ACLs into missing ACLs, ACLs of other people (without our marker) and our own ACLs. */
export function compare(
  wanted: readonly FenceAcl[],
  acls: readonly Acl[],
): { missing: FenceAcl[]; own: FenceAcl[]; ours: FenceAcl[] } {
  const there = new Set(acls.map(aclKey));
  const result = { missing: [] as FenceAcl[], own: [] as FenceAcl[], ours: [] as FenceAcl[] };
  for (const one of wanted) {
    if (!there.has(aclKey(one.acl))) result.missing.push(one);
    else if (there.has(aclKey(one.marker))) result.ours.push(one);
    else result.own.push(one);
  }
  return result;
}

/**
 * Every ACL that a marker of this migration names, even if the ACL itself no longer exists. If the mirror is limited to
 * a part (a wave), only the ACLs on topics of this part: the others belong to the fences of other parts.
 */
export function markedAcls(mirror: MirrorModel, acls: readonly Acl[]): FenceAcl[] {
  const own = ownsTopic(mirror);
  return (["deny", "allow"] as const).flatMap((kind) => {
    const prefix = markerPrefix(mirror, kind);
    const markers = acls.filter(
      (a) =>
        a.resourceType === "transactionalId" &&
        a.permission === "deny" &&
        a.operation === "Describe" &&
        a.resourceName.startsWith(prefix),
    );
    return markers
      .map((m) => ({ topic: m.resourceName.slice(prefix.length), principal: m.principal }))
      .filter(({ topic }) => own(topic))
      .map(({ topic, principal }) => fenceAcl(mirror, topic, principal, kind));
  });
}

/**
 * The marked ACLs on topics that the mirror's patterns select, whether the topics exist or not. Another migration of
 * this origin can have the same aliases, for example one to another target. The other ACLs may be of its fence.
 */
export const ownAcls = (mirror: MirrorModel, acls: readonly Acl[]): FenceAcl[] =>
  selectedOf(mirror, markedAcls(mirror, acls));

/** Those of the marked ACLs that are on selected topics, see {@link ownAcls}. */
export function selectedOf(mirror: MirrorModel, marked: readonly FenceAcl[]): FenceAcl[] {
  const selected = new Set(selectTopics([...new Set(marked.map(({ topic }) => topic))], mirror));
  return marked.filter(({ topic }) => selected.has(topic));
}

export const byAcl = (acls: readonly FenceAcl[]): Map<string, FenceAcl> =>
  new Map(acls.map((one) => [aclKey(one.acl), one]));

/** The ACLs of the fence by the record of its raise, which somebody cannot remove with the markers. */
export function recordedAcls(mirror: MirrorModel, raised: RaisedFence | null | undefined): FenceAcl[] {
  const { denied = [], opened = [], principals = [] } = raised ?? {};
  return [
    ...denied.flatMap((topic) => principals.map((principal) => fenceAcl(mirror, topic, principal, "deny"))),
    ...opened.map((topic) => fenceAcl(mirror, topic, EVERYONE, "allow")),
  ];
}

/** The ACLs that exist without their markers. */
export function withoutMarker(fence: Iterable<FenceAcl>, acls: readonly Acl[]): FenceAcl[] {
  const there = new Set(acls.map(aclKey));
  return [...fence].filter(({ acl, marker }) => there.has(aclKey(acl)) && !there.has(aclKey(marker)));
}

/** Matches the name of any fence's marker. A topic's name has no colon. */
const MARKER = new RegExp(`^(${PREFIX.deny}|${PREFIX.allow}):.*>.*:([^:]+)$`);

/** The ACLs without those of fences: of this and of every other migration, with their markers. */
export function withoutFences(acls: readonly Acl[]): Acl[] {
  const own = new Set<string>();
  for (const acl of acls) {
    const [, prefix, topic] = acl.resourceType === "transactionalId" ? (MARKER.exec(acl.resourceName) ?? []) : [];
    if (topic === undefined || acl.permission !== "deny" || acl.operation !== "Describe") continue;
    const raised = fenceAclOf(topic, acl.principal, prefix === PREFIX.deny ? "deny" : "allow");
    own.add(aclKey(acl)).add(aclKey(raised));
  }
  return own.size === 0 ? [...acls] : acls.filter((acl) => !own.has(aclKey(acl)));
}
