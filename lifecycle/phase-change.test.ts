import { describe, expect, test } from "vitest";
import { consumerOffsetsStep } from "./handlers/consumer-offsets";
import { gateStep } from "./handlers/gate";
import type { Scope } from "../engine/model";
import { phaseChange } from "./handlers/inputs";
import { replicationStep } from "./handlers/replication";
import { verificationStep } from "./handlers/verification";
import { stepInputs } from "../test/lifecycle/support/inputs";
import { testMirror } from "../test/support/models";

describe("what a step does when the phase changes", () => {
  test.each([
    ["a first up in phase mirror only arms", undefined, "mirror", "arm"],
    ["a first up in phase cutover cuts over", undefined, "cutover", "cutover"],
    ["mirror to cutover", { phase: "mirror", done: false }, "cutover", "cutover"],
    ["a cutover that was killed is done again", { phase: "cutover", done: false }, "cutover", "cutover"],
    ["a cutover that was done is not done again", { phase: "cutover", done: true }, "cutover", "none"],
    ["back from cutover", { phase: "cutover", done: true }, "mirror", "roll-back"],
    ["back from a cutover that was killed", { phase: "cutover", done: false }, "mirror", "roll-back"],
    ["a return", { phase: "cutover", done: true }, "returned", "roll-back"],
    ["nothing changed after a return", { phase: "returned", done: false }, "returned", "none"],
    ["a cutover after a return", { phase: "returned", done: false }, "cutover", "cutover"],
    ["a return that becomes phase mirror", { phase: "returned", done: false }, "mirror", "none"],
    ["nothing changed", { phase: "mirror", done: false }, "mirror", "none"],
  ] as const)("%s", (_what, was, now, expected) => {
    expect(phaseChange(was, now)).toBe(expected);
  });
});

test.each([
  ["verification", verificationStep],
  ["consumer-offsets", consumerOffsetsStep],
  ["replication", replicationStep],
])(
  "%s: an up in phase mirror that changes the mirror has nothing to restore, although Pulumi drops null",
  async (_kind, step) => {
    const inputs = { ...stepInputs, when: "cutover", fence: false, options: { mode: "tail" } };
    const { outs } = await step.create({ ...inputs, mirror: { groupId: "a" } });
    const state = Object.fromEntries(Object.entries(outs).filter(([, value]) => value !== null));
    const again = await step.update("id", state, { ...inputs, mirror: { groupId: "b" } });
    expect(again.outs).toMatchObject({ phase: "mirror", mirror: { groupId: "b" } });
    // A cutover from this state must do its work. It fails on the unreachable cluster instead of counting as done.
    const cutOver = { ...state, phase: "cutover" };
    await expect(
      step.update("id", cutOver, { ...inputs, phase: "cutover", mirror: { groupId: "b" } }),
    ).rejects.toThrow();
  },
);

test.each([
  ["gate", gateStep, { passed: true, passedAt: "2026-01-01T00:00:00.000Z" }],
  ["verification", verificationStep, { verifiedAt: "2026-01-01T00:00:00.000Z" }],
  ["consumer-offsets", consumerOffsetsStep, { appliedAt: "2026-01-01T00:00:00.000Z" }],
  ["replication", replicationStep, { resetAt: "2026-01-01T00:00:00.000Z" }],
])("%s: a result for other topics does not count", async (_kind, step, done) => {
  const inputs = {
    ...stepInputs,
    phase: "cutover",
    when: "cutover",
    fence: false,
    options: { mode: "tail", limitMs: 1 },
  };
  const mirror = testMirror({ topicsPattern: "orders" });
  const state = { ...inputs, mirror, ...done };
  const same = await step.update("id", state, { ...inputs, mirror: { ...mirror, replicationFactor: 3 } });
  expect(same.outs).toMatchObject(done);
  await expect(
    step.update("id", state, { ...inputs, mirror: { ...mirror, topicsPattern: "orders,payments" } }),
  ).rejects.toThrow();
});

describe("a result of one wave", () => {
  const done = { passed: true, passedAt: "2026-01-01T00:00:00.000Z", verifiedAt: "2026-01-01T00:00:00.000Z" };
  const state = {
    ...stepInputs,
    ...done,
    phase: "cutover",
    fence: false,
    options: { mode: "tail", limitMs: 1 },
    mirror: testMirror({ scope: { wave: "one", topics: "a.*", groups: "g" } }),
  };
  const changed = (scope: Scope) => ({ ...state, mirror: testMirror({ scope }) });
  const steps = [
    ["gate", gateStep],
    ["verification", verificationStep],
  ] as const;

  test.each(steps)("%s: counts if only the groups of the wave changed", async (_kind, step) => {
    const news = changed({ wave: "one", topics: "a.*", groups: "g,h", splitGroups: ["s"] });
    expect((await step.update("id", state, news)).outs).toMatchObject(_kind === "gate" ? { passed: true } : {});
  });

  test.each(steps)("%s: does not count for other topics, or for another wave", async (_kind, step) => {
    for (const scope of [{ wave: "one", topics: "a" }, { wave: "two", topics: "a.*" }, { withoutTopics: ["a.*"] }])
      await expect(step.update("id", state, changed(scope))).rejects.toThrow();
  });
});
