import type { Clusters } from "../clusters";

/** Returns the topics, by their name on the origin, that are compacted on at least one of the clusters. */
export async function compactedTopics(
  clusters: Clusters,
  topics: readonly { origin: string; target: string }[],
): Promise<Set<string>> {
  const pairs = [...new Map(topics.map((t) => [t.origin, t])).values()];
  const [atOrigin, atTarget] = await Promise.all([
    clusters.origin.describeTopicConfigs(pairs.map((t) => t.origin)),
    clusters.target.describeTopicConfigs(pairs.map((t) => t.target)),
  ]);
  const compacts = (configs: typeof atOrigin, topic: string) =>
    configs.get(topic)?.get("cleanup.policy")?.value?.includes("compact") === true;
  const found = pairs.filter((t) => compacts(atOrigin, t.origin) || compacts(atTarget, t.target));
  return new Set(found.map((t) => t.origin));
}
