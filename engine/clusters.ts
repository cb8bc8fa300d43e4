import { openKafka } from "./kafka/client";
import type { KafkaPort, OpenOptions } from "./kafka/port";
import type { Connection, MigrationModel, Side } from "./model";
import { orAborted } from "./side-by-side";

/** Open connections to the two clusters of a migration. */
export interface Clusters {
  origin: KafkaPort;
  target: KafkaPort;
}

export type OpenKafka = (connection: Connection, side: Side, options?: OpenOptions) => Promise<KafkaPort>;

/**
 * Opens both clusters, runs the work and always closes both. A closed port rejects every request. So after an error or
 * an interruption no part of the work continues, on either side.
 * @param open replaces the real port in unit tests
 * @param options `signal`: stops the work at once and throws the signal's reason. Omit it where an interruption must
 *   still be recorded on a cluster.
 */
export async function withClusters<T>(
  model: Pick<MigrationModel, "origin" | "target">,
  work: (clusters: Clusters) => Promise<T>,
  open: OpenKafka = openKafka,
  options: OpenOptions = {},
): Promise<T> {
  const ending = new AbortController();
  const signal = options.signal === undefined ? ending.signal : AbortSignal.any([options.signal, ending.signal]);
  // Connect to both in parallel: each step of a cutover opens both.
  const opening = (["origin", "target"] as const).map((side) => open(model[side], side, { ...options, signal }));
  try {
    const [origin, target] = await Promise.all(opening);
    return await unlessAborted(options.signal, () => work({ origin: origin!, target: target! }));
  } catch (error) {
    // The other side may still be connecting.
    ending.abort(error);
    throw error;
  } finally {
    await Promise.allSettled(opening.map(async (port) => (await port).close()));
  }
}

/** Opens only one of the clusters. Work that does not need the other cluster must succeed even if the other is gone. */
export async function withCluster<T>(
  model: Pick<MigrationModel, Side>,
  side: Side,
  work: (port: KafkaPort) => Promise<T>,
  open: OpenKafka = openKafka,
  options: OpenOptions = {},
): Promise<T> {
  const port = await open(model[side], side, options);
  try {
    return await unlessAborted(options.signal, () => work(port));
  } finally {
    await Promise.allSettled([port.close()]);
  }
}

/** Throws the signal's reason as soon as the signal is aborted, even if the work still waits for something. */
async function unlessAborted<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  signal?.throwIfAborted();
  return signal === undefined ? work() : orAborted(work(), signal);
}

/** Number of requests sent to both clusters so far. A port that does not count requests adds 0. */
export function requestCount(clusters: Clusters): number {
  const count = (port: KafkaPort & { requestCount?: () => number }) => port.requestCount?.() ?? 0;
  return count(clusters.origin) + count(clusters.target);
}
