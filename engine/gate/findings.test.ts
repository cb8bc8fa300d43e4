import { beforeEach, describe, expect, it } from "vitest";
import { evaluateGate, type GateOptions } from ".";
import type { MirrorModel } from "../model";
import { silent } from "../progress";
import { put, puts } from "../../test/engine/verify/memory-cluster";
import { MemoryMirror } from "../../test/engine/gate/memory-mirror";

let mirror: MemoryMirror;
const start = (changes: Partial<MirrorModel> = {}) => {
  mirror = new MemoryMirror(changes);
  mirror.topic("orders");
};
beforeEach(() => start());

const ask = (options: GateOptions = {}) => evaluateGate(mirror.model, options, silent, undefined, mirror.open);
const refusal = (options: GateOptions = {}) =>
  ask(options).then(
    () => "the gate opened",
    (e: Error) => e.message,
  );
const behind = () => mirror.copied("orders", 4);

describe("a failed connector or task", () => {
  it("is only a warning if all is copied, unless strictConnectors is set", async () => {
    mirror.status("task-0", "FAILED", "org.example.Broken: why");
    expect(await ask()).toMatchObject({ warnings: ["source task 0 is FAILED: org.example.Broken: why"] });
    expect(await refusal({ strictConnectors: true })).toContain("source task 0 is FAILED: org.example.Broken: why");
    behind();
    const message = await refusal();
    expect(message).toMatch(
      /source task 0 is FAILED[^]*orders-0: up to 5 offsets are not copied|source task 0 is FAILED[^]*orders-0: 5 offsets/,
    );
  });

  it("keeps the gate closed for the checkpoint connector only with strictConnectors", async () => {
    mirror.checkpoint("FAILED", "FAILED");
    const lines = ["checkpoint connector is FAILED", "checkpoint connector's task 0 is FAILED"];
    expect(await ask()).toMatchObject({ warnings: lines });
    for (const line of lines) expect(await refusal({ strictConnectors: true })).toContain(line);
    behind();
    const message = await refusal();
    for (const line of lines) expect(message).not.toContain(line);
  });

  it("can be the source connector itself", async () => {
    mirror.status("connector", "FAILED");
    expect(await ask()).toMatchObject({ warnings: ["source connector is FAILED"] });
    expect(await refusal({ strictConnectors: true })).toContain("source connector is FAILED");
  });
});

describe("a mirror that does not copy", () => {
  it("keeps the gate closed if it is paused or stopped and records are missing", async () => {
    for (const state of ["PAUSED", "STOPPED"]) {
      start();
      mirror.targetState(state);
      expect(await ask()).toMatchObject({ warnings: [] });
      behind();
      expect(await refusal()).toContain(`the source connector is ${state}, so nothing more will be copied`);
    }
  });

  it("keeps the gate closed if it has no tasks and records are missing", async () => {
    mirror.assign();
    mirror.status("connector", "RUNNING");
    expect(await ask()).toMatchObject({ warnings: [] });
    behind();
    expect(await refusal()).toContain("the source connector is RUNNING with no tasks");
  });

  it("keeps the gate closed if its connector or a storage topic does not exist", async () => {
    mirror.noConnector();
    expect(await refusal()).toMatch(/no source connector for .* is configured in migration-connect-cluster-configs/);
    const { configStorageTopic, statusStorageTopic } = mirror.model.mirror;
    delete mirror.target[configStorageTopic];
    const message = await refusal();
    expect(message).toContain(`Connect's storage topic ${configStorageTopic} is not on the target`);
    expect(message).not.toContain(statusStorageTopic);
    expect(message).not.toContain("no source connector");
  });

  it("keeps the gate closed if a partition is assigned to no task", async () => {
    mirror.topic("payments", 0);
    mirror.assign("orders-0");
    expect(await refusal()).toContain("payments-0 is assigned to no task");
    // The assignment of a stopped mirror does not count.
    mirror.targetState("STOPPED");
    expect(await ask()).toMatchObject({ partitions: 2 });
  });
});

