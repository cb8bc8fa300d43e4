import { parsePartitionKey } from "../log/partition";
import type { MirrorModel } from "../model";
import { mayBeEmpty } from "../parts";
import { recreatedText, recreatedTopics } from "../topic-ids";
import { topicRule } from "../selection";
import { countText, durationText } from "../units";
import { nameRefused } from "./refused";
import { gap, verdictOf, type PartitionFacts } from "./rule";
import type { Against, FindingOptions, GateFinding, GateFindingKind } from "./types";
import { checkConnectors } from "./connectors";
import type { RecordedTopics } from "../model";
import type { Look } from "./look";

export interface Findings {
  /** Findings that keep the gate closed. */
  against: GateFinding[];
  /** Reported, but they do not keep the gate closed. */
  warnings: string[];
}

/** Returns all reasons why the copy may not be complete, according to one look. A pure function of the look. */
export function findingsOf(
  look: Look,
  mirror: MirrorModel,
  options: FindingOptions,
  recorded?: RecordedTopics,
): Findings {
  const found: Findings = { against: [], warnings: [] };
  const against = (kind: GateFindingKind, subject: string, text: string, hopeless = false) =>
    found.against.push({ kind, subject, text, hopeless });
  topics(look, mirror, against);
  if (look.topics.length === 0 && mayBeEmpty(mirror)) return found;
  found.against.push(...recreatedFindings(look, recorded, options.compareLastRecord !== false));
  found.warnings.push(...deletedTopics(look, mirror));
  const behind = partitions(look, options, against, found.warnings);
  checkConnectors(look, mirror, options, against, found.warnings, behind || found.against.length > 0);
  return found;
}

function topics(look: Look, mirror: MirrorModel, against: Against): void {
  if (look.topics.length === 0 && !mayBeEmpty(mirror)) {
    const pattern = mirror.scope?.topics ?? mirror.topicsPattern;
    against(
      "no topics",
      pattern,
      `"${pattern}" selects none of the ${countText(look.visibleTopics.length, "topic")} that the origin shows`,
      true,
    );
  }
  for (const topic of look.hiddenTopics) {
    against(
      "no topics",
      topic,
      `topic ${topic} is mirrored, but the migration's administrator may not describe it on the origin`,
      true,
    );
  }
  const refresh = `MirrorMaker 2 looks for new ones every ${durationText(mirror.refreshTopicsIntervalSeconds * 1000)}`;
  for (const t of look.topics) {
    const refused = t.targetPartitions === undefined ? nameRefused(t) : undefined;
    if (refused !== undefined) {
      against("topic name", t.target, refused, true);
    } else if (t.targetPartitions === undefined) {
      against(
        "no target topic",
        t.target,
        `topic ${t.target} is not on the target (${refresh}; failures to create it are in the worker's log only)`,
      );
    } else if (t.targetPartitions > t.partitions.length) {
      against(
        "partition count",
        t.target,
        `topic ${t.target} has ${t.targetPartitions} partitions on the target and ${t.partitions.length} on the origin`,
        true,
      );
    } else if (t.targetPartitions < t.partitions.length) {
      against(
        "partition count",
        t.target,
        `topic ${t.target} has ${t.targetPartitions} partitions on the target and ${t.partitions.length} on the ` +
          `origin (${refresh})`,
      );
    }
    for (const p of t.offline)
      against("offline", `${t.origin}-${p}`, `${t.origin}-${p} has no leader on the origin: what it holds is unknown`);
    for (const p of t.targetOffline)
      against("offline", `${t.target}-${p}`, `${t.target}-${p} has no leader on the target: what it holds is unknown`);
  }
}

/** The ids of all topics of a look. */
export function topicIdsOf(look: Look): RecordedTopics {
  return Object.fromEntries(look.topics.map((t) => [t.origin, t.ids ?? {}]));
}

