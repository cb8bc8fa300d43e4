import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { uniqueName } from "@kafka-migration/sandbox/testing";
import { ConnectStateReader } from "../../../engine/connect-state";
import { lowerFence, raiseFence, whileFenced } from "../../../engine/fence";
import { evaluateGate, runGate } from "../../../engine/gate";
import { internalTopics } from "../../../engine/naming";
import { silent } from "../../../engine/progress";
import { application, produce, withPorts } from "../kafka/support";
import { eventually, modelFor, type RunningMirror, startMirror } from "../support/mirror";

/** A real MirrorMaker 2 whose workers confirm what they copied only three times a minute. */
const FLUSH_MS = 20_000;
const ports = withPorts("port-unconfirmed");
const prefix = uniqueName("port-unconfirmed");
const topic = `${prefix}-data-orders`;
const model = () => modelFor(ports.clusters, prefix, { offsetFlushIntervalMs: FLUSH_MS });
let mirror: RunningMirror | undefined;
let written = 0;

async function write(count: number, value = "v"): Promise<void> {
  const messages = Array.from({ length: count }, (_, i) => ({
    key: `k${written + i}`,
    value: `${value}${written + i}`,
  }));
  await produce(application(ports.clusters.origin), topic, messages);
  written += count;
}
const confirmed = async () =>
  (await new ConnectStateReader(ports.target, model().mirror).read()).offsets.get(`${topic}:0`);
const isConfirmed = () => eventually("the flush", async () => (await confirmed()) === written - 1, 3 * FLUSH_MS);

beforeAll(async () => {
  for (const { name } of internalTopics(model().mirror)) ports.remember(name);
  ports.remember(topic);
  await ports.origin.createTopic(topic, { partitions: 1, replicationFactor: 1 });
  await write(20);
  mirror = await startMirror(ports.clusters, model());
  await isConfirmed();
}, 240_000);

afterAll(async () => {
  await lowerFence(model(), {}, silent);
  await mirror?.stop();
}, 60_000);

describe("a real mirror that confirms its copies late", () => {
  it("does not keep the gate shut behind the fence, once the records are on the target", async () => {
    await write(50);
    await raiseFence(model(), {}, silent);
    const { result } = await whileFenced(model(), {}, silent, (signal) =>
      runGate(model(), { stableForMs: 0, limitMs: 60_000, fenced: true }, silent, signal),
    );
    // Connect has not confirmed them when the gate opens.
    expect(await confirmed()).toBe(19);
    expect(result).toMatchObject({ foundOnTarget: 1, cleared: { [`${topic}:0`]: 70 }, originEnds: { [topic]: [70] } });
    await expect(evaluateGate(model(), {}, silent)).rejects.toThrow("50 offsets are not copied");
  });

  it("keeps the gate shut if the target refuses a record", async () => {
    await isConfirmed();
    await ports.target.incrementalAlterConfigs([
      { resource: { type: "topic", name: topic }, set: { "max.message.bytes": "1000" } },
    ]);
    await write(1, "x".repeat(5_000));
    await write(3);
    const shut = () =>
      evaluateGate(model(), { fenced: true }, silent).then(
        () => "open",
        (e: Error) => e.message,
      );
    await eventually("the task's failure", async () => {
      const text = await shut();
      expect(text).toContain("4 offsets are not copied");
      return text.includes("FAILED");
    });
  });
});