describe("the check of the connector's settings", () => {
  it.each<[string, Record<string, string>, RegExp]>([
    [
      "errors that are tolerated",
      { "errors.tolerance": "all" },
      /errors.tolerance=all: records that fail are left out/,
    ],
    ["transforms", { transforms: "drop" }, /transforms=drop/],
    [
      "a mirror that starts at the end of the logs",
      { "consumer.auto.offset.reset": "latest" },
      /consumer.auto.offset.reset=latest/,
    ],
    [
      "the same setting by its new name",
      { "source.consumer.auto.offset.reset": "none" },
      /source.consumer.auto.offset.reset=none/,
    ],
    ["other topics", { topics: "orders" }, /topics=orders, but the migration asks for orders\|payments/],
    ["other exclusions", { "topics.exclude": "pay.*" }, /topics.exclude=pay.\*, but the migration asks for a,b/],
  ])("refuses %s", async (_what, config, why) => {
    start({ topicsExcludePattern: "a,b" });
    mirror.connector(config);
    expect(await refusal()).toMatch(why);
  });

  it.each<[string, Record<string, string>]>([
    ["no tolerance", { "errors.tolerance": "none" }],
    ["no transforms", { transforms: " " }],
    ["a mirror that starts at the beginning of the logs", { "consumer.auto.offset.reset": "earliest" }],
    ["the same topics, written with spaces", { topics: " orders|payments ", "topics.exclude": "a , b" }],
  ])("accepts %s", async (_what, config) => {
    start({ topicsExcludePattern: "a,b" });
    mirror.connector(config);
    expect(await ask()).toMatchObject({ warnings: [] });
  });
});

