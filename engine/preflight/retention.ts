import { partitionKey } from "../log/partition";
import { bytesText, countText, durationText, someOf } from "../units";
import { lostSettings, type SyncFacts, type TopicKey, valuesAfter, whereToSet } from "./config-sync";
import { error, type PreflightFinding, warning } from "./finding";
import type { PreflightFacts, SelectedTopic } from "./facts";

/** The smallest of several limits. Negative values mean unlimited. Undefined: no limit. */
function tightest(values: readonly string[]): number | undefined {
  const limits = values.map(Number).filter((n) => Number.isFinite(n) && n >= 0 && n < 2 ** 62);
  return limits.length === 0 ? undefined : Math.min(...limits);
}

export function limitAfter(topic: SelectedTopic, key: TopicKey, facts: SyncFacts): number | undefined {
  return tightest(valuesAfter(topic, key, facts));
}

function deletes(topic: SelectedTopic, facts: SyncFacts): boolean {
  return valuesAfter(topic, "cleanup.policy", facts).some((v) => v.includes("delete"));
}

export function shorterRetention(topic: SelectedTopic, facts: SyncFacts): boolean {
  if (!deletes(topic, facts)) return false;
  const target = limitAfter(topic, "retention.ms", facts);
  const origin = originLimit(topic, "retention.ms");
  return target !== undefined && (origin === undefined || target < origin);
}

/** undefined: unlimited. This includes a topic whose records the origin never deletes. */
export function originLimit(topic: SelectedTopic, key: TopicKey): number | undefined {
  const { settings } = topic.origin;
  if (
    key.startsWith("retention") &&
    settings["cleanup.policy"] !== undefined &&
    !settings["cleanup.policy"].value.includes("delete")
  )
    return undefined;
  return tightest(settings[key] === undefined ? [] : [settings[key].value]);
}

/**
 * ` (retention.ms=-1 on the target's topic will not last)` if the topic now has a value that MirrorMaker 2 will remove.
 */
export function notLasting(facts: PreflightFacts, topicName: string, ...keys: TopicKey[]): string {
  const topic = facts.selected.find((s) => s.origin.name === topicName);
  const gone = topic === undefined ? [] : lostSettings(topic, facts).filter((l) => keys.includes(l.key));
  return gone.length === 0
    ? ""
    : ` (${gone.map((l) => `${l.key}=${l.value} on the target's topic will not last`).join(", ")})`;
}

export function checkRetention(facts: PreflightFacts): PreflightFinding[] {
  const shorter = facts.selected.filter((topic) => shorterRetention(topic, facts));
  const old = facts.timed.filter((t) => t.limit === "retention" && t.partitions.length > 0);
  const findings: PreflightFinding[] = [];
  if (old.length > 0) {
    const texts = old.map(
      (t) =>
        `${t.topic} has records older than ${durationText(t.limitMs)} in ` +
        `${countText(t.partitions.length, "partition")}${notLasting(facts, t.topic, "retention.ms", "cleanup.policy")}`,
    );
    findings.push(
      error(
        "TARGET_RETENTION_DELETES",
        `the target would delete records at once that the origin keeps: ${someOf(texts, 5)}`,
        `retention.ms: ${whereToSet("retention.ms", facts)}`,
      ),
    );
  }
  const later = shorter.filter((topic) => !old.some((t) => t.topic === topic.origin.name));
  if (later.length > 0) {
    const text = (ms: number | undefined) => (ms === undefined ? "for ever" : durationText(ms));
    const texts = later.map(
      (t) =>
        `${t.origin.name} ${text(limitAfter(t, "retention.ms", facts))} instead of ` +
        `${text(originLimit(t, "retention.ms"))}${notLasting(facts, t.origin.name, "retention.ms", "cleanup.policy")}`,
    );
    findings.push(
      warning(
        "TARGET_RETENTION_SHORTER",
        `the target keeps records for less time than the origin: ${someOf(texts, 5)}`,
        `retention.ms: ${whereToSet("retention.ms", facts)}`,
      ),
    );
  }
  return [...findings, ...retentionBytes(facts)];
}

/** Topics of which the target keeps fewer bytes than the origin. */
export function smallerBytes(facts: SyncFacts & Pick<PreflightFacts, "selected">): SelectedTopic[] {
  return facts.selected.filter((topic) => {
    const [target, origin] = [limitAfter(topic, "retention.bytes", facts), originLimit(topic, "retention.bytes")];
    return deletes(topic, facts) && target !== undefined && (origin === undefined || target < origin);
  });
}

/** Kafka's default of `segment.bytes`. */
const SEGMENT = 1_073_741_824;

/**
 * Size of the topic's largest partition on the origin, if the target would delete some of it at once. Kafka deletes the
 * oldest segment if at least `retention.bytes` remain (Kafka 4.3, UnifiedLog), so one segment more is always kept.
 * Compression can make the copy smaller or larger.
 */
function tooLarge(topic: SelectedTopic, facts: PreflightFacts): number | undefined {
  const { name, bounds } = topic.origin;
  const sizes = bounds.map((_, partition) => Number(facts.sizes?.get(partitionKey({ topic: name, partition })) ?? 0));
  const [largest, limit] = [Math.max(0, ...sizes), limitAfter(topic, "retention.bytes", facts)!];
  return largest >= limit + (limitAfter(topic, "segment.bytes", facts) ?? SEGMENT) ? largest : undefined;
}

function retentionBytes(facts: PreflightFacts): PreflightFinding[] {
  const findings: PreflightFinding[] = [];
  const smaller = smallerBytes(facts);
  const limit = (t: SelectedTopic) => bytesText(limitAfter(t, "retention.bytes", facts)!);
  const over = smaller.flatMap((t) => {
    const size = tooLarge(t, facts);
    const lost = notLasting(facts, t.origin.name, "retention.bytes", "cleanup.policy");
    return size === undefined ? [] : [`${t.origin.name} ${bytesText(size)} instead of ${limit(t)} a partition${lost}`];
  });
  if (over.length > 0) {
    findings.push(
      error(
        "TARGET_RETENTION_DELETES",
        `partitions on the origin are larger than the target's limit, and it would delete their oldest records at once: ${someOf(over, 5)}`,
        `retention.bytes: ${whereToSet("retention.bytes", facts)}`,
      ),
    );
  }
  const bytes = smaller.filter((t) => tooLarge(t, facts) === undefined);
  if (bytes.length > 0) {
    const texts = bytes.map(
      (t) => `${t.origin.name} above ${limit(t)} a partition${notLasting(facts, t.origin.name, "retention.bytes")}`,
    );
    findings.push(
      warning(
        "TARGET_RETENTION_BYTES_SMALLER",
        `the target deletes the oldest records of larger partitions sooner: ${someOf(texts, 5)}`,
        `retention.bytes: ${whereToSet("retention.bytes", facts)}`,
      ),
    );
  }
  return findings;
}
