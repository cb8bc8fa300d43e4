import { type PlainObject, topicOf } from "./objects";
import type { Fate, InventoryTopicResource } from "./types";

const SETTING = "topics: resources, or topics: files (docs/topic-ownership.md)";

export interface TopicResourceFacts {
  /** The fate of each topic. */
  fateOf: (topic: string) => Fate;
  /** Names of all topics of the origin. */
  names: ReadonlySet<string>;
  /** True: the cutover writes KafkaTopics of the migrated topics (setting `topics`). */
  isOwned: boolean;
}

/** The KafkaTopics of the origin. The cutover writes new ones on the target, if a setting says so. */
export function topicResources(
  found: readonly PlainObject[],
  { fateOf, names, isOwned }: TopicResourceFacts,
): InventoryTopicResource[] {
  return found.map((object) => {
    const topic = topicOf(object);
    const about = {
      apiVersion: String(object.apiVersion ?? ""),
      namespace: String(object.metadata.namespace ?? ""),
      name: String(object.metadata.name ?? ""),
      topic,
    };
    if (!names.has(topic)) return { ...about, moves: "no", why: "the origin has no such topic" };
    const { moves, when, why } = fateOf(topic);
    if (moves === "no") return { ...about, moves, why: `its topic does not move: ${why}` };
    const conditions = [...(moves === "yes" ? [] : [`its topic moves (${when})`]), ...(isOwned ? [] : [SETTING])];
    return conditions.length === 0
      ? { ...about, moves: "yes" }
      : { ...about, moves: "if", when: conditions.join(", and ") };
  });
}
