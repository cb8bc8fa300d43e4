import { expect, it } from "vitest";
import { applyOffsets, planOffsets } from "../../../engine/offsets";
import { checkpointsTopic } from "../../../engine/offsets/other-ways";
import { silent } from "../../../engine/progress";
import { FakeMirror, messages } from "../gate/fake-mirror";
import { application, withPorts } from "../kafka/support";

const ports = withPorts("synced");

const text = (value: string) => {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(2);
  length.writeInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

/** A record of the checkpoints topic, as MirrorMaker 2 writes it. */
function checkpoint(group: string, topic: string, upstream: number, downstream: number) {
  const partition = Buffer.alloc(4);
  const value = Buffer.alloc(18);
  value.writeBigInt64BE(BigInt(upstream), 2);
  value.writeBigInt64BE(BigInt(downstream), 10);
  return { key: Buffer.concat([text(group), text(topic), partition]), value: Buffer.concat([value, text("")]) };
}

it("an offset of the mirror's group sync is replaced, also if it is older than the last checkpoint", async () => {
  const mirror = await FakeMirror.start(ports, { syncGroupOffsets: true, groupsPattern: ".*-data-synced-.*" });
  const { model } = mirror;
  const topic = await mirror.topic("synced");
  await mirror.send(topic, messages(10));
  await mirror.copied(topic, 9);
  const checkpoints = checkpointsTopic(model.mirror);
  ports.remember(checkpoints);
  await ports.target.createTopic(checkpoints, {
    partitions: 1,
    replicationFactor: 1,
    configs: { "cleanup.policy": "compact" },
  });
  const producer = application(ports.clusters.target).producer();
  await producer.connect();
  const written = (...records: ReturnType<typeof checkpoint>[]) =>
    producer.send({ topic: checkpoints, messages: records.map((r) => ({ ...r, partition: 0 })) });
  const [group, own] = [`${topic}-billing`, `${topic}-own`];
  const at = (offset: number) => [{ topic, partition: 0, offset: BigInt(offset), metadata: "" }];
  for (const name of [group, own]) {
    await ports.origin.alterGroupOffsets(name, at(8));
    ports.atEnd(() => ports.origin.deleteGroups([name]).then(() => {}));
    ports.atEnd(() => ports.target.deleteGroups([name]).then(() => {}));
  }
  // The sync has written the first checkpoint, and not yet the second one.
  await written(checkpoint(group, topic, 3, 3), checkpoint(group, topic, 5, 5), checkpoint(own, topic, 5, 5));
  await ports.target.alterGroupOffsets(group, at(3));
  await ports.target.alterGroupOffsets(own, at(2));
  const plan = await planOffsets(model, {}, silent);
  await expect(applyOffsets(model, plan, {}, silent)).rejects.toThrow(
    new RegExp(`OFFSETS_BLOCKED: 1 group [^]*"${own}" has other offsets on the target`),
  );
  const others = { excludeGroups: [own] };
  const planned = await planOffsets(model, others, silent);
  // It goes on between the plan and the write.
  await ports.target.alterGroupOffsets(group, at(5));
  await applyOffsets(model, planned, others, silent);
  expect((await ports.target.groupOffsets([group])).get(group)).toMatchObject([{ offset: 8n }]);
  await producer.disconnect();
});
