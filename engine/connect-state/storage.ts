import type { TopicPartition } from "../kafka/port";
import { partitionKey } from "../log/partition";

/**
 * Builds the state from Connect's three storage topics, record by record, in the same way as Connect's own readers
 * (KafkaOffsetBackingStore, KafkaConfigBackingStore, KafkaStatusBackingStore; Kafka 4.3). Values are JSON, no schemas.
 */

/** The state of a connector or task, as last written by its worker. */
export interface Status {
  /** `RUNNING`, `FAILED`, `PAUSED`, `STOPPED`, `UNASSIGNED`, `RESTARTING`, `DESTROYED`. */
  state: string;
  /** The stack trace of a failure. */
  trace?: string;
  worker?: string;
  /** The generation of the worker's group. Each rebalance increases it. */
  generation?: number;
  /** When its worker wrote it, ms since the epoch, by the worker's clock. Absent: not known. */
  at?: number;
}

export interface ConnectorState {
  config: Record<string, string>;
  /** The requested state: `STARTED`, `PAUSED`, `STOPPED`. */
  target: string;
  status?: Status;
  /** Number of tasks in the last committed assignment. Undefined: no assignment was ever committed. */
  taskCount?: number;
  /** By task number. May also hold tasks of an earlier, larger assignment. */
  tasks: Map<number, { config: Record<string, string>; status?: Status }>;
  /** True if the last commit came without all of its tasks: the assignment is being rewritten. */
  inconsistent: boolean;
}

type Properties = { properties?: Record<string, string> };

function parse<T>(value: Buffer | null): T | null {
  if (value === null) return null;
  try {
    return JSON.parse(value.toString("utf8")) as T;
  } catch {
    return null;
  }
}

/** The last mirrored origin offset of each partition (`topic:partition`), as committed by one source connector. */
export class SourceOffsets {
  readonly latest = new Map<string, number>();
  /** When the worker wrote each of them, ms since the epoch, by the worker's clock. Absent: not known. */
  readonly times = new Map<string, number>();
  private readonly prefix: string;

  constructor(
    connector: string,
    private readonly originAlias: string,
  ) {
    this.prefix = `[${JSON.stringify(connector)},`;
  }

  /**
   * Ignores records of other connectors (the checkpoint connector writes here too). The latest record of a key wins. A
   * null value removes the key.
   * @param at when the worker wrote the record
   */
  add(key: Buffer | null, value: Buffer | null, at?: number): void {
    if (key === null || !key.toString("utf8").startsWith(this.prefix)) return;
    const parsed = parse<[string, { cluster?: unknown; partition?: unknown; topic?: unknown }]>(key)?.[1];
    if (
      parsed === undefined ||
      parsed.cluster !== this.originAlias ||
      typeof parsed.topic !== "string" ||
      typeof parsed.partition !== "number"
    )
      return;
    const id = partitionKey({ topic: parsed.topic, partition: parsed.partition });
    const offset = parse<{ offset?: unknown }>(value)?.offset;
    if (typeof offset === "number") this.latest.set(id, offset);
    else this.latest.delete(id);
    if (at === undefined) this.times.delete(id);
    else this.times.set(id, at);
  }
}

/**
 * The record with which a source connector says that it has mirrored an origin partition up to and including this
 * offset. MirrorMaker 2 continues after it. The bytes of the key are exactly Connect's: another key would be another
 * entry.
 */
export function offsetRecord(
  connector: string,
  originAlias: string,
  { topic, partition }: TopicPartition,
  offset: number,
): { key: Buffer; value: Buffer } {
  return {
    key: Buffer.from(JSON.stringify([connector, { cluster: originAlias, partition, topic }])),
    value: Buffer.from(JSON.stringify({ offset })),
  };
}

/** Connectors with their tasks and states. A task configuration takes effect with the next commit record. */
export class Connectors {
  readonly byName = new Map<string, ConnectorState>();
  private readonly deferred = new Map<string, Map<number, Record<string, string>>>();
  private readonly targets = new Map<string, string>();
  private readonly statuses = new Map<string, Status>();

  addConfig(key: Buffer | null, value: Buffer | null): void {
    const name = key?.toString("utf8") ?? "";
    if (name.startsWith("connector-"))
      this.connector(name.slice("connector-".length), parse<Properties>(value)?.properties);
    else if (name.startsWith("target-state-")) this.target(name.slice("target-state-".length), parse(value));
    else if (name.startsWith("task-")) this.task(name.slice("task-".length), parse<Properties>(value)?.properties);
    else if (name.startsWith("commit-"))
      this.commit(name.slice("commit-".length), parse<{ tasks?: number }>(value)?.tasks);
  }

