import { type Clusters, type OpenKafka, withClusters } from "../clusters";
import type { MigrationModel, MirrorModel } from "../model";
import { wantedMin } from "./factors";
import { readReplication, type WantedOptions } from "./read";

/** What a topic of the target will have after the replication reset. */
export interface WantedReplication {
  /** Name on the target. */
  topic: string;
  factor: number;
  minInsync: number;
  /** `min.insync.replicas` now. Absent: the topic does not exist yet. */
  now?: {
    minInsync: number;
    /** True if the topic itself has the setting. False: its brokers do. */
    own: boolean;
  };
}

/**
 * Returns what the reset wants for every migrated topic, also for topics that have it already. Changes nothing.
 * @throws MigrationError as `readReplication`
 */
export async function wantedReplication(
  clusters: Clusters,
  mirror: MirrorModel,
  options: WantedOptions = {},
): Promise<WantedReplication[]> {
  const { origin, wanted, targetMin, ownMin } = await readReplication(clusters, mirror, options);
  return origin.map(({ name, minInsync }) => {
    const { factor } = wanted.get(name)!;
    const now = targetMin.get(name);
    return {
      topic: name,
      factor,
      minInsync: wantedMin(minInsync, factor),
      ...(now === undefined ? {} : { now: { minInsync: now, own: ownMin.has(name) } }),
    };
  });
}

/** The same for clusters that are not open yet. */
export const wantedReplicationFor = (
  model: MigrationModel,
  options: WantedOptions = {},
  open?: OpenKafka,
): Promise<WantedReplication[]> =>
  withClusters(model, (clusters) => wantedReplication(clusters, model.mirror, options), open);
