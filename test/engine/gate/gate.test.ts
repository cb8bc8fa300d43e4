import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { evaluateGate, type GateOptions } from "../../../engine/gate";
import { silent } from "../../../engine/progress";
import { deleteBelow, transaction, withPorts } from "../kafka/support";
import { FakeMirror, messages } from "./fake-mirror";

const ports = withPorts("port-gate");
const start = (...args: Parameters<typeof FakeMirror.start> extends [unknown, ...infer R] ? R : never) =>
  FakeMirror.start(ports, ...args);

const open = (mirror: FakeMirror, options: GateOptions = {}) => evaluateGate(mirror.model, options, silent);
const refused = async (mirror: FakeMirror, options: GateOptions = {}): Promise<string> => {
  const result = await open(mirror, options).then(
    () => undefined,
    (error: Error) => error,
  );
  expect(result, "the gate opened").toBeDefined();
  return result!.message;
};

describe("a complete copy opens the gate", () => {
  it("with plain and empty partitions, and the result shows what was checked", async () => {
    const mirror = await start();
    const topic = await mirror.topic("plain", 2);
    const empty = await mirror.topic("empty");
    await mirror.send(topic, messages(10));
    await mirror.copied(topic, 9);
    const result = await open(mirror);
    expect(result).toMatchObject({
      topics: 2,
      partitions: 3,
      recordsAtMost: 10,
      lastRecordsCompared: 1,
      cleared: {},
      originEnds: { [topic]: [10, 0], [empty]: [0] },
      warnings: [],
      looks: 1,
    });
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
  });

  it("with markers or aborted records at the end, a deleted prefix, or all records deleted", async () => {
    const mirror = await start({}, { "consumer.isolation.level": "read_committed" });
    const committed = await mirror.topic("committed");
    await transaction(mirror.origin, committed, ["a", "b"], "commit");
    await transaction(mirror.target, committed, ["a", "b"], "commit");
    await mirror.copied(committed, 1);
    const aborted = await mirror.topic("aborted");
    await transaction(mirror.origin, aborted, ["x", "y"], "abort");
    const prefix = await mirror.topic("prefix");
    await mirror.send(prefix, messages(10));
    await deleteBelow(mirror.origin, prefix, 4);
    await mirror.copied(prefix, 9);
    const gone = await mirror.topic("gone");
    await mirror.send(gone, messages(5));
    await mirror.copied(gone, 4);
    await deleteBelow(mirror.origin, gone, 5);
    await settled(mirror, committed, 3);
    await settled(mirror, aborted, 3);
    // The producers' own timestamps differ between the two transactions.
    const result = await open(mirror, { compareLastRecord: false });
    expect(result).toMatchObject({ partitions: 4, gapsRead: 2, cleared: { [`${committed}:0`]: 3 } });
    await expect(open(mirror)).rejects.toThrow(new RegExp(`${committed}-0: the origin ends with offset 1 `));
  });
});

