import { groupsExcludeOf, modelFrom, topicsExcludeOf } from "../mirror-configuration";
import { policyKind, targetTopicName } from "../naming";
import { DEFAULT_GROUPS_EXCLUDE, DEFAULT_TOPICS_EXCLUDE } from "../patterns";
import { mirrored, namesAt, selecting } from "./names";
import { listed, type Rule, stackRule } from "./rule";
import { attempt, inEach } from "./unknown";
import { type MirrorView, namesIn, type TopicView } from "./view";

/** Topics where other applications keep their own state in Kafka. A copy is wrong on the target. */
const OTHERS = ["_schemas", "connect-offsets", "connect-configs", "connect-status", "mirrormaker2-cluster-offsets"];

/** Patterns for the same kind of topics among the names in the stack. */
const OTHERS_LIKE = /^_schemas|^(connect|mirrormaker2|mm2).*-(offsets|configs?|status(es)?)$/;

/**
 * Internal topics of a Kafka Streams application, `<application.id>-...`. A copy is right if the application's group is
 * on the target, too. The group is named `<application.id>`.
 */
const STREAMS = ["app-store-changelog", "app-key-repartition"];
const STREAMS_LIKE = /-(changelog|repartition)$/;

/**
 * The Streams topics whose group is not migrated. The application.id may end at any hyphen of a name, so every part
 * before a hyphen is tried.
 */
function withoutGroup(names: readonly string[], mirror: MirrorView): string[] {
  const moves = selecting("groups", mirror.groupsPattern, groupsExcludeOf(mirror) ?? DEFAULT_GROUPS_EXCLUDE);
  return moves === undefined
    ? []
    : names.filter((name) => ![...name.matchAll(/-/g)].some(({ index }) => moves(name.slice(0, index))));
}

/**
 * Returns true if topics keep their names on the target. False for a custom policy class, whose names are not known.
 */
function keepsNames(mirror: MirrorView): boolean {
  const model = modelFrom(mirror);
  return policyKind(model) !== "unknown" && targetTopicName(model, "x") === "x";
}

/** The topics of other tools that the pattern matches, and those of them that belong to Streams applications. */
function swallowed(at: MirrorView, topics: readonly TopicView[]): { hit: string[]; streams: string[] } {
  const matches = mirrored(at);
  // A copy under another name is not read as state.
  if (matches === undefined || !keepsNames(at)) return { hit: [], streams: [] };
  const called = (like: RegExp) => namesAt(topics, at).filter((name) => like.test(name));
  const streams = withoutGroup([...STREAMS, ...called(STREAMS_LIKE)].filter(matches), at);
  return { hit: [...new Set([...OTHERS, ...called(OTHERS_LIKE), ...streams])].filter(matches), streams };
}

/** The mirror's own storage topics whose names the pattern matches. */
function ownStorage(mirror: MirrorView): string[] {
  const matches = mirrored(mirror);
  if (matches === undefined || !keepsNames(mirror)) return [];
  return (["offsetStorageTopic", "configStorageTopic", "statusStorageTopic"] as const)
    .flatMap((field) => attempt(() => mirror.target[field]) ?? [])
    .filter(matches);
}

export const widePatternRules: Rule[] = [
  stackRule(
    {
      name: "pattern-swallows",
      level: "advisory",
      summary: "The pattern does not match internal topics of other tools.",
    },
    ({ mirrors, topics }) =>
      inEach(mirrors, (at) => {
        const { hit, streams } = swallowed(at, topics);
        if (hit.length === 0) return [];
        const [alone, those] =
          streams.length === 0
            ? ["", ""]
            : [
                "; a Streams application's internal topics are only valid together with its group, which " +
                  "groupsPattern does not select",
                ",.*-changelog,.*-repartition",
              ];
        // What the resource excludes already stays excluded.
        const excluded = attempt(() => topicsExcludeOf(at)) ?? DEFAULT_TOPICS_EXCLUDE;
        const others = `${excluded},_schemas,connect-.*,mirrormaker2-cluster-.*${those}`;
        const own = ownStorage(at);
        const excludes = selecting("topics", others, "");
        const left = own.filter((name) => excludes?.(name) === false);
        const exclude = [others, ...left.map((name) => name.replaceAll(".", "\\."))].join(",");
        const say = {
          seen: `topicsPattern "${at.topicsPattern}" matches ${listed([...new Set([...hit, ...own])], 12)}`,
          why:
            "schema registries, Connect clusters and other mirrors keep state in such topics, and this state " +
            "is wrong on another cluster" +
            (own.length === 0 ? "" : `; a copy of ${own[0]!} would go into the workers' own topic`) +
            alone,
          instead:
            `exclude them if they exist: ${namesIn(at).topicsExclude} ` +
            `"${[...new Set(exclude.split(",").map((part) => part.trim()))].join(",")}"`,
        };
        return [{ at, say }];
      }),
  ),
  stackRule(
    {
      name: "storage-topics-in-pattern",
      level: "advisory",
      summary: "The pattern does not match the mirror's own storage topics.",
    },
    ({ mirrors, topics }) =>
      inEach(mirrors, (at) => {
        // A pattern such as `.*` has one fault. The rule pattern-swallows names the storage topics, too.
        const hit = swallowed(at, topics).hit.length > 0 ? [] : ownStorage(at);
        if (hit.length === 0) return [];
        const say = {
          seen: `topicsPattern "${at.topicsPattern}" matches ${hit.join(", ")}`,
          why:
            "if the origin has topics with these names (of an earlier mirror), they would be copied to the " +
            "workers' own storage topics",
          instead: "exclude these names, or use a narrower pattern",
        };
        return [{ at, say }];
      }),
  ),
];
