import { countText, durationText, someOf } from "../units";
import { isExcluded, lostSettings, type SyncFacts, valuesAfter, whereToSet } from "./config-sync";
import { error, type PreflightFinding, warning } from "./finding";
import type { PreflightFacts, SelectedTopic, TimedRecords } from "./facts";
import { checkRetention, limitAfter, notLasting, originLimit, shorterRetention } from "./retention";

/**
 * `message.timestamp.difference.max.ms` is the older setting for both directions (up to Kafka 3.9). The newer settings
 * override it.
 */
function timeLimit(
  topic: SelectedTopic,
  key: "message.timestamp.after.max.ms" | "message.timestamp.before.max.ms",
  facts: SyncFacts,
): number | undefined {
  return limitAfter(topic, key, facts) ?? limitAfter(topic, "message.timestamp.difference.max.ms", facts);
}

/**
 * Returns true if the target stores the arrival time in each record. Then its time limits and its retention ignore the
 * records' original times.
 */
function stamps(topic: SelectedTopic, facts: SyncFacts): boolean {
  const types = valuesAfter(topic, "message.timestamp.type", facts);
  return types.length > 0 && types.every((type) => type === "LogAppendTime");
}

/** A question to the origin: does it have records dated before, or after, this limit counted from now? */
export interface TimedQuestion {
  limit: TimedRecords["limit"];
  topic: string;
  limitMs: number;
}

/** The questions that `checkLimits` needs answered. Only limits that could cause a problem lead to a question. */
export function timedQuestions(facts: SyncFacts & Pick<PreflightFacts, "selected">): TimedQuestion[] {
  return facts.selected.flatMap((topic) => {
    const questions: TimedQuestion[] = [];
    const ask = (limit: TimedQuestion["limit"], limitMs: number | undefined) => {
      if (limitMs !== undefined) questions.push({ limit, topic: topic.origin.name, limitMs });
    };
    if (stamps(topic, facts)) return [];
    if (shorterRetention(topic, facts)) ask("retention", limitAfter(topic, "retention.ms", facts));
    ask("after", timeLimit(topic, "message.timestamp.after.max.ms", facts));
    ask("before", timeLimit(topic, "message.timestamp.before.max.ms", facts));
    return questions;
  });
}

/** Checks settings of the target that would delete, refuse or change migrated records. */
export function checkLimits(facts: PreflightFacts): PreflightFinding[] {
  return [
    ...checkRetention(facts),
    ...timestamps(facts),
    ...cleanup(facts),
    ...sizes(facts),
    ...compression(facts),
    ...lost(facts),
  ];
}

const TIMES = [
  ["after", "TARGET_REFUSES_FUTURE", "in the future", "message.timestamp.after.max.ms"],
  ["before", "TARGET_REFUSES_PAST", "in the past", "message.timestamp.before.max.ms"],
] as const;

function timestamps(facts: PreflightFacts): PreflightFinding[] {
  const findings: PreflightFinding[] = [];
  for (const [limit, code, word, key] of TIMES) {
    const hit = facts.timed.filter((t) => t.limit === limit && t.partitions.length > 0);
    if (hit.length === 0) continue;
    const texts = hit.map(
      (t) =>
        `${t.topic} has records dated more than ${durationText(t.limitMs)} ${word} in ` +
        `${countText(t.partitions.length, "partition")}${notLasting(facts, t.topic, key)}`,
    );
    findings.push(
      error(
        code,
        `the target refuses records that the origin has, and the mirror's task fails on them: ${someOf(texts, 5)}`,
        `${key}: ${whereToSet(key, facts)}`,
      ),
    );
  }
  const stamped = facts.selected.filter(
    (t) =>
      valuesAfter(t, "message.timestamp.type", facts).includes("LogAppendTime") &&
      t.origin.settings["message.timestamp.type"]?.value !== "LogAppendTime",
  );
  if (stamped.length > 0) {
    const copied = !isExcluded("message.timestamp.type", facts.configSync ?? {}) && facts.configSync?.enabled !== false;
    findings.push(
      warning(
        "TARGET_STAMPS_RECORDS",
        `the target gives records the time of their arrival instead of their own (message.timestamp.type=LogAppendTime): ${someOf(
          stamped.map((t) => t.targetName),
          5,
        )}; retention starts anew and offsets can't be found by time`,
        "set message.timestamp.type=CreateTime on the target until the migration is done (MirrorMaker 2 does not " +
          `copy it)${copied ? "; here config.properties.exclude lets it be changed" : ""}`,
      ),
    );
  }
  return findings;
}

