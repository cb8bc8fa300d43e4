import { expect, it, vi } from "vitest";
import type { KafkaPort } from "../engine/kafka/port";
import { gateStep } from "./handlers/gate";
import { testMirror } from "../test/support/models";
import { said } from "../test/lifecycle/support/said";

vi.mock("../engine/kafka/client", () => ({ openKafka: async (_connection: unknown, side: string) => restored(side) }));

/** Each topic has a new id, as on a cluster that was restored from a backup. */
function restored(side: string): KafkaPort {
  const topics = ["orders", "payments"];
  const port: Partial<KafkaPort> = {
    listTopics: async () => topics,
    describeTopics: async (names = topics) =>
      topics
        .filter((t) => names.includes(t))
        .map((name) => ({ name, topicId: `${side} now`, internal: false, partitions: [] }) as never),
    close: async () => {},
  };
  return port as KafkaPort;
}

it("a topic with an accepted loss uses its current id; other topics keep the recorded one", async () => {
  const connection = { bootstrapServers: "b:1" };
  const mirror = testMirror({ topicsPattern: "orders|payments" });
  const inputs = {
    originConnection: connection,
    targetConnection: connection,
    mirror,
    phase: "mirror",
    abandon: false,
    fence: false,
    options: {},
  };
  const was = { origin: "origin was", target: "target was" };
  const state = {
    ...inputs,
    passed: false,
    passedAt: null,
    abandonedAt: null,
    result: null,
    ends: null,
    topicIds: { orders: was, payments: was },
  };
  const ids = async (news: object) =>
    (await gateStep.update("id", state as never, { ...inputs, ...news } as never)).outs.topicIds;
  expect(await ids({})).toEqual({ orders: was, payments: was });
  expect(await ids({ options: { acceptTruncation: ["orders"] } })).toEqual({
    orders: { origin: "origin now", target: expect.stringMatching(/now$/) },
    payments: was,
  });
  // The topic was accepted before. The id that was recorded since then counts again.
  const accepted = { acceptTruncation: ["orders"] };
  const { outs } = await gateStep.update(
    "id",
    { ...state, options: accepted } as never,
    { ...inputs, options: accepted } as never,
  );
  expect(outs.topicIds).toEqual({ orders: was, payments: was });
});

it(
  "a roll-back records the ids of topics that its state does not know, so that the next preview has nothing to " + "do",
  async () => {
    const connection = { bootstrapServers: "b:1" };
    const inputs = {
      originConnection: connection,
      targetConnection: connection,
      mirror: testMirror(),
      phase: "mirror",
      abandon: false,
      fence: false,
      options: {},
    };
    const known = { orders: { origin: "origin was", target: "target was" } };
    // The state of an older version has no ids. A newer one lacks the ids of topics that were created after the gate
    // passed.
    for (const topicIds of [undefined, known]) {
      const state = {
        ...inputs,
        phase: "cutover",
        passed: true,
        passedAt: "2026-01-01T00:00:00.000Z",
        abandonedAt: null,
        result: null,
        ends: null,
        topicIds,
      };
      await said(async () => {
        const { outs } = await gateStep.update("id", state as never, inputs as never);
        expect(outs).toMatchObject({ passed: false, topicIds: { ...topicIds, payments: { origin: "origin now" } } });
        expect(await gateStep.diff("id", outs, inputs as never)).toEqual({ changes: false });
      });
    }
  },
);
