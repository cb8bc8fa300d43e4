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
  /** Undefined: the status was removed, because the task no longer exists. */
  status: Status | undefined;
}

/** A task in one of these states still exists at its worker. */
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
 * of this connector. A task that has stopped writes the status UNASSIGNED. Then the workers rebalance, which increases
 * their generation, and start the tasks of the new assignment, which write RUNNING with the new generation.
 *
 * The commit alone proves nothing: a worker that hangs still copies. But the leader writes an assignment only while no
 * rebalance is in progress. So a task that has stopped after the commit, and a task of a later generation, has or gets
 * the new assignment.
 */
export class TaskHistory implements ConnectObserver {
  /** Tasks with the topics in the last assignment that had some. Undefined: the config topic holds none. */
  private holders: ReadonlySet<number> | undefined;
  /** Commit of the first assignment without the topics, after the last one with them. */
  private without: Moment | undefined;
  private readonly events = new Map<number, TaskEvent[]>();
  /** Generations in all statuses, also of other connectors. */
  private generations: (Moment & { generation: number })[] = [];
  private look = 0;
  /** When each look began. */
  private readonly looks: number[] = [];

  /** @param isExcluded true for the topics that no task may copy any more */
  constructor(
    private readonly connector: string,
    private readonly isExcluded: (topic: string) => boolean,
  ) {}

  /** Call this before each read. A record that a read shows first was written after the end of the read before. */
  nextLook(now: number): void {
    this.look = this.looks.push(now) - 1;
  }

  config(record: RecordCursor, source: ConnectorState | undefined): void {
    if (record.key()?.toString("utf8") !== `commit-${this.connector}` || source === undefined || source.inconsistent)
      return;
    const holders = currentTasks(source)
      .filter(({ config }) => assignedPartitions(config).some(({ topic }) => this.isExcluded(topic)))
      .map(({ task }) => task);
    if (holders.length > 0) {
      this.holders = new Set(holders);
      this.without = undefined;
    } else this.without ??= this.now(record);
  }

  status(record: RecordCursor): void {
    const key = record.key()?.toString("utf8") ?? "";
    if (!key.startsWith("status-task-") && !key.startsWith("status-connector-")) return;
    const status = readStatus(record.value());
    const moment = this.now(record);
    if (status?.generation !== undefined) this.generations.push({ ...moment, generation: status.generation });
    const start = `status-task-${this.connector}-`;
    const task = Number(key.startsWith(start) ? key.slice(start.length) : NaN);
    if (!Number.isInteger(task)) return;
    const known = this.events.get(task);
    if (known === undefined) this.events.set(task, [{ ...moment, status }]);
    else known.push({ ...moment, status });
  }

  restart(): void {
    this.holders = undefined;
    this.without = undefined;
    this.events.clear();
    this.generations = [];
  }

  private now({ timestamp: at }: RecordCursor): Moment {
    return { at, look: this.look };
  }

  /**
   * Describes each task that may still copy the topics. Empty: no task can.
   * @param now the time of this computer, in ms since the epoch
   */
  mayCopy(now: number): string[] {
    const { without, holders } = this;
    if (without === undefined) return [...(holders ?? [])].map((task) => `task ${task} has the topics`);
    const tasks = [...(holders ?? this.events.keys())].sort((a, b) => a - b);
    return tasks
      .filter((task) => !this.hasStopped(this.events.get(task) ?? [], without, now))
      .map((task) => `task ${task} got them and ${lastOf(this.events.get(task) ?? [], without)}`);
  }

  private hasStopped(events: readonly TaskEvent[], without: Moment, now: number): boolean {
    const last = events.at(-1);
    // A task that failed stays so until it is started again, with the new assignment.
    if (last !== undefined && !isAlive(last) && last.status?.state !== "UNASSIGNED") return true;
    if (this.holders === undefined && last !== undefined && isAfter(last, without)) return true;
    const before = Math.max(-1, ...this.generations.filter((g) => !isAfter(g, without)).map((g) => g.generation));
    const isProof = (e: TaskEvent) => !isAlive(e) || (e.status?.generation ?? -1) > before;
    if (events.some((e) => isAfter(e, without) && isProof(e))) return true;
    const lastLook = Math.max(without.look, last?.look ?? 0);
    if (now - this.looks[lastLook]! < SETTLED_MS) return false;
    return last === undefined || !isAlive(last) || events.some((e, i) => isEnd(e, events[i - 1]) && isNear(e, without));
  }
}

const isAlive = ({ status }: TaskEvent): boolean => status !== undefined && ALIVE.has(status.state);

/** True for what was certainly written after it, if the clocks of the workers are right. */
const isAfter = (one: Moment, other: Moment): boolean => one.at > other.at || one.look > other.look;

const isNear = (one: Moment, other: Moment): boolean => one.at > other.at - CLOCKS_DIFFER_MS;

/** The task has stopped, or runs in a later generation, before which it has stopped. */
const isEnd = (event: TaskEvent, previous: TaskEvent | undefined): boolean =>
  !isAlive(event) || (previous !== undefined && generationOf(event) > generationOf(previous));

const generationOf = ({ status }: TaskEvent): number => status?.generation ?? -1;

function lastOf(events: readonly TaskEvent[], without: Moment): string {
  const last = events.at(-1);
  if (last === undefined) return "has no status yet";
  const { state = "removed", worker } = last.status ?? {};
  const age = without.at - last.at;
  return (
    `has been ${state}${worker === undefined ? "" : ` at worker ${worker}`} since ` +
    (age >= 0 ? `${durationText(age)} before the new assignment` : `${durationText(-age)} after the new assignment`)
  );
}
