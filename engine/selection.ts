import { MigrationError } from "./errors";
import type { MirrorModel } from "./model";
import { internalSeparator, internalTopics, targetTopicName } from "./naming";
import { nearMiss } from "./near-miss";
import { ownsGroup, ownsTopic, waveOf } from "./parts";
import { compilePatternList, DEFAULT_GROUPS_EXCLUDE, DEFAULT_TOPICS_EXCLUDE } from "./patterns";
import { versionAtLeast } from "./version";

/**
 * MirrorMaker 2's default for `topics.exclude` up to Kafka 3.9. Kafka 4.0 narrowed it (source: DefaultTopicFilter of
 * both versions).
 */
const TOPICS_EXCLUDE_BEFORE_4 = ".*[\\-\\.]internal,.*\\.replica,__.*";

/** The reason why MirrorMaker 2 does not copy a topic of the origin. `out of scope`: it does, but for another wave. */
export type Skip = "not matched" | "excluded" | "internal" | "cycle" | "out of scope";

/**
 * Returns a function that gives, for a topic of the origin, the reason why this mirror does not copy it. Undefined: it
 * does.
 */
export function topicRule(mirror: MirrorModel): (topic: string) => Skip | undefined {
  const matched = compilePatternList(mirror.topicsPattern, "mirror.topicsPattern");
  const excluded = compilePatternList(topicsExclude(mirror), "mirror.topicsExcludePattern");
  const own = new Set(
    internalTopics(mirror)
      .filter((t) => t.side === "origin" && t.kind !== "heartbeats")
      .map((t) => t.name),
  );
  const inScope = ownsTopic(mirror);
  return (topic) => {
    // Same order as in MirrorSourceConnector.shouldReplicateTopic. The filter always accepts heartbeats, whatever the
    // patterns are.
    if (!isHeartbeats(mirror, topic)) {
      if (!matched(topic)) return "not matched";
      if (excluded(topic)) return "excluded";
    }
    if (own.has(topic) || isInternal(mirror, topic)) return "internal";
    if (isCycle(mirror, topic)) return "cycle";
    return inScope(topic) ? undefined : "out of scope";
  };
}

/** The topics of the origin that this mirror copies, sorted. */
export function selectTopics(originTopics: readonly string[], mirror: MirrorModel): string[] {
  const skip = topicRule(mirror);
  return originTopics.filter((topic) => skip(topic) === undefined).sort();
}

/** Each copied topic and its name on the target. */
export function selectPairs(
  originTopics: readonly string[],
  mirror: MirrorModel,
): { origin: string; target: string }[] {
  return selectTopics(originTopics, mirror).map((origin) => ({ origin, target: targetTopicName(mirror, origin) }));
}

/**
 * Returns a function that is true for groups whose offsets this mirror's checkpoints cover (MirrorCheckpointConnector's
 * group filter).
 */
export function groupRule(mirror: MirrorModel): (group: string) => boolean {
  const matched = compilePatternList(mirror.groupsPattern, "mirror.groupsPattern");
  const excluded = compilePatternList(
    mirror.groupsExcludePattern ?? DEFAULT_GROUPS_EXCLUDE,
    "mirror.groupsExcludePattern",
  );
  const inScope = ownsGroup(mirror);
  const split = new Set(mirror.scope?.splitGroups);
  return (group) => matched(group) && !excluded(group) && (inScope(group) || split.has(group));
}

/** The groups that {@link groupRule} selects, sorted. */
export function selectGroups(originGroups: readonly string[], mirror: MirrorModel): string[] {
  return originGroups.filter(groupRule(mirror)).sort();
}

/**
 * Groups of sink connectors (`connect-<connector>`) that do not move although `groups` selects them: MirrorMaker 2
 * skips them because `groups.exclude` has its default. If the user set an exclusion, we assume it is intended, except
 * for a group that `groups` names in full.
 */
export function sinkGroupsLeftOut(originGroups: readonly string[], mirror: MirrorModel): string[] {
  const matched = compilePatternList(mirror.groupsPattern, "mirror.groupsPattern");
  const sinks = originGroups.filter((group) => group.startsWith("connect-") && matched(group)).sort();
  if (mirror.groupsExcludePattern === undefined) return sinks;
  const excluded = compilePatternList(mirror.groupsExcludePattern, "mirror.groupsExcludePattern");
  const named = new Set(mirror.groupsPattern.split(",").map((part) => part.trim().replaceAll("\\", "")));
  return sinks.filter((group) => named.has(group) && excluded(group));
}