describe("an incomplete copy keeps the gate closed", () => {
  it("if records are missing, and the error names the partition and the offsets", async () => {
    const mirror = await start();
    const topic = await mirror.topic("short", 2);
    await mirror.send(topic, messages(10), 5);
    await mirror.copied(topic, 4);
    await mirror.send(topic, messages(3), 0, 1);
    const message = await refused(mirror);
    expect(message).toMatch(
      /^GATE_INCOMPLETE: the copy is not proved complete: 0 of 2 partitions in 1 topics are complete/,
    );
    expect(message).toContain(`${topic}-0: 5 offsets are not copied (copied up to 4, the origin ends at 10)`);
    expect(message).toContain(`${topic}-1: 3 offsets are not copied (nothing is copied yet, the origin ends at 3)`);
  });

  it("if aborted records are not copied and the mirror reads uncommitted", async () => {
    const mirror = await start();
    const topic = await mirror.topic("aborted");
    await transaction(mirror.origin, topic, ["x", "y"], "abort");
    await settled(mirror, topic, 3);
    expect(await refused(mirror)).toContain(`${topic}-0: 3 offsets are not copied`);
  });

  it("if a transaction is open, until it ends", async () => {
    const mirror = await start();
    const topic = await mirror.topic("open");
    await mirror.send(topic, messages(3));
    const end = await transaction(mirror.origin, topic, ["x"], "open");
    await mirror.copied(topic, 3);
    expect(await refused(mirror)).toContain(`${topic}-0: a transaction is open since offset 3 (the origin ends at 4)`);
    await end();
    await settled(mirror, topic, 5);
    expect(await open(mirror, { compareLastRecord: false })).toMatchObject({ gapsRead: 1 });
  });

  it("if records were deleted on the origin before they were copied", async () => {
    const mirror = await start();
    const topic = await mirror.topic("truncated");
    await mirror.send(topic, messages(15), 10);
    await mirror.copied(topic, 9);
    await deleteBelow(mirror.origin, topic, 15);
    const message = await refused(mirror);
    expect(message).toContain(`${topic}-0: offsets 10 to 14 were deleted on the origin before they were seen copied`);
    expect(await open(mirror, { acceptTruncation: [topic] })).toMatchObject({
      warnings: [expect.stringContaining("(accepted)")],
    });
    // The gate that passed before the deletion had seen that nothing was left.
    expect(await open(mirror, { cleared: { [`${topic}:0`]: 15 } })).toMatchObject({ warnings: [] });
  });

  it("if the offsets are of an earlier run or another topic", async () => {
    const mirror = await start();
    const topic = await mirror.topic("stale");
    await mirror.send(topic, messages(5));
    await mirror.copied(topic, 40);
    expect(await refused(mirror)).toContain(
      `${topic}-0: the mirror says it copied offset 40, but the origin ends at 5`,
    );
  });

  it("if the last record differs or is missing, even if all offsets match", async () => {
    const mirror = await start();
    const topic = await mirror.topic("other");
    await mirror.send(topic, messages(5), 4);
    await mirror.copied(topic, 4);
    expect(await refused(mirror)).toMatch(
      new RegExp(`${topic}-0: the origin ends with offset 4 .* but the target ends with offset 3`),
    );
    expect(await open(mirror, { compareLastRecord: false })).toMatchObject({ lastRecordsCompared: 0 });
    const empty = await mirror.topic("wiped");
    await mirror.send(empty, messages(5), 0);
    await mirror.copied(empty, 4);
    expect(await refused(mirror)).toContain("the target has no record left");
  });

  it("if a topic or partitions are missing on the target, or there are too many", async () => {
    const mirror = await start();
    const absent = await mirror.topic("absent");
    await ports.target.deleteTopics([absent]);
    const fewer = await mirror.topic("fewer");
    await grow("origin", mirror, fewer, 3);
    const more = await mirror.topic("more");
    await grow("target", mirror, more, 2);
    const message = await refused(mirror);
    expect(message).toContain(`topic ${absent} is not on the target`);
    expect(message).toContain(
      `topic ${fewer} has 1 partitions on the target and 3 on the origin (MirrorMaker 2 looks for new ones every 2 s)`,
    );
    expect(message).toContain(`topic ${more} has 2 partitions on the target and 1 on the origin`);
    expect(message).toContain(`${fewer}-2 is assigned to no task`);
  });
});

