import { afterAll, beforeAll, expect, test } from "vitest";
import { uniqueName, withClusters } from "@kafka-migration/sandbox/testing";
import { openKafka } from "../../engine/kafka/client";
import type { KafkaPort } from "../../engine/kafka/port";
import { preflightStep } from "../../lifecycle/handlers/preflight";
import { modelFor, produce } from "../engine/support/mirror";

const clusters = withClusters();
const prefix = uniqueName("forgotten");
const topic = `${prefix}-data`;
let ports: { origin: KafkaPort; target: KafkaPort };

beforeAll(async () => {
  ports = {
    origin: await openKafka(clusters.origin.connection, "origin"),
    target: await openKafka(clusters.target.connection, "target"),
  };
  for (const side of ["origin", "target"] as const) {
    await ports[side].createTopic(topic, { partitions: 1, replicationFactor: 1 });
    await produce(clusters[side], topic, [{ value: "copied", partition: 0 }]);
  }
});

afterAll(async () => {
  await ports.origin.deleteTopics([topic]);
  await ports.target.deleteTopics([topic, `${prefix}-connect-offsets`]);
  await Promise.all([ports.origin.close(), ports.target.close()]);
});

test("preflight checks again if the mirror is gone, because another one would copy everything again", async () => {
  const { origin, target, mirror } = modelFor(clusters, prefix);
  const inputs = {
    stage: "clusters",
    phase: "mirror",
    abandon: false,
    options: {},
    originConnection: origin,
    targetConnection: target,
    mirror,
  };
  const state = { ...inputs, checkedAt: "2026-01-01T00:00:00.000Z", result: null };
  expect(await preflightStep.diff("id", state, inputs)).toEqual({ changes: true });
  await expect(preflightStep.update("id", state, inputs)).rejects.toThrow(topic);
  await ports.target.createTopic(`${prefix}-connect-offsets`, {
    partitions: 1,
    replicationFactor: 1,
    configs: { "cleanup.policy": "compact" },
  });
  expect(await preflightStep.diff("id", state, inputs)).toEqual({ changes: false });
  expect((await preflightStep.update("id", state, inputs)).outs).toMatchObject({ checkedAt: state.checkedAt });
});
