import { entry } from "./objects";
import { type Clusters, type OpenKafka, withClusters } from "./clusters";
import type { MigrationModel } from "./model";
import { isHeartbeats, selectPairs } from "./selection";
import type { RecordedTopics, TopicIds } from "./model";

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
      const [origins, targets] = [here, there].map(idsByName);
      return Object.fromEntries(pairs.map((p) => [p.origin, topicIds(origins!.get(p.origin), targets!.get(p.target))]));
    },
    open,
  );
}

/** A topic on both sides, with its ids when somebody began to read it. */
export interface SeenTopic {
  origin: string;
  target: string;
  ids: TopicIds;
}

/**
 * The topics that were deleted since their ids were read, whether they were created again or not. What was read of such
 * a topic can be of two logs. Returns a text by the topic's name on the origin. A topic without ids is skipped.
 */
export async function changedTopics(clusters: Clusters, topics: readonly SeenTopic[]): Promise<Map<string, string>> {
  const seen = topics.filter(({ ids }) => ids.origin !== undefined || ids.target !== undefined);
  if (seen.length === 0) return new Map();
  const [here, there] = await Promise.all([
    clusters.origin.describeTopics(seen.map((t) => t.origin)),
    clusters.target.describeTopics(seen.map((t) => t.target)),
  ]);
  const now = {
    origin: new Map(here.map((t) => [t.name, t.topicId])),
    target: new Map(there.map((t) => [t.name, t.topicId])),
  };
  return new Map(
    seen.flatMap((topic) =>
      (["origin", "target"] as const).flatMap((side): [string, string][] => {
        const [was, is] = [topic.ids[side], now[side].get(topic[side])];
        if (was === undefined || was === is) return [];
        const again = is === undefined ? "" : " and created again";
        const ids = is === undefined ? "" : ` (its id was ${was} and is ${is})`;
        return [[topic.origin, `topic ${topic[side]} was deleted${again} on the ${side} while it was read${ids}`]];
      }),
    ),
  );
}

/** The ids of the topics that have one, by name. */
export const idsByName = (topics: readonly { name: string; topicId: string }[]): Map<string, string> =>
  new Map(topics.flatMap(({ name, topicId }) => (topicId === "" ? [] : [[name, topicId]])));

/** An empty string counts as no id. */
export function topicIds(origin: string | undefined, target: string | undefined): TopicIds {
  return { ...(origin ? { origin } : {}), ...(target ? { target } : {}) };
}
