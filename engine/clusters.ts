import { openKafka } from "./kafka/client";
import type { KafkaPort, OpenOptions } from "./kafka/port";
import type { Connection, MigrationModel, Side } from "./model";
import { orAborted } from "./side-by-side";

/** Both ends of a migration, open. */
export interface Clusters {
  origin: KafkaPort;
  target: KafkaPort;
}

export type OpenKafka = (connection: Connection, side: Side, options?: OpenOptions) => Promise<KafkaPort>;

/**
 * Opens both clusters, does the work and closes both, whatever happens. A closed port refuses, so nothing of the work goes
 * on behind an error: not the other side's part, and nothing after an interruption.
 * @param open stands in for the real port in unit tests
 * @param options `signal`: ends the work at once, with the signal's reason. Leave it out where an interruption must still
 *   be written down on a cluster.
 */
export async function withClusters<T>(
  model: Pick<MigrationModel, "origin" | "target">,
  work: (clusters: Clusters) => Promise<T>,
  open: OpenKafka = openKafka,
  options: OpenOptions = {},
): Promise<T> {
  const ending = new AbortController();
  const signal = options.signal === undefined ? ending.signal : AbortSignal.any([options.signal, ending.signal]);
  // Side by side: each step of a cutover opens both.
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

/** Opens only one of the clusters: what does not need the other has to work when that one is gone. */
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

/** Ends with the signal's reason as soon as it is aborted, whatever the work waits for then. */
async function unlessAborted<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  signal?.throwIfAborted();
  return signal === undefined ? work() : orAborted(work(), signal);
}

/** Requests sent to both clusters so far; 0 for a port that does not count. */
export function requestCount(clusters: Clusters): number {
  const count = (port: KafkaPort & { requestCount?: () => number }) => port.requestCount?.() ?? 0;
  return count(clusters.origin) + count(clusters.target);
}