describe("a mirror with a hidden problem", () => {
  it("has a FAILED task under a RUNNING connector, and the error shows the reason", async () => {
    const mirror = await start();
    const topic = await mirror.topic("failed");
    await mirror.send(topic, messages(2), 0);
    await mirror.status(
      "task-0",
      "FAILED",
      "org.apache.kafka.common.errors.RecordTooLargeException: too large\n\tat x",
    );
    const message = await refused(mirror);
    expect(message).toContain(
      "source task 0 is FAILED: org.apache.kafka.common.errors.RecordTooLargeException: too large\n",
    );
    expect(message.indexOf("is FAILED")).toBeLessThan(message.indexOf("not copied"));
    expect(message).toContain("fix: fix what the trace names and restart the task");
    await mirror.status("task-0", "FAILED", "java.lang.OutOfMemoryError: Java heap space");
    expect(await refused(mirror)).toMatch(
      /source task 0 is FAILED: java.lang.OutOfMemoryError[^]*fix: give the workers more heap \(mirror\.jvmOptions/,
    );
    // When everything is copied all the same, it is said and not refused, unless that is asked for.
    const done = await start();
    const copied = await done.topic("done");
    await done.send(copied, messages(2));
    await done.copied(copied, 1);
    await done.status("task-0", "FAILED", "late trouble");
    expect(await open(done)).toMatchObject({ warnings: ["source task 0 is FAILED: late trouble"] });
    expect(await refused(done, { strictConnectors: true })).toContain("source task 0 is FAILED: late trouble");
  });

  it("has no tasks, an unassigned partition or a stopped connector", async () => {
    const mirror = await start();
    const topic = await mirror.topic("tasks", 2);
    await mirror.send(topic, messages(2), 0);
    await mirror.assign();
    expect(await refused(mirror)).toContain("the source connector is RUNNING with no tasks");
    await mirror.assign(`${topic}-0`);
    expect(await refused(mirror)).toContain(`${topic}-1 is assigned to no task`);
    await mirror.targetState("STOPPED");
    await mirror.assign();
    expect(await refused(mirror)).toContain("the source connector is STOPPED, so nothing more will be copied");
  });

  it("has settings that prevent a proof of completeness", async () => {
    const mirror = await start(
      {},
      {
        "errors.tolerance": "all",
        transforms: "drop",
        "source.consumer.auto.offset.reset": "latest",
        topics: "other.*",
      },
    );
    await mirror.topic("settings");
    const message = await refused(mirror);
    for (const text of [
      "errors.tolerance=all",
      "transforms=drop",
      "source.consumer.auto.offset.reset=latest",
      "topics=other.*, but the migration asks for",
    ])
      expect(message).toContain(text);
  });

  it("never ran, or its pattern selects nothing", async () => {
    const mirror = await start();
    await mirror.topic("real");
    const absent = {
      ...mirror.model,
      mirror: { ...mirror.model.mirror, offsetStorageTopic: "port-no-offsets", configStorageTopic: "port-no-configs" },
    };
    await expect(evaluateGate(absent, {}, silent)).rejects.toThrow(
      /Connect's storage topic port-no-configs is not on the target/,
    );
    const other = { ...mirror.model, mirror: { ...mirror.model.mirror, originAlias: "someone-else" } };
    await expect(evaluateGate(other, {}, silent)).rejects.toThrow(
      /no source connector for someone-else->.* is configured/,
    );
    const nothing = { ...mirror.model, mirror: { ...mirror.model.mirror, topicsPattern: `${mirror.prefix}-dta-real` } };
    await expect(evaluateGate(nothing, {}, silent)).rejects.toThrow(
      new RegExp(`SELECTION_EMPTY: .*[^]*did you mean "${mirror.prefix}-data-real"`),
    );
  });
});

/** A transaction's marker is written a moment after its end was acknowledged. */
async function settled(mirror: FakeMirror, topic: string, end: number): Promise<void> {
  for (const deadline = Date.now() + 20_000; ; await sleep(50)) {
    const [stable] = await ports.origin.listOffsets([{ topic, partition: 0 }], "last-stable");
    if (Number(stable!.offset) === end) return;
    if (Date.now() > deadline) throw new Error(`${topic} of ${mirror.prefix} did not settle at ${end}`);
  }
}

async function grow(side: "origin" | "target", mirror: FakeMirror, topic: string, count: number): Promise<void> {
  const admin = mirror[side].admin();
  await admin.connect();
  await admin.createPartitions({ topicPartitions: [{ topic, count }] });
  await admin.disconnect();
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await sleep(50)) {
    const [found] = await ports[side].describeTopics([topic]);
    if (found!.partitions.length === count && found!.partitions.every((p) => p.leader >= 0)) return;
  }
}
