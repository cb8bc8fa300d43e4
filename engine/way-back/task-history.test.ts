import { describe, expect, it } from "vitest";
import { Connectors } from "../connect-state";
import { RecordCursor } from "../records/walk";
import { TaskHistory } from "./task-history";

const connector = "origin->target.MirrorSourceConnector";

/** Connect's topics, record by record. Each record is one second after the one before, unless a test says otherwise. */
class Topics {
  private readonly connectors = new Connectors();
  readonly history = new TaskHistory(connector, (topic) => topic.startsWith("x"));
  now = 1_000_000;

  constructor() {
    this.look();
    this.config(`connector-${connector}`, { properties: { topics: ".*" } });
  }

  /** The records after this were not there at the look before. */
  look(afterMs = 0): void {
    this.now += afterMs;
    this.history.nextLook(this.now);
  }

  open(): string[] {
    return this.history
      .open(this.now)
      .map(({ task, worker }) => `${task}${worker === undefined ? "" : ` at ${worker}`}`);
  }

  private record(key: string, value: unknown, at = (this.now += 1_000)): RecordCursor {
    const bytes = (data: unknown) => (data === null ? null : Buffer.from(JSON.stringify(data)));
    return Object.assign(new RecordCursor(), { timestamp: at, key: () => Buffer.from(key), value: () => bytes(value) });
  }

  private config(key: string, value: unknown): void {
    const record = this.record(key, value);
    this.connectors.addConfig(record.key(), record.value());
    this.history.config(record, this.connectors.byName.get(connector));
  }

  /** Deletes the connector and creates it again. */
  createAgain(): void {
    this.config(`connector-${connector}`, null);
    this.config(`connector-${connector}`, { properties: { topics: ".*" } });
  }

  assign(...tasks: string[]): void {
    tasks.forEach((partitions, n) => {
      this.config(`task-${connector}-${n}`, { properties: { "task.assigned.partitions": partitions } });
    });
    this.config(`commit-${connector}`, { tasks: tasks.length });
  }

  /** @param at `task worker generation`, e.g. `0 a 3` */
  status(at: string, state: string | null, time?: number): void {
    const [task, worker_id, generation] = at.split(" ");
    const value = state === null ? null : { state, trace: null, worker_id, generation: Number(generation) };
    this.history.status(this.record(`status-task-${connector}-${task}`, value, time));
  }
}

function running(): Topics {
  const topics = new Topics();
  topics.assign("x-0,y-0", "y-1");
  topics.status("0 a 2", "RUNNING");
  topics.status("1 b 2", "RUNNING");
  return topics;
}

