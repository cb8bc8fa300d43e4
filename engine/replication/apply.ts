import { type Clusters, type OpenKafka, withClusters } from "../clusters";
import { isMigrationError, MigrationError } from "../errors";
import type { KafkaPort, OngoingReassignment } from "../kafka/port";
import { partitionKey } from "../log/partition";
import type { MigrationModel, MirrorModel } from "../model";
import { mayBeEmpty, NOTHING_OUTSIDE } from "../parts";
import { type Progress, silent } from "../progress";
import { countText, durationText, someOf } from "../units";
import { minInsyncChanges, type MinInsyncChange } from "./factors";
import { planReplication } from "./plan";
import { linesOf, preview } from "./preview";
import { readReplication } from "./read";
import {
  listableParts,
  removeLeftThrottle,
  removeThrottle,
  setThrottle,
  type ThrottleFound,
  throttleOf,
  throttlesOn,
  throttleText,
  warnOfForeign,
} from "./throttle";
import type { PartitionChange, ReplicationOptions, TopicChange, TopicNow } from "./types";
import { interrupted, Meter, sleepUnlessAborted, waitForReplicas } from "./wait";

export const DEFAULT_BATCH_PARTITIONS = 200;
export const DEFAULT_LIMIT_MS = 3_600_000;

export interface ReplicationResult {
  topics: TopicChange[];
  /** Partitions that got new replicas or lost some. */
  partitions: number;
  /** Partitions that already had the wanted factor. */
  unchanged: number;
  bytes: number;
  minInsync: MinInsyncChange[];
  /** Migrated topics that do not exist on the target and were skipped. */
  absent: string[];
  /** Bytes per second and broker, if the copying was throttled. */
  throttleBytesPerSecond?: number;
  durationMs: number;
}

/**
 * Gives every migrated topic on the target the wanted replication. It assigns replicas in batches and waits after each
 * batch until all are in sync. Then it elects the preferred leaders and sets `min.insync.replicas` as on the origin. It
 * can be killed at any point and run again: it waits for reassignments in progress, skips finished work, and removes a
 * leftover throttle after all reassignments are done. It never removes anything from a topic that is not migrated.
 *
 * @throws MigrationError as `planReplication`; REPLICATION_LIMIT, REPLICATION_INTERRUPTED, REPLICATION_LOST from the
 *   waits
 */
export async function applyReplication(
  model: MigrationModel,
  options: ReplicationOptions = {},
  progress: Progress = silent,
  signal?: AbortSignal,
  open?: OpenKafka,
): Promise<ReplicationResult> {
  checkOptions(options);
  return withClusters(model, (clusters) => apply(clusters, model.mirror, options, progress, signal), open, {
    progress,
  });
}

