import { beforeEach, expect, test, vi } from "vitest";
import { stepInputs } from "../test/lifecycle/support/inputs";
import { connectorOffsetsStep } from "./handlers/connector-offsets";

const calls = vi.hoisted(() => [] as string[][]);
vi.mock("../engine/connectors", async (original) => ({
  ...(await original<object>()),
  copyConnectorOffsets: async (_model: unknown, clusters: { name: string }[]) => {
    calls.push(clusters.map(({ name }) => name));
    return clusters.map(({ name }) => ({ cluster: name, connector: "c", written: 1, same: 0 }));
  },
}));
beforeEach(() => calls.splice(0));

const cluster = (name: string) => ({ name, origin: { offsetStorageTopic: `${name}-offsets` } });
const inputs = (phase: string, ...names: string[]) => ({ ...stepInputs, phase, connectors: names.map(cluster) });
const create = async (phase: string, ...names: string[]) =>
  (await connectorOffsetsStep.create(inputs(phase, ...names))).outs;
const update = async (olds: Record<string, unknown>, news: Record<string, unknown>) =>
  (await connectorOffsetsStep.update("id", olds, news)).outs;

test("the offsets are copied in phase cutover only", async () => {
  for (const phase of ["mirror", "consumers", "returned"])
    expect(await create(phase, "a")).toMatchObject({ copied: null });
  expect(calls).toEqual([]);
  expect(await create("cutover", "a", "b")).toMatchObject({ copied: [{ cluster: "a" }, { cluster: "b" }] });
  expect(await connectorOffsetsStep.create({ ...inputs("cutover", "a"), abandon: true })).toMatchObject({
    outs: { copiedAt: null },
  });
  expect(calls).toEqual([["a", "b"]]);
});

test("after the cutover only a Connect cluster that is new in the setting is copied: others may run on the target", async () => {
  const first = await create("cutover", "a");
  const again = await update(first, inputs("cutover", "a"));
  expect(again.copiedAt).toBe(first.copiedAt);
  expect(calls).toEqual([["a"]]);
  const more = await update(again, inputs("cutover", "a", "b"));
  expect(more.copied).toMatchObject([{ cluster: "a" }, { cluster: "b" }]);
  const less = await update(more, inputs("cutover", "b"));
  expect(calls).toEqual([["a"], ["b"]]);
  expect(await update(less, inputs("cutover", "b", "a"))).toMatchObject({
    copied: [{ cluster: "b" }, { cluster: "a" }],
  });
  expect(calls).toEqual([["a"], ["b"], ["a"]]);
});

test("after a roll-back the next cutover copies all of them again", async () => {
  const first = await create("cutover", "a");
  const back = await update(first, inputs("mirror", "a"));
  expect(back).toMatchObject({ copiedAt: null, copied: null });
  expect(await update(back, inputs("mirror", "a"))).toMatchObject({ copiedAt: null });
  expect(await update(back, inputs("cutover", "a"))).toMatchObject({ copied: [{ cluster: "a" }] });
  expect(calls).toEqual([["a"], ["a"]]);
});

test("a cutover that failed before this step copies at the next up", async () => {
  const armed = await create("mirror", "a");
  const failed = { ...armed, ...inputs("cutover", "a") };
  await update(failed, inputs("cutover", "a"));
  expect(calls).toEqual([["a"]]);
});
