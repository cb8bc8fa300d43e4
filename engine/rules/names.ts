import { addressesIn, formsOf } from "../addresses";
import { isMigrationError } from "../errors";
import { modelFrom, topicsExcludeOf } from "../mirror-configuration";
import { internalTopics, policyKind, targetTopicName } from "../naming";
import { compilePatternList, DEFAULT_TOPICS_EXCLUDE, type Matcher } from "../patterns";
import { firstOfEach, listed, type Rule, type Saying, stackRule } from "./rule";
import { attempt, inEach } from "./unknown";
import { addressesOf, Clusters } from "./addresses";
import { type ConnectClusterView, type MirrorView, namesIn, type TopicView, wholeOf } from "./view";
import { maybeAtOrigin } from "./sides";

/** Names of topics that may be on the origin, as far as they are known. */
export const namesAt = (topics: readonly TopicView[], mirror: MirrorView) =>
  topics.flatMap((t) => attempt(() => (maybeAtOrigin(t, mirror) ? t.name : undefined)) ?? []);

/** Undefined if the pattern cannot be read outside Java. Rules then report nothing. */
export function mirrored(mirror: MirrorView): Matcher | undefined {
  return selecting("topics", mirror.topicsPattern, attempt(() => topicsExcludeOf(mirror)) ?? DEFAULT_TOPICS_EXCLUDE);
}

/** Returns true if a topic of this name on the target is the copy of a topic that the mirror selects. */
export function isCopy(name: string, mirror: MirrorView): boolean {
  const model = modelFrom(mirror);
  const prefix = targetTopicName(model, "");
  const origin = prefix !== "" && name.startsWith(prefix) ? name.slice(prefix.length) : name;
  return targetTopicName(model, origin) === name && mirrored(mirror)?.(origin) === true;
}

/** Undefined if a pattern cannot be read outside Java. */
export function selecting(what: "topics" | "groups", pattern: string, exclude: string): Matcher | undefined {
  try {
    const wanted = compilePatternList(pattern, `${what}Pattern`);
    const excluded = compilePatternList(exclude, `${what}ExcludePattern`);
    return (name) => wanted(name) && !excluded(name);
  } catch (error) {
    if (isMigrationError(error)) return undefined;
    throw error;
  }
}

export const nameRules: Rule[] = [
  stackRule(
    {
      name: "storage-topics-unique",
      level: "mandatory",
      summary: "Each storage topic has a name of its own, and each mirror its own storage topics and group.",
    },
    ({ mirrors, connects = [] }) => {
      const clusters = new Clusters();
      const seen = new Map<string, { what: string; mirror: MirrorView }>();
      const others = connects.flatMap((connect) => attempt(() => namesOf(connect, clusters)) ?? []);
      const shared = inEach(mirrors, (mirror) =>
        saysOthers(mirror, ownOf(mirror, clusters), others).map((say) => ({ at: wholeOf(mirror), say })),
      );
      const between = inEach(mirrors, (mirror) => {
        const clashes: { what: string; before: string }[] = [];
        for (const { key, kind, what } of ownOf(mirror, clusters)) {
          const before = seen.get(key);
          if (before === undefined) seen.set(key, { what, mirror });
          else if (!mayShare(before, { what, mirror }, kind, clusters)) clashes.push({ what, before: before.what });
        }
        return saysShared(mirror, clashes).map((say) => ({ at: mirror, say }));
      });
      // The entries of one resource share the workers.
      return [...firstOfEach(shared, ({ at, say }) => `${at.label} ${say.seen}`), ...between];
    },
  ),
  stackRule(
    {
      name: "heartbeats-renamed",
      level: "advisory",
      summary: "The identity policy renames none of the topics (it renames those that end in `heartbeats`).",
    },
    ({ mirrors, topics }) =>
      inEach(mirrors, (mirror) => {
        const matches = mirrored(mirror);
        const named = mirror.topicsPattern
          .split(/[,|()]/)
          .map((part) => part.trim().replace(/\\([.-])/g, "$1"))
          .filter((part) => /^[\w.-]+$/.test(part));
        const known = [...named, ...namesAt(topics, mirror)];
        const renamed = [...new Set(known)].filter(
          (name) => name.endsWith("heartbeats") && matches?.(name) && targetTopicName(modelFrom(mirror), name) !== name,
        );
        if (renamed.length === 0 || policyKind(modelFrom(mirror)) !== "identity") return [];
        const say = {
          seen:
            `${listed(renamed)} would become ` +
            `${listed(renamed.map((name) => targetTopicName(modelFrom(mirror), name)))}`,
          why: "Apache's identity policy renames topics that end in heartbeats, so applications would not find them",
          instead: "exclude them and move them separately, or configure their applications with the new name",
        };
        return [{ at: mirror, say }];
      }),
  ),
];

interface Own {
  /** Two entries with the same key are the same topic or group. */
  key: string;
  kind: string;
  /** The name in messages. */
  what: string;
}

