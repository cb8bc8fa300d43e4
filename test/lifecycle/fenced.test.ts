import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lowerFence } from "../../engine/fence";
import { openKafka } from "../../engine/kafka/client";
import type { KafkaPort } from "../../engine/kafka/port";
import { silent } from "../../engine/progress";
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
