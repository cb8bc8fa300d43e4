import { userName } from "../acls";
import { setTimeout as sleep } from "node:timers/promises";
import { type Clusters, type OpenKafka, withClusters } from "../clusters";
import { isMigrationError } from "../errors";
import { LIMITING_QUOTA, limitOf } from "../copy-throttle";
import { aclsIfAny } from "../fence/everyone";
import { markedAcls, selectedOf } from "../fence/acls";
import type { Acl, KafkaPort } from "../kafka/port";
import { partitionKey } from "../log/partition";
import type { MigrationModel, MirrorModel, Side } from "../model";
import { internalTopics, offsetsJournalTopic } from "../naming";
import { wholeMirror } from "../parts";
import { type Progress, silent } from "../progress";
import { type ThrottleFound, throttlesOn } from "../replication/throttle";
import { selectPairs } from "../selection";
import { isReturnMirror } from "../way-back/model";
import { describeMirrorGroup } from "./gone";

export interface ResidueOptions {
  /**
   * Principals that the migration created, e.g. `User:mm2-credentials`. No ACL may name them and none may have a SCRAM
   * credential.
   */
  principals?: Partial<Record<Side, readonly string[]>>;
  /** The checkpoints topic is expected to exist (phase `cleanup`). Default false. */
  keepCheckpoints?: boolean;
  /** The migration may have fenced the origin. None of the fence's ACLs may be left. Default false. */
  fence?: boolean;
  /** Principals with which the mirror was limited. None of them may have that quota. Absent: it was not limited. */
  throttled?: Record<Side, readonly string[]>;
  /**
   * How long to repeat the search while something is found, in ms. Brokers apply deletions one after the other. Default
   * 5000.
   */
  patienceMs?: number;
}

const SHORT_MS = 5_000;

/** One thing that a finished migration should not leave behind. */
export interface Residue {
  kind: "topic" | "group" | "throttle" | "reassignment" | "acl" | "credential" | "quota" | "object";
  side: Side | "kubernetes";
  /** The topic, group, `broker 2`, `topic:partition`, the ACL as one line, the user, or `Secret namespace/name`. */
  name: string;
  what: string;
  /** It may belong to somebody else. */
  foreign?: true;
  /** The finalizers that block an object in deletion. */
  waitsFor?: string[];
}

/**
 * Searches both clusters for everything that a finished migration should not leave behind: its internal topics under
 * every name that another version or setting would give them, Connect's group, throttles, reassignments in progress,
 * and ACLs, SCRAM credentials and quotas of its principals. Empty: clean. Deletes nothing.
 */
export async function listResidue(
  model: MigrationModel,
  options: ResidueOptions = {},
  _progress: Progress = silent,
  open?: OpenKafka,
): Promise<Residue[]> {
  const mirror = wholeMirror(model.mirror);
  return withClusters(
    model,
    async (clusters) => {
      const { patienceMs = SHORT_MS } = options;
      for (const begun = Date.now(); ; await sleep(500)) {
        const found = await lookAround(clusters, mirror, options);
        // Residue that may belong to somebody else will not disappear, so wait only a short time.
        const patience = found.every((r) => r.foreign === true) ? Math.min(patienceMs, SHORT_MS) : patienceMs;
        if (found.length === 0 || Date.now() - begun >= patience) return found;
      }
    },
    open,
  );
}

async function lookAround(clusters: Clusters, mirror: MirrorModel, options: ResidueOptions): Promise<Residue[]> {
  return [
    ...(await topicResidue(clusters, mirror, options.keepCheckpoints ?? false)),
    ...(await groupResidue(clusters, mirror)),
    ...(await replicationResidue(clusters, mirror)),
    ...(await aclResidue(clusters.origin, options.principals?.origin ?? [])),
    ...(await aclResidue(clusters.target, options.principals?.target ?? [])),
    ...(await credentialResidue(clusters.origin, options.principals?.origin ?? [])),
    ...(await credentialResidue(clusters.target, options.principals?.target ?? [])),
    ...(await quotaResidue(clusters.origin, options)),
    ...(await quotaResidue(clusters.target, options)),
    ...(options.fence === true ? await fenceResidue(clusters.origin, mirror) : []),
  ];
}

const BOTH_LOCATIONS = ["source", "target"] as const;

/**
 * Names of internal topics with this configuration and its variants: other separators, and both locations of the offset
 * syncs. A return mirror always writes them on the same cluster. On the other one, the forward mirror's have that name.
 */
export function possibleInternalNames(mirror: MirrorModel): Set<string> {
  const names = new Set<string>();
  for (const offsetSyncsLocation of isReturnMirror(mirror) ? [mirror.offsetSyncsLocation] : BOTH_LOCATIONS) {
    for (const separator of [mirror.separator, ".", ""]) {
      for (const t of internalTopics({ ...mirror, offsetSyncsLocation, separator, heartbeats: false }))
        names.add(t.name);
    }
  }
  return names;
}

