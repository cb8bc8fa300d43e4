import { compilePatternList, type Matcher } from "../patterns";
import { versionAtLeast } from "../version";
import type { BrokerFacts, PreflightFacts, SelectedTopic, Setting } from "./facts";
import type { ConfigSync } from "./facts";

/** Topic settings that decide whether a migrated record is accepted and kept, and the matching broker settings. */
const BROKER_KEYS = {
  "cleanup.policy": "log.cleanup.policy",
  "retention.ms": "log.retention.ms",
  "retention.bytes": "log.retention.bytes",
  "segment.bytes": "log.segment.bytes",
  "max.message.bytes": "message.max.bytes",
  "message.timestamp.after.max.ms": "log.message.timestamp.after.max.ms",
  "message.timestamp.before.max.ms": "log.message.timestamp.before.max.ms",
  "message.timestamp.difference.max.ms": "log.message.timestamp.difference.max.ms",
  "message.timestamp.type": "log.message.timestamp.type",
  "compression.type": "compression.type",
  "delete.retention.ms": "log.cleaner.delete.retention.ms",
  "min.compaction.lag.ms": "log.cleaner.min.compaction.lag.ms",
  "max.compaction.lag.ms": "log.cleaner.max.compaction.lag.ms",
} as const;

export type TopicKey = keyof typeof BROKER_KEYS;
export const TOPIC_KEYS = Object.keys(BROKER_KEYS) as TopicKey[];

/** The default of DefaultConfigPropertyFilter, the same from Kafka 2.7 to 4.3. */
export const EXCLUDED = [
  "follower\\.replication\\.throttled\\.replicas",
  "leader\\.replication\\.throttled\\.replicas",
  "message\\.timestamp\\.difference\\.max\\.ms",
  "message\\.timestamp\\.type",
  "unclean\\.leader\\.election\\.enable",
  "min\\.insync\\.replicas",
].join(",");

export type SyncFacts = Pick<PreflightFacts, "mirror" | "configSync" | "target" | "refused">;

/** What MirrorMaker 2 does with one setting of a target topic. */
type Change = { to: string } | "removed" | "kept";

/**
 * Follows MirrorSourceConnector's `targetConfig` and `incrementalAlterConfigs` (Kafka 2.7 to 4.3). A value that comes
 * from the origin's broker file (static) is never copied. A setting that has its default on the origin's topic is
 * removed on the target (KIP-894, Kafka 3.5). Before Kafka 3.5, and with `never`, each sync replaces all settings of
 * the topic, including excluded ones.
 */
function changeOf(topic: SelectedTopic, key: TopicKey, facts: SyncFacts): Change {
  const origin = topic.origin.settings[key];
  const sync = facts.configSync ?? {};
  const copied = origin !== undefined && !isExcluded(key, sync) && copies(origin, sync);
  // A topic that MirrorMaker 2 creates gets the origin's settings, even if the sync is off.
  if (topic.target === undefined) return copied ? { to: origin.value } : "kept";
  if (sync.enabled === false || facts.refused?.has(topic.origin.name) === true) return "kept";
  if (copied) return { to: origin.value };
  if (!isIncremental(facts)) return "removed";
  return origin !== undefined && !isExcluded(key, sync) && sourceOf(origin) === "default" ? "removed" : "kept";
}

/** The settings that MirrorMaker 2 gives the target's topic: when it creates it, or at each sync. */
export function syncedSettings({ origin, target }: SelectedTopic, facts: SyncFacts): Record<string, string> {
  const sync = facts.configSync ?? {};
  if (target !== undefined && sync.enabled === false) return {};
  const copied = Object.entries(origin.settings).filter(([key, s]) => !isExcluded(key, sync) && copies(s, sync));
  return Object.fromEntries(copied.map(([key, { value }]) => [key, value]));
}

/** The list that was compiled last. Every setting of every topic is compared with the same one. */
let compiled: { list: string; matches: Matcher } | undefined;

export function isExcluded(key: string, { exclude = EXCLUDED }: ConfigSync): boolean {
  if (compiled?.list !== exclude)
    compiled = { list: exclude, matches: compilePatternList(exclude, "config.properties.exclude") };
  return compiled.matches(key);
}

const sourceOf = (setting: Pick<Setting, "ofTopic" | "source">) =>
  setting.source ?? (setting.ofTopic ? "dynamic-topic" : "default");

/** A value that was set on the origin's brokers at run time (dynamic) is also copied to the target's topic. */
export function copies(origin: Pick<Setting, "ofTopic" | "source">, { defaultsFrom }: ConfigSync): boolean {
  const source = sourceOf(origin);
  return source === "default" ? defaultsFrom === "source" : source !== "static-broker" && source !== "other";
}

function isIncremental({ mirror, configSync }: SyncFacts): boolean {
  if (versionAtLeast(mirror.kafkaVersion, "4.0")) return true;
  return versionAtLeast(mirror.kafkaVersion, "3.5") && configSync?.incremental?.trim().toLowerCase() !== "never";
}

/**
 * The possible values of a setting on the target after MirrorMaker 2 has run. There are several if the brokers'
 * defaults differ, and none if the value is unknown.
 */
export function valuesAfter(topic: SelectedTopic, key: TopicKey, facts: SyncFacts): string[] {
  const change = changeOf(topic, key, facts);
  if (typeof change === "object") return [change.to];
  const existing = topic.target?.settings[key];
  if (change === "kept" && existing?.ofTopic === true) return [existing.value];
  const { brokers } = facts.target;
  const values = brokers
    .map((b) => (key === "retention.ms" ? retentionOf(b) : b.settings[BROKER_KEYS[key]]))
    .filter((v): v is string => v !== undefined && v !== "");
  if (values.length === 0 && existing?.ofTopic === false) return [existing.value];
  return [...new Set(values)];
}

/** `log.retention.ms`, otherwise `.minutes`, otherwise `.hours`. */
function retentionOf({ settings }: BrokerFacts): string | undefined {
  const factor: [string, number][] = [
    ["log.retention.ms", 1],
    ["log.retention.minutes", 60_000],
    ["log.retention.hours", 3_600_000],
  ];
  for (const [key, ms] of factor) {
    const value = settings[key];
    if (value !== undefined && value !== "") return Number(value) < 0 ? "-1" : String(Number(value) * ms);
  }
  return undefined;
}

export interface LostSetting {
  key: TopicKey;
  /** The value that is now set on the target's topic itself. */
  value: string;
  /** The values in effect after MirrorMaker 2 has run. */
  after: string[];
}

/** Settings that are now set on a target topic itself and that MirrorMaker 2 will remove or change. */
export function lostSettings(topic: SelectedTopic, facts: SyncFacts): LostSetting[] {
  return TOPIC_KEYS.flatMap((key) => {
    const own = topic.target?.settings[key];
    if (own?.ofTopic !== true) return [];
    const after = valuesAfter(topic, key, facts);
    return after.length === 1 && after[0] === own.value ? [] : [{ key, value: own.value, after }];
  });
}

/** Where to set a value so that it is still in effect after MirrorMaker 2 has run. */
export function whereToSet(key: TopicKey, { configSync = {} }: SyncFacts): string {
  const brokers = "raise the default of the target's brokers";
  if (configSync.enabled === false || isExcluded(key, configSync))
    return `set it on the target's topic (MirrorMaker 2 does not change it), or ${brokers}`;
  return (
    `set it on the origin's topic (MirrorMaker 2 copies it), or ${brokers}; on the target's topic alone ` +
    "MirrorMaker 2 takes it away"
  );
}
