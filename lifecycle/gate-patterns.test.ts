import { beforeEach, expect, it, vi } from "vitest";
import { MigrationError } from "../engine/errors";
import type { MirrorModel } from "../engine/model";
import { testMirror } from "../test/support/models";
import { gateStep } from "./handlers/gate";
import { verificationStep } from "./handlers/verification";

/** Topics of the origin. Undefined: it does not answer. */
let listed: string[] | undefined;
vi.mock("../engine/kafka/client", () => ({
  openKafka: async () => {
    if (listed === undefined) throw new MigrationError("KAFKA_UNREACHABLE", "cannot reach the origin", { fix: "-" });
    return { listTopics: async () => listed, close: async () => {} };
  },
}));
vi.mock("../engine/gate", async (original) => ({
  ...(await original<typeof import("../engine/gate")>()),
  // Clients write to the target, so no gate passes again.
  runGateAndNameWriters: () => Promise.reject(new MigrationError("GATE_INCOMPLETE", "not proved", { fix: "-" })),
  originMovedOn: async () => false,
}));

const passedAt = "2026-01-01T00:00:00.000Z";
const connection = { bootstrapServers: "b:1" };
const one = { wave: "one", topics: "orders.*", groups: "" };
const inputs = (mirror: MirrorModel) => ({
  originConnection: connection,
  targetConnection: connection,
  mirror,
  phase: "cutover",
  abandon: false,
  fence: false,
  options: { mode: "full" },
});
const before = testMirror({ topicsPattern: "orders,orders-eu", scope: one });
const gate = { ...inputs(before), passed: true, passedAt, abandonedAt: null, result: null, ends: {}, topicIds: {} };
const again = (mirror: MirrorModel, state: object = gate) => gateStep.update("id", state as never, inputs(mirror));

beforeEach(() => {
  listed = ["orders", "orders-eu", "billing"];
});

it("a wave that is cut over keeps its pass if the mirror copies more for another wave", async () => {
  const wider = { ...before, topicsPattern: "orders,orders-eu,billing" };
  expect((await again(wider)).outs).toMatchObject({ passed: true, passedAt });
  expect((await again({ ...before, topicsExcludePattern: "billing" })).outs).toMatchObject({ passed: true, passedAt });
  expect((await again({ ...before, groupsPattern: "billing-.*" })).outs).toMatchObject({ passed: true, passedAt });
  const verified = { ...inputs(before), gatePassedAt: passedAt, verifiedAt: passedAt, result: { equal: true } };
  const { outs } = await verificationStep.update("id", verified, { ...inputs(wider), gatePassedAt: passedAt });
  expect(outs).toMatchObject({ verifiedAt: passedAt });
});

it("what is outside the waves keeps its pass if another wave is added that takes no topic from it", async () => {
  const outside = (...withoutTopics: string[]) => testMirror({ scope: { withoutTopics } });
  const state = { ...gate, ...inputs(outside("orders.*")) };
  expect((await again(outside("orders.*", "later.*"), state)).outs).toMatchObject({ passed: true, passedAt });
  await expect(again(outside("orders.*", "billing"), state)).rejects.toThrow("GATE_INCOMPLETE");
});

it("the gate is asked again if the part gets or loses a topic, or if the origin does not answer", async () => {
  for (const topicsPattern of ["orders,billing", "orders.*,orders-us"]) {
    listed = ["orders", "orders-eu", "orders-us", "billing"];
    await expect(again({ ...before, topicsPattern })).rejects.toThrow("GATE_INCOMPLETE");
  }
  listed = undefined;
  await expect(again({ ...before, topicsPattern: "orders.*" })).rejects.toThrow();
  listed = ["orders", "orders-eu"];
  await expect(again({ ...before, topicsPattern: "orders.*" }, { ...gate, passed: false })).rejects.toThrow();
});
