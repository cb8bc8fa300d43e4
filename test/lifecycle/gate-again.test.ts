import { expect, test } from "vitest";
import { consumerOffsetsStep } from "../../lifecycle/handlers/consumer-offsets";
import { gateStep } from "../../lifecycle/handlers/gate";
import type { GateResult } from "../../engine/gate";
import { readTopicIds } from "../../engine/topic-ids";
import { FakeMirror, messages } from "../engine/gate/fake-mirror";
import { withPorts } from "../engine/kafka/support";

const ports = withPorts("again");

test("a gate that has passed is checked again for later records, until clients write to the target", async () => {
  const mirror = await FakeMirror.start(ports);
  const topic = await mirror.topic("orders");
  await mirror.send(topic, messages(3));
  await mirror.copied(topic, 2);
  const { origin, target, mirror: told } = mirror.model;
  const inputs = {
    phase: "cutover",
    abandon: false,
    fence: false,
    options: { stableForMs: 0, limitMs: 15_000 },
    originConnection: origin,
    targetConnection: target,
    mirror: told,
  };
  const first = (await gateStep.create(inputs)).outs;
  expect(Date.parse(first.passedAt as string)).toBeGreaterThanOrEqual(
    Date.parse((first.result as GateResult).passedAt),
  );
  expect(await gateStep.diff("id", first, inputs)).toEqual({ changes: false });

  // A later step failed; hours after, a producer has written, and the mirror copied.
  await mirror.send(topic, messages(2));
  await mirror.copied(topic, 4);
  expect(await gateStep.diff("id", first, inputs)).toEqual({ changes: true });
  const second = (await gateStep.update("id", first, inputs)).outs;
  expect(second).toMatchObject({ passed: true });
  expect(second.passedAt).not.toBe(first.passedAt);
  expect(await gateStep.diff("id", second, inputs)).toEqual({ changes: false });
  // What was moved for the first passing is moved again for the second, and not for the same one.
  const offsets = (at: unknown) => ({ ...inputs, options: {}, gatePassedAt: at });
  const moved = (await consumerOffsetsStep.create(offsets(first.passedAt))).outs;
  expect((await consumerOffsetsStep.update("id", moved, offsets(first.passedAt))).outs.appliedAt).toBe(moved.appliedAt);
  expect((await consumerOffsetsStep.update("id", moved, offsets(second.passedAt))).outs.appliedAt).not.toBe(
    moved.appliedAt,
  );

  // Clients work on the target: both sides differ for good, and it could never pass.
  await mirror.only("target", topic, messages(3));
  await mirror.only("origin", topic, messages(1));
  expect(await gateStep.diff("id", second, inputs)).toEqual({ changes: false });
  expect((await gateStep.update("id", second, inputs)).outs.passedAt).toBe(second.passedAt);
}, 120_000);

test("topic ids are recorded when the mirror starts and kept, and a recreated topic is refused", async () => {
  const mirror = await FakeMirror.start(ports);
  const orders = await mirror.topic("orders");
  await mirror.send(orders, messages(3));
  await mirror.copied(orders, 2);
  const { origin, target, mirror: told } = mirror.model;
  const base = {
    abandon: false,
    fence: false,
    options: { stableForMs: 0, limitMs: 15_000, graceMs: 100 },
    originConnection: origin,
    targetConnection: target,
    mirror: told,
  };
  const [armed, cutover] = [
    { ...base, phase: "mirror" },
    { ...base, phase: "cutover" },
  ];
  const ids = await readTopicIds(mirror.model);
  const first = (await gateStep.create(armed)).outs;
  expect(first.topicIds).toEqual(ids);
  expect(await gateStep.diff("id", first, armed)).toEqual({ changes: false });

  // The state of an older version has none: the next up records them, without anything else to do.
  const { topicIds: _, ...older } = first;
  expect(await gateStep.diff("id", older, armed)).toEqual({ changes: true });
  expect((await gateStep.update("id", older, armed)).outs.topicIds).toEqual(ids);

  // A topic that appears later is recorded then.
  const later = await mirror.topic("later");
  expect(await gateStep.diff("id", first, armed)).toEqual({ changes: true });
  const second = (await gateStep.update("id", first, armed)).outs;
  expect(second.topicIds).toMatchObject({ ...ids, [later]: { origin: expect.any(String) as string } });
  expect(await gateStep.diff("id", second, armed)).toEqual({ changes: false });

  // Created again with more records than before. No further up overwrites what was recorded.
  await ports.origin.deleteTopics([orders]);
  await ports.origin.createTopic(orders, { partitions: 1, replicationFactor: 1 });
  await mirror.only("origin", orders, messages(6));
  await mirror.only("target", orders, messages(3, 3), (i) => 3 + i);
  await mirror.copied(orders, 5);
  expect(await gateStep.diff("id", second, armed)).toEqual({ changes: false });
  const third = (await gateStep.update("id", second, { ...armed, options: { ...armed.options, limitMs: 14_000 } }))
    .outs;
  expect((third.topicIds as typeof ids)[orders]).toEqual(ids[orders]);
  await expect(gateStep.update("id", third, cutover)).rejects.toThrow(
    `topic ${orders} was deleted and created again on the origin`,
  );
  // A mirror with a memory of its own copies everything from the beginning.
  const anew = { ...armed, mirror: { ...told, offsetStorageTopic: `${told.offsetStorageTopic}-2` } };
  expect(((await gateStep.update("id", third, anew)).outs.topicIds as typeof ids)[orders]!.origin).not.toBe(
    ids[orders]!.origin,
  );
}, 120_000);

test("a gate that cannot reach its clusters is armed anyway, and its next check records the ids", async () => {
  const connection = { bootstrapServers: "127.0.0.1:1", connectTimeoutMs: 200 };
  const mirror = await FakeMirror.start(ports);
  const inputs = {
    phase: "mirror",
    abandon: false,
    fence: false,
    options: {},
    originConnection: connection,
    targetConnection: connection,
    mirror: mirror.model.mirror,
  };
  expect((await gateStep.create(inputs)).outs).toMatchObject({ passed: false, topicIds: {} });
}, 60_000);
