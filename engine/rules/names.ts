import { isMigrationError } from "../errors";
import { modelFrom } from "../mirror-configuration";
import type { Side } from "../model";
import { internalTopics, targetTopicName } from "../naming";
import { compilePatternList, DEFAULT_GROUPS_EXCLUDE, DEFAULT_TOPICS_EXCLUDE, type Matcher } from "../patterns";
import { listed, mirrorRule, type Rule, stackRule } from "./rule";
import { attempt, inEach } from "./unknown";
import { maybeAtOrigin, type MirrorView, type TopicView } from "./view";

/** What others keep in Kafka for themselves: a copy of it is wrong on the target. */
const OTHERS = ["_schemas", "connect-offsets", "connect-configs", "connect-status", "mirrormaker2-cluster-offsets"];

/** The same of names that are in the stack. */
const OTHERS_LIKE = /^_schemas|^(connect|mirrormaker2|mm2).*-(offsets|configs?|status(es)?)$/;

/** A Streams application's own topics, `<application.id>-...`: they are right on the target beside its group, which is called like it. */
const STREAMS = ["app-store-changelog", "app-key-repartition"];
const STREAMS_LIKE = /-(changelog|repartition)$/;

/** The names that may be the origin's, as far as they are known. */
const namesAt = (topics: readonly TopicView[], mirror: MirrorView) => topics.flatMap((t) => attempt(() => (maybeAtOrigin(t, mirror) ? t.name : undefined)) ?? []);

/** Undefined where the pattern can't be read outside Java: nothing is said then. */
export function mirrored(mirror: MirrorView): Matcher | undefined {
  return selecting("topics", mirror.topicsPattern, mirror.topicsExcludePattern ?? DEFAULT_TOPICS_EXCLUDE);
}

function selecting(what: "topics" | "groups", pattern: string, exclude: string): Matcher | undefined {
  try {
    const wanted = compilePatternList(pattern, `${what}Pattern`);
    const excluded = compilePatternList(exclude, `${what}ExcludePattern`);
    return (name) => wanted(name) && !excluded(name);
  } catch (error) {
    if (isMigrationError(error)) return undefined;
    throw error;
  }
}

/** Of a Streams application's topics those whose group stays; which part of a name is the application's nobody can tell. */
function withoutGroup(names: readonly string[], mirror: MirrorView): string[] {
  const moves = selecting("groups", mirror.groupsPattern, mirror.groupsExcludePattern ?? DEFAULT_GROUPS_EXCLUDE);
  return moves === undefined ? [] : names.filter((name) => ![...name.matchAll(/-/g)].some(({ index }) => moves(name.slice(0, index))));
}

const storageTopics = (mirror: MirrorView) => [mirror.target.offsetStorageTopic, mirror.target.configStorageTopic, mirror.target.statusStorageTopic];

export const nameRules: Rule[] = [
  stackRule({ name: "pattern-swallows", level: "advisory", summary: "The pattern does not match what others keep in Kafka for themselves." }, ({ mirrors, topics }) =>
    inEach(mirrors, (at) => {
      const matches = mirrored(at);
      if (matches === undefined) return [];
      const called = (like: RegExp) => namesAt(topics, at).filter((name) => like.test(name));
      const streams = withoutGroup([...STREAMS, ...called(STREAMS_LIKE)].filter(matches), at);
      const hit = [...new Set([...OTHERS, ...called(OTHERS_LIKE), ...streams])].filter(matches);
      if (hit.length === 0) return [];
      const [alone, those] = streams.length === 0 ? ["", ""] : ["; a Streams application's are right only beside its group, and groupsPattern leaves that out", ",.*-changelog,.*-repartition"];
      const say = {
        seen: `topicsPattern "${at.topicsPattern}" matches ${listed(hit)}`,
        why: "schema registries, Connect clusters and other mirrors keep state in such topics that is wrong on another cluster" + alone,
        instead: `exclude them, if there are any: topicsExcludePattern "${DEFAULT_TOPICS_EXCLUDE},_schemas,connect-.*,mirrormaker2-cluster-.*${those}"`,
      };
      return [{ at, say }];
    }),
  ),
  mirrorRule({ name: "storage-topics-in-pattern", level: "advisory", summary: "The mirror's own storage topics are outside the pattern." }, (mirror) => {
    const matches = mirrored(mirror);
    const hit = matches === undefined ? [] : storageTopics(mirror).filter(matches);
    if (hit.length === 0) return [];
    return [
      {
        seen: `topicsPattern "${mirror.topicsPattern}" matches ${hit.join(", ")}`,
        why: "if the origin has topics of these names (an earlier mirror's), they would be copied into the workers' own storage",
        instead: "exclude these names, or narrow the pattern",
      },
    ];
  }),
  stackRule({ name: "storage-topics-unique", level: "mandatory", summary: "Each storage topic has a name of its own, and each mirror its own storage topics and group." }, ({ mirrors }) => {
    const seen = new Map<string, { what: string; resource: string }>();
    return inEach(mirrors, (mirror) => {
      const { groupId } = modelFrom(mirror);
      const at = (side: Side) => mirror[side].bootstrapServers ?? "";
      const own = [
        // Heartbeats are the same for all, and meant to be shared.
        ...internalTopics(modelFrom(mirror)).filter((t) => t.kind !== "heartbeats").map((t) => ({ key: `topic ${at(t.side) || t.side} ${t.name}`, what: `the ${t.kind} topic "${t.name}" on the ${t.side}` })),
        { key: `group ${at("target")} ${groupId}`, what: `Connect's group "${groupId}"` },
      ];
      return own.flatMap(({ key, what }) => {
        const before = seen.get(key);
        seen.set(key, before ?? { what, resource: mirror.resource });
        // Several origins in one resource share the workers, and with them group and storage.
        if (before === undefined || (before.what === what && before.resource === mirror.resource)) return [];
        const say = {
          seen: before.what === what ? `${what} is used by two mirrors` : `${before.what} is ${what} too`,
          why: "workers would read each other's offsets, configuration and status",
          instead: "give each its own name",
        };
        return [{ at: mirror, say }];
      });
    });
  }),
  stackRule({ name: "heartbeats-renamed", level: "advisory", summary: "No topic that the identity policy renames: those that end in `heartbeats`." }, ({ mirrors, topics }) =>
    inEach(mirrors, (mirror) => {
      const matches = mirrored(mirror);
      const named = mirror.topicsPattern.split(/[,|()]/).map((part) => part.trim().replace(/\\([.-])/g, "$1")).filter((part) => /^[\w.-]+$/.test(part));
      const known = [...named, ...namesAt(topics, mirror)];
      const renamed = [...new Set(known)].filter((name) => name.endsWith("heartbeats") && matches?.(name) && targetTopicName(modelFrom(mirror), name) !== name);
      if (renamed.length === 0 || !modelFrom(mirror).policyClass.endsWith("IdentityReplicationPolicy")) return [];
      const say = {
        seen: `${listed(renamed)} would become ${listed(renamed.map((name) => targetTopicName(modelFrom(mirror), name)))}`,
        why: "Apache's identity policy renames topics that end in heartbeats, so applications would not find them",
        instead: "exclude them and move them on their own, or point their applications at the new name",
      };
      return [{ at: mirror, say }];
    }),
  ),
];