async function topicResidue(clusters: Clusters, mirror: MirrorModel, keepCheckpoints: boolean): Promise<Residue[]> {
  const own = internalTopics(mirror);
  const journal = offsetsJournalTopic(mirror);
  const possible = possibleInternalNames(mirror);
  const kept = new Set(keepCheckpoints ? own.filter((t) => t.kind === "checkpoints").map((t) => t.name) : []);
  const found: Residue[] = [];
  for (const side of ["origin", "target"] as const) {
    const here = new Map(own.filter((t) => t.side === side).map((t) => [t.name, t.kind]));
    for (const name of await clusters[side].listTopics()) {
      const kind = here.get(name);
      if (side === "target" && kept.has(name)) continue;
      if (side === "target" && name === journal)
        found.push({ kind: "topic", side, name, what: "the groups' offsets before the cutover" });
      else if (kind !== undefined) found.push({ kind: "topic", side, name, what: `the mirror's ${kind} topic` });
      else if (possible.has(name))
        found.push({
          kind: "topic",
          side,
          name,
          what: "has the name of an internal topic that this mirror would have with another setting",
          foreign: true,
        });
    }
  }
  return found;
}

async function groupResidue({ target }: Clusters, mirror: MirrorModel): Promise<Residue[]> {
  const group = await describeMirrorGroup(target, mirror);
  if (group.state === "Dead" && group.members.length === 0) return [];
  return [
    {
      kind: "group",
      side: "target",
      name: mirror.groupId,
      what: `Connect's group, ${group.state} with ${group.members.length} members`,
    },
  ];
}

async function replicationResidue({ origin, target }: Clusters, mirror: MirrorModel): Promise<Residue[]> {
  const migrated = new Set(selectPairs(await origin.listTopics(), mirror).map((p) => p.target));
  const present = (await target.listTopics()).filter((name) => migrated.has(name));
  const { ours, foreign } = await throttlesOn(target, present);
  const ongoing = (await target.listReassignments()).filter((r) => migrated.has(r.topic));
  return [
    ...throttleResidue(ours, ", as set by this migration's replication reset"),
    ...throttleResidue(foreign, "").map((r): Residue => ({ ...r, foreign: true })),
    ...ongoing.map(
      (r): Residue => ({
        kind: "reassignment",
        side: "target",
        name: partitionKey(r),
        what: "a reassignment is in progress",
        foreign: true,
      }),
    ),
  ];
}

function throttleResidue({ topics, brokers }: ThrottleFound, whose: string): Residue[] {
  return [
    ...topics.map(
      (name): Residue => ({
        kind: "throttle",
        side: "target",
        name,
        what: `throttled replicas are listed in the topic's configuration${whose}`,
      }),
    ),
    ...brokers.map(
      (id): Residue => ({
        kind: "throttle",
        side: "target",
        name: `broker ${id}`,
        what: `a replication throttle rate is set${whose}`,
      }),
    ),
  ];
}

async function aclResidue(port: KafkaPort, principals: readonly string[]): Promise<Residue[]> {
  const found: Residue[] = [];
  for (const principal of principals) {
    for (const acl of (await aclsIfAny(port, { principal })) ?? [])
      found.push({
        kind: "acl",
        side: port.side,
        name: aclText(acl),
        what: "an ACL of a user that the migration created",
      });
  }
  return found;
}

/** SCRAM credentials of users that the migration created (KIP-554). */
async function credentialResidue(port: KafkaPort, principals: readonly string[]): Promise<Residue[]> {
  const found: Residue[] = [];
  // A principal with a distinguished name logs in with a certificate, so it has no SCRAM credential.
  for (const name of principals.filter((p) => !p.startsWith("User:CN=")).map(userName)) {
    for (const mechanism of await mechanismsOf(port, name)) {
      found.push({
        kind: "credential",
        side: port.side,
        name,
        what: `a ${mechanism} credential of a user that the migration created`,
      });
    }
  }
  return found;
}

async function mechanismsOf(port: KafkaPort, user: string): Promise<string[]> {
  try {
    return await port.scramMechanisms(user);
  } catch (error) {
    // Brokers before 2.7 do not support this request.
    if (isMigrationError(error) && error.code === "KAFKA_UNSUPPORTED") return [];
    throw error;
  }
}

/** The quotas that limited the mirror. A user that the migration did not create may have got one from somebody else. */
async function quotaResidue(port: KafkaPort, { throttled, principals }: ResidueOptions): Promise<Residue[]> {
  if (throttled === undefined) return [];
  const { side } = port;
  const quotas = (await port.clientQuotas()) ?? [];
  return throttled[side].flatMap((principal): Residue[] => {
    const limit = limitOf(quotas, side, userName(principal));
    if (limit === undefined) return [];
    const own = principals?.[side]?.includes(principal) === true;
    const what = `${LIMITING_QUOTA[side]} ${limit} of the mirror's user`;
    return [{ kind: "quota", side, name: principal, what, ...(own ? {} : { foreign: true }) }];
  });
}

async function fenceResidue(origin: KafkaPort, mirror: MirrorModel): Promise<Residue[]> {
  const marked = markedAcls(mirror, (await aclsIfAny(origin)) ?? []);
  const own = new Set(selectedOf(mirror, marked));
  return marked.map((one): Residue => {
    const found = { kind: "acl", side: "origin", name: aclText(one.acl) } as const;
    return own.has(one)
      ? { ...found, what: "an ACL of the fence" }
      : {
          ...found,
          what: "an ACL of a fence with the same aliases, on a topic that the patterns leave out",
          foreign: true,
        };
  });
}

function aclText(acl: Acl): string {
  return (
    `${acl.principal} ${acl.permission} ${acl.operation} on ${acl.resourceType} ` +
    `${acl.resourceName}${acl.patternType === "prefixed" ? "*" : ""}`
  );
}
