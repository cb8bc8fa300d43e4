import { openKafka } from "./kafka/client";
import type { KafkaPort } from "./kafka/port";
import type { Connection, MigrationModel, Side } from "./model";

/** Both ends of a migration, open. */
export interface Clusters {
  origin: KafkaPort;
  target: KafkaPort;
}

export type OpenKafka = (connection: Connection, side: Side) => Promise<KafkaPort>;

/**
 * Opens both clusters, does the work and closes both, whatever happens.
 * @param open stands in for the real port in unit tests
 */
export async function withClusters<T>(
  model: Pick<MigrationModel, "origin" | "target">,
  work: (clusters: Clusters) => Promise<T>,
  open: OpenKafka = openKafka,
): Promise<T> {
  // Side by side: each step of a cutover opens both.
  const opening = await Promise.allSettled([open(model.origin, "origin"), open(model.target, "target")]);
  const [origin, target] = opening;
  try {
    if (origin.status === "rejected") throw origin.reason;
    if (target.status === "rejected") throw target.reason;
    return await work({ origin: origin.value, target: target.value });
  } finally {
    await Promise.allSettled(opening.map((port) => (port.status === "fulfilled" ? port.value.close() : undefined)));
  }
}

/** Requests sent to both clusters so far; 0 for a port that does not count. */
export function requestCount(clusters: Clusters): number {
  const count = (port: KafkaPort & { requestCount?: () => number }) => port.requestCount?.() ?? 0;
  return count(clusters.origin) + count(clusters.target);
}
