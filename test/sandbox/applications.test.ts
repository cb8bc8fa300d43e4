import { afterAll, beforeAll, expect, it } from "vitest";
import { openKafka } from "../../engine/kafka/client";
import type { KafkaPort } from "../../engine/kafka/port";
import { startProducers } from "../../sandbox/estate/applications";
import { applicationClient } from "../../sandbox/estate/seed";
import { eventually } from "../engine/support/mirror";
import { uniqueName, withClusters } from "../support/clusters";

const clusters = withClusters();
const topics = [uniqueName("live-a"), uniqueName("live-b")];
let port: KafkaPort;

beforeAll(async () => {
  port = await openKafka(clusters.origin.connection, "origin");
  for (const topic of topics) await port.createTopic(topic, { partitions: 1, replicationFactor: 1 });
});

afterAll(async () => {
  await port.deleteTopics(topics);
  await port.close();
});

const ends = async () => {
  const found = new Map(
    (
      await port.listOffsets(
        topics.map((topic) => ({ topic, partition: 0 })),
        "latest",
      )
    ).map((o) => [o.topic, Number(o.offset)]),
  );
  return topics.map((topic) => found.get(topic)!);
};

it("an interrupted story leaves no producer behind that goes on writing", async () => {
  const interrupt = new AbortController();
  const producers = await startProducers(
    applicationClient(clusters.origin.connection, "live"),
    topics,
    50,
    interrupt.signal,
  );
  await eventually("records of both", async () => (await ends()).every((end) => end > 0));
  interrupt.abort();
  const sent = await producers.stop();
  const after = await ends();
  expect(after.reduce((a, b) => a + b, 0)).toBe(sent);
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(await ends()).toEqual(after);
});

it("one that can't start takes the others with it", async () => {
  const before = await ends();
  const client = applicationClient(clusters.origin.connection, "live");
  let opened = 0;
  const broken = {
    producer: (...args: Parameters<typeof client.producer>) =>
      opened++ === 0 ? client.producer(...args) : { connect: async () => Promise.reject(new Error("refused")) },
  };
  await expect(startProducers(broken as typeof client, topics, 50)).rejects.toThrow("refused");
  const after = await ends();
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(await ends()).toEqual(after);
  expect(after[1]).toBe(before[1]);
});