/** The effective `topics.exclude`. */
export function topicsExclude(mirror: MirrorModel): string {
  return (
    mirror.topicsExcludePattern ??
    (versionAtLeast(mirror.kafkaVersion, "4") ? DEFAULT_TOPICS_EXCLUDE : TOPICS_EXCLUDE_BEFORE_4)
  );
}

/**
 * The error for a mirror that copies nothing, with the near misses.
 * @returns MigrationError SELECTION_EMPTY
 */
export function nothingSelected(originTopics: readonly string[], mirror: MirrorModel): MigrationError {
  const skip = topicRule(mirror);
  const visible = originTopics.filter((t) => !t.startsWith("__"));
  const wave = waveOf(mirror);
  const [place, pattern] =
    wave === undefined
      ? ["mirror.topicsPattern", mirror.topicsPattern]
      : [`waves.${wave}.topics`, mirror.scope?.topics ?? ""];
  const details = [
    ...patternHints(visible, pattern),
    ...visible
      .filter((t) => skip(t) === "excluded")
      .slice(0, 5)
      .map((t) => `topic "${t}" matches, but is excluded by "${topicsExclude(mirror)}"`),
    ...visible
      .filter((t) => skip(t) === "internal")
      .slice(0, 5)
      .map((t) => `topic "${t}" matches, but MirrorMaker 2 treats its name as internal`),
  ];
  const seen =
    `${place} "${pattern}" selects none of the ${visible.length} visible topics of ` +
    `the origin${wave === undefined ? "" : " that the mirror copies"}`;
  return new MigrationError("SELECTION_EMPTY", seen, {
    details,
    fix:
      visible.length === 0
        ? "check that this is the right origin and that the user may describe its topics"
        : `write ${place} so that it matches whole topic names`,
  });
}

function patternHints(topics: readonly string[], list: string): string[] {
  const hints: string[] = [];
  for (const pattern of list
    .split(",")
    .map((p) => p.trim())
    .filter((p) => p !== "")) {
    const glob = pattern.replace(/(^|[^.\])])\*/g, "$1.*");
    if (glob !== pattern && matches(topics, glob) > 0) {
      hints.push(`"${pattern}" is a regular expression; did you mean "${glob}" (${matches(topics, glob)} topics)?`);
    } else if (matches(topics, `.*(?:${pattern}).*`) > 0) {
      hints.push(
        `"${pattern}" matches only part of topic names, but must match the whole name; did you mean ` +
          `".*${pattern}.*" (${matches(topics, `.*(?:${pattern}).*`)} topics)?`,
      );
    } else {
      const near = nearMiss(pattern.replace(/[\\^$.*+?()[\]{}|]+$/, "").replaceAll("\\", ""), topics);
      if (near !== undefined) hints.push(`nothing matches "${pattern}"; did you mean "${near}"?`);
    }
  }
  return hints;
}

/** Returns the number of matches. A hint that is not a valid pattern is not used. */
function matches(topics: readonly string[], pattern: string): number {
  try {
    return topics.filter(compilePatternList(pattern, "topicsPattern")).length;
  } catch {
    return 0;
  }
}

/** ReplicationPolicy.isInternalTopic. Since Kafka 4.0 it no longer counts user topics that merely end in `internal`. */
function isInternal(mirror: MirrorModel, topic: string): boolean {
  if (topic.startsWith("__") || topic.startsWith(".")) return true;
  const dot = internalSeparator(mirror);
  const own =
    topic.endsWith(`${dot}checkpoints${dot}internal`) || (topic.startsWith("mm2") && topic.endsWith(`${dot}internal`));
  if (own || versionAtLeast(mirror.kafkaVersion, "4")) return own;
  return topic.endsWith(`${dot}internal`) || topic.endsWith("-internal") || topic.endsWith(".internal");
}

function isIdentity(mirror: MirrorModel): boolean {
  return mirror.policyClass.endsWith("IdentityReplicationPolicy");
}

/** ReplicationPolicy.isHeartbeatsTopic: `heartbeats`, or another mirror's copy of it. */
export function isHeartbeats(mirror: MirrorModel, topic: string): boolean {
  const separator = mirror.separator ?? ".";
  if (separator === "") return false;
  if (topic === "heartbeats") return true;
  const prefixed = topic.endsWith(`${separator}heartbeats`);
  return prefixed && (!isIdentity(mirror) || mirror.policyClass.startsWith("org.apache."));
}

/** A topic that came from the target must not be copied back. The identity policy detects this only for heartbeats. */
function isCycle(mirror: MirrorModel, topic: string): boolean {
  if (isIdentity(mirror) && !isHeartbeats(mirror, topic)) return false;
  const parts = topic.split(mirror.separator ?? ".");
  return parts.slice(0, -1).includes(mirror.targetAlias);
}
