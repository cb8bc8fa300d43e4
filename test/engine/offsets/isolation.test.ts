import { expect, it } from "vitest";
import { planOffsets } from "../../../engine/offsets";
import { silent } from "../../../engine/progress";
import { FakeMirror, messages } from "../gate/fake-mirror";
import { transaction, withPorts } from "../kafka/support";

const ports = withPorts("offs-isolation");

it("the isolation level comes from the connector, not from the model", async () => {
  const mirror = await FakeMirror.start(ports, {}, { "consumer.isolation.level": "read_committed" });
  expect(mirror.model.mirror.isolationLevel).toBe("read_uncommitted");
  const topic = await mirror.topic("aborted");
  await mirror.send(topic, messages(3));
  await transaction(mirror.origin, topic, ["x", "y"], "abort");
  const groups = [2, 3, 4, 6].map((at) => [`${mirror.prefix}-group-${at}`, BigInt(at)] as const);
  for (const [group, offset] of groups)
    await ports.origin.alterGroupOffsets(group, [{ topic, partition: 0, offset, metadata: "" }]);
  ports.atEnd(() => ports.origin.deleteGroups(groups.map(([group]) => group)));
  const plan = await planOffsets(mirror.model, {}, silent);
  const found = plan.groups.map((g) => [
    g.group,
    g.topics[0]!.partitions[0]!.targetOffset,
    g.topics[0]!.partitions[0]!.exact,
  ]);
  expect(found).toEqual(groups.map(([group, at]) => [group, String(at > 3n ? 3n : at), true]));
});
