import { type OpenKafka, withClusters } from "../clusters";
import type { MigrationModel } from "../model";
import type { Progress } from "../progress";
import { bytesText, countText, someOf } from "../units";
import { idleRules, minInsyncChanges, type MinInsyncChange } from "./factors";
import { planReplication } from "./plan";
import { readReplication, type ReplicationState } from "./read";
import { type ThrottleFound, throttlesOn, throttleText } from "./throttle";
import type { ReplicationOptions, ReplicationPlan, TopicChange } from "./types";

/** What a reset would do, for a user to read before running it. */
export interface ReplicationPreview {
  topics: TopicChange[];
  partitions: number;
  unchanged: number;
  bytes: number;
  minInsync: MinInsyncChange[];
  /** Migrated topics that do not exist on the target yet. */
  absent: string[];
  /** Reassignments of migrated topics that are already in progress. */
  underWay: number;
  /** Topics and brokers with a throttle that an interrupted run left. Absent: none. */
  leftThrottle?: ThrottleFound;
  /** Rules that match no migrated topic. */
  idleRules: string[];
  /** The same as text, one item per line. */
  lines: string[];
}

const SHOWN_TOPICS = 20;

/**
 * Reads both clusters and makes the plan. Changes nothing.
 * @throws MigrationError as `planReplication`
 */
export async function planReplicationFor(
  model: MigrationModel,
  options: ReplicationOptions = {},
  open?: OpenKafka,
  progress?: Progress,
): Promise<ReplicationPreview> {
  return withClusters(
    model,
    async (clusters) => {
      const state = await readReplication(clusters, model.mirror, options);
      const { ours } = await throttlesOn(
        clusters.target,
        state.input.topics.map((t) => t.name),
      );
      const left = throttleText(ours) === undefined ? {} : { leftThrottle: ours };
      const found = { ...preview(state, planReplication(state.input), options), ...left };
      return { ...found, lines: linesOf(found) };
    },
    open,
    { progress },
  );
}

export type PreviewFigures = Omit<ReplicationPreview, "lines">;

export function preview(state: ReplicationState, plan: ReplicationPlan, options: ReplicationOptions): PreviewFigures {
  const origins = new Map(state.origin.map((t) => [t.name, t.minInsync]));
  const { before, after } = minInsyncChanges(
    state.input.topics.map((t) => ({
      name: t.name,
      factor: t.factor,
      originMin: origins.get(t.name)!,
      targetMin: state.targetMin.get(t.name)!,
    })),
    options.onlyAdd,
  );
  return {
    topics: plan.topics,
    partitions: plan.changes.length,
    unchanged: plan.unchanged,
    bytes: plan.bytes,
    minInsync: [...before, ...after],
    absent: state.absent,
    underWay: state.ongoing.length,
    idleRules: idleRules(
      state.origin.map((t) => t.name),
      options.rules ?? [],
    ),
  };
}

export function linesOf(found: PreviewFigures): string[] {
  const lines = [
    found.partitions === 0
      ? `replication: nothing to change, ${countText(found.unchanged, "partition")} already correct`
      : `replication: ${countText(found.partitions, "partition")} of ` +
        `${countText(found.topics.length, "topic")} will change, ${bytesText(found.bytes)} to copy; ` +
        `${found.unchanged} already correct`,
    ...found.topics
      .slice(0, SHOWN_TOPICS)
      .map(
        (t) =>
          `  ${t.topic}: ${countText(t.partitions, "partition")} from ${t.from.join(" or ")} to ` +
          `${countText(t.to, "replica")}, ${bytesText(t.bytes)}`,
      ),
  ];
  if (found.topics.length > SHOWN_TOPICS) lines.push(`  and ${found.topics.length - SHOWN_TOPICS} more topics`);
  if (found.minInsync.length > 0)
    lines.push(`  min.insync.replicas: ${someOf(found.minInsync.map((m) => `${m.topic} ${m.from} -> ${m.to}`))}`);
  if (found.underWay > 0)
    lines.push(`  ${countText(found.underWay, "reassignment")} already in progress: the reset waits for them first`);
  const left = found.leftThrottle && throttleText(found.leftThrottle);
  if (left !== undefined)
    lines.push(
      `  an interrupted run left a replication throttle on ${left}: removed when no reassignment is in progress`,
    );
  if (found.absent.length > 0) lines.push(`  not on the target yet and not included here: ${someOf(found.absent)}`);
  if (found.idleRules.length > 0) lines.push(`  rules that match no migrated topic: ${found.idleRules.join("; ")}`);
  return lines;
}