describe("tasks that copied the excluded topics", () => {
  it("may copy until the worker says that they have stopped, and then start with the new assignment", () => {
    const topics = running();
    expect(topics.open()).toEqual(["0"]);
    topics.assign("y-0", "y-1");
    expect(topics.open()).toEqual(["0 at a"]);
    topics.status("1 b 2", "UNASSIGNED");
    expect(topics.open()).toEqual(["0 at a"]);
    topics.status("0 a 2", "UNASSIGNED");
    expect(topics.open()).toEqual([]);
    topics.status("0 a 3", "RUNNING");
    expect(topics.open()).toEqual([]);
  });

  it("may still copy in a worker that hangs, although others run in a later generation", () => {
    const topics = running();
    topics.assign("y-0", "y-1");
    topics.status("1 b 3", "RUNNING");
    // The leader has given the task to another worker, which has even stopped it again.
    topics.status("0 b 4", "RUNNING");
    topics.status("0 b 4", "UNASSIGNED");
    topics.status("0 b 5", null);
    topics.look(60_000);
    expect(topics.open()).toEqual(["0 at a"]);
    topics.status("0 a 6", "UNASSIGNED");
    expect(topics.open()).toEqual([]);
  });

  it("may copy if they moved to another worker just before the new assignment", () => {
    const topics = running();
    topics.status("0 a 2", "UNASSIGNED");
    topics.status("0 b 3", "RUNNING");
    topics.assign("y-0,y-1");
    topics.look(60_000);
    expect(topics.open()).toEqual(["0 at b"]);
  });

  it("have stopped if their worker was killed and has started them again", () => {
    const topics = running();
    topics.assign("y-0", "y-1");
    topics.status("0 a 3", "RUNNING");
    expect(topics.open()).toEqual([]);
  });

  it("have stopped if they failed, before or after", () => {
    const topics = running();
    topics.status("0 a 2", "FAILED");
    topics.assign("y-0", "y-1");
    expect(topics.open()).toEqual([]);
  });

  it("are not stopped by a pause", () => {
    const topics = running();
    topics.assign("y-0", "y-1");
    topics.status("0 a 2", "PAUSED");
    expect(topics.open()).toEqual(["0 at a"]);
  });

  it("have stopped if the new assignment has fewer tasks, and their status was removed", () => {
    const topics = new Topics();
    topics.assign("y-0", "x-0");
    topics.status("1 a 2", "RUNNING");
    topics.assign("y-0");
    topics.status("1 a 2", "UNASSIGNED");
    topics.status("1 a 2", null);
    expect(topics.open()).toEqual([]);
  });

  it("have stopped if their connector was deleted, and another one never had the topics", () => {
    const topics = running();
    topics.createAgain();
    expect(topics.open()).toEqual(["0 at a"]);
    topics.status("0 a 2", "UNASSIGNED");
    topics.status("0 a 2", null);
    topics.now += 60_000;
    topics.assign("y-0");
    topics.status("0 b 9", "RUNNING");
    expect(topics.open()).toEqual([]);
  });

  it("have stopped if no worker had them when the new assignment was written, a while after it", () => {
    const topics = running();
    topics.status("0 a 2", "UNASSIGNED");
    topics.look(60_000);
    topics.assign("y-0", "y-1");
    // It may be about to start with the old assignment.
    expect(topics.open()).toEqual(["0"]);
    topics.look(5_000);
    expect(topics.open()).toEqual(["0"]);
    topics.look(3_000);
    topics.status("0 b 4", "RUNNING");
    expect(topics.open()).toEqual(["0"]);
    topics.look(10_000);
    expect(topics.open()).toEqual([]);
  });

  it("may copy again if a later assignment has the topics", () => {
    const topics = running();
    topics.assign("y-0", "y-1");
    topics.status("0 a 2", "UNASSIGNED");
    topics.assign("y-0", "x-0,y-1");
    expect(topics.open()).toEqual(["1"]);
  });

  it("are not taken as stopped because an earlier exclusion stopped them", () => {
    const topics = running();
    topics.assign("y-0", "y-1");
    topics.status("0 a 2", "UNASSIGNED");
    topics.status("0 a 3", "RUNNING");
    topics.assign("x-0,y-0", "y-1");
    topics.status("0 a 3", "UNASSIGNED");
    topics.status("0 a 4", "RUNNING");
    topics.now += 10_000;
    topics.assign("y-0", "y-1");
    topics.look(60_000);
    expect(topics.open()).toEqual(["0 at a"]);
  });

  it("count their own worker's statuses also if its clock is late", () => {
    const late = running();
    late.assign("y-0", "y-1");
    const commit = late.now;
    late.status("0 a 2", "UNASSIGNED", commit - 2_000);
    late.status("0 a 3", "RUNNING", commit - 1_000);
    expect(late.open()).toHaveLength(1);
    late.look(10_000);
    expect(late.open()).toEqual([]);

    // What a later look shows was written later, whatever its clock says.
    const seen = running();
    seen.assign("y-0", "y-1");
    seen.look();
    seen.status("0 a 2", "UNASSIGNED", seen.now - 3_600_000);
    expect(seen.open()).toEqual([]);
  });

  it("are none if no assignment had the topics, or only compaction has left the newest records", () => {
    const topics = new Topics();
    expect(topics.open()).toEqual([]);
    topics.assign("y-0");
    topics.status("0 a 3", "RUNNING");
    expect(topics.open()).toEqual([]);
  });

  it("are forgotten if the topics are read again from the start", () => {
    const topics = running();
    topics.history.restart();
    expect(topics.open()).toEqual([]);
  });
});