function cleanup(facts: PreflightFacts): PreflightFinding[] {
  const differing = facts.selected.flatMap((topic) => {
    const origin = topic.origin.settings["cleanup.policy"]?.value;
    const other = valuesAfter(topic, "cleanup.policy", facts).find(
      (v) => origin !== undefined && policies(v) !== policies(origin),
    );
    return other === undefined
      ? []
      : [`${topic.origin.name} ${other} instead of ${origin}${notLasting(facts, topic.origin.name, "cleanup.policy")}`];
  });
  if (differing.length === 0) return [];
  return [
    error(
      "TARGET_CLEANUP_DIFFERS",
      `the target would clean up by another policy: ${someOf(differing, 5)}`,
      `cleanup.policy: ${whereToSet("cleanup.policy", facts)}`,
    ),
  ];
}

/** `compact,delete` and `delete,compact` are equal. */
const policies = (value: string) =>
  value
    .split(",")
    .map((p) => p.trim())
    .sort()
    .join(",");

function sizes(facts: PreflightFacts): PreflightFinding[] {
  const smaller = facts.selected.flatMap((topic) => {
    const [target, origin] = [limitAfter(topic, "max.message.bytes", facts), originLimit(topic, "max.message.bytes")];
    return target !== undefined && origin !== undefined && target < origin
      ? [
          `${topic.origin.name} ${target} instead of ${origin} ` +
            `bytes${notLasting(facts, topic.origin.name, "max.message.bytes")}`,
        ]
      : [];
  });
  if (smaller.length === 0) return [];
  return [
    error(
      "TARGET_MESSAGE_SIZE_SMALLER",
      "the target takes smaller records than the origin, and the mirror's task fails on a larger one: " +
        `${someOf(smaller, 5)}`,
      `max.message.bytes: ${whereToSet("max.message.bytes", facts)} (message.max.bytes); or accept this finding ` +
        "when no record is that large",
    ),
  ];
}

function compression(facts: PreflightFacts): PreflightFinding[] {
  const again = facts.selected.filter((topic) => {
    const origin = topic.origin.settings["compression.type"]?.value;
    return valuesAfter(topic, "compression.type", facts).some((v) => v !== "producer" && v !== origin);
  });
  if (again.length === 0) return [];
  return [
    warning(
      "TARGET_RECOMPRESSES",
      `the target's brokers compress records again (compression.type is not "producer"): ${someOf(
        again.map((t) => t.targetName),
        5,
      )}; contents are the same, sizes and the brokers' load are not`,
      `compression.type: ${whereToSet("compression.type", facts)}`,
    ),
  ];
}

/** Warns about settings that will be lost. Somebody set them on purpose, and nothing else would report the loss. */
function lost(facts: PreflightFacts): PreflightFinding[] {
  const texts = facts.selected.flatMap((topic) =>
    lostSettings(topic, facts).map(
      (l) => `${topic.targetName} ${l.key}=${l.value}${l.after.length === 0 ? "" : `, then ${l.after.join(" or ")}`}`,
    ),
  );
  if (texts.length === 0) return [];
  return [
    warning(
      "TARGET_SETTINGS_LOST",
      "MirrorMaker 2 gives existing topics on the target the origin's settings, and takes these away: " +
        `${someOf(texts, 5)}`,
      "set them on the origin's topics, add the keys to config.properties.exclude, or set them again after the cutover",
    ),
  ];
}