async function apply(
  clusters: Clusters,
  mirror: MirrorModel,
  options: ReplicationOptions,
  progress: Progress,
  signal?: AbortSignal,
): Promise<ReplicationResult> {
  const startedAt = Date.now();
  const limitMs = options.limitMs ?? DEFAULT_LIMIT_MS;
  const deadline = startedAt + limitMs;
  const { target } = clusters;

  const first = await readReplication(clusters, mirror, options);
  if (first.origin.length === 0 && mayBeEmpty(mirror)) progress.info(`replication: ${NOTHING_OUTSIDE}`);
  const names = first.input.topics.map((t) => t.name);
  const { ours, foreign } = await throttlesOn(target, names);
  warnOfForeign(foreign, progress);
  const moving: Moving = { ...options, limitMs, deadline, foreign, progress, signal };
  if (first.ongoing.length > 0) {
    progress.info(`waiting for ${countText(first.ongoing.length, "reassignment")} of migrated topics in progress`);
    const changes = first.ongoing.map(asChange);
    const meter = new Meter(changes.length, 0, progress);
    const left = throttleText(ours);
    if (left !== undefined && moving.throttleBytesPerSecond === undefined)
      progress.info(`an interrupted run left the replication throttle on ${left}; it stays until they are done`);
    await throttled(target, changes, moving, (part) => waitForReplicas(target, { changes: part, ...moving, meter }));
  }
  await removeLeftThrottle(target, (await throttlesOn(target, names)).ours, progress);

  const state = first.ongoing.length > 0 ? await readReplication(clusters, mirror, options) : first;
  const plan = planReplication(state.input);
  for (const line of linesOf(preview(state, plan, options))) progress.info(line);
  if (state.absent.length > 0) progress.warn(`skipped topics that do not exist on the target: ${someOf(state.absent)}`);
  const origins = new Map(state.origin.map((t) => [t.name, t.minInsync]));
  const mins = minInsyncChanges(
    state.input.topics.map((t) => ({
      name: t.name,
      factor: t.factor,
      originMin: origins.get(t.name)!,
      targetMin: state.targetMin.get(t.name)!,
    })),
    options.onlyAdd,
  );

  await setMinInsync(clusters, mins.before);
  const meter = new Meter(plan.changes.length, plan.bytes, progress);
  await throttled(target, plan.changes, moving, (part) => move(target, part, moving, meter));
  await catchUp(target, state.input.topics, plan.changes, moving);
  await electPreferred(target, names, moving);
  await setMinInsync(clusters, mins.after);

  const result = {
    topics: plan.topics,
    partitions: plan.changes.length,
    unchanged: plan.unchanged,
    bytes: plan.bytes,
    minInsync: [...mins.before, ...mins.after],
    absent: state.absent,
    ...(options.throttleBytesPerSecond === undefined ? {} : { throttleBytesPerSecond: options.throttleBytesPerSecond }),
    durationMs: Date.now() - startedAt,
  };
  progress.info(
    `replication: ${countText(result.partitions, "partition")} changed, ${result.unchanged} already correct; ` +
      `all in sync after ${durationText(result.durationMs)}`,
  );
  return result;
}

interface Moving extends ReplicationOptions {
  limitMs: number;
  deadline: number;
  /** Topics and brokers with a throttle that is not ours. */
  foreign: ThrottleFound;
  progress: Progress;
  signal?: AbortSignal;
}

function asChange(r: OngoingReassignment): PartitionChange {
  const stay = (ids: readonly number[]) => r.replicas.filter((id) => !ids.includes(id));
  return { topic: r.topic, partition: r.partition, from: stay(r.adding), to: stay(r.removing), bytes: 0 };
}

/**
 * Runs the work under the requested throttle, and then removes the throttle. If the work ends early (e.g. at its limit)
 * while replicas are still being copied, the throttle stays. Without it the copying would use the whole network
 * bandwidth.
 */
async function throttled(
  target: KafkaPort,
  changes: readonly PartitionChange[],
  moving: Moving,
  work: (part: readonly PartitionChange[]) => Promise<void>,
): Promise<void> {
  const rate = moving.throttleBytesPerSecond;
  if (rate === undefined || changes.length === 0) return work(changes);
  for (const part of listableParts(changes)) {
    // Compute it before it is set, so that a failure while setting it is cleaned up, too.
    const throttle = throttleOf(part, moving.foreign);
    try {
      await setThrottle(target, part, throttle, rate, moving.progress);
      await work(part);
    } catch (error) {
      await removeUnlessMoving(target, part, throttle, moving.progress);
      throw error;
    }
    await removeThrottle(target, throttle);
  }
}

/**
 * Cleans up after a failure. It never throws, so that the original error is reported. The next run removes what cannot
 * be removed now.
 */
async function removeUnlessMoving(
  target: KafkaPort,
  changes: readonly PartitionChange[],
  throttle: ThrottleFound,
  progress: Progress,
): Promise<void> {
  const where = throttleText(throttle);
  if (where === undefined) return;
  const stays = `the replication throttle on ${where} stays`;
  const later =
    "the next run removes it when they are done; `kafka-migration replication --cancel --apply` removes it, too";
  try {
    const asked = new Set(changes.map((c) => partitionKey(c)));
    const left = (await target.listReassignments()).filter((r) => asked.has(partitionKey(r))).length;
    if (left > 0)
      return progress.warn(
        `${stays}, because ${countText(left, "partition")} still ${left === 1 ? "copies" : "copy"} replicas: ${later}`,
      );
    await removeThrottle(target, throttle);
  } catch (error) {
    progress.warn(`${stays} (${(error as Error).message.split("\n", 1)[0]}): ${later}`);
  }
}

