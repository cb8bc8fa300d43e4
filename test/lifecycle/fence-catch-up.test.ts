import { afterEach, expect, it } from "vitest";
import { checkFence, lowerFence } from "../../engine/fence";
import { silent } from "../../engine/progress";
import { fenceStep } from "../../lifecycle/handlers/fence";
import { forgetFenceRecord } from "../../lifecycle/handlers/fence-hold";
import { FakeMirror, messages } from "../engine/gate/fake-mirror";
import { application, withPorts } from "../engine/kafka/support";
import { eventually } from "../engine/support/mirror";
import { said } from "./support/said";

const ports = withPorts("fence-catch-up");
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
  const raise = (offsets: object) =>
    fenceStep.create({
      ...connections,
      phase: "cutover",
      enabled: true,
      options: {},
      gate,
      behind: { connectors: [], offsets },
    });
  const refused = raise({});
  await expect(refused).rejects.toThrow(
    new RegExp(
      `OFFSETS_BLOCKED: 1 group can't be moved, so the fence was not raised[^]*"${group}" active on the target`,
    ),
  );
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
