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
  const opened: KafkaPort[] = [];
  try {
    const origin = await open(model.origin, "origin");
    opened.push(origin);
    const target = await open(model.target, "target");
    opened.push(target);
    return await work({ origin, target });
  } finally {
    await Promise.allSettled(opened.map((port) => port.close()));
  }
}

/** Requests sent to both clusters so far; 0 for a port that does not count. */
export function requestCount(clusters: Clusters): number {
  const count = (port: KafkaPort & { requestCount?: () => number }) => port.requestCount?.() ?? 0;
  return count(clusters.origin) + count(clusters.target);
}
