import { bytesText, countText, durationText, someOf } from "../units";
import { error, type Finding, warning } from "./finding";
import type { BrokerFacts, PreflightFacts, SelectedTopic, TimedRecords } from "./facts";

/** Topic settings that decide whether a migrated record is taken and kept, and the broker settings behind them. */
const BROKER_KEYS = {
  "cleanup.policy": "log.cleanup.policy",
  "retention.ms": "log.retention.ms",
  "retention.bytes": "log.retention.bytes",
  "max.message.bytes": "message.max.bytes",
  "message.timestamp.after.max.ms": "log.message.timestamp.after.max.ms",
  "message.timestamp.before.max.ms": "log.message.timestamp.before.max.ms",
  "message.timestamp.type": "log.message.timestamp.type",
  "compression.type": "compression.type",
} as const;

export type TopicKey = keyof typeof BROKER_KEYS;
export const TOPIC_KEYS = Object.keys(BROKER_KEYS) as TopicKey[];

/** Not copied by MirrorMaker 2 (`config.properties.exclude`, Kafka 4.3). */
const NOT_COPIED = new Set<TopicKey>(["message.timestamp.type"]);

/**
 * What a setting will be on the target: MirrorMaker 2 copies what was set on the origin's topic and leaves the target's
 * defaults otherwise (`use.defaults.from=target`). Several values when the brokers' defaults differ.
 */
export function targetValues(topic: SelectedTopic, key: TopicKey, brokers: readonly BrokerFacts[]): string[] {
  const origin = topic.origin.settings[key];
  if (origin?.ofTopic === true && !NOT_COPIED.has(key)) return [origin.value];
  const existing = topic.target?.settings[key];
  if (existing !== undefined) return [existing.value];
  const values = brokers.map((b) => (key === "retention.ms" ? retentionOf(b) : b.settings[BROKER_KEYS[key]])).filter((v): v is string => v !== undefined && v !== "");
  return [...new Set(values)];
}

/** `log.retention.ms`, else `.minutes`, else `.hours`. */
function retentionOf({ settings }: BrokerFacts): string | undefined {
  const factor: [string, number][] = [["log.retention.ms", 1], ["log.retention.minutes", 60_000], ["log.retention.hours", 3_600_000]];
  for (const [key, ms] of factor) {
    const value = settings[key];
    if (value !== undefined && value !== "") return Number(value) < 0 ? "-1" : String(Number(value) * ms);
  }
  return undefined;
}

/** The tightest of several limits; undefined: none. Negative means unlimited. */
function tightest(values: readonly string[]): number | undefined {
  const limits = values.map(Number).filter((n) => Number.isFinite(n) && n >= 0 && n < 2 ** 62);
  return limits.length === 0 ? undefined : Math.min(...limits);
}

function limitOn(topic: SelectedTopic, key: TopicKey, brokers: readonly BrokerFacts[]): number | undefined {
  return tightest(targetValues(topic, key, brokers));
}

function deletes(topic: SelectedTopic, brokers: readonly BrokerFacts[]): boolean {
  return targetValues(topic, "cleanup.policy", brokers).some((v) => v.includes("delete"));
}

/** A question for the origin: does it have records dated before, or after, this limit counted from now? */
export interface TimedQuestion {
  limit: TimedRecords["limit"];
  topic: string;
  limitMs: number;
}

/** What has to be asked before `checkLimits` can decide: only where a limit could hurt. */
export function timedQuestions(facts: Pick<PreflightFacts, "selected" | "target">): TimedQuestion[] {
  const { brokers } = facts.target;
  return facts.selected.flatMap((topic) => {
    const questions: TimedQuestion[] = [];
    const ask = (limit: TimedQuestion["limit"], limitMs: number | undefined) => {
      if (limitMs !== undefined) questions.push({ limit, topic: topic.origin.name, limitMs });
    };
    if (shorterRetention(topic, brokers)) ask("retention", limitOn(topic, "retention.ms", brokers));
    // The broker does not judge times that it gives itself.
    if (!targetValues(topic, "message.timestamp.type", brokers).includes("LogAppendTime")) {
      ask("after", limitOn(topic, "message.timestamp.after.max.ms", brokers));
      ask("before", limitOn(topic, "message.timestamp.before.max.ms", brokers));
    }
    return questions;
  });
}

function shorterRetention(topic: SelectedTopic, brokers: readonly BrokerFacts[]): boolean {
  if (!deletes(topic, brokers)) return false;
  const target = limitOn(topic, "retention.ms", brokers);
  const origin = originLimit(topic, "retention.ms");
  return target !== undefined && (origin === undefined || target < origin);
}

/** undefined: unlimited, also where the origin does not delete at all. */
function originLimit(topic: SelectedTopic, key: TopicKey): number | undefined {
  const { settings } = topic.origin;
  if (key.startsWith("retention") && settings["cleanup.policy"] !== undefined && !settings["cleanup.policy"].value.includes("delete")) return undefined;
  return tightest(settings[key] === undefined ? [] : [settings[key].value]);
}

/** Settings of the target that would delete, refuse or change migrated records. */
export function checkLimits(facts: PreflightFacts): Finding[] {
  return [...retention(facts), ...timestamps(facts), ...cleanup(facts), ...sizes(facts), ...compression(facts)];
}

const KEEP = "set it on the origin's topic (MirrorMaker 2 copies it), or raise the default of the target's brokers";

