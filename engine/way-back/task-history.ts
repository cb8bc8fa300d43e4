import {
  assignedPartitions,
  type ConnectObserver,
  type ConnectorState,
  currentTasks,
  readStatus,
  type Status,
} from "../connect-state";
import type { RecordCursor } from "../records/walk";
import { durationText } from "../units";

/** When a record was written. */
interface Moment {
  /** Its timestamp: the clock of the worker that wrote it, ms since the epoch. */
  at: number;
  /** The look that showed it first. */
  look: number;
}

/** A status record of one task. */
interface TaskEvent extends Moment {
  /** Undefined: the status was removed, because the task is not in the assignment any more. */
  status: Status | undefined;
}

/** A task that may still copy. */
export interface OpenTask {
  task: number;
  /** The worker that has to stop it. Undefined: not known. */
  worker: string | undefined;
  /** What its statuses show, for messages. */
  text: string;
}

/** A task in one of these states exists at its worker. */
const ALIVE = new Set(["RUNNING", "PAUSED", "RESTARTING"]);
/** Clocks of two workers may differ by this much. */
const CLOCKS_DIFFER_MS = 5_000;
/** A worker that does not hang has stopped its tasks long before. */
const SETTLED_MS = 10_000;

/**
 * Decides from Connect's config and status topics whether every task that copied certain topics has stopped.
 *
 * What Connect does (source: DistributedHerder of Kafka 3 and 4; tested on 4.3.1). The leader of the workers writes a
 * new assignment: one record for each task, then `commit-CONNECTOR`. Each worker that reads the commit stops its tasks
 * of this connector. A task that has stopped writes the status UNASSIGNED, about a second after the commit. Then the
 * workers rebalance and start the tasks of the new assignment. A task that has started writes RUNNING.
 *
 * The commit alone proves nothing, nor do the statuses of other tasks, nor the generation: a worker that hangs still
 * copies, and when it goes on it joins the new generation before it stops its tasks. Only the worker that had the task
 * can say that it has stopped it. It does so with a status other than RUNNING, or with RUNNING for the next start.
 */
export class TaskHistory implements ConnectObserver {
  /** Tasks with the topics in the last assignment that had some. Undefined: the config topic holds none. */
  private holders: ReadonlySet<number> | undefined;
  /** Commit of the first assignment without the topics, after the last one with them. */
  private without: Moment | undefined;
  private readonly events = new Map<number, TaskEvent[]>();
  /** When each look began. */
  private readonly looks: number[] = [];

  /** @param isExcluded true for the topics that no task may copy any more */
  constructor(
    private readonly connector: string,
    private readonly isExcluded: (topic: string) => boolean,
  ) {}

  /**
   * Call this before each read. A record that a read shows first was written after the end of the read before.
   * @param now the time of this computer, in ms since the epoch
   */
  nextLook(now: number): void {
    this.looks.push(now);
  }

  config(record: RecordCursor, source: ConnectorState | undefined): void {
    const key = record.key()?.toString("utf8");
    // A deleted connector has no tasks any more.
    if (key === `connector-${this.connector}` && record.value() === null) this.without ??= this.momentOf(record);
    if (key !== `commit-${this.connector}` || source === undefined || source.inconsistent) return;
    const holders = currentTasks(source)
      .filter(({ config }) => assignedPartitions(config).some(({ topic }) => this.isExcluded(topic)))
      .map(({ task }) => task);
    if (holders.length > 0) {
      this.holders = new Set(holders);
      this.without = undefined;
    } else this.without ??= this.momentOf(record);
  }

  status(record: RecordCursor): void {
    const key = record.key()?.toString("utf8") ?? "";
    const start = `status-task-${this.connector}-`;
    const task = Number(key.startsWith(start) ? key.slice(start.length) : NaN);
    if (!Number.isInteger(task)) return;
    const event = { ...this.momentOf(record), status: readStatus(record.value()) };
    const known = this.events.get(task);
    if (known === undefined) this.events.set(task, [event]);
    else known.push(event);
  }

  restart(): void {
    this.holders = undefined;
    this.without = undefined;
    this.events.clear();
  }

  private momentOf({ timestamp: at }: RecordCursor): Moment {
    return { at, look: this.looks.length - 1 };
  }

  /**
   * The tasks that may still copy the topics. Empty: no task can.
   * @param now the time of this computer, in ms since the epoch
   */
  open(now: number): OpenTask[] {
    const { without, holders } = this;
    const tasks = [...(holders ?? (without === undefined ? [] : this.events.keys()))].sort((a, b) => a - b);
    return tasks.flatMap((task): OpenTask[] => {
      const events = this.events.get(task) ?? [];
      if (without === undefined) return [{ task, worker: undefined, text: `task ${task} has the topics` }];
      if (this.hasStopped(events, without, now)) return [];
      return [
        { task, worker: workerAt(events, without), text: `task ${task} had the topics and ${lastOf(events, without)}` },
      ];
    });
  }

  private hasStopped(events: readonly TaskEvent[], without: Moment, now: number): boolean {
    const last = events.at(-1);
    // What failed stays so until it is started again, with the new assignment.
    if (last?.status !== undefined && !isAlive(last) && last.status.state !== "UNASSIGNED") return true;
    // Compaction has left only the newest assignment and the newest statuses.
    if (this.holders === undefined && last !== undefined && isAfter(last, without)) return true;
    const before = events.filter((e) => !isAfter(e, without)).at(-1);
    const worker = workerAt(events, without);
    for (const event of events.filter((e) => isAfter(e, without) && e.status !== undefined)) {
      if (worker !== undefined && event.status?.worker !== worker) continue;
      if (!isAlive(event)) return true;
      if (worker !== undefined && event.status?.generation !== before?.status?.generation) return true;
    }
    const seen = this.looks[Math.max(without.look, last?.look ?? 0)] ?? now;
    // A worker that was about to start the task, and does not hang, has stopped it by now.
    return now - seen >= SETTLED_MS && (worker === undefined || hasRestarted(events, without, worker));
  }
}

/** The worker that had the task when the new assignment was written. Undefined: none, or not known. */
function workerAt(events: readonly TaskEvent[], without: Moment): string | undefined {
  const before = events.filter((e) => !isAfter(e, without)).at(-1);
  return before !== undefined && isAlive(before) ? before.status?.worker : undefined;
}

/**
 * True if the worker stopped the task when the assignment was written, or a moment before, and since then no other
 * worker has had it. This is what the new assignment looks like if the worker's clock is late.
 */
function hasRestarted(events: readonly TaskEvent[], without: Moment, worker: string): boolean {
  return events.some(
    (stop, i) =>
      stop.status?.state === "UNASSIGNED" &&
      stop.at > without.at - CLOCKS_DIFFER_MS &&
      events.slice(i).every(({ status }) => status === undefined || status.worker === worker),
  );
}

const isAlive = ({ status }: TaskEvent): boolean => status !== undefined && ALIVE.has(status.state);

/** True for what was written later, if the clocks of the workers are equal. */
const isAfter = (one: Moment, other: Moment): boolean => one.at > other.at || one.look > other.look;

function lastOf(events: readonly TaskEvent[], without: Moment): string {
  const last = events.at(-1);
  if (last === undefined) return "has no status";
  const { state = "removed", worker } = last.status ?? {};
  const age = without.at - last.at;
  return (
    `its last status is ${state}${worker === undefined ? "" : ` at worker ${worker}`}, ` +
    (age >= 0 ? `${durationText(age)} before the new assignment` : `${durationText(-age)} after the new assignment`)
  );
}
