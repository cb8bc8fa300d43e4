import { partitionKey } from "../log/partition";
import { countText, someOf } from "../units";
import { error, type PreflightFinding, warning } from "./finding";
import type { PreflightFacts, SelectedTopic } from "./facts";

/** Checks that each topic on the target is absent, or equal and empty, or filled by this mirror. */
export function checkTargetTopics(facts: PreflightFacts): PreflightFinding[] {
  // A name collision with an internal topic is reported once, by `checkNames`.
  const internal = new Set(facts.internals.filter((t) => t.side === "target").map((t) => t.name));
  const topics = facts.selected.filter((s) => !internal.has(s.targetName));
  return [
    ...offline(facts),
    ...leftOver(facts),
    ...topics.flatMap((topic) => [...partitionCounts(facts, topic), ...otherData(facts, topic)]),
  ];
}

function offline({ selected }: PreflightFacts): PreflightFinding[] {
  return (["origin", "target"] as const).flatMap((side) => {
    const dead = selected.flatMap((s) =>
      (s[side]?.bounds ?? []).flatMap((e, partition) =>
        e === undefined ? [partitionKey({ topic: s[side]!.name, partition })] : [],
      ),
    );
    if (dead.length === 0) return [];
    return [
      error(
        "PARTITION_OFFLINE",
        `${side}: ${countText(dead.length, "partition")} without a leader: ${someOf(dead)}`,
        "start the brokers that hold them; an offline partition can't be copied or compared",
      ),
    ];
  });
}

/**
 * Checks Connect's offsets of an earlier run. The mirror continues after them. Records before them that the target
 * lacks would never be copied, and the copy would look complete.
 */
function leftOver(facts: PreflightFacts): PreflightFinding[] {
  const missing: string[] = [];
  const beyond: string[] = [];
  for (const { origin, target } of facts.selected) {
    if (facts.known.has(origin.name)) continue;
    origin.bounds.forEach((bounds, partition) => {
      const place = partitionKey({ topic: origin.name, partition });
      const last = facts.mirrored.get(place);
      if (last === undefined || bounds === undefined) return;
      const copied = target?.bounds[partition];
      if (last >= bounds.end) beyond.push(`${place} mirrored up to ${last}, but the origin ends at ${bounds.end}`);
      else if (target === undefined || partition >= target.bounds.length || copied?.end === 0)
        missing.push(
          `${place} mirrored up to ${last}, but the target has ` +
            `${target === undefined ? "no such topic" : "nothing in it"}`,
        );
    });
  }
  const found = [...beyond, ...missing];
  if (found.length === 0) return [];
  const { offsetStorageTopic } = facts.mirror;
  return [
    error(
      "OFFSETS_LEFT_OVER",
      `topic ${offsetStorageTopic} on the target holds offsets of an earlier run that do not fit: ${someOf(found, 5)}`,
      `stop the mirror, delete topic ${offsetStorageTopic} (the copy then starts from the beginning, so empty ` +
        "the migrated target topics too), or, where no mirror uses it, set target.offsetStorageTopic to another name",
    ),
  ];
}

function partitionCounts(facts: PreflightFacts, { origin, target, targetName }: SelectedTopic): PreflightFinding[] {
  if (target === undefined || target.bounds.length === origin.bounds.length) return [];
  const seen =
    `topic ${targetName} has ${countText(target.bounds.length, "partition")} on the target and ` +
    `${origin.bounds.length} on the origin`;
  // If the origin gets new partitions, the running mirror adds them at its next refresh of the topics.
  if (target.bounds.length < origin.bounds.length && isMirrored(facts, origin)) {
    return [
      warning(
        "TARGET_TOPIC_GROWS",
        seen,
        `the mirror adds them within ${facts.mirror.refreshTopicsIntervalSeconds} s (refresh.topics.interval.seconds)`,
      ),
    ];
  }
  // The gate reports it as an error, so no cutover can pass with it.
  if (facts.known.has(origin.name))
    return [warning("TARGET_TOPIC_PARTITIONS", seen, "give both the same count before the cutover")];
  return [
    error(
      "TARGET_TOPIC_PARTITIONS",
      seen,
      "delete it on the target if it is not needed (the mirror makes it anew), give both the same count, or " +
        `exclude ${origin.name} with mirror.topicsExcludePattern`,
    ),
  ];
}

function otherData(facts: PreflightFacts, { origin, target, targetName }: SelectedTopic): PreflightFinding[] {
  if (target === undefined) return [];
  const others = target.bounds.flatMap((bounds, partition) => {
    if (bounds === undefined || bounds.end === bounds.start) return [];
    const place = partitionKey({ topic: origin.name, partition });
    if (copied(facts, place)) return [];
    return [`partition ${partition} from ${bounds.start} to ${bounds.end}`];
  });
  if (others.length === 0) return [];
  if (isMirrored(facts, origin) || facts.known.has(origin.name)) {
    return [
      warning(
        "TARGET_TOPIC_WRITTEN",
        `topic ${targetName} on the target holds records that this mirror did not copy, beside those that it ` +
          `did: ${someOf(others, 5)}`,
        "stop what writes to it until the cutover is done",
      ),
    ];
  }
  return [
    error(
      "TARGET_TOPIC_HAS_DATA",
      `topic ${targetName} on the target holds records that this mirror did not copy: ${someOf(others, 5)}; the ` +
        "copy would be added to them",
      `delete it on the target if its records are not needed, or exclude ${origin.name} with ` +
        "mirror.topicsExcludePattern",
    ),
  ];
}

function isMirrored(facts: PreflightFacts, origin: SelectedTopic["origin"]): boolean {
  return origin.bounds.some((_, partition) => copied(facts, partitionKey({ topic: origin.name, partition })));
}

/**
 * Returns true if this mirror has copied from the partition. It writes the offset sync with the first record, and the
 * offset at the next flush. Without an offsets topic the mirror remembers nothing, even if an earlier one left syncs:
 * it copies from the beginning.
 */
function copied(facts: PreflightFacts, place: string): boolean {
  const remembers = facts.internals.some((t) => t.kind === "offsets" && t.state === "present");
  return facts.mirrored.has(place) || (facts.started && remembers && facts.synced.has(place));
}