async function move(
  target: KafkaPort,
  changes: readonly PartitionChange[],
  moving: Moving,
  meter: Meter,
): Promise<void> {
  const batch = moving.batchPartitions ?? DEFAULT_BATCH_PARTITIONS;
  for (let i = 0; i < changes.length; i += batch) {
    if (moving.signal?.aborted) throw interrupted();
    const part = changes.slice(i, i + batch);
    await target.alterReassignments(part.map((c) => ({ topic: c.topic, partition: c.partition, replicas: c.to })));
    await waitForReplicas(target, { changes: part, ...moving, meter });
    meter.say(meter.partitions, meter.bytes);
  }
}

/**
 * Waits for replicas that are placed correctly but not in sync, e.g. because their broker has just restarted. If the
 * minimum is raised earlier, every write with acks=all fails.
 */
async function catchUp(
  target: KafkaPort,
  topics: readonly TopicNow[],
  moved: readonly PartitionChange[],
  moving: Moving,
): Promise<void> {
  const done = new Set(moved.map((c) => partitionKey(c)));
  const changes = topics.flatMap(({ name: topic, partitions }) =>
    partitions
      .filter(
        (p) =>
          !done.has(partitionKey({ topic, partition: p.partition })) && p.replicas.some((id) => !p.isr.includes(id)),
      )
      .map((p): PartitionChange => ({ topic, partition: p.partition, from: p.replicas, to: p.replicas, bytes: 0 })),
  );
  if (changes.length === 0) return;
  moving.progress.info(
    `waiting for ${countText(changes.length, "partition")} with the wanted number of replicas that are not ` +
      `all in sync: ${someOf(changes.map((c) => partitionKey(c)))}`,
  );
  await waitForReplicas(target, { changes, ...moving, meter: new Meter(changes.length, 0, moving.progress) });
}

const ELECTION_LIMIT_MS = 30_000;

/**
 * Moves leadership back to the first replica, so that it is as balanced as planned. A failure here is only a warning,
 * because brokers do the same on their own, by default every five minutes (`auto.leader.rebalance.enable`).
 */
async function electPreferred(target: KafkaPort, names: readonly string[], moving: Moving): Promise<void> {
  const astray = async () =>
    (await target.describeTopics(names)).flatMap((t) =>
      t.partitions
        .filter((p) => p.replicas[0] !== p.leader && p.isr.includes(p.replicas[0]!))
        .map((p) => ({ topic: t.name, partition: p.partition })),
    );
  let left = names.length === 0 ? [] : await astray();
  if (left.length === 0) return;
  moving.progress.info(`electing the preferred leader of ${countText(left.length, "partition")}`);
  try {
    await target.electPreferredLeaders(left);
    for (const until = Date.now() + ELECTION_LIMIT_MS; left.length > 0 && Date.now() < until; left = await astray()) {
      await sleepUnlessAborted(300, moving.signal);
    }
  } catch (error) {
    if (!isMigrationError(error) || error.code === "REPLICATION_INTERRUPTED") throw error;
    moving.progress.warn(error.message);
  }
  if (left.length > 0)
    moving.progress.warn(
      `${countText(left.length, "partition")} still without its preferred leader: ` +
        `${someOf(left.map((p) => partitionKey(p)))}`,
    );
}

async function setMinInsync({ target }: Clusters, changes: readonly MinInsyncChange[]): Promise<void> {
  if (changes.length === 0) return;
  await target.incrementalAlterConfigs(
    changes.map((c) => ({ resource: { type: "topic", name: c.topic }, set: { "min.insync.replicas": String(c.to) } })),
  );
}

function checkOptions(options: ReplicationOptions): void {
  const wrong = (["throttleBytesPerSecond", "batchPartitions", "limitMs"] as const).filter((key) => {
    const value = options[key];
    return value !== undefined && !(Number.isInteger(value) && value > 0);
  });
  if (wrong.length > 0) {
    throw new MigrationError(
      "REPLICATION_OPTIONS_INVALID",
      `invalid replication options: ${wrong.map((key) => `replication.${key} is ${options[key]}`).join(", ")}`,
      {
        fix: "use whole numbers above 0",
      },
    );
  }
}
