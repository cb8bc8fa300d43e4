import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assignedPartitions, Connectors, currentTasks, SourceOffsets } from ".";

const json = (value: unknown) => (value === null ? null : Buffer.from(JSON.stringify(value)));
const text = (value: string) => Buffer.from(value);
const name = "origin->target.MirrorSourceConnector";

describe("source offsets", () => {
  const key = (connector: string, topic: string, partition: number, cluster = "origin") =>
    json([connector, { cluster, partition, topic }]);

  it("keep the latest offset of each partition of this connector, and null removes it", () => {
    const offsets = new SourceOffsets(name, "origin");
    offsets.add(key(name, "orders", 0), json({ offset: 5 }));
    offsets.add(key(name, "orders", 0), json({ offset: 9 }));
    offsets.add(key(name, "orders", 1), json({ offset: 1 }));
    offsets.add(key(name, "gone", 0), json({ offset: 1 }));
    offsets.add(key(name, "gone", 0), null);
    expect([...offsets.latest]).toEqual([
      ["orders:0", 9],
      ["orders:1", 1],
    ]);
  });

  it("ignore other connectors, other clusters and other formats", () => {
    const offsets = new SourceOffsets(name, "origin");
    offsets.add(key("origin->target.MirrorCheckpointConnector", "orders", 0), json({ offset: 5 }));
    offsets.add(key(name, "orders", 0, "another"), json({ offset: 5 }));
    offsets.add(json([name, { sourceClusterAlias: "origin" }]), json({ offset: 5 }));
    offsets.add(text("not json"), json({ offset: 5 }));
    offsets.add(key(`${name}2`, "orders", 0), json({ offset: 5 }));
    offsets.add(null, json({ offset: 5 }));
    expect(offsets.latest.size).toBe(0);
  });

  it("are the last value of each partition, for any records", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.stringMatching(/^[a-z.:_-]{1,9}$/), fc.nat(3), fc.option(fc.nat(), { nil: null }))),
        (records) => {
          const offsets = new SourceOffsets(name, "origin");
          const truth = new Map<string, number>();
          for (const [topic, partition, offset] of records) {
            offsets.add(key(name, topic, partition), offset === null ? null : json({ offset }));
            truth.delete(`${topic}:${partition}`);
            if (offset !== null) truth.set(`${topic}:${partition}`, offset);
          }
          expect(new Map([...offsets.latest].sort())).toEqual(new Map([...truth].sort()));
        },
      ),
    );
  });
});

describe("connectors and tasks", () => {
  const fold = (...records: [string, unknown][]) => {
    const connectors = new Connectors();
    for (const [key, value] of records)
      key.startsWith("status-")
        ? connectors.addStatus(text(key), json(value))
        : connectors.addConfig(text(key), json(value));
    return connectors.byName.get(name);
  };
  const connector: [string, unknown] = [`connector-${name}`, { properties: { topics: ".*" } }];
  const task = (n: number, partitions: string): [string, unknown] => [
    `task-${name}-${n}`,
    { properties: { "task.assigned.partitions": partitions } },
  ];
  const commit = (tasks: number): [string, unknown] => [`commit-${name}`, { tasks }];
  const assigned = (state: ReturnType<typeof fold>) =>
    currentTasks(state!).map((t) => [t.task, assignedPartitions(t.config).map((p) => `${p.topic}/${p.partition}`)]);

  it("counts tasks only after their commit", () => {
    expect(assigned(fold(connector, task(0, "a-0,b-c-12"), task(1, "a-1")))).toEqual([]);
    expect(assigned(fold(connector, task(0, "a-0,b-c-12"), task(1, "a-1"), commit(2)))).toEqual([
      [0, ["a/0", "b-c/12"]],
      [1, ["a/1"]],
    ]);
    expect(assigned(fold(connector, task(0, "a-0"), commit(1), task(0, "a-0,a-1")))).toEqual([[0, ["a/0"]]]);
  });

  it("drops the tasks beyond a smaller assignment, also in a compacted log", () => {
    expect(assigned(fold(connector, task(0, "a-0"), task(1, "a-1"), commit(2), task(0, "a-0,a-1"), commit(1)))).toEqual(
      [[0, ["a/0", "a/1"]]],
    );
    expect(assigned(fold(connector, task(1, "a-1"), task(0, "a-0,a-1"), commit(1)))).toEqual([[0, ["a/0", "a/1"]]]);
    expect(assigned(fold(connector, task(0, "a-0"), commit(1), commit(0)))).toEqual([]);
  });

  it("marks a connector as inconsistent if a commit comes without its tasks", () => {
    const state = fold(connector, task(0, "a-0"), commit(1), task(0, "a-0,a-1"), commit(2));
    expect(state!.inconsistent).toBe(true);
  });

  it("reads the target state and the statuses of a connector and its tasks", () => {
    const state = fold(
      ["status-task-" + name + "-0", { state: "FAILED", trace: "java.lang.Error: x\n\tat y", worker_id: "w:8083" }],
      connector,
      task(0, "a-0"),
      commit(1),
      [`target-state-${name}`, { state: "PAUSED", "state.v2": "STOPPED" }],
      [`status-connector-${name}`, { state: "RUNNING", trace: null, worker_id: "w:8083" }],
      ["status-topic-a:connector-" + name, { topic: {} }],
    );
    expect(state).toMatchObject({ target: "STOPPED", status: { state: "RUNNING", worker: "w:8083" } });
    expect(currentTasks(state!)[0]!.status).toEqual({
      state: "FAILED",
      trace: "java.lang.Error: x\n\tat y",
      worker: "w:8083",
    });
  });

  it("forgets a deleted connector", () => {
    expect(fold(connector, task(0, "a-0"), commit(1), [`connector-${name}`, null])).toBeUndefined();
  });
});
