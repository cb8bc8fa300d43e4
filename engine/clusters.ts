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

/** Opens only one of the clusters: what does not need the other has to work when that one is gone. */
export async function withCluster<T>(
  model: Pick<MigrationModel, Side>,
  side: Side,
  work: (port: KafkaPort) => Promise<T>,
  open: OpenKafka = openKafka,
): Promise<T> {
  const port = await open(model[side], side);
  try {
    return await work(port);
  } finally {
    await Promise.allSettled([port.close()]);
  }
}

/** Requests sent to both clusters so far; 0 for a port that does not count. */
export function requestCount(clusters: Clusters): number {
  const count = (port: KafkaPort & { requestCount?: () => number }) => port.requestCount?.() ?? 0;
  return count(clusters.origin) + count(clusters.target);
}
