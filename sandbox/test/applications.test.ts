import { afterAll, beforeAll, expect, it } from "vitest";
import { startProducers } from "../estate/applications";
import { applicationClient, hosted } from "../estate/seed";
import { uniqueName, withClusters } from "../testing/clusters";
import { until } from "../testing/operator";

const clusters = withClusters();
const topics = [uniqueName("live-a"), uniqueName("live-b")];
let admin: ReturnType<ReturnType<typeof applicationClient>["admin"]>;

beforeAll(async () => {
  admin = applicationClient(clusters.origin.connection, "live").admin();
  await admin.connect();
  await admin.createTopics({ topics: topics.map((topic) => ({ topic, numPartitions: 1, replicationFactor: 1 })) });
  for (const name of topics) await hosted(admin, { name, partitions: 1 });
});

afterAll(async () => {
  await admin.deleteTopics({ topics });
  await admin.disconnect();
});

const ends = async () => {
  const offsets = await Promise.all(topics.map((topic) => admin.fetchTopicOffsets(topic)));
  return offsets.map((partitions) => Number(partitions[0]!.high));
};

it("producers stop if the story is interrupted", async () => {
  const interrupt = new AbortController();
  const producers = await startProducers(
    applicationClient(clusters.origin.connection, "live"),
    topics,
    50,
    interrupt.signal,
  );
  await until("records of both", async () => (await ends()).every((end) => end > 0) || undefined);
  interrupt.abort();
  const sent = await producers.stop();
  const after = await ends();
  expect(after.reduce((a, b) => a + b, 0)).toBe(sent);
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(await ends()).toEqual(after);
});

it("if one producer cannot start, the others stop", async () => {
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