/** @param both true: compare the topic ids of both clusters; false: only those of the origin */
export function recreatedFindings(look: Look, recorded: RecordedTopics | undefined, both: boolean): GateFinding[] {
  const targets = new Map(look.topics.map((t) => [t.origin, t.target]));
  return recreatedTopics(recorded, topicIdsOf(look))
    .filter((r) => both || r.side === "origin")
    .map((r) => ({
      kind: "recreated",
      subject: r.topic,
      text: recreatedText(r, targets.get(r.topic)),
      hopeless: true,
    }));
}

/** Topics that the mirror has copied from and that no longer exist on the origin. */
function deletedTopics(look: Look, mirror: MirrorModel): string[] {
  const visible = new Set([...look.visibleTopics, ...look.hiddenTopics]);
  const skip = topicRule(mirror);
  const copied = new Set<string>();
  for (const key of look.connect.offsets.keys()) copied.add(parsePartitionKey(key).topic);
  const gone = [...copied].filter((t) => !visible.has(t) && skip(t) === undefined);
  return gone.map(
    (topic) =>
      `topic ${topic} was copied and is not on the origin any more: the target keeps what was copied until then; ` +
      "exclude it with mirror.topicsExcludePattern",
  );
}

/** @returns true if at least one partition has records that are not copied, or may have */
function partitions(look: Look, options: FindingOptions, against: Against, warnings: string[]): boolean {
  let short = false;
  // By partition number.
  const assigned = new Map<string, true[]>();
  for (const task of look.connect.assignments) {
    for (const { topic, partition } of task.partitions) {
      const known = assigned.get(topic) ?? [];
      known[partition] = true;
      assigned.set(topic, known);
    }
  }
  const running = look.connect.source?.target === "STARTED" && look.connect.assignments.length > 0;
  for (const { topic, partition, facts } of look.partitions.values()) {
    const name = `${topic}-${partition}`;
    const { from, to } = gap(facts);
    const verdict = verdictOf(facts);
    switch (verdict) {
      case "behind":
      case "look":
        short = true;
        against(
          "behind",
          name,
          `${name}: ${verdict === "behind" ? "" : "up to "}${to - from} offsets are not copied ` +
            `(${copied(facts.mirrored)}, the origin ends at ${to})`,
        );
        break;
      case "open transaction":
        against(
          "open transaction",
          name,
          `${name}: a transaction is open since offset ${facts.stable} (the origin ends at ${facts.end})`,
        );
        break;
      case "stale offsets":
        against(
          "stale offsets",
          name,
          `${name}: the mirror says it copied offset ${facts.mirrored}, but the origin ends at ${facts.end}: ` +
            "offsets of an earlier run, or the topic was created again",
          true,
        );
        break;
      case "truncated":
        against("truncated", name, deleted(name, facts), true);
        break;
      case "complete":
        break;
    }
    if (options.acceptTruncation.includes(topic) && facts.mirrored !== undefined && facts.start > facts.mirrored + 1)
      warnings.push(`${deleted(name, facts)} (accepted)`);
    if (running && assigned.get(topic)?.[partition] !== true) {
      against(
        "unassigned",
        name,
        `${name} is assigned to no task (it will be at the next refresh, or when the connector is restarted)`,
      );
    }
  }
  return short;
}

function deleted(name: string, facts: PartitionFacts): string {
  return (
    `${name}: offsets ${facts.mirrored! + 1} to ${facts.start - 1} were deleted on the origin before they were ` +
    "seen copied"
  );
}

function copied(mirrored: number | undefined): string {
  return mirrored === undefined ? "nothing is copied yet" : `copied up to ${mirrored}`;
}

export function moved(before: Map<string, number>, now: Map<string, number>): GateFinding[] {
  const findings: GateFinding[] = [];
  for (const [key, end] of now) {
    const was = before.get(key);
    if (was === undefined || was === end) continue;
    const { topic, partition } = parsePartitionKey(key);
    const name = `${topic}-${partition}`;
    findings.push({
      kind: "producers writing",
      subject: name,
      text: `${name}: the origin's end moved from ${was} to ${end}: a producer still writes there`,
      hopeless: false,
    });
  }
  return findings;
}
