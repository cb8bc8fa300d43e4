import { type Clusters, type OpenKafka, withClusters } from "../clusters";
import type { MigrationModel, MirrorModel } from "../model";
import { selectPairs } from "../selection";
import type { Progress } from "../progress";
import type { TopicState } from "./types";

/** Returns the topics of this part that are on the target, sorted by name. Changes nothing. */
export async function readMigratedTopics(
  model: MigrationModel,
  progress?: Progress,
  open?: OpenKafka,
): Promise<TopicState[]> {
  return withClusters(model, (clusters) => topicsOn(clusters, model.mirror), open, { progress });
}

async function topicsOn({ origin, target }: Clusters, mirror: MirrorModel): Promise<TopicState[]> {
  const pairs = new Map(selectPairs(await origin.listTopics(), mirror).map((pair) => [pair.target, pair.origin]));
  const present = new Set(await target.listTopics());
  const names = [...pairs.keys()].filter((name) => present.has(name)).sort();
  if (names.length === 0) return [];
  const topics = new Map((await target.describeTopics(names)).map((topic) => [topic.name, topic]));
  const configs = await target.describeTopicConfigs(names);
  return names.flatMap((name): TopicState[] => {
    const topic = topics.get(name);
    if (topic === undefined) return [];
    const entries = [...(configs.get(name) ?? [])].flatMap(([key, { value, source, sensitive }]) =>
      value === null || sensitive ? [] : [{ key, value, source }],
    );
    const settings = (of: typeof entries) => Object.fromEntries(of.map(({ key, value }) => [key, value]));
    return [
      {
        name,
        origin: pairs.get(name)!,
        partitions: topic.partitions.length,
        replicas: Math.max(...topic.partitions.map(({ replicas }) => replicas.length)),
        own: settings(entries.filter(({ source }) => source === "dynamic-topic")),
        effective: settings(entries),
      },
    ];
  });
}
