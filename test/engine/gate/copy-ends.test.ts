import { afterAll, beforeAll, expect, test } from "vitest";
import { uniqueName, withClusters } from "@kafka-migration/sandbox/testing";
import { copyEnds, originMovedOn, writtenSince } from "../../../engine/gate";
import { openKafka } from "../../../engine/kafka/client";
import type { KafkaPort } from "../../../engine/kafka/port";
import { modelFor, produce } from "../support/mirror";

const clusters = withClusters();
const prefix = uniqueName("since");
const [orders, clicks] = [`${prefix}-data-orders`, `${prefix}-data-clicks`];
let ports: KafkaPort[];

beforeAll(async () => {
  ports = await Promise.all([
    openKafka(clusters.origin.connection, "origin"),
    openKafka(clusters.target.connection, "target"),
  ]);
  for (const port of ports)
    for (const topic of [orders, clicks]) await port.createTopic(topic, { partitions: 2, replicationFactor: 1 });
});
afterAll(async () => {
  for (const port of ports ?? []) await port.deleteTopics([orders, clicks]).finally(() => port.close());
});

test("client writes to the target after the gate are distinguished from the mirror's copies", async () => {
  const model = modelFor(clusters, prefix);
  const write = (side: "origin" | "target", topic: string, partition: number, count: number) =>
    produce(
      clusters[side],
      topic,
      Array.from({ length: count }, (_, i) => ({ value: `${i}`, partition })),
    );
  await write("origin", orders, 0, 3);
  await write("target", orders, 0, 3);
  const then = await copyEnds(model);
  expect(then[orders]).toEqual({ target: orders, originEnds: [3, 0], targetEnds: [3, 0] });
  // What was written between the proof and this look does not pass for proved.
  expect((await copyEnds(model, undefined, { [orders]: [2, 0] }))[orders]).toEqual({
    target: orders,
    originEnds: [2, 0],
    targetEnds: [3, 0],
  });
  expect(await writtenSince(model, then)).toEqual([]);
  expect(await originMovedOn(model, then)).toBe(false);

  // Two more are written to the origin and copied; one copy is still missing in the other partition.
  await write("origin", orders, 0, 2);
  await write("target", orders, 0, 2);
  await write("origin", clicks, 1, 1);
  expect(await writtenSince(model, then)).toEqual([]);

  expect(await originMovedOn(model, then)).toBe(true);

  await write("target", orders, 0, 4);
  await write("target", clicks, 0, 1);
  expect(await writtenSince(model, then)).toEqual([
    { topic: clicks, partition: 0, records: 1 },
    { topic: orders, partition: 0, records: 4 },
  ]);
  // Clients are at work: what producers still write to the origin is no reason to ask the gate, which could not pass.
  expect(await originMovedOn(model, then)).toBe(false);
});
