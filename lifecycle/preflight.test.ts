import { expect, test } from "vitest";
import { preflightStep } from "./handlers/preflight";
import { preflightInputs as inputs } from "../test/lifecycle/support/inputs";
import { testMirror } from "../test/support/models";
import { UNKNOWN } from "../test/support/unknown";

const checksClusters = async (olds: object | undefined, news: object) =>
  (await preflightStep.check(olds as never, news as never)).failures.some((f) =>
    f.reason.includes("KAFKA_UNREACHABLE"),
  );

test("the preview checks once, then only what changed, because Pulumi's check gets the old inputs only", async () => {
  expect(await checksClusters(undefined, inputs)).toBe(true);
  expect(await checksClusters(inputs, { ...inputs, phase: "cutover" })).toBe(false);
  expect(await checksClusters(inputs, { ...inputs, mirror: testMirror({ topicsPattern: "other" }) })).toBe(true);
  // After a clean-up a new mirror would copy everything into the topics that the first one filled.
  expect(await checksClusters({ ...inputs, phase: "cleanup" }, inputs)).toBe(true);
  expect(await checksClusters({ ...inputs, phase: "cleanup" }, { ...inputs, phase: "cleanup" })).toBe(false);
});

test(
  "a roll-back is not looked at, whatever changed with it, but for the mirror itself: the target may be what " +
    "it flees from",
  async () => {
    const cutOver = { ...inputs, phase: "cutover", options: { fence: true } };
    expect(await checksClusters(cutOver, inputs)).toBe(false);
    expect(await checksClusters(cutOver, { ...inputs, mirror: testMirror({ topicsPattern: "other" }) })).toBe(true);
    const state = { ...cutOver, checkedAt: "2026-01-01T00:00:00.000Z" };
    expect((await preflightStep.update("id", state as never, inputs as never)).outs).toMatchObject({
      phase: "mirror",
      checkedAt: state.checkedAt,
    });
  },
);

test(
  "an update of the package that asks for more rights looks again before anything is done, but not on the way " +
    "back",
  async () => {
    const asksMore = { ...inputs, rights: "of-the-new-version" };
    expect(await checksClusters(inputs, asksMore)).toBe(true);
    expect(await checksClusters(inputs, { ...asksMore, phase: "cutover" })).toBe(true);
    expect(await checksClusters({ ...inputs, phase: "cutover" }, { ...asksMore, phase: "cutover" })).toBe(true);
    expect(await checksClusters(asksMore, { ...asksMore, phase: "cutover" })).toBe(false);
    expect(await checksClusters({ ...inputs, phase: "cutover" }, asksMore)).toBe(false);
    const state = { ...inputs, checkedAt: "2026-01-01T00:00:00.000Z" };
    await expect(
      preflightStep.update("id", state as never, { ...asksMore, phase: "cutover" } as never),
    ).rejects.toThrow("KAFKA_UNREACHABLE");
  },
);

test("the preview checks even if the context of the logins' Secrets is unknown", async () => {
  const secrets = {
    originSecrets: { login: "ns/admin", kubeconfig: "k", context: UNKNOWN },
  };
  expect(await checksClusters(undefined, { ...inputs, ...secrets })).toBe(true);
  expect(await checksClusters(inputs, { ...inputs, ...secrets, rights: "of-the-new-version" })).toBe(true);
});

test("a clean-up keeps the result, and a new mirror is checked again", async () => {
  const state = { ...inputs, phase: "mirror", checkedAt: "2026-01-01T00:00:00.000Z" };
  const { outs } = await preflightStep.update("id", state as never, { ...inputs, phase: "cleanup" } as never);
  expect(outs).toMatchObject({ phase: "cleanup", checkedAt: state.checkedAt });
  await expect(preflightStep.update("id", outs, inputs as never)).rejects.toThrow("KAFKA_UNREACHABLE");
});

test("an inventory that the program no longer names does not stay in the state", async () => {
  const state = { ...inputs, checkedAt: "2026-01-01T00:00:00.000Z", result: null };
  const estate = { file: "estate.yaml", root: "/project" };
  expect(await preflightStep.diff("id", { ...state, estate } as never, inputs as never)).toEqual({ changes: true });
});
