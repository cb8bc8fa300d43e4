import { afterEach, expect, it, vi } from "vitest";
import { checkFence, lowerFence } from "../../engine/fence";
import { offsetsJournalTopic } from "../../engine/naming";
import { silent } from "../../engine/progress";
import { consumerOffsetsStep } from "../../lifecycle/handlers/consumer-offsets";
import { fenceStep } from "../../lifecycle/handlers/fence";
import { forgetFenceRecord } from "../../lifecycle/handlers/fence-hold";
import { FakeMirror, messages } from "../engine/gate/fake-mirror";
import { application, withPorts } from "../engine/kafka/support";
import { eventually } from "../engine/support/mirror";
import { said } from "./support/said";

const ports = withPorts("fence-catch-up");
afterEach(() => vi.restoreAllMocks());
afterEach(forgetFenceRecord);

it("a fence is raised when the mirror is close behind the producers, not earlier", async () => {
  const mirror = await FakeMirror.start(ports, { offsetFlushIntervalMs: 1 });
  const { model } = mirror;
  const topic = await mirror.topic("orders");
  const reads = { resourceType: "topic", resourceName: topic, patternType: "literal", host: "*" } as const;
  const acl = { ...reads, principal: "User:reader", operation: "Read", permission: "allow" } as const;
  await ports.origin.createAcls([acl]);
  ports.atEnd(() => ports.origin.deleteAcls([acl]).then(() => {}));
  const state = () => checkFence(model, {}).then((found) => found.state);
  const raise = (limitMs: number) => {
    const connections = { originConnection: model.origin, targetConnection: model.target, mirror: model.mirror };
    const gate = { limitMs, stableForMs: 0 };
    return fenceStep.create({ ...connections, phase: "cutover", enabled: true, options: {}, gate });
  };
  // What the raise refuses is refused without a wait.
  await expect(raise(60_000)).rejects.toThrow("FENCE_ACL_SYNC");
  await mirror.connector({ topics: model.mirror.topicsPattern, "sync.topic.acls.enabled": "false" });
  await mirror.send(topic, messages(10), 4);
  await mirror.copied(topic, 3);
  await expect(raise(1)).rejects.toThrow(
    /^GATE_INCOMPLETE: .* the fence was not raised and no producer was stopped[^]*6 offsets are not copied/,
  );
  expect(await state()).toBe("down");
  try {
    const lines = said(() => raise(60_000));
    const looked = Date.now() + 1500;
    await eventually("the first look", async () => (await state()) === "down" && Date.now() > looked);
    // The mirror copies what was there at the first look. A producer has written more.
    await mirror.send(topic, messages(1, 10), 0);
    await mirror.only("target", topic, messages(6, 4));
    await mirror.copied(topic, 9);
    expect(await lines).toMatch(/not raised before the mirror is close behind[^]*s behind the producers[^]*closed for/);
    await eventually("the fence is up", async () => (await state()) === "up");
    // This `up` was killed before it recorded the fence. Producers wait, whatever the mirror does.
    await mirror.send(topic, messages(1, 11), 0);
    expect(await said(() => raise(1))).not.toMatch(/close behind/);
  } finally {
    await lowerFence(model, {}, silent);
  }
});

it("a group that could not be moved keeps the fence down, and is moved when its reader on the target has left", async () => {
  const mirror = await FakeMirror.start(ports, { offsetFlushIntervalMs: 1, groupsPattern: ".*-data-payments-billing" });
  const { model } = mirror;
  const topic = await mirror.topic("payments");
  await mirror.connector({ topics: model.mirror.topicsPattern, "sync.topic.acls.enabled": "false" });
  await mirror.send(topic, messages(10));
  await mirror.copied(topic, 9);
  const group = `${topic}-billing`;
  await ports.origin.alterGroupOffsets(group, [{ topic, partition: 0, offset: 7n, metadata: "" }]);
  ports.atEnd(() => ports.origin.deleteGroups([group]).then(() => {}));
  const reader = application(ports.clusters.target).consumer({ groupId: group });
  await reader.connect();
  await reader.subscribe({ topics: [topic] });
  await reader.run({ eachMessage: async () => {} });
  const members = async () => (await ports.target.describeGroups([group]))[0]!.members.length;
  await eventually("the reader is in its group", async () => (await members()) === 1);
  const connections = { originConnection: model.origin, targetConnection: model.target, mirror: model.mirror };
  const gate = { limitMs: 60_000, stableForMs: 0 };
  const raise = (offsets: object, state?: Record<string, unknown>): Promise<{ outs: Record<string, unknown> }> => {
    const behind = { connectors: [], offsets };
    const inputs = { ...connections, phase: "cutover", enabled: true, options: {}, gate, behind };
    return state === undefined ? fenceStep.create(inputs) : fenceStep.update("id", state, inputs);
  };
  const refused = raise({});
  await expect(refused).rejects.toThrow(
    new RegExp(
      `OFFSETS_BLOCKED: 1 group can't be moved, so the fence was not raised[^]*"${group}" active on the target`,
    ),
  );
  // The step was created without success. The next `up` updates it, and the reader is still there.
  const { properties } = (await refused.catch((error: unknown) => error)) as { properties: Record<string, unknown> };
  await expect(raise({}, properties)).rejects.toThrow("OFFSETS_BLOCKED");
  expect((await checkFence(model, {})).state).toBe("down");
  try {
    for (const offsets of [{ excludeGroups: [group] }, { blocked: "skip" }]) {
      expect((await raise(offsets)).outs.raised).not.toBeNull();
      await lowerFence(model, {}, silent);
      await forgetFenceRecord();
    }
    await reader.disconnect();
    await eventually("the reader has left", async () => (await members()) === 0);
    expect((await raise({ overwrite: true })).outs.raised).not.toBeNull();
  } finally {
    await lowerFence(model, {}, silent);
  }
});

