import { type OpenKafka, withClusters } from "./clusters";
import type { MigrationModel } from "./model";
import { isHeartbeats, selectPairs } from "./selection";

/**
 * The ids of one migrated topic (KIP-516). A topic that is deleted and created again has another one. Absent: the broker
 * gives none (before Kafka 2.8), or the topic is not there.
 */
export interface TopicIds {
  origin?: string;
  target?: string;
}

/** By the origin's topic name. */
export type RecordedTopics = Record<string, TopicIds>;

/** A topic that has another id than when it was recorded. */
export interface Recreated {
  topic: string;
  side: "origin" | "target";
  was: string;
  is: string;
}

/** The topics that have another id now than recorded. Where either id is not known nothing can be said. */
export function recreatedTopics(recorded: RecordedTopics | undefined, now: RecordedTopics): Recreated[] {
  return Object.entries(now).flatMap(([topic, ids]) =>
    (["origin", "target"] as const).flatMap((side): Recreated[] => {
      const [was, is] = [recorded?.[topic]?.[side], ids[side]];
      return was === undefined || is === undefined || was === is ? [] : [{ topic, side, was, is }];
    }),
  );
}

export function recreatedText({ topic, side, was, is }: Recreated, target = topic): string {
  const after =
    side === "origin" ? "the mirror went on at its old offsets" : "the mirror does not copy again what it had copied";
  return (
    `topic ${side === "origin" ? topic : target} was deleted and created again on the ${side} since the mirror was started ` +
    `(its id was ${was} and is ${is}): ${after}, so records may be missing on the target`
  );
}

/** What was recorded, with the ids that were not known then. An id that was recorded stays, whatever it is now. */
export function withNewTopics(recorded: RecordedTopics, now: RecordedTopics): RecordedTopics {
  const topics = [...new Set([...Object.keys(recorded), ...Object.keys(now)])].sort();
  return Object.fromEntries(topics.map((topic) => [topic, { ...now[topic], ...recorded[topic] }]));
}

/** The ids of all migrated topics as they are now. */
export async function readTopicIds(model: MigrationModel, open?: OpenKafka): Promise<RecordedTopics> {
  return withClusters(
    model,
    async ({ origin, target }) => {
      const pairs = selectPairs(await origin.listTopics(), model.mirror).filter(
        (p) => !isHeartbeats(model.mirror, p.origin),
      );
      const [here, there] = await Promise.all([
        origin.describeTopics(pairs.map((p) => p.origin)),
        target.describeTopics(pairs.map((p) => p.target)),
      ]);
      const [origins, targets] = [here, there].map((topics) => new Map(topics.map((t) => [t.name, t.topicId])));
      return Object.fromEntries(pairs.map((p) => [p.origin, topicIds(origins!.get(p.origin), targets!.get(p.target))]));
    },
    open,
  );
}

/** An empty text is no id. */
export function topicIds(origin: string | undefined, target: string | undefined): TopicIds {
  return { ...(origin ? { origin } : {}), ...(target ? { target } : {}) };
}
