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
import { type OpenTask, TaskHistory } from "./task-history";

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
/** Kubernetes has replaced a pod that hangs long before. */
const DEAD_AFTER_MS = 60_000;

/**
 * Waits until the mirror no longer copies these topics and cannot start again: its source connector's configuration
 * excludes them or the connector is stopped, no task has them assigned, and the tasks that had them have stopped ({@link TaskHistory}). Changes
 * nothing.
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
  const dead = new DeadWorkers(target, mirror, progress);
  const deadline = Date.now() + limitMs;
  let saidAt = 0;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(LONGEST_PAUSE_MS, pause * 1.5)) {
    history.nextLook(Date.now());
    const view = await reader.read(signal);
    const missing = missingFor(view, mirror, isExcluded, topics);
    const left = missing.length > 0 ? missing : await dead.without(history.open(Date.now()));
    if (left.length === 0) return;
    if (Date.now() >= deadline) throw notExcluded(mirror, limitMs, left);
    if (Date.now() - saidAt >= SAY_EVERY_MS) {
      saidAt = Date.now();
      progress.info(`waiting until ${source} no longer copies the excluded topics: ${left[0]}`);
    }
    await pauseFor(Math.min(pause, Math.max(0, deadline - Date.now())), signal);
  }
}

/**
 * Workers that ended without stopping their tasks. A worker that hangs leaves the group too, but it may go on. Only time
 * separates the two: an operator replaces a worker that hangs.
 */
class DeadWorkers {
  private readonly goneSince = new Map<string, number>();
  private readonly said = new Set<string>();

  constructor(
    private readonly target: KafkaPort,
    private readonly mirror: MirrorModel,
    private readonly progress: Progress,
  ) {}

  /** @returns the texts of the tasks that a worker may still run */
  async without(open: readonly OpenTask[]): Promise<string[]> {
    const isGone = open.some((t) => t.worker !== undefined) ? await this.goneFrom() : () => false;
    const left: string[] = [];
    for (const { worker, text } of open) {
      if (worker === undefined || !isGone(worker)) {
        if (worker !== undefined) this.goneSince.delete(worker);
        left.push(text);
        continue;
      }
      const since = this.goneSince.get(worker) ?? Date.now();
      this.goneSince.set(worker, since);
      if (Date.now() - since < DEAD_AFTER_MS) left.push(`${text}; this worker has left the mirror's group`);
      else this.say(worker);
    }
    return left;
  }

  /** Connect names each member after its worker (Kafka 3 and later). If a member has another name, nobody is gone. */
  private async goneFrom(): Promise<(worker: string) => boolean> {
    const [group] = await this.target.describeGroups([this.mirror.groupId]);
    const names = (group?.members ?? []).map((m) => m.clientId);
    if (names.some((name) => !/^connect-.+:\d+$/.test(name))) return () => false;
    return (worker) => !names.includes(`connect-${worker}`);
  }

  private say(worker: string): void {
    if (this.said.has(worker)) return;
    this.said.add(worker);
    this.progress.warn(
      `worker ${worker} left the mirror's group ${this.mirror.groupId} without stopping its tasks, more than ` +
        `${durationText(DEAD_AFTER_MS)} ago: it is taken as dead`,
    );
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
        "check that the operator has applied topicsExcludePattern to the KafkaMirrorMaker2 and that all its pods " +
        "run (delete a pod that hangs), then run again",
    },
  );
}
