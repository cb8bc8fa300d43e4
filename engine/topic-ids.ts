import { entry } from "./objects";
import { type OpenKafka, withClusters } from "./clusters";
import type { MigrationModel } from "./model";
import { isHeartbeats, selectPairs } from "./selection";

/**
 * The ids of one migrated topic (KIP-516). A topic that is deleted and created again gets a new id. Absent: the broker
 * gives no id (before Kafka 2.8), or the topic does not exist.
 */
export interface TopicIds {
  origin?: string;
  target?: string;
}

/** Keyed by the topic name on the origin. */
export type RecordedTopics = Record<string, TopicIds>;

/** A topic whose id differs from the recorded one. */
export interface Recreated {
  topic: string;
  side: "origin" | "target";
  was: string;
  is: string;
}

/** The topics whose id differs from the recorded one. A topic is skipped if either id is unknown. */
export function recreatedTopics(recorded: RecordedTopics | undefined, now: RecordedTopics): Recreated[] {
  return Object.entries(now).flatMap(([topic, ids]) =>
    (["origin", "target"] as const).flatMap((side): Recreated[] => {
      const [was, is] = [entry(recorded, topic)?.[side], ids[side]];
      return was === undefined || is === undefined || was === is ? [] : [{ topic, side, was, is }];
    }),
  );
}

export function recreatedText({ topic, side, was, is }: Recreated, target = topic): string {
  const after =
    side === "origin"
      ? "the mirror continued at its old offsets"
      : "the mirror does not copy the earlier records again";
  return (
    `topic ${side === "origin" ? topic : target} was deleted and created again on the ${side} since the ` +
    "mirror was started " +
    `(its id was ${was} and is ${is}): ${after}, so records may be missing on the target`
  );
}

/**
 * The recorded ids, plus the ids that were unknown at that time. A recorded id never changes, even if the current id
 * differs.
 */
export function withNewTopics(recorded: RecordedTopics, now: RecordedTopics): RecordedTopics {
  const topics = [...new Set([...Object.keys(recorded), ...Object.keys(now)])].sort();
  return Object.fromEntries(topics.map((topic) => [topic, { ...entry(now, topic), ...entry(recorded, topic) }]));
}

/** The current ids of all migrated topics. */
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

/** An empty string counts as no id. */
export function topicIds(origin: string | undefined, target: string | undefined): TopicIds {
  return { ...(origin ? { origin } : {}), ...(target ? { target } : {}) };
}
