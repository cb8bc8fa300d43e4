import { partitionKey } from "../log/partition";
import { countText, someOf } from "../units";
import { error, type Finding, warning } from "./finding";
import type { PreflightFacts, SelectedTopic } from "./facts";

/** Topics on the target must be absent, or equal and empty, or filled by this very mirror. */
export function checkTargetTopics(facts: PreflightFacts): Finding[] {
  // A clash with an internal topic is said once, by its name.
  const internal = new Set(facts.internals.filter((t) => t.side === "target").map((t) => t.name));
  const topics = facts.selected.filter((s) => !internal.has(s.targetName));
  return [
    ...offline(facts),
    ...leftOver(facts),
    ...topics.flatMap((topic) => [...partitionCounts(facts, topic), ...otherData(facts, topic)]),
  ];
}

function offline({ selected }: PreflightFacts): Finding[] {
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
 * Connect's offsets of an earlier run: the mirror goes on after them, so what the target lacks before them would never come,
 * and the copy would look complete.
 */
function leftOver(facts: PreflightFacts): Finding[] {
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
          `${place} mirrored up to ${last}, but the target has ${target === undefined ? "no such topic" : "nothing in it"}`,
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
      `stop the mirror, delete topic ${offsetStorageTopic} (the copy then starts from the beginning, so empty the migrated target topics too), or, where no mirror uses it, set target.offsetStorageTopic to another name`,
    ),
  ];
}

function partitionCounts(facts: PreflightFacts, { origin, target, targetName }: SelectedTopic): Finding[] {
  if (target === undefined || target.bounds.length === origin.bounds.length) return [];
  const seen = `topic ${targetName} has ${countText(target.bounds.length, "partition")} on the target and ${origin.bounds.length} on the origin`;
  // The mirror adds partitions that the origin got while it runs, at its next look at the topics.
  if (target.bounds.length < origin.bounds.length && isMirrored(facts, origin)) {
    return [
      warning(
        "TARGET_TOPIC_GROWS",
        seen,
        `the mirror adds them within ${facts.mirror.refreshTopicsIntervalSeconds} s (refresh.topics.interval.seconds)`,
      ),
    ];
  }
  // A cutover can't pass with it: there it is an error of the gate.
  if (facts.known.has(origin.name))
    return [warning("TARGET_TOPIC_PARTITIONS", seen, "give both the same count before the cutover")];
  return [
    error(
      "TARGET_TOPIC_PARTITIONS",
      seen,
      `delete it on the target if it is not needed (the mirror makes it anew), give both the same count, or exclude ${origin.name} with mirror.topicsExcludePattern`,
    ),
  ];
}

function otherData(facts: PreflightFacts, { origin, target, targetName }: SelectedTopic): Finding[] {
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
        `topic ${targetName} on the target holds records that this mirror did not copy, beside those that it did: ${someOf(others, 5)}`,
        "stop what writes to it until the cutover is done",
      ),
    ];
  }
  return [
    error(
      "TARGET_TOPIC_HAS_DATA",
      `topic ${targetName} on the target holds records that this mirror did not copy: ${someOf(others, 5)}; the copy would be added to them`,
      `delete it on the target if its records are not needed, or exclude ${origin.name} with mirror.topicsExcludePattern`,
    ),
  ];
}

function isMirrored(facts: PreflightFacts, origin: SelectedTopic["origin"]): boolean {
  return origin.bounds.some((_, partition) => copied(facts, partitionKey({ topic: origin.name, partition })));
}

/**
 * Has this mirror copied from the partition? The offset sync is written with the first record, the offset at the next
 * flush. Without a topic of offsets the mirror remembers nothing, whatever syncs an earlier one has left: it copies from
 * the beginning.
 */
function copied(facts: PreflightFacts, place: string): boolean {
  const remembers = facts.internals.some((t) => t.kind === "offsets" && t.state === "present");
  return facts.mirrored.has(place) || (facts.started && remembers && facts.synced.has(place));
}
