import { afterAll, beforeAll, expect, it } from "vitest";
import { uniqueName, withClusters } from "@kafka-migration/sandbox/testing";
import { openKafka } from "../../engine/kafka/client";
import type { KafkaPort } from "../../engine/kafka/port";
import { replicationStep } from "../../lifecycle/handlers/replication";
import { modelFor } from "../engine/support/mirror";
import { said } from "./support/said";
import { inputsOf } from "./support/inputs";

const clusters = withClusters();
const prefix = uniqueName("replicated");
const topic = `${prefix}-data`;
let ports: KafkaPort[];

beforeAll(async () => {
  ports = await Promise.all([
    openKafka(clusters.origin.connection, "origin"),
    openKafka(clusters.target.connection, "target"),
  ]);
  for (const port of ports) await port.createTopic(topic, { partitions: 2, replicationFactor: 1 });
});

afterAll(async () => {
  for (const port of ports ?? []) {
    await port.deleteTopics([topic]);
    await port.close();
  }
});

it("a reset because of new rules in phase cutover is announced like the first one; nothing else is", async () => {
  const model = modelFor(clusters, prefix);
  const inputs = {
    ...inputsOf(model),
    phase: "cutover",
    when: "cutover",
    abandon: false,
    options: {},
  };
  const { outs } = await replicationStep.create(inputs);
  const more = { ...inputs, options: { rules: [{ pattern: topic, factor: 3 }] } };
  const announced = /replication: 2 partitions of 1 topic will change, .*\n.*from 1 to 3 replicas/;
  expect(await said(() => replicationStep.diff("id", outs, more))).toMatch(announced);
  expect(await said(() => replicationStep.diff("id", outs, { ...more, phase: "cleanup" }))).toBe("");
  await said(() => replicationStep.update("id", outs, more));
  const replicas = (await ports[1]!.describeTopics([topic]))[0]!.partitions.map((p) => p.replicas.length);
  expect(replicas).toEqual([3, 3]);
});

it("a removal after a cutover keeps the replicas that the topics' owner added", async () => {
  const model = modelFor(clusters, prefix);
  const target = ports[1]!;
  const replicas = async () => (await target.describeTopics([topic]))[0]!.partitions.map((p) => p.replicas.length);
  const state = {
    ...inputsOf(model),
    phase: "cutover",
    when: "removal",
    abandon: false,
    options: {},
  };
  expect(await replicas()).toEqual([3, 3]);
  await replicationStep.delete("id", state);
  expect(await replicas()).toEqual([3, 3]);
  // Without a cutover the removal is the reset.
  await replicationStep.delete("id", { ...state, phase: "mirror" });
  expect(await replicas()).toEqual([1, 1]);
});
