import { afterAll, beforeAll, expect, test } from "vitest";
import { uniqueName, withClusters } from "@kafka-migration/sandbox/testing";
import { openKafka } from "../../engine/kafka/client";
import type { KafkaPort } from "../../engine/kafka/port";
import { preflightStep } from "../../lifecycle/handlers/preflight";
import { modelFor } from "../engine/support/mirror";

const clusters = withClusters();
const prefix = uniqueName("renamed");
/** Apache's identity policy gives the second one another name on the target. */
const topics = [`${prefix}-data-orders`, `${prefix}-data-heartbeats`];
let origin: KafkaPort;

beforeAll(async () => {
  origin = await openKafka(clusters.origin.connection, "origin");
  for (const topic of topics) await origin.createTopic(topic, { partitions: 1, replicationFactor: 1 });
});

afterAll(async () => {
  await origin?.deleteTopics(topics);
  await origin?.close();
});

const check = async (more: object) => {
  const { origin: originConnection, target: targetConnection, mirror } = modelFor(clusters, prefix);
  const inputs = {
    stage: "clusters",
    phase: "mirror",
    abandon: false,
    options: { offsetSyncsReplicationFactor: 1 },
    mirror,
    ...more,
  };
  return preflightStep.create({ ...inputs, originConnection, targetConnection });
};

test("a topic that the mirror renames cannot have a way back: its records would stay on the target", async () => {
  const wave = (topic: string, wayBack = true) => ({
    waves: [{ name: "shop", topics: topic, groups: "", phase: "mirror", wayBack }],
  });
  const refused = new RegExp(`TOPIC_CANNOT_RETURN[^\n]*: ${topics[1]} becomes \\S+\\.${topics[1]}\\. Fix:`);
  await expect(check({ wayBack: true })).rejects.toThrow(refused);
  await expect(check(wave(topics[1]!))).rejects.toThrow(refused);
  for (const fine of [{}, wave(topics[0]!), wave(topics[1]!, false)])
    expect((await check(fine)).outs).toMatchObject({ checkedAt: expect.stringMatching(/^2/) });
});