/** Topics and groups that must belong to one mirror only. Heartbeats are left out, because all mirrors share them. */
function ownOf(mirror: MirrorView, clusters: Clusters): Own[] {
  const model = modelFrom(mirror);
  const at = (of: "origin" | "target" | "workers") =>
    clusters.nameOf(addressesOf(mirror, of)) ?? (of === "workers" ? "target" : of);
  const topics = internalTopics(model).filter(({ kind }) => kind !== "heartbeats");
  return [
    ...topics.map(({ kind, side, name }) => ({
      key: `topic ${at(STORAGE.includes(kind) ? "workers" : side)} ${name}`,
      kind,
      what: `the ${kind} topic "${name}" on the ${side}`,
    })),
    { key: `group ${at("workers")} ${model.groupId}`, kind: "group", what: `Connect's group "${model.groupId}"` },
  ];
}

const STORAGE = ["offsets", "configs", "status"];

type Owner = { what: string; mirror: MirrorView };

function mayShare(one: Owner, other: Owner, kind: string, clusters: Clusters): boolean {
  if (one.what !== other.what) return false;
  const [a, b] = [one.mirror, other.mirror];
  // Entries of one resource share the workers. Two texts of one resource are two versions of it, not two mirrors.
  if (a.resource === b.resource || (baseOf(a) === baseOf(b) && baseOf(a) !== "" && a.kubernetes === b.kubernetes))
    return true;
  // Mirrors with different topics between the same two clusters can share the offset-syncs and checkpoints topics.
  const between = (of: "origin" | "target") => {
    const [from, to] = [clusters.nameOf(addressesOf(a, of)), clusters.nameOf(addressesOf(b, of))];
    return from !== undefined && from === to;
  };
  return !STORAGE.includes(kind) && kind !== "group" && between("origin") && between("target");
}

/** The names that a Connect cluster uses, in the form of `Own`. */
function namesOf(connect: ConnectClusterView, clusters: Clusters): { key: string; label: string }[] {
  const { namespace, kubernetes, label } = connect;
  const cluster = clusters.nameOf(
    addressesIn(connect.bootstrapServers).flatMap((address) => formsOf(address, namespace, kubernetes)),
  );
  if (cluster === undefined) return [];
  const keys = [
    `group ${cluster} ${connect.groupId}`,
    ...connect.storageTopics.map((name) => `topic ${cluster} ${name}`),
  ];
  return keys.map((key) => ({ key, label }));
}

function saysOthers(
  mirror: MirrorView,
  own: readonly Own[],
  others: readonly { key: string; label: string }[],
): Saying[] {
  const labels = new Set(others.map(({ label }) => label));
  return [...labels].flatMap((label): Saying[] => {
    const names = own.filter(({ key }) => others.some((one) => one.label === label && one.key === key));
    if (names.length === 0) return [];
    return [
      {
        seen: `${label} has the same names for ${names.map(({ what }) => what).join(", ")}`,
        why: "its workers and the mirror's would read each other's offsets, configuration and status",
        instead: ownNames(mirror),
      },
    ];
  });
}

const baseOf = (mirror: MirrorView) => mirror.entry?.of ?? mirror.label;

function saysShared(mirror: MirrorView, clashes: readonly { what: string; before: string }[]): Saying[] {
  const why = "workers would read each other's offsets, configuration and status";
  const instead = "give each its own name";
  const [inside, between] = [
    clashes.filter(({ what, before }) => what !== before),
    clashes.filter(({ what, before }) => what === before),
  ];
  const names = between.map(({ what }) => what);
  return [
    ...inside.map(({ what, before }) => ({ seen: `${before} is also ${what}`, why, instead })),
    ...(names.length === 0
      ? []
      : [
          {
            seen:
              names.length === 1
                ? `${names[0]} is used by two mirrors`
                : `each of these is used by two mirrors: ${names.join(", ")}`,
            ...insteadOf(names, mirror),
          },
        ]),
  ];
}

function insteadOf(names: readonly string[], mirror: MirrorView): Pick<Saying, "why" | "instead"> {
  const all = (kind: string) => names.every((name) => name.startsWith(`the ${kind} topic `));
  const alias = (of: string) => `give each ${of} its own alias`;
  if (all("offset-syncs"))
    return { why: "each would translate offsets by the other's syncs", instead: alias("target") };
  if (all("checkpoints")) return { why: "each would read the other's checkpoints", instead: alias("origin") };
  return { why: "workers would read each other's offsets, configuration and status", instead: ownNames(mirror) };
}

/** The fields that set the group and the storage topics. */
function ownNames(mirror: MirrorView): string {
  const { workers } = namesIn(mirror);
  return workers === "target"
    ? "give each mirror its own names: groupId, offsetStorageTopic, configStorageTopic and statusStorageTopic " +
        "of target, and aliases"
    : "give each mirror its own names: group.id, offset.storage.topic, config.storage.topic and " +
        `status.storage.topic in ${workers}.config, and aliases`;
}
