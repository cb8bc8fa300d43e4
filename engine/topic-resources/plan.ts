import { differences } from "./compare";
import { byTopic, isManaged, isOf } from "./metadata";
import { resourceName } from "./names";
import { topicText } from "./text";
import type { KafkaTopicFound, KafkaTopicText, TopicPlace, TopicState } from "./types";

/** A KafkaTopic that says something else than the topic is, and that this migration has not written. */
export interface DifferingTopic {
  topic: string;
  /** `<namespace>/<name>` of the KafkaTopic. */
  resource: string;
  /** What the Topic Operator would change. */
  differences: string[];
}

export interface TopicResourcePlan {
  /** KafkaTopics to create, and those of an earlier run of this migration that are out of date. */
  write: { topic: string; text: KafkaTopicText; exists: boolean }[];
  /** Topics whose KafkaTopic says exactly how the topic is. */
  equal: string[];
  /** Topics whose KafkaTopic belongs to somebody else and says something else. */
  differ: DifferingTopic[];
}

export interface TopicResourceInput {
  topics: readonly TopicState[];
  place: TopicPlace;
  /** All KafkaTopics in the target's namespace, also those of other clusters. */
  found: readonly KafkaTopicFound[];
  /** KafkaTopics of the origin's cluster. */
  origin: readonly KafkaTopicFound[];
  /** Returns true for a KafkaTopic that this migration has written. */
  isOurs: (found: KafkaTopicFound) => boolean;
}

/** Decides which KafkaTopics are missing. A KafkaTopic of somebody else is never changed. */
export function planTopicResources(input: TopicResourceInput): TopicResourcePlan {
  const { topics, place, found, origin, isOurs } = input;
  const existing = byTopic(found.filter((one) => isOf(one, place)));
  const labelled = byTopic(origin);
  const taken = new Set(found.map(({ metadata }) => String(metadata.name)));
  const plan: TopicResourcePlan = { write: [], equal: [], differ: [] };
  for (const topic of topics) {
    const one = existing.get(topic.name);
    const name = one === undefined ? resourceName(topic.name, (name) => taken.has(name)) : String(one.metadata.name);
    const text = topicText(topic, name, place, labelled.get(topic.origin));
    if (one === undefined) {
      taken.add(name);
      plan.write.push({ topic: topic.name, text, exists: false });
      continue;
    }
    const differing = differences(topic, one);
    const managed = isManaged(one, place.apiVersion);
    const isDeleted = one.metadata.deletionTimestamp !== undefined;
    if (isDeleted) differing.push("it is being deleted, and the topic with it");
    if (!isDeleted && isOurs(one) && (differing.length > 0 || !managed))
      plan.write.push({ topic: topic.name, text, exists: true });
    else if (differing.length === 0 || !managed) plan.equal.push(topic.name);
    else plan.differ.push({ topic: topic.name, resource: `${place.namespace}/${name}`, differences: differing });
  }
  return plan;
}