  private connector(name: string, config: Record<string, string> | undefined): void {
    if (config === undefined) {
      this.byName.delete(name);
      this.deferred.delete(name);
      return;
    }
    const known = this.byName.get(name);
    if (known !== undefined) known.config = config;
    else
      this.byName.set(name, {
        config,
        target: this.targets.get(name) ?? "STARTED",
        tasks: new Map(),
        inconsistent: false,
        ...this.statusOf(`connector-${name}`),
      });
  }

  private target(name: string, value: { state?: string; "state.v2"?: string } | null): void {
    const target = value?.["state.v2"] ?? value?.state ?? "STARTED";
    this.targets.set(name, target);
    const known = this.byName.get(name);
    if (known !== undefined) known.target = target;
  }

  private task(id: string, config: Record<string, string> | undefined): void {
    const dash = id.lastIndexOf("-");
    const name = id.slice(0, dash);
    const number = Number(id.slice(dash + 1));
    if (dash < 1 || !Number.isInteger(number) || config === undefined) return;
    const waiting = this.deferred.get(name) ?? new Map<number, Record<string, string>>();
    this.deferred.set(name, waiting.set(number, config));
  }

  private commit(name: string, tasks: number | undefined): void {
    const connector = this.byName.get(name);
    if (connector === undefined || tasks === undefined) return;
    const waiting = this.deferred.get(name) ?? new Map<number, Record<string, string>>();
    this.deferred.delete(name);
    const complete = Array.from({ length: tasks }, (_, i) => i).every((i) => waiting.has(i));
    connector.inconsistent = !complete;
    connector.taskCount = tasks;
    if (!complete) return;
    for (const [number, config] of waiting)
      connector.tasks.set(number, { config, ...this.statusOf(`task-${name}-${number}`) });
  }

  /** @param at when the worker wrote the record */
  addStatus(key: Buffer | null, value: Buffer | null, at?: number): void {
    const id = key?.toString("utf8") ?? "";
    if (!id.startsWith("status-connector-") && !id.startsWith("status-task-")) return;
    const what = id.slice("status-".length);
    const status = readStatus(value);
    if (status === undefined) this.statuses.delete(what);
    else this.statuses.set(what, at === undefined ? status : { ...status, at });
    this.place(what);
  }

  /** Sets the status on its connector or task, if that is already known. */
  private place(what: string): void {
    const status = this.statuses.get(what);
    const put = (to: { status?: Status }) => {
      if (status === undefined) delete to.status;
      else to.status = status;
    };
    if (what.startsWith("connector-")) {
      const connector = this.byName.get(what.slice("connector-".length));
      if (connector !== undefined) put(connector);
      return;
    }
    const dash = what.lastIndexOf("-");
    const task = this.byName.get(what.slice("task-".length, dash))?.tasks.get(Number(what.slice(dash + 1)));
    if (task !== undefined) put(task);
  }

  /** The last states of a connector (without `task`) and its tasks. Also those that a deleted connector has left. */
  statusesOf(name: string): { task?: number; status: Status }[] {
    const found: { task?: number; status: Status }[] = [];
    for (const [what, status] of this.statuses) {
      const [, task] = what.startsWith(`task-${name}-`) ? (/-(\d+)$/.exec(what) ?? []) : [];
      if (what === `connector-${name}`) found.push({ status });
      else if (task !== undefined && what === `task-${name}-${task}`) found.push({ task: Number(task), status });
    }
    return found.sort((a, b) => (a.task ?? -1) - (b.task ?? -1));
  }

  private statusOf(what: string): { status?: Status } {
    const status = this.statuses.get(what);
    return status === undefined ? {} : { status };
  }
}

/** @returns undefined for a null value, which removes the status, and for anything else that is not a status */
export function readStatus(value: Buffer | null): Status | undefined {
  const read = parse<{ state?: string; trace?: string | null; worker_id?: string; generation?: number }>(value);
  if (read?.state === undefined) return undefined;
  return {
    state: read.state,
    ...(read.trace ? { trace: read.trace } : {}),
    ...(read.worker_id === undefined ? {} : { worker: read.worker_id }),
    ...(typeof read.generation === "number" ? { generation: read.generation } : {}),
  };
}

/** The tasks of the current assignment, in order of their numbers. */
export function currentTasks(
  connector: ConnectorState,
): { task: number; config: Record<string, string>; status?: Status }[] {
  return [...connector.tasks]
    .filter(([number]) => number < (connector.taskCount ?? 0))
    .sort(([a], [b]) => a - b)
    .map(([task, { config, status }]) => ({ task, config, ...(status === undefined ? {} : { status }) }));
}

/** The origin partitions assigned to a task (`task.assigned.partitions`: `topic-partition`, separated by commas). */
export function assignedPartitions(config: Record<string, string>): TopicPartition[] {
  return (config["task.assigned.partitions"] ?? "")
    .split(",")
    .filter((text) => text !== "")
    .map((text) => {
      const dash = text.lastIndexOf("-");
      return { topic: text.slice(0, dash), partition: Number(text.slice(dash + 1)) };
    });
}
