import { beforeEach, expect, it, vi } from "vitest";
import { testMirror } from "../test/support/models";
import { said } from "../test/lifecycle/support/said";

/** What Connect's topics say about the copy, and whether the gate would open. */
const mirror = { copied: new Map([["orders:0", 7]]), isComplete: false };
let asked = 0;
let options: object = {};
const deleted: string[] = [];

vi.mock("../engine/clusters", async (original) => ({
  ...(await original<typeof import("../engine/clusters")>()),
  withCluster: async () => ({ offsets: mirror.copied }),
}));
vi.mock("../engine/gate", async (original) => ({
  ...(await original<typeof import("../engine/gate")>()),
  runGateAndNameWriters: async (_model: unknown, given: object) => {
    asked++;
    options = given;
    const { MigrationError } = await import("../engine/errors.js");
    if (!mirror.isComplete) throw new MigrationError("GATE_INCOMPLETE", "not complete", { fix: "wait longer" });
    return { passedAt: "2026-01-02T00:00:00.000Z", warnings: [] };
  },
}));
vi.mock("../engine/cleanup", async (original) => ({
  ...(await original<typeof import("../engine/cleanup")>()),
  proveMirrorGone: async () => {},
  deleteMirrorGroups: async () => void deleted.push("groups"),
}));

/** Each `pulumi` command has a process of its own. */
async function command() {
  vi.resetModules();
  const [{ mirrorGoneStep }, { gateStep }] = [
    await import("./handlers/internal-topics.js"),
    await import("./handlers/gate.js"),
  ];
  return { gone: mirrorGoneStep, gate: gateStep };
}
beforeEach(() => {
  Object.assign(mirror, { copied: new Map([["orders:0", 7]]), isComplete: false });
  asked = 0;
  deleted.splice(0);
});

const connection = { bootstrapServers: "b:1" };
const step = { originConnection: connection, targetConnection: connection, mirror: testMirror() };
const gate = { limitMs: 900_000, stableForMs: 5_000 };
const state = { ...step, limitSeconds: 1, gate };
const gateState = { ...step, phase: "mirror", options: gate, abandon: false, fence: false, passed: false };

it("a destroy without a gate in the state keeps the progress of an incomplete copy, and says how to go on", async () => {
  const { gone } = await command();
  await expect(gone.delete("id", state)).rejects.toThrow(
    /GATE_INCOMPLETE[^]*wait longer; the mirror is stopped, but its progress .* `pulumi up` creates the mirror again/,
  );
  expect(deleted).toEqual([]);
  mirror.isComplete = true;
  await gone.delete("id", state);
  expect(deleted).toEqual(["groups"]);
});

it.each<[string, object]>([
  ["the migration is abandoned", { abandon: true }],
  ["a part has a way back", { gate: undefined }],
])("it asks nothing if %s", async (_what, change) => {
  const { gone } = await command();
  await gone.delete("id", { ...state, ...change });
  expect([asked, deleted]).toEqual([0, ["groups"]]);
});

it("it asks nothing if the mirror has copied nothing, for example because it could not start", async () => {
  mirror.copied = new Map();
  const { gone } = await command();
  await gone.delete("id", state);
  expect([asked, deleted]).toEqual([0, ["groups"]]);
});

it("it asks nothing if the gate was asked in the same destroy", async () => {
  mirror.isComplete = true;
  const { gone, gate: gateStep } = await command();
  await gateStep.delete("id", gateState);
  mirror.isComplete = false;
  await gone.delete("id", state);
  expect([asked, deleted]).toEqual([1, ["groups"]]);
});

it("an up that replaces the mirror's group asks nothing", async () => {
  const { gone } = await command();
  await gone.check(undefined, state);
  await gone.delete("id", state);
  expect([asked, deleted]).toEqual([0, ["groups"]]);
});

it("in phase cutover it compares no last records, because clients may write to the target", async () => {
  const { gone } = await command();
  const { gate: _, ...rest } = state;
  await expect(gone.delete("id", { ...rest, cutoverGate: { ...gate, stableForMs: 0 } })).rejects.toThrow(
    /GATE_INCOMPLETE/,
  );
  expect(deleted).toEqual([]);
  expect(options).toMatchObject({ compareLastRecord: false, stableForMs: 5_000 });
});

it("a state without these options is not updated because of them, and a cutover replaces them", async () => {
  const { gone } = await command();
  const { gate: _, ...older } = state;
  expect(await gone.diff("id", older, state)).toEqual({ changes: false });
  expect(await gone.diff("id", state, { ...state, gate: { ...gate, limitMs: 1 } })).toEqual({ changes: false });
  expect(await gone.diff("id", state, { ...older, cutoverGate: gate })).toEqual({ changes: true });
  expect(await gone.diff("id", state, older)).toEqual({ changes: true });
});

it("a clean-up without a gate in the state asks before it deletes the mirror", async () => {
  const cleanUp = { ...step, phase: "cleanup", options: gate, abandon: false, fence: false };
  const { gate: gateStep } = await command();
  await expect(gateStep.create(cleanUp)).rejects.toThrow(/GATE_INCOMPLETE[^]*nothing was changed/);
  mirror.copied = new Map();
  expect(await said(() => gateStep.create(cleanUp))).toBe("");
  expect(asked).toBe(1);
});