function retention(facts: PreflightFacts): Finding[] {
  const { brokers } = facts.target;
  const shorter = facts.selected.filter((topic) => shorterRetention(topic, brokers));
  const old = facts.timed.filter((t) => t.limit === "retention" && t.partitions.length > 0);
  const findings: Finding[] = [];
  if (old.length > 0) {
    findings.push(error("TARGET_RETENTION_DELETES", `the target would delete records at once that the origin keeps: ${someOf(old.map((t) => `${t.topic} has records older than ${durationText(t.limitMs)} in ${countText(t.partitions.length, "partition")}`), 5)}`, `retention.ms: ${KEEP}`));
  }
  const later = shorter.filter((topic) => !old.some((t) => t.topic === topic.origin.name));
  if (later.length > 0) {
    const text = (ms: number | undefined) => (ms === undefined ? "for ever" : durationText(ms));
    findings.push(
      warning("TARGET_RETENTION_SHORTER", `the target keeps records for less time than the origin: ${someOf(later.map((t) => `${t.origin.name} ${text(limitOn(t, "retention.ms", brokers))} instead of ${text(originLimit(t, "retention.ms"))}`), 5)}`, `retention.ms: ${KEEP}`),
    );
  }
  const bytes = facts.selected.filter((topic) => {
    const [target, origin] = [limitOn(topic, "retention.bytes", brokers), originLimit(topic, "retention.bytes")];
    return deletes(topic, brokers) && target !== undefined && (origin === undefined || target < origin);
  });
  if (bytes.length > 0) {
    findings.push(warning("TARGET_RETENTION_BYTES_SMALLER", `the target deletes the oldest records of larger partitions sooner: ${someOf(bytes.map((t) => `${t.origin.name} above ${bytesText(limitOn(t, "retention.bytes", brokers)!)} a partition`), 5)}`, `retention.bytes: ${KEEP}`));
  }
  return findings;
}

function timestamps({ timed, selected, target }: PreflightFacts): Finding[] {
  const findings: Finding[] = [];
  for (const [limit, code, word, key] of [["after", "TARGET_REFUSES_FUTURE", "in the future", "message.timestamp.after.max.ms"], ["before", "TARGET_REFUSES_PAST", "in the past", "message.timestamp.before.max.ms"]] as const) {
    const hit = timed.filter((t) => t.limit === limit && t.partitions.length > 0);
    if (hit.length === 0) continue;
    findings.push(
      error(code, `the target refuses records that the origin has, and the mirror's task fails on them: ${someOf(hit.map((t) => `${t.topic} has records dated more than ${durationText(t.limitMs)} ${word} in ${countText(t.partitions.length, "partition")}`), 5)}`, `${key}: ${KEEP}`),
    );
  }
  const stamped = selected.filter((t) => targetValues(t, "message.timestamp.type", target.brokers).includes("LogAppendTime") && t.origin.settings["message.timestamp.type"]?.value !== "LogAppendTime");
  if (stamped.length > 0) {
    findings.push(
      warning("TARGET_STAMPS_RECORDS", `the target gives records the time of their arrival instead of their own (message.timestamp.type=LogAppendTime): ${someOf(stamped.map((t) => t.targetName), 5)}; retention starts anew and offsets can't be found by time`, "set message.timestamp.type=CreateTime on the target until the migration is done (MirrorMaker 2 does not copy it)"),
    );
  }
  return findings;
}

function cleanup(facts: PreflightFacts): Finding[] {
  const differing = facts.selected.flatMap((topic) => {
    const origin = topic.origin.settings["cleanup.policy"]?.value;
    const other = targetValues(topic, "cleanup.policy", facts.target.brokers).find((v) => origin !== undefined && v !== origin);
    return other === undefined ? [] : [`${topic.origin.name} ${other} instead of ${origin}`];
  });
  if (differing.length === 0) return [];
  return [error("TARGET_CLEANUP_DIFFERS", `the target would clean up by another policy: ${someOf(differing, 5)}`, `cleanup.policy: ${KEEP}`)];
}

function sizes(facts: PreflightFacts): Finding[] {
  const smaller = facts.selected.flatMap((topic) => {
    const [target, origin] = [limitOn(topic, "max.message.bytes", facts.target.brokers), originLimit(topic, "max.message.bytes")];
    return target !== undefined && origin !== undefined && target < origin ? [`${topic.origin.name} ${target} instead of ${origin} bytes`] : [];
  });
  if (smaller.length === 0) return [];
  return [error("TARGET_MESSAGE_SIZE_SMALLER", `the target takes smaller records than the origin, and the mirror's task fails on a larger one: ${someOf(smaller, 5)}`, `max.message.bytes: ${KEEP} (message.max.bytes); or accept this finding when no record is that large`)];
}

function compression(facts: PreflightFacts): Finding[] {
  const again = facts.selected.filter((topic) => {
    const origin = topic.origin.settings["compression.type"]?.value;
    return targetValues(topic, "compression.type", facts.target.brokers).some((v) => v !== "producer" && v !== origin);
  });
  if (again.length === 0) return [];
  return [warning("TARGET_RECOMPRESSES", `the target's brokers compress records again (compression.type is not "producer"): ${someOf(again.map((t) => t.targetName), 5)}; contents are the same, sizes and the brokers' load are not`, `compression.type: ${KEEP}`)];
}
