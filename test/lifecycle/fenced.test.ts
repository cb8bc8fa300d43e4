import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkFence, lowerFence } from "../../engine/fence";
import { openKafka } from "../../engine/kafka/client";
import type { KafkaPort } from "../../engine/kafka/port";
import { silent } from "../../engine/progress";
import { consumerOffsetsStep } from "../../lifecycle/handlers/consumer-offsets";
import { fenceStep } from "../../lifecycle/handlers/fence";
import { gateStep } from "../../lifecycle/handlers/gate";
import { behindFence, type FencedInputs } from "../../lifecycle/handlers/fenced";
import { modelFor, produce } from "../engine/support/mirror";
import { uniqueName, withClusters } from "../support/clusters";

const clusters = withClusters();
const prefix = uniqueName("fenced");
const topic = `${prefix}-data`;
const reader = { resourceType: "topic", resourceName: topic, patternType: "literal", principal: `User:${prefix}`, host: "*", operation: "Read", permission: "allow" } as const;
let origin: KafkaPort;
let inputs: FencedInputs;

beforeAll(async () => {
  const model = modelFor(clusters, prefix);
  inputs = { originConnection: model.origin, targetConnection: model.target, mirror: model.mirror, fence: true };
  origin = await openKafka(clusters.origin.connection, "origin");
  await origin.createTopic(topic, { partitions: 1, replicationFactor: 1 });
  await origin.createAcls([reader]);
});

afterAll(async () => {
  await lowerFence(modelFor(clusters, prefix), {}, silent);
  await origin.deleteAcls([reader]);
  await origin.deleteTopics([topic]);
  await origin.close();
});

/** A super user, whom no ACL stops. */
const write = () => produce(clusters.origin, topic, [{ value: "x", partition: 0 }]);

/** Work that finds something written the first `times` times. */
function disturbed(times: number) {
  const done = { runs: 0 };
  const work = async () => {
    done.runs++;
    if (done.runs <= times) await write();
    return done.runs;
  };
  return { done, work };
}

describe("work behind the fence", () => {
  it("that looks is done again when something was written meanwhile, and what it finds then counts", async () => {
    expect(await behindFence(inputs, silent, disturbed(1).work, true)).toBe(2);
    expect(await behindFence(inputs, silent, disturbed(0).work, true)).toBe(1);
  });

  it("ends when the writing does not", async () => {
    const { done, work } = disturbed(100);
    await expect(behindFence(inputs, silent, work, true)).rejects.toThrow(/FENCE_BREACHED: the origin was written to in 1 partition while the fence was up\n {2}- fenced-.*-data-0: \d+ -> \d+/);
    expect(done.runs).toBe(3);
  });

  it("that changes something is never done twice", async () => {
    const { done, work } = disturbed(1);
    await expect(behindFence(inputs, silent, work)).rejects.toThrow("FENCE_BREACHED");
    expect(done.runs).toBe(1);
  });
});

describe("a cutover that failed at the gate", () => {
  const state = async () => (await checkFence(modelFor(clusters, prefix), {})).state;
  const options = { limitMs: 1000 };

  it("is followed by a roll-back that takes the fence away, although the gate's own state never said cutover", async () => {
    const { fence: _fence, ...step } = inputs;
    const raised = await fenceStep.create({ ...step, phase: "cutover", enabled: true, options: {} });
    expect(await state()).toBe("up");
    const armed = { ...inputs, phase: "mirror", abandon: false, options, passed: false };
    await fenceStep.update("id", raised.outs, { ...step, phase: "mirror", enabled: true, options: {} });
    const news = { ...inputs, phase: "mirror", abandon: false, options };
    expect(await gateStep.diff("id", armed, news)).toEqual({ changes: true });
    await gateStep.update("id", armed, news);
    expect(await state()).toBe("down");
    expect(await gateStep.diff("id", armed, news)).toEqual({ changes: false });
  });

  it("is followed by one that works with the target gone: producers come back", async () => {
    const { fence: _fence, ...step } = inputs;
    await fenceStep.create({ ...step, phase: "cutover", enabled: true, options: {} });
    const gone = { ...inputs, targetConnection: { bootstrapServers: "127.0.0.1:1", connectTimeoutMs: 500 }, abandon: false, options };
    const passed = { ...gone, phase: "cutover", passed: true, passedAt: "2026-01-01T00:00:00.000Z", ends: { [topic]: { target: topic, originEnds: [0], targetEnds: [0] } } };
    await gateStep.update("id", passed, { ...gone, phase: "mirror" });
    expect(await state()).toBe("down");
  });

  it("is put back by another up of the cutover where somebody took it away", async () => {
    const { fence: _fence, ...step } = inputs;
    const cutover = { ...step, phase: "cutover", enabled: true, options: {} };
    const { outs } = await fenceStep.create(cutover);
    expect(await fenceStep.diff("id", outs, cutover)).toEqual({ changes: false });
    await lowerFence(modelFor(clusters, prefix), {}, silent);
    expect(await fenceStep.diff("id", outs, cutover)).toEqual({ changes: true });
    await fenceStep.delete("id", { ...outs, enabled: false });
    expect(await state()).toBe("down");
  });
});

it("offsets that were written before the fence was found breached are taken back: no state would know of them", async () => {
  const noise = `${prefix}-data-noise`;
  const group = `${prefix}-group`;
  const target = await openKafka(clusters.target.connection, "target");
  const record = { key: "k", value: "v", partition: 0, timestamp: Date.now() };
  try {
    await origin.createTopic(noise, { partitions: 1, replicationFactor: 1 });
    await target.createTopic(`${prefix}-data-quiet`, { partitions: 1, replicationFactor: 1 });
    await origin.createTopic(`${prefix}-data-quiet`, { partitions: 1, replicationFactor: 1 });
    for (const cluster of [clusters.origin, clusters.target]) await produce(cluster, `${prefix}-data-quiet`, [record]);
    await origin.alterGroupOffsets(group, [{ topic: `${prefix}-data-quiet`, partition: 0, offset: 1n, metadata: "" }]);
    let writing = true;
    const writer = (async () => {
      while (writing) await produce(clusters.origin, noise, [{ value: "x", partition: 0 }]);
    })();
    try {
      const step = { ...inputs, fenceOptions: { settleLimitMs: 1000, everyoneByDefault: false }, phase: "cutover", abandon: false, options: {} };
      await expect(consumerOffsetsStep.create(step)).rejects.toThrow("FENCE_BREACHED");
    } finally {
      writing = false;
      await writer;
    }
    expect([...(await target.groupOffsets([group])).values()].flat()).toEqual([]);
  } finally {
    await origin.deleteGroups([group]);
    await origin.deleteTopics([noise, `${prefix}-data-quiet`]);
    await target.deleteTopics([`${prefix}-data-quiet`]);
    await target.close();
  }
});
