import { withClusters, type Clusters, type OpenKafka } from "../clusters";
import type { MigrationModel } from "../model";
import type { AppliedOffsets } from "./types";

/** An offset that is no longer where the apply put it. */
export interface MovedOffset {
  group: string;
  topic: string;
  partition: number;
  /** Decimal string. */
  written: string;
  /** Absent: the group has no offset there now. */
  found?: string;
}

/**
 * Says which applied offsets are elsewhere now: the clients have begun to read, or something else writes them. With
 * `sync.group.offsets.enabled` the mirror itself may do so once, for a group that it first saw while the target did not
 * know it (MirrorCheckpointTask.syncGroupOffset, Kafka 4.3): then apply again.
 */
export async function checkApplied(model: MigrationModel, applied: AppliedOffsets, open?: OpenKafka): Promise<MovedOffset[]> {
  return withClusters(model, (clusters) => checkWith(clusters, applied), open);
}

export async function checkWith({ target }: Pick<Clusters, "target">, applied: AppliedOffsets): Promise<MovedOffset[]> {
  const now = await target.groupOffsets(applied.groups.map((g) => g.group));
  return applied.groups.flatMap(({ group, offsets }) => {
    const is = new Map((now.get(group) ?? []).filter((o) => o.offset >= 0n).map((o) => [`${o.topic}:${o.partition}`, String(o.offset)]));
    return offsets.flatMap(({ topic, partition, offset: written }): MovedOffset[] => {
      const found = is.get(`${topic}:${partition}`);
      if (found === written) return [];
      return [{ group, topic, partition, written, ...(found === undefined ? {} : { found }) }];
    });
  });
}
