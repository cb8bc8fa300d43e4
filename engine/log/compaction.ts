import type { Clusters } from "../clusters";

const POLICY = "cleanup.policy";

/** Which clusters compact a topic: at least one. */
export interface Compacts {
  /**
   * True if the origin compacts. Its cleaner deletes every record without a key (Kafka 4.3,
   * Cleaner.shouldRetainRecord), so such a record counts on neither side. They are from before the topic was compacted:
   * brokers take no new ones.
   */
  origin: boolean;
  target: boolean;
}

/** Returns the topics, by their name on the origin, that are compacted on at least one of the clusters. */
export async function compactedTopics(
  clusters: Clusters,
  topics: readonly { origin: string; target: string }[],
): Promise<Map<string, Compacts>> {
  const pairs = [...new Map(topics.map((t) => [t.origin, t])).values()];
  const [atOrigin, atTarget] = await Promise.all([
    clusters.origin.describeTopicConfigs(
      pairs.map((t) => t.origin),
      [POLICY],
    ),
    clusters.target.describeTopicConfigs(
      pairs.map((t) => t.target),
      [POLICY],
    ),
  ]);
  const compacts = (configs: typeof atOrigin, topic: string) =>
    isCompacting(configs.get(topic)?.get(POLICY)?.value ?? "");
  const all = pairs.map(({ origin, target }): [string, Compacts] => [
    origin,
    { origin: compacts(atOrigin, origin), target: compacts(atTarget, target) },
  ]);
  return new Map(all.filter(([, { origin, target }]) => origin || target));
}

/** @param policy the value of `cleanup.policy` */
export function isCompacting(policy: string): boolean {
  return policy.includes("compact");
}
