import { afterAll, beforeAll, expect, it } from "vitest";
import { openKafka } from "../../engine/kafka/client";
import type { KafkaPort } from "../../engine/kafka/port";
import { consumerOffsetsStep } from "../../lifecycle/handlers/consumer-offsets";
import { modelFor, produce } from "../engine/support/mirror";
import { uniqueName, withClusters } from "../support/clusters";
import { said } from "./support/said";

const clusters = withClusters();
const prefix = uniqueName("moved");
const topic = `${prefix}-data`;
const [on, stands, back] = [`${prefix}-group-on`, `${prefix}-group-stands`, `${prefix}-group-back`];
let origin: KafkaPort;
let target: KafkaPort;

const at = (offset: number) => [{ topic, partition: 0, offset: BigInt(offset), metadata: "" }];

beforeAll(async () => {
  [origin, target] = await Promise.all([openKafka(clusters.origin.connection, "origin"), openKafka(clusters.target.connection, "target")]);
  const records = Array.from({ length: 6 }, (_, i) => ({ key: `k${i}`, value: `v${i}`, partition: 0, timestamp: Date.now() + i }));
  for (const [port, cluster] of [[origin, clusters.origin], [target, clusters.target]] as const) {
    await port.createTopic(topic, { partitions: 1, replicationFactor: 1 });
    await produce(cluster, topic, records);
  }
  for (const group of [on, stands, back]) await origin.alterGroupOffsets(group, at(3));
});

afterAll(async () => {
  for (const port of [origin, target]) {
    await port.deleteGroups([on, stands, back]);
    await port.deleteTopics([topic]);
    await port.close();
  }
});

it("at the clean-up, and at each further up before it, it is said which groups something has put back", async () => {
  const model = modelFor(clusters, prefix);
  const inputs = { originConnection: model.origin, targetConnection: model.target, mirror: model.mirror, phase: "cutover", abandon: false, fence: false, options: {} };
  const { outs } = await consumerOffsetsStep.create(inputs);
  expect(await said(async () => expect(await consumerOffsetsStep.diff("id", outs, inputs)).toEqual({ changes: false }))).toBe("");
  await target.alterGroupOffsets(on, at(5));
  await target.alterGroupOffsets(back, at(1));
  const warning = `consumer-offsets: group "${back}" is no longer where it was put: ${topic}-0 was put at 3, is at 1\n`;
  expect(await said(async () => expect(await consumerOffsetsStep.diff("id", outs, inputs)).toEqual({ changes: false }))).toBe(warning);
  expect(await said(() => consumerOffsetsStep.delete("id", outs))).toBe(`${warning}consumer-offsets: 1 group moved on since, 1 where they were put, 1 before it\n`);
  // The target is looked at and never in the way.
  const gone = { ...outs, targetConnection: { bootstrapServers: "127.0.0.1:1", connectTimeoutMs: 500 } };
  expect(await said(() => consumerOffsetsStep.delete("id", gone))).toMatch(/consumer-offsets: where the groups stand on the target could not be looked at: KAFKA_\w+/);
  expect((await target.groupOffsets([back])).get(back)).toMatchObject([{ offset: 1n }]);
});
