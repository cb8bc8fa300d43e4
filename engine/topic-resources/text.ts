import { stringify } from "yaml";
import { clusterLabel, copied, sorted } from "./metadata";
import type { KafkaTopicFound, KafkaTopicText, TopicPlace, TopicState } from "./types";

/** Kafka sets them while replicas are copied. They do not belong to the topic. */
const PASSING = ["leader.replication.throttled.replicas", "follower.replication.throttled.replicas"];

/** Returns the settings that belong to the topic. */
export const lastingSettings = (own: Readonly<Record<string, string>>): Record<string, string> =>
  sorted(Object.fromEntries(Object.entries(own).filter(([key]) => !PASSING.includes(key))));

/**
 * Writes whole numbers as numbers, as people write them, and everything else as text. The Topic Operator compares the
 * value with Kafka's as text, so it must not become another text: 0.0001 as a number would be `1.0E-4` in Java.
 */
function settingValue(value: string): string | number {
  const number = Number(value);
  return Number.isSafeInteger(number) && String(number) === value ? number : value;
}

/**
 * Returns the KafkaTopic that says exactly how the topic is now. The Topic Operator then has nothing to change.
 * @param name name of the resource
 * @param origin the topic's KafkaTopic on the origin. Its labels and annotations are copied
 */
export function topicText(
  topic: TopicState,
  name: string,
  { apiVersion, namespace, cluster }: TopicPlace,
  origin?: KafkaTopicFound,
): KafkaTopicText {
  const annotations = copied(origin?.metadata.annotations);
  const config = Object.entries(lastingSettings(topic.own)).map(([key, value]) => [key, settingValue(value)]);
  return {
    apiVersion,
    kind: "KafkaTopic",
    metadata: {
      name,
      namespace,
      labels: sorted({ ...copied(origin?.metadata.labels), [clusterLabel(apiVersion)]: cluster }),
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    },
    spec: {
      ...(topic.name === name ? {} : { topicName: topic.name }),
      partitions: topic.partitions,
      replicas: topic.replicas,
      ...(config.length === 0 ? {} : { config: Object.fromEntries(config) as Record<string, string | number> }),
    },
  };
}

/** The same text as YAML. Equal texts give equal YAML. */
export const yamlOf = (text: object): string => stringify(text, { lineWidth: 0, aliasDuplicateObjects: false });