it("a reader that joins on the target while the raise waits for the mirror keeps the fence down", async () => {
  const mirror = await FakeMirror.start(ports, { offsetFlushIntervalMs: 1, groupsPattern: ".*-data-late-billing" });
  const { model } = mirror;
  const topic = await mirror.topic("late");
  await mirror.connector({ topics: model.mirror.topicsPattern, "sync.topic.acls.enabled": "false" });
  await mirror.send(topic, messages(10), 4);
  await mirror.copied(topic, 3);
  const group = `${topic}-billing`;
  await ports.origin.alterGroupOffsets(group, [{ topic, partition: 0, offset: 2n, metadata: "" }]);
  ports.atEnd(() => ports.origin.deleteGroups([group]).then(() => {}));
  const connections = { originConnection: model.origin, targetConnection: model.target, mirror: model.mirror };
  const gate = { limitMs: 60_000, stableForMs: 0 };
  const behind = { connectors: [], offsets: {} };
  const inputs = { ...connections, phase: "cutover", enabled: true, options: {}, gate, behind };
  const lines = vi.spyOn(process.stderr, "write");
  const refused = fenceStep.create(inputs).then(
    () => "raised",
    (error: Error) => error.message,
  );
  const waits = async () => lines.mock.calls.some(([line]) => String(line).includes("not raised before the mirror"));
  await eventually("the raise waits for the mirror", waits);
  const reader = application(ports.clusters.target).consumer({ groupId: group });
  await reader.connect();
  await reader.subscribe({ topics: [topic] });
  await reader.run({ eachMessage: async () => {} });
  const members = async () => (await ports.target.describeGroups([group]))[0]!.members.length;
  await eventually("the reader is in its group", async () => (await members()) === 1);
  await mirror.only("target", topic, messages(6, 4), (i) => i + 4);
  await mirror.copied(topic, 9);
  try {
    expect(await refused).toMatch(/OFFSETS_BLOCKED.*the fence was not raised/);
    expect((await checkFence(model, {})).state).toBe("down");
  } finally {
    await reader.disconnect();
    await lowerFence(model, {}, silent);
  }
});

it("notes about the groups that cannot be read keep the fence down", async () => {
  const mirror = await FakeMirror.start(ports, { offsetFlushIntervalMs: 1, groupsPattern: "none" });
  const { model } = mirror;
  const topic = await mirror.topic("noted");
  await mirror.connector({ topics: model.mirror.topicsPattern, "sync.topic.acls.enabled": "false" });
  await mirror.send(topic, messages(3));
  await mirror.copied(topic, 2);
  const journal = offsetsJournalTopic(model.mirror);
  ports.remember(journal);
  await ports.target.createTopic(journal, { partitions: 1, replicationFactor: 1, configs: {} });
  await mirror.only("target", journal, messages(1));
  const connections = { originConnection: model.origin, targetConnection: model.target, mirror: model.mirror };
  const gate = { limitMs: 60_000, stableForMs: 0 };
  const raise = (offsets: object) => {
    const behind = { connectors: [], offsets };
    return fenceStep.create({ ...connections, phase: "cutover", enabled: true, options: {}, gate, behind });
  };
  try {
    for (const offsets of [{}, { blocked: "skip" }])
      await expect(raise(offsets)).rejects.toThrow(/OFFSETS_JOURNAL_UNREADABLE.*the fence was not raised/);
    expect((await checkFence(model, {})).state).toBe("down");
  } finally {
    await lowerFence(model, {}, silent);
  }
});

it("a group that moved in phase consumers and reads on the target does not keep the fence down", async () => {
  const mirror = await FakeMirror.start(ports, { offsetFlushIntervalMs: 1, groupsPattern: ".*-data-early-billing" });
  const { model } = mirror;
  const topic = await mirror.topic("early");
  await mirror.connector({ topics: model.mirror.topicsPattern, "sync.topic.acls.enabled": "false" });
  await mirror.send(topic, messages(10));
  await mirror.copied(topic, 9);
  const group = `${topic}-billing`;
  await ports.origin.alterGroupOffsets(group, [{ topic, partition: 0, offset: 2n, metadata: "" }]);
  ports.atEnd(() => ports.origin.deleteGroups([group]).then(() => {}));
  ports.remember(offsetsJournalTopic(model.mirror));
  const connections = { originConnection: model.origin, targetConnection: model.target, mirror: model.mirror };
  const move = { ...connections, options: {}, abandon: false, fence: true };
  await consumerOffsetsStep.create({ ...move, phase: "consumers" });
  const reader = application(ports.clusters.target).consumer({ groupId: group });
  await reader.connect();
  await reader.subscribe({ topics: [topic] });
  await reader.run({ eachMessage: async () => {} });
  const members = async () => (await ports.target.describeGroups([group]))[0]!.members.length;
  await eventually("the reader is in its group", async () => (await members()) === 1);
  const gate = { limitMs: 60_000, stableForMs: 0 };
  const behind = { connectors: [], offsets: {} };
  try {
    const { outs } = await fenceStep.create({
      ...connections,
      phase: "cutover",
      enabled: true,
      options: {},
      gate,
      behind,
    });
    expect(outs.raised).not.toBeNull();
  } finally {
    await reader.disconnect();
    await lowerFence(model, {}, silent);
  }
});
