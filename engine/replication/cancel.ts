import { type OpenKafka, withClusters } from "../clusters";
import { MigrationError } from "../errors";
import { partitionKey } from "../log/partition";
import type { MigrationModel } from "../model";
import { type Progress, silent } from "../progress";
import { countText, durationText, someOf } from "../units";
import { readReplication } from "./read";
import { removeLeftThrottle, throttlesOn, warnOfForeign } from "./throttle";
import { sleepUnlessAborted } from "./wait";

export interface CancelResult {
  /** Partitions whose reassignment was cancelled. Their replicas are the same as before it. */
  cancelled: number;
}

/**
 * Cancels every reassignment of a migrated topic that is in progress, and removes the throttle. Finished partitions
 * keep their new replicas. Succeeds if nothing is in progress.
 * @throws MigrationError REPLICATION_LIMIT if the cluster still lists reassignments after `limitMs` (default 2 minutes)
 */
export async function cancelReplication(
  model: MigrationModel,
  options: { limitMs?: number } = {},
  progress: Progress = silent,
  signal?: AbortSignal,
  open?: OpenKafka,
): Promise<CancelResult> {
  const limitMs = options.limitMs ?? 120_000;
  const deadline = Date.now() + limitMs;
  return withClusters(
    model,
    async (clusters) => {
      const { target } = clusters;
      const state = await readReplication(clusters, model.mirror, {});
      const names = state.input.topics.map((t) => t.name);
      if (state.ongoing.length > 0) {
        await target.alterReassignments(
          state.ongoing.map((r) => ({ topic: r.topic, partition: r.partition, replicas: null })),
        );
        for (let pause = 200; ; pause = Math.min(2_000, pause * 1.5)) {
          const left = (await target.listReassignments())
            .filter((r) => state.wanted.has(r.topic))
            .map((r) => partitionKey(r));
          if (left.length === 0) break;
          if (Date.now() >= deadline) {
            throw new MigrationError(
              "REPLICATION_LIMIT",
              `target: ${countText(left.length, "reassignment")} not cancelled after ` +
                `${durationText(limitMs)}: ${someOf(left)}`,
              {
                fix: "make sure that every broker of the target is running, then cancel again",
              },
            );
          }
          await sleepUnlessAborted(pause, signal);
        }
      }
      const { ours, foreign } = await throttlesOn(target, names);
      warnOfForeign(foreign, progress);
      await removeLeftThrottle(target, ours, progress);
      progress.info(`replication: ${countText(state.ongoing.length, "reassignment")} cancelled`);
      return { cancelled: state.ongoing.length };
    },
    open,
  );
}
