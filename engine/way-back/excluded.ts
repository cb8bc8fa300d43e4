import { setTimeout as sleep } from "node:timers/promises";
import { ConnectStateReader, type ConnectView } from "../connect-state";
import { MigrationError } from "../errors";
import type { KafkaPort } from "../kafka/port";
import type { MirrorModel } from "../model";
import { connectorNames } from "../naming";
import { wholeMirror } from "../parts";
import { type Progress, silent } from "../progress";
import { topicRule } from "../selection";
import { durationText, someOf } from "../units";
import { DeadWorkers } from "./dead-workers";
import { TaskHistory } from "./task-history";

export interface ExclusionOptions {
  /** Longest wait in milliseconds. */
  limitMs: number;
  /**
   * Topics of the mirror's origin that the connector's configuration must exclude. Otherwise the tasks could get them
   * again.
   * @default none, only the tasks are looked at
   */
  topics?: readonly string[];
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1_000;
const SAY_EVERY_MS = 10_000;
const LISTED = 10;

/**
 * Waits until the mirror no longer copies these topics and cannot start again: its source connector's configuration
 * excludes them or the connector is stopped, no task has them assigned, and the tasks that had them have stopped
 * ({@link TaskHistory}). Changes nothing.
 *
 * @param target the cluster that holds the mirror's storage topics
 * @param isExcluded true for the topics that must not be copied any more
 * @throws MigrationError NOT_EXCLUDED with what is still missing, after `limitMs`; the signal's reason
 */
export async function waitUntilExcluded(
  target: KafkaPort,
  mirror: MirrorModel,
  isExcluded: (topic: string) => boolean,
  { limitMs, topics = [] }: ExclusionOptions,
  progress: Progress = silent,
  signal?: AbortSignal,
): Promise<void> {
  const { source } = connectorNames(mirror);
  const history = new TaskHistory(source, isExcluded);
  const reader = new ConnectStateReader(target, mirror, history);
  const dead = new DeadWorkers(target, mirror.groupId, progress);
  const deadline = Date.now() + limitMs;
  let saidAt = 0;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(LONGEST_PAUSE_MS, pause * 1.5)) {
    history.nextLook(Date.now());
    const view = await reader.read(signal);
    const missing = missingFor(view, mirror, isExcluded, topics);
    const left = missing.length > 0 ? missing : await dead.without(history.open(Date.now()), Date.now());
    if (left.length === 0) return;
    if (Date.now() >= deadline) throw notExcluded(mirror, limitMs, left);
    if (Date.now() - saidAt >= SAY_EVERY_MS) {
      saidAt = Date.now();
      progress.info(`waiting until ${source} no longer copies the excluded topics: ${left[0]}`);
    }
    await pauseFor(Math.min(pause, Math.max(0, deadline - Date.now())), signal);
  }
}

/** What the connector's configuration and its newest assignment show. */
function missingFor(
  { source, assignments }: ConnectView,
  mirror: MirrorModel,
  isExcluded: (topic: string) => boolean,
  topics: readonly string[],
): string[] {
  const { configStorageTopic } = mirror;
  if (source === undefined) return [`${configStorageTopic} has no connector ${connectorNames(mirror).source}`];
  const selects = topicRule({
    ...wholeMirror(mirror),
    topicsPattern: source.config["topics"] ?? ".*",
    ...excludeOf(source.config),
  });
  // A stopped connector has no tasks. It gets them again only if its state is changed.
  const selected = source.target === "STOPPED" ? [] : topics.filter((topic) => selects(topic) === undefined);
  if (selected.length > 0) return [`the connector's configuration selects ${someOf(selected, 5)}`];
  if (source.inconsistent) return ["a new assignment of its tasks is being written"];
  return assignments.flatMap(({ task, partitions }) => {
    const own = [...new Set(partitions.filter((p) => isExcluded(p.topic)).map((p) => p.topic))];
    return own.length === 0 ? [] : [`task ${task} has ${someOf(own, 5)}`];
  });
}

function excludeOf(config: Record<string, string>): Pick<MirrorModel, "topicsExcludePattern"> {
  // Kafka 2.7 to 3.9 also read the old spelling.
  const exclude = config["topics.exclude"] ?? config["topics.blacklist"];
  return { topicsExcludePattern: exclude };
}

async function pauseFor(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => {});
  signal?.throwIfAborted();
}

function notExcluded(mirror: MirrorModel, limitMs: number, left: readonly string[]): MigrationError {
  return new MigrationError(
    "NOT_EXCLUDED",
    `after ${durationText(limitMs)} the mirror ${mirror.originAlias} to ${mirror.targetAlias} may still copy topics ` +
      "that it must not copy any more",
    {
      details: left.slice(0, LISTED),
      fix:
        "check that the operator has applied the new exclusion to the KafkaMirrorMaker2 and that all its pods " +
        "run (delete a pod that hangs), then run again",
    },
  );
}
