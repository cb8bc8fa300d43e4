import { expect, test } from "vitest";
import { consumerOffsetsStep } from "../../lifecycle/handlers/consumer-offsets";
import { gateStep } from "../../lifecycle/handlers/gate";
import { FakeMirror, messages } from "../engine/gate/fake-mirror";
import { withPorts } from "../engine/kafka/support";

const ports = withPorts("again");

test("a gate that has passed is asked again for records that came since, until clients write to the target", async () => {
  const mirror = await FakeMirror.start(ports);
  const topic = await mirror.topic("orders");
  await mirror.send(topic, messages(3));
  await mirror.copied(topic, 2);
  const { origin, target, mirror: told } = mirror.model;
  const inputs = { phase: "cutover", abandon: false, fence: false, options: { stableForMs: 0, limitMs: 15_000 }, originConnection: origin, targetConnection: target, mirror: told };
  const first = (await gateStep.create(inputs)).outs;
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
  expect((await consumerOffsetsStep.update("id", moved, offsets(second.passedAt))).outs.appliedAt).not.toBe(moved.appliedAt);

  // Clients work on the target: both sides differ for good, and it could never pass.
  await mirror.only("target", topic, messages(3));
  await mirror.only("origin", topic, messages(1));
  expect(await gateStep.diff("id", second, inputs)).toEqual({ changes: false });
  expect((await gateStep.update("id", second, inputs)).outs.passedAt).toBe(second.passedAt);
}, 120_000);
