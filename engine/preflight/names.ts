import { renamedBy } from "../cleanup";
import { internalTopics } from "../naming";
import { countText } from "../units";
import { error, type PreflightFinding } from "./finding";
import type { PreflightFacts } from "./facts";

/** Checks that the names which the mirror uses for itself are free, or already its own. */
export function checkNames(facts: PreflightFacts): PreflightFinding[] {
  return [
    ...equalNames(facts),
    ...takenNames(facts),
    ...leftOver(facts),
    ...selectedNames(facts),
    ...connectGroup(facts),
  ];
}

function equalNames({ mirror }: PreflightFacts): PreflightFinding[] {
  const topics = internalTopics(mirror);
  return topics.flatMap((a, i) =>
    topics
      .slice(i + 1)
      .filter((b) => b.side === a.side && b.name === a.name)
      .map((b) =>
        error(
          "INTERNAL_NAMES_EQUAL",
          `${renamedBy(a.kind, mirror)} and ${renamedBy(b.kind, mirror)} both make ${a.side} topic ${a.name}`,
          "give each its own name",
        ),
      ),
  );
}

/** Checks each internal topic on its own side. An existing one must belong to this mirror, from an earlier `up`. */
function takenNames({ internals, mirror }: PreflightFacts): PreflightFinding[] {
  return internals
    .filter((t) => t.state === "foreign")
    .map((t) =>
      error(
        "INTERNAL_NAME_TAKEN",
        `${t.side} topic ${t.name}, which the mirror needs for itself, exists and is not its own: ` +
          `${t.reasons.join("; ")}`,
        t.kind === "heartbeats"
          ? "leave mirror.heartbeatConnector out"
          : `set ${renamedBy(t.kind, mirror)} to a value that makes another name`,
      ),
    );
}

/**
 * Offset syncs and checkpoints do not contain the name of their mirror. If this mirror has never run, they come from
 * another mirror with the same aliases, or from an earlier run. In the first case both mirrors would write to the same
 * topic. In the second case MirrorMaker 2 would read them as its own (Kafka 3.5 and later).
 */
function leftOver({ internals, started, mirrored, mirror }: PreflightFacts): PreflightFinding[] {
  if (started || mirrored.size > 0) return [];
  return internals
    .filter((t) => t.state === "present" && t.records > 0 && (t.kind === "offset-syncs" || t.kind === "checkpoints"))
    .map((t) =>
      error(
        "INTERNAL_TOPIC_LEFT_OVER",
        `${t.side} topic ${t.name} has ${countText(t.records, "record")} or more, though this mirror has never ` +
          "run: an earlier migration left it, or another mirror with the same aliases uses it",
        `delete it there if no other mirror runs between these clusters, or set ${renamedBy(t.kind, mirror)} to ` +
          "a value that makes another name",
      ),
    );
}

/** Checks that no user topic of the origin would be copied into an internal topic of the target. */
function selectedNames({ selected, internals, mirror }: PreflightFacts): PreflightFinding[] {
  const own = new Map(internals.filter((t) => t.side === "target").map((t) => [t.name, t]));
  return selected.flatMap(({ origin, targetName }) => {
    const internal = own.get(targetName);
    if (internal === undefined) return [];
    const rename =
      internal.kind === "heartbeats"
        ? "leave mirror.heartbeatConnector out"
        : `set ${renamedBy(internal.kind, mirror)} to a value that makes another name`;
    return [
      error(
        "INTERNAL_NAME_SELECTED",
        `origin topic ${origin.name} would be copied to ${targetName} on the target, which is the name of the ` +
          `mirror's own ${internal.kind} topic`,
        `${rename}, or exclude the topic with mirror.topicsExcludePattern`,
      ),
    ];
  });
}

/** Two Connect clusters with the same group would act as one Connect cluster. */
function connectGroup(facts: PreflightFacts): PreflightFinding[] {
  const { groupId } = facts.mirror;
  const { state, protocolType, members, committed } = facts.mirrorGroup;
  if (committed > 0 || (members > 0 && protocolType !== "connect")) {
    const evidence =
      committed > 0
        ? `offsets for ${countText(committed, "partition")}`
        : `${countText(members, "member")}, ${protocolType}`;
    return [
      error(
        "CONNECT_GROUP_TAKEN",
        `target group ${groupId} belongs to an application (${evidence})`,
        "set target.groupId to a name of its own",
      ),
    ];
  }
  if (members > 0 && !facts.started) {
    return [
      error(
        "CONNECT_GROUP_TAKEN",
        `target group ${groupId} is ${state} with ${countText(members, "worker")} of another Connect cluster, ` +
          "which would take this mirror's connectors for its own",
        "set target.groupId to a name of its own",
      ),
    ];
  }
  return [];
}
