import { afterEach, expect, it } from "vitest";
import { checkFence, lowerFence } from "../../engine/fence";
import { silent } from "../../engine/progress";
import { fenceStep } from "../../lifecycle/handlers/fence";
import { forgetFenceRecord } from "../../lifecycle/handlers/fence-hold";
import { FakeMirror, messages } from "../engine/gate/fake-mirror";
import { withPorts } from "../engine/kafka/support";
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