describe("topics and partitions", () => {
  it("must not be an empty selection", async () => {
    start({ topicsPattern: "none" });
    expect(await refusal()).toMatch(/SELECTION_EMPTY/);
  });

  it("are reported as hidden, not as deleted, if the administrator may not describe them", async () => {
    mirror.assign("orders-0", "secret-0", "deleted-0");
    mirror.hidden.add("secret");
    const message = await refusal();
    expect(message).toContain(
      "topic secret is mirrored, but the migration's administrator may not describe it on the origin",
    );
    expect(message).not.toContain("deleted");
  });

  it("need the same partition count on the target", async () => {
    mirror.topic("payments", 0, 2);
    mirror.target["payments"]!.logs.pop();
    expect(await refusal()).toContain("topic payments has 1 partitions on the target and 2 on the origin");
    mirror.target["payments"]!.logs.push({ records: [] }, { records: [] });
    expect(await refusal()).toContain("topic payments has 3 partitions on the target and 2 on the origin");
    delete mirror.target["payments"];
    expect(await refusal()).toContain("topic payments is not on the target");
  });

  it("are refused if they were recreated; on the target only before the gate has passed", async () => {
    mirror.model.recorded = { orders: { origin: "origin orders", target: "target orders" } };
    expect(await ask()).toMatchObject({ topicIds: { orders: { origin: "origin orders", target: "target orders" } } });
    mirror.target["orders"]!.id = "another";
    expect(await refusal()).toContain(
      "topic orders was deleted and created again on the target since the mirror was started",
    );
    expect(await ask({ compareLastRecord: false })).toMatchObject({
      topicIds: { orders: { target: "target orders" } },
    });
    mirror.origin["orders"]!.id = "another";
    expect(await refusal({ compareLastRecord: false })).toContain(
      "topic orders was deleted and created again on the origin",
    );
  });

  it("cause a warning if they were mirrored and no longer exist on the origin", async () => {
    mirror.copied("payments", 3);
    mirror.copied("elsewhere", 3);
    expect((await ask()).warnings).toEqual([
      expect.stringMatching(/^topic payments was copied and is not on the origin any more/),
    ]);
  });

  it("keep the gate closed if uncopied records were deleted, unless the truncation is accepted", async () => {
    const [log] = mirror.origin["orders"]!.logs as [{ records: unknown[]; start?: number }];
    mirror.copied("orders", 4);
    log.start = 5;
    expect(await refusal()).toContain("orders-0: 5 offsets are not copied (copied up to 4, the origin ends at 10)");
    log.start = 6;
    expect(await refusal()).toContain(
      "orders-0: offsets 5 to 5 were deleted on the origin before they were seen copied",
    );
    mirror.copied("orders", 5);
    log.start = 10;
    expect(await refusal()).toContain("offsets 6 to 9 were deleted");
    expect(await ask({ acceptTruncation: ["orders"], compareLastRecord: false })).toMatchObject({
      warnings: [expect.stringContaining("(accepted)")],
    });
    // Nothing is lost if an earlier look found the gap empty.
    expect(await ask({ cleared: { "orders:0": 10 }, compareLastRecord: false })).toMatchObject({
      warnings: [],
      cleared: { "orders:0": 10 },
    });
    mirror.copied("orders", 9);
    const { warnings, cleared } = await ask({ acceptTruncation: ["orders"] });
    expect({ warnings, cleared }).toEqual({ warnings: [], cleared: {} });
  });

  it("keep the gate closed while a transaction is open", async () => {
    mirror.origin["orders"]!.logs[0]!.stable = 8;
    expect(await refusal()).toContain("orders-0: a transaction is open since offset 8 (the origin ends at 10)");
    // A stable offset above the end was read after more records arrived. It must not affect the result.
    mirror.origin["orders"]!.logs[0]!.stable = 12;
    expect(await ask()).toMatchObject({ partitions: 1 });
  });

  it("keep the gate closed if the copied offset is beyond the origin's end", async () => {
    mirror.copied("orders", 10);
    expect(await refusal()).toContain("the mirror says it copied offset 10, but the origin ends at 10");
  });

  it("are read if the log ends without a visible record, and are marked as cleared", async () => {
    mirror.origin["orders"]!.logs[0]!.end = 12;
    expect(await ask()).toMatchObject({ gapsRead: 1, cleared: { "orders:0": 12 }, lastRecordsCompared: 1 });
  });

  it("must end with the same record, or with the same live key if either side compacts", async () => {
    mirror.write("target", "orders", puts(10, 11));
    expect(await refusal()).toMatch(/the origin ends with offset 9 .* but the target ends with offset 10/);
    // The target has no record left: its retention is shorter, or the records were deleted.
    start();
    Object.assign(mirror.target["orders"]!.logs[0]!, { records: [], start: 10, end: 10 });
    expect(await refusal()).toContain("but the target has no record left");
    // The target has removed a tombstone and the record it deletes. The last key that is alive is the same.
    start();
    mirror.write("origin", "orders", [put(10, "k3", null)]);
    mirror.copied("orders", 10);
    const copy = mirror.target["orders"]!;
    Object.assign(copy.logs[0]!, { records: copy.logs[0]!.records.filter((r) => r.offset !== 3), end: 11 });
    expect(await refusal()).toMatch(/the origin ends with offset 10 .* but the target ends with offset 9/);
    copy.configs = { "cleanup.policy": "compact" };
    expect(await ask()).toMatchObject({ lastRecordsCompared: 1, warnings: [] });
  });

  it("cause only a warning if they are compacted and hold only tombstones", async () => {
    mirror.origin["orders"] = {
      logs: [{ records: [put(0, "a", null), put(1, "b", null)] }],
      configs: { "cleanup.policy": "compact" },
    };
    mirror.target["orders"] = { logs: [{ records: [put(0, "a", null)], end: 2 }] };
    mirror.copied("orders", 1);
    expect((await ask()).warnings).toEqual([
      expect.stringContaining("orders-0: compaction took the last record from one side"),
    ]);
  });
});
