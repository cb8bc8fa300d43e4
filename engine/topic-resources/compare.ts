import { lastingSettings } from "./text";
import type { KafkaTopicFound, TopicState } from "./types";

/** The value of a setting as the Topic Operator reads it: lists are joined with commas. */
const settingText = (value: unknown): string => (Array.isArray(value) ? value.map(String).join(",") : String(value));

/** The settings in a KafkaTopic, as text. */
export function settingsIn({ spec }: KafkaTopicFound): Record<string, string> {
  const config = (spec?.config ?? {}) as Record<string, unknown>;
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [key, settingText(value)]));
}

/** A count in a KafkaTopic. Absent and -1: the brokers' default, so the Topic Operator accepts every number. */
export function countIn({ spec }: KafkaTopicFound, field: "partitions" | "replicas"): number | undefined {
  const value = spec?.[field];
  return typeof value === "number" && value !== -1 ? value : undefined;
}

/**
 * Returns what the Topic Operator would change in the topic, or would report as an error, in words. Empty: it finds
 * nothing to change.
 */
export function differences(topic: TopicState, found: KafkaTopicFound): string[] {
  const counts = (["partitions", "replicas"] as const).flatMap((field) => {
    const wanted = countIn(found, field);
    return wanted === undefined || wanted === topic[field] ? [] : [`${field} ${topic[field]} -> ${wanted}`];
  });
  const settings = settingsIn(found);
  const changed = Object.entries(settings).flatMap(([key, value]) =>
    topic.effective[key] === value ? [] : [`${key} ${topic.effective[key] ?? "none"} -> ${value}`],
  );
  const removed = Object.entries(lastingSettings(topic.own)).flatMap(([key, value]) =>
    Object.hasOwn(settings, key) ? [] : [`${key} ${value} -> removed`],
  );
  return [...counts, ...[...changed, ...removed].sort()];
}
