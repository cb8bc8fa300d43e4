import { setTimeout as sleep } from "node:timers/promises";
import type { OpenKafka } from "../clusters";
import { MigrationError } from "../errors";
import type { GroupDescription, KafkaPort, TopicPartition } from "../kafka/port";
import { readOffsets } from "../log/bounds";
import type { MigrationModel, MirrorModel } from "../model";
import { type InternalTopic, internalTopics } from "../naming";
import { type Patience, type Progress, silent } from "../progress";
import { countText, durationText, someOf } from "../units";
import { type InternalTopicCheck, requireOwn } from "./check";
import { type NeededClusters, withNeeded } from "./read";

export interface GoneOptions {
  /** Longest wait for the workers to leave and the internal topics to stop growing, in milliseconds. */
  limitMs: number;
  /** No internal topic may grow for this time, in milliseconds. Default 3000. */
  quietMs?: number;
  /** The origin no longer exists, so its topics are not checked. Default false. */
  originGone?: boolean;
}

export interface MirrorGone {
  group: string;
  /** `Empty`, or `Dead` if the broker does not know the group, or no longer knows it. */
  groupState: string;
  topics: InternalTopicCheck[];
}

const SAY_EVERY_MS = 10_000;

/**
 * Proves that the mirror is gone before any of its topics is deleted. Every internal topic must be what MirrorMaker 2
 * creates, Connect's group must have no member, and no internal topic may grow.
 * @throws MigrationError INTERNAL_TOPIC_FOREIGN with every topic that fails the check (nothing was done);
 *   MIRROR_STILL_RUNNING with the members, or the topics that grow, after `limitMs`
 */
export async function proveMirrorGone(
  model: MigrationModel,
  options: GoneOptions,
  progress: Progress = silent,
  signal?: AbortSignal,
  open?: OpenKafka,
): Promise<MirrorGone> {
  const own = internalTopics(model.mirror).filter((topic) => topic.side === "target" || options.originGone !== true);
  return withNeeded(
    model,
    own,
    async (clusters) => {
      const topics = await requireOwn(clusters, model.mirror, own);
      const deadline = Date.now() + options.limitMs;
      const groupState = await waitForNoMembers(
        clusters.target,
        model.mirror,
        { ...options, deadline },
        progress,
        signal,
      );
      await waitForQuiet(clusters, own, { ...options, deadline }, progress, signal);
      progress.info(
        `the mirror is stopped: Connect group ${model.mirror.groupId} is ${groupState}, ` +
          `${countText(topics.filter((t) => t.state === "present").length, "internal topic")} to delete`,
      );
      return { group: model.mirror.groupId, groupState, topics };
    },
    open,
  );
}

export async function describeMirrorGroup(target: KafkaPort, mirror: MirrorModel): Promise<GroupDescription> {
  const [group] = await target.describeGroups([mirror.groupId]);
  return group ?? { groupId: mirror.groupId, state: "Dead", type: "", protocolType: "", members: [] };
}

export function hasLeft(group: GroupDescription): boolean {
  return group.members.length === 0 && (group.state === "Empty" || group.state === "Dead");
}

/** @throws MigrationError MIRROR_STILL_RUNNING */
export async function requireNoMembers(target: KafkaPort, mirror: MirrorModel): Promise<void> {
  const group = await describeMirrorGroup(target, mirror);
  if (!hasLeft(group)) throw stillRunning(group, "");
}

/**
 * Waits until Connect's group has no member. Nothing is deleted.
 * @throws MigrationError MIRROR_STILL_RUNNING after `limitMs`
 */
export async function waitUntilLeft(
  target: KafkaPort,
  mirror: MirrorModel,
  { limitMs, signal }: Patience,
  progress: Progress,
): Promise<void> {
  await waitForNoMembers(target, mirror, { limitMs, deadline: Date.now() + limitMs }, progress, signal);
}

function stillRunning(group: GroupDescription, after: string): MigrationError {
  const members = group.members.map((m) => `${m.clientId} at ${m.clientHost}`);
  return new MigrationError(
    "MIRROR_STILL_RUNNING",
    `target: Connect group ${group.groupId} is ${group.state} with ` +
      `${countText(group.members.length, "member")}${after}; its topics are still in use`,
    {
      fix: "delete the KafkaMirrorMaker2 resource (or stop the workers that use this group), then run again",
      details: members.slice(0, 10),
    },
  );
}

interface Wait {
  deadline: number;
  limitMs: number;
  quietMs?: number;
}

async function waitForNoMembers(
  target: KafkaPort,
  mirror: MirrorModel,
  wait: Wait,
  progress: Progress,
  signal?: AbortSignal,
): Promise<string> {
  let saidAt = 0;
  for (let pause = 250; ; pause = Math.min(2_000, pause * 1.5)) {
    const group = await describeMirrorGroup(target, mirror);
    if (hasLeft(group)) return group.state;
    if (Date.now() >= wait.deadline) throw stillRunning(group, ` after ${durationText(wait.limitMs)}`);
    if (Date.now() - saidAt >= SAY_EVERY_MS) {
      saidAt = Date.now();
      progress.info(
        `waiting for the mirror to stop: Connect group ${group.groupId} is ${group.state} with ` +
          `${countText(group.members.length, "member")}`,
      );
    }
    await pauseFor(pause, signal);
  }
}

/** Workers that left their group may still flush. Connectors of a worker that lost its group may still write. */
async function waitForQuiet(
  clusters: NeededClusters,
  topics: readonly InternalTopic[],
  wait: Wait,
  progress: Progress,
  signal?: AbortSignal,
): Promise<void> {
  const quietMs = wait.quietMs ?? 3_000;
  let before = await ends(clusters, topics);
  for (;;) {
    await pauseFor(quietMs, signal);
    const now = await ends(clusters, topics);
    const grown = [...now].filter(([key, end]) => before.has(key) && before.get(key) !== end).map(([key]) => key);
    if (grown.length === 0) return;
    if (Date.now() >= wait.deadline) {
      throw new MigrationError(
        "MIRROR_STILL_RUNNING",
        `internal topics still grow after ${durationText(wait.limitMs)}: ${someOf(grown)}`,
        {
          fix: "stop the MirrorMaker 2 or Connect worker that still writes to them, then run again",
        },
      );
    }
    progress.info(
      `waiting until nothing writes to the internal topics: ${someOf(grown, 3)} grew in the last ` +
        `${durationText(quietMs)}`,
    );
    before = now;
  }
}

async function ends(
  { origin, target }: NeededClusters,
  topics: readonly InternalTopic[],
): Promise<Map<string, bigint>> {
  const found = new Map<string, bigint>();
  for (const port of origin === undefined ? [target] : [origin, target]) {
    const names = topics.filter((t) => t.side === port.side).map((t) => t.name);
    if (names.length === 0) continue;
    const partitions = (await port.describeTopics(names)).flatMap((t) =>
      t.partitions.map((p): TopicPartition => ({ topic: t.name, partition: p.partition })),
    );
    const ends = await readOffsets(port, partitions, "latest");
    for (const [key, end] of ends) found.set(`${port.side} ${key}`, end);
  }
  return found;
}

async function pauseFor(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch (cause) {
    throw new MigrationError(
      "CLEANUP_INTERRUPTED",
      "interrupted while waiting for the mirror to stop; nothing was deleted",
      { fix: "run again", cause },
    );
  }
}
