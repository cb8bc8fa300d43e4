import type { Clusters } from "../clusters";
import { MigrationError } from "../errors";
import type { KafkaPort } from "../kafka/port";
import type { AppliedOffsets } from "./types";

/** The ids by which clusters are known again: bootstrap servers may be written in another order, or be others. */
export async function clusterIds({ origin, target }: Clusters): Promise<NonNullable<AppliedOffsets["clusters"]>> {
  const [originId, targetId] = await Promise.all([idOf(origin), idOf(target)]);
  return { ...(originId === undefined ? {} : { origin: originId }), ...(targetId === undefined ? {} : { target: targetId }) };
}

async function idOf(port: KafkaPort): Promise<string | undefined> {
  const { clusterId } = await port.describeCluster();
  return clusterId === "" ? undefined : clusterId;
}

/** @throws MigrationError OFFSETS_OTHER_CLUSTER when these offsets were written on another cluster than this one */
export async function requireSameTarget(target: KafkaPort, applied: Pick<AppliedOffsets, "at" | "clusters">): Promise<void> {
  if (applied.clusters?.target !== undefined) requireTarget(applied, await idOf(target));
}

/**
 * @param is the target's id; undefined: not told
 * @throws MigrationError OFFSETS_OTHER_CLUSTER
 */
export function requireTarget(applied: Pick<AppliedOffsets, "at" | "clusters">, is: string | undefined): void {
  const was = applied.clusters?.target;
  if (was === undefined || is === undefined || is === was) return;
  throw new MigrationError("OFFSETS_OTHER_CLUSTER", `the offsets of ${applied.at} were written on cluster ${was}, but the target is cluster ${is}; nothing was changed`, {
    fix: `connect to cluster ${was} as the target to take them back there; where that cluster is gone there is nothing to take back (a stack with abandon: true goes on without)`,
  });
}
