import { afterEach, expect, it, vi } from "vitest";
import { checkFence, lowerFence } from "../../engine/fence";
import type { GateOptions } from "../../engine/gate";
import type { MigrationModel } from "../../engine/model";
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

const usual: GateOptions = { limitMs: 60_000, stableForMs: 0 };
/** @param offsets absent: the step does not look for what the steps behind the fence would refuse */
const inputsOf = ({ origin, target, mirror }: MigrationModel, offsets?: object, gate = usual) => ({
  originConnection: origin,
  targetConnection: target,
  mirror,
  phase: "cutover",
  enabled: true,
  options: {},
  gate,
  ...(offsets === undefined ? {} : { behind: { connectors: [], offsets } }),
});

/** A mirror whose topic has ten records, and a group of the origin that has read some of them. */
async function withGroup(name: string, { copied = 9, offset = 2n } = {}) {
  const pattern = `.*-data-${name}-billing`;
  const mirror = await FakeMirror.start(ports, { offsetFlushIntervalMs: 1, groupsPattern: pattern });
  const topic = await mirror.topic(name);
  await mirror.connector({ topics: mirror.model.mirror.topicsPattern, "sync.topic.acls.enabled": "false" });
  await mirror.send(topic, messages(10), copied + 1);
  await mirror.copied(topic, copied);
  const group = `${topic}-billing`;
  await ports.origin.alterGroupOffsets(group, [{ topic, partition: 0, offset, metadata: "" }]);
  ports.atEnd(() => ports.origin.deleteGroups([group]).then(() => {}));
  return { mirror, model: mirror.model, topic, group };
}

/** Reads on the target until `leave`. */
async function readerOf(group: string, topic: string) {
  const reader = application(ports.clusters.target).consumer({ groupId: group });
  await reader.connect();
  await reader.subscribe({ topics: [topic] });
  await reader.run({ eachMessage: async () => {} });
  const members = async () => (await ports.target.describeGroups([group]))[0]!.members.length;
  await eventually("the reader is in its group", async () => (await members()) === 1);
  return {
    async leave() {
      await reader.disconnect();
      await eventually("the reader has left", async () => (await members()) === 0);
    },
  };
}

it("a fence is raised when the mirror is close behind the producers, not earlier", async () => {
  const mirror = await FakeMirror.start(ports, { offsetFlushIntervalMs: 1 });
  const { model } = mirror;
  const topic = await mirror.topic("orders");
  const reads = { resourceType: "topic", resourceName: topic, patternType: "literal", host: "*" } as const;
  const acl = { ...reads, principal: "User:reader", operation: "Read", permission: "allow" } as const;
  await ports.origin.createAcls([acl]);
  ports.atEnd(() => ports.origin.deleteAcls([acl]).then(() => {}));
  const state = () => checkFence(model, {}).then((found) => found.state);
  const raise = (limitMs: number) => fenceStep.create(inputsOf(model, undefined, { ...usual, limitMs }));
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
  const { model, topic, group } = await withGroup("payments", { offset: 7n });
  const reader = await readerOf(group, topic);
  const raise = (offsets: object, state?: Record<string, unknown>): Promise<{ outs: Record<string, unknown> }> => {
    const inputs = inputsOf(model, offsets);
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
    await reader.leave();
    expect((await raise({ overwrite: true })).outs.raised).not.toBeNull();
  } finally {
    await lowerFence(model, {}, silent);
  }
});

it("a reader that joins on the target while the raise waits for the mirror keeps the fence down", async () => {
  const { mirror, model, topic, group } = await withGroup("late", { copied: 3 });
  const lines = vi.spyOn(process.stderr, "write");
  const refused = fenceStep.create(inputsOf(model, {})).then(
    () => "raised",
    (error: Error) => error.message,
  );
  const waits = async () => lines.mock.calls.some(([line]) => String(line).includes("not raised before the mirror"));
  await eventually("the raise waits for the mirror", waits);
  const reader = await readerOf(group, topic);
  await mirror.only("target", topic, messages(6, 4), (i) => i + 4);
  await mirror.copied(topic, 9);
  try {
    expect(await refused).toMatch(/OFFSETS_BLOCKED.*the fence was not raised/);
    expect((await checkFence(model, {})).state).toBe("down");
  } finally {
    await reader.leave();
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
  try {
    for (const offsets of [{}, { blocked: "skip" }])
      await expect(fenceStep.create(inputsOf(model, offsets))).rejects.toThrow(
        /OFFSETS_JOURNAL_UNREADABLE.*the fence was not raised/,
      );
    expect((await checkFence(model, {})).state).toBe("down");
  } finally {
    await lowerFence(model, {}, silent);
  }
});

it("a group that moved in phase consumers and reads on the target does not keep the fence down", async () => {
  const { model, topic, group } = await withGroup("early");
  ports.remember(offsetsJournalTopic(model.mirror));
  await consumerOffsetsStep.create({ ...inputsOf(model), phase: "consumers", abandon: false, fence: true });
  const reader = await readerOf(group, topic);
  try {
    const { outs } = await fenceStep.create(inputsOf(model, {}));
    expect(outs.raised).not.toBeNull();
  } finally {
    await reader.leave();
    await lowerFence(model, {}, silent);
  }
});
