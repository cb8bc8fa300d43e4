import { setTimeout as sleep } from "node:timers/promises";
import { MigrationError } from "../errors";
import type { KafkaPort } from "../kafka/port";
import { partitionKey, replicaKey } from "../log/partition";
import type { Progress } from "../progress";
import { Rate } from "../rate";
import { bytesText, countText, durationText, someOf } from "../units";
import type { PartitionChange } from "./types";

/**
 * If a partition is neither moving nor correctly placed for this long, we assume that somebody cancelled its
 * reassignment.
 */
const LOST_AFTER_MS = 30_000;
const SAY_EVERY_MS = 5_000;
const RATE_OVER_MS = 60_000;

/** Progress of the whole reset, across batches. */
export class Meter {
  private saidAt = Date.now();
  private readonly rate = new Rate(RATE_OVER_MS);
  partitions = 0;
  bytes = 0;

  constructor(
    private readonly totalPartitions: number,
    private readonly totalBytes: number,
    private readonly progress: Progress,
  ) {
    this.rate.add(0);
  }

  /** Returns true if it is time for the next progress line. */
  get due(): boolean {
    return Date.now() - this.saidAt >= SAY_EVERY_MS;
  }

  say(partitions: number, bytes: number): void {
    this.saidAt = Date.now();
    const [done, total] = this.totalBytes > 0 ? [bytes, this.totalBytes] : [partitions, this.totalPartitions];
    this.rate.add(done);
    const rate = this.rate.perSecond();
    const left = rate > 0 && done < total ? `, about ${durationText(((total - done) / rate) * 1000)} left` : "";
    const moved =
      this.totalBytes > 0
        ? `, ${bytesText(bytes)} of ${bytesText(this.totalBytes)}${rate > 0 ? `, ${bytesText(rate)}/s` : ""}`
        : "";
    this.progress.info(
      `replication: ${partitions} of ${countText(this.totalPartitions, "partition")} in sync${moved}${left}`,
    );
  }
}

export interface WaitFor {
  changes: readonly PartitionChange[];
  deadline: number;
  limitMs: number;
  signal?: AbortSignal;
  meter: Meter;
}

/**
 * Waits until no reassignment of these partitions is listed and every wanted replica is in sync. Both are checked,
 * because after the list is empty another broker's metadata may still show the old replicas for a while.
 * @throws MigrationError REPLICATION_LIMIT with what is missing, REPLICATION_INTERRUPTED, REPLICATION_LOST
 */
export async function waitForReplicas(target: KafkaPort, wait: WaitFor): Promise<void> {
  const open = new Map(wait.changes.map((c) => [partitionKey(c), c]));
  let done = 0;
  let doneBytes = 0;
  let lostSince: number | undefined;
  for (let pause = 200; ; pause = Math.min(2_000, pause * 1.5)) {
    const ongoing = new Set((await target.listReassignments()).map((r) => partitionKey(r)));
    const topics = await target.describeTopics([...new Set([...open.values()].map((c) => c.topic))]);
    const missing: string[] = [];
    let lost = 0;
    for (const topic of topics) {
      for (const p of topic.partitions) {
        const key = partitionKey({ topic: topic.name, partition: p.partition });
        const change = open.get(key);
        if (change === undefined) continue;
        const placed = p.replicas.length === change.to.length && change.to.every((id) => p.replicas.includes(id));
        const lacking = change.to.filter((id) => !p.isr.includes(id));
        if (placed && lacking.length === 0 && !ongoing.has(key)) {
          open.delete(key);
          done++;
          doneBytes += change.bytes;
          continue;
        }
        if (!placed && !ongoing.has(key)) lost++;
        missing.push(
          lacking.length > 0
            ? `${key}: broker ${lacking.join(", ")} not in sync`
            : `${key}: replicas are ${p.replicas.join(", ")}, wanted ${change.to.join(", ")}`,
        );
      }
    }
    if (wait.meter.due)
      wait.meter.say(
        wait.meter.partitions + done,
        wait.meter.bytes + doneBytes + (await grown(target, [...open.values()])),
      );
    if (open.size === 0) break;
    const shown = new Set(topics.map((t) => t.name));
    const gone = [...open.values()].filter((c) => !shown.has(c.topic));
    if (gone.length > 0) {
      throw new MigrationError(
        "REPLICATION_LOST",
        `target: topic ${someOf([...new Set(gone.map((c) => c.topic))])} was deleted while its replicas were ` +
          "being copied",
        {
          fix: "find out why it was deleted, then run again",
        },
      );
    }
    lostSince = lost > 0 ? (lostSince ?? Date.now()) : undefined;
    if (lostSince !== undefined && Date.now() - lostSince > LOST_AFTER_MS) {
      throw new MigrationError(
        "REPLICATION_LOST",
        `target: ${countText(lost, "partition")} did not get the wanted replicas, and no reassignment is in ` +
          "progress (was it cancelled?)",
        {
          fix: "run again; if this repeats, look for another tool that reassigns partitions on the target",
          details: missing.slice(0, 20),
        },
      );
    }
    if (Date.now() >= wait.deadline) {
      throw new MigrationError(
        "REPLICATION_LIMIT",
        `target: ${countText(open.size, "partition")} of ${wait.changes.length} in this batch not in sync ` +
          `after ${durationText(wait.limitMs)}`,
        {
          fix:
            "make sure that these brokers are running and have disk space, then run again with a longer " +
            "replication.limitSeconds (replication.limitMs in a program); the reset continues where it " +
            "stopped. Reassignments in progress continue in the cluster, under the throttle if there is one. " +
            "`kafka-migration replication --cancel --apply` cancels them",
          details: missing.slice(0, 20),
        },
      );
    }
    await sleepUnlessAborted(pause, wait.signal);
  }
  wait.meter.partitions += done;
  wait.meter.bytes += doneBytes;
}

/**
 * Bytes in replicas that are not in sync yet; 0 if they cannot be read, e.g. without permission. Each partition counts
 * at most its planned bytes, because writes to the leader make its replicas larger than planned.
 */
async function grown(target: KafkaPort, open: readonly PartitionChange[]): Promise<number> {
  const adding = open
    .map((change) => ({ ...change, brokers: change.to.filter((id) => !change.from.includes(id)) }))
    .filter(({ bytes }) => bytes > 0);
  const replicas = adding.flatMap(({ topic, partition, brokers }) =>
    brokers.map((broker) => ({ topic, partition, broker })),
  );
  const sizes = await target.replicaSizes(replicas).catch(() => new Map<string, bigint>());
  const held = ({ topic, partition, brokers, bytes }: (typeof adding)[number]) =>
    Math.min(
      bytes,
      brokers.reduce((sum, broker) => sum + Number(sizes.get(replicaKey({ topic, partition, broker })) ?? 0n), 0),
    );
  return adding.reduce((sum, change) => sum + held(change), 0);
}

export async function sleepUnlessAborted(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    throw interrupted();
  }
}

export function interrupted(): MigrationError {
  return new MigrationError(
    "REPLICATION_INTERRUPTED",
    "the replication reset was interrupted; reassignments in progress continue in the cluster, under the " +
      "throttle if there is one",
    {
      fix:
        "run again to continue where it stopped; `kafka-migration replication --cancel --apply` cancels the " +
        "reassignments",
    },
  );
}
