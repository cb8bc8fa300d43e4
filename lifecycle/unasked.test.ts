import { beforeEach, expect, it, vi } from "vitest";
import type { MigrationModel, Scope } from "../engine/model";
import { testMirror } from "../test/support/models";
import { said } from "../test/lifecycle/support/said";

/** What Connect's topics say about the copy, and whether the gate would open. */
const mirror = { copied: new Map([["orders:0", 7]]), isComplete: false };
let failure: string | undefined;
let asked = 0;
let options: object = {};
let scope: Scope | undefined;
const deleted: string[] = [];

vi.mock("../engine/clusters", async (original) => ({
  ...(await original<typeof import("../engine/clusters")>()),
  withCluster: async () => ({ offsets: mirror.copied }),
}));
vi.mock("../engine/gate", async (original) => ({
  ...(await original<typeof import("../engine/gate")>()),
  runGateAndNameWriters: async (model: MigrationModel, given: object) => {
    asked++;
    options = given;
    scope = model.mirror.scope;
    const { MigrationError } = await import("../engine/errors.js");
    if (failure !== undefined) throw new MigrationError(failure, "no answer", { fix: "look at the network" });
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
  const [{ mirrorGoneStep }, { gateStep }, { accessStep }, { fenceStep }] = [
    await import("./handlers/internal-topics.js"),
    await import("./handlers/gate.js"),
    await import("./handlers/access.js"),
    await import("./handlers/fence.js"),
  ];
  return { gone: mirrorGoneStep, gate: gateStep, access: accessStep, fence: fenceStep };
}
beforeEach(() => {
  Object.assign(mirror, { copied: new Map([["orders:0", 7]]), isComplete: false });
  asked = 0;
  failure = undefined;
  deleted.splice(0);
});

const connection = { bootstrapServers: "b:1" };
const step = { originConnection: connection, targetConnection: connection, mirror: testMirror() };
const gate = { limitMs: 900_000, stableForMs: 5_000 };
const state = { ...step, limitSeconds: 1, gate };
const gateState = { ...step, phase: "mirror", options: gate, abandon: false, fence: false, passed: false };

it("a destroy without a gate in the state keeps the progress of an incomplete copy, and says how to go on", async () => {
  const { gone } = await command();
  const way = ".* `pulumi up` in phase mirror or cutover creates the mirror again.*";
  await expect(gone.delete("id", state)).rejects.toThrow(
    new RegExp(
      `GATE_INCOMPLETE[^]*fix: the mirror is stopped, but its progress${way}; when the mirror runs again: wait longer`,
    ),
  );
  expect(deleted).toEqual([]);
  mirror.isComplete = true;
  await gone.delete("id", state);
  expect(deleted).toEqual(["groups"]);
});

it("an error that says nothing about the copy asks for the same destroy again", async () => {
  const { gone } = await command();
  failure = "KAFKA_UNREACHABLE";
  const error = gone.delete("id", state);
  await expect(error).rejects.toThrow(/fix: look at the network; then run `pulumi destroy` again: .* are kept; if a/);
  await expect(error).rejects.not.toThrow("creates the mirror again");
  expect(deleted).toEqual([]);
});

it.each<[string, object]>([
  ["the migration is abandoned", { abandon: true }],
  ["every part uses its way back", { gate: undefined }],
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

it("with waves it asks about the parts that nothing else in the same destroy has asked about", async () => {
  const [first, second] = [
    { wave: "first", topics: "a,b" },
    { wave: "second", topics: "c" },
  ];
  const rest = { withoutTopics: ["a,b", "c"] };
  const asks = (...parts: Scope[]) => asksIn(state, ...parts);
  const asksIn = async (inputs: typeof state, ...parts: Scope[]) => {
    Object.assign(mirror, { isComplete: true });
    asked = 0;
    scope = undefined;
    const { gone, gate: gateStep } = await command();
    for (const part of parts) await gateStep.delete("id", { ...gateState, mirror: { ...testMirror(), scope: part } });
    await gone.delete("id", inputs);
    return asked === parts.length ? "nothing" : scope;
  };
  expect(await asks()).toBeUndefined();
  expect(await asks(first)).toEqual({ withoutTopics: ["a,b"] });
  expect(await asks(rest, first)).toEqual({ topics: "c", withoutTopics: ["a,b"] });
  expect(await asks(rest, first, second)).toBe("nothing");
  expect(await asks({ withoutTopics: ["a,b"] }, first)).toBe("nothing");
  // What returns is not asked about, whether its gate is in the state or not.
  const returning = { ...state, returning: ["c"] };
  expect(await asksIn(returning)).toEqual({ withoutTopics: ["c"] });
  expect(await asksIn(returning, first)).toEqual({ withoutTopics: ["a,b", "c"] });
  expect(await asksIn(returning, second)).toEqual({ withoutTopics: ["c"] });
  expect(await asksIn(returning, rest, first)).toBe("nothing");
  // The state of an older `up` without waves.
  expect(await asks({}, first)).toBe("nothing");
});

it("an up that replaces the mirror's group asks nothing", async () => {
  const { gone } = await command();
  await gone.check(undefined, state);
  await gone.delete("id", state);
  expect([asked, deleted]).toEqual([0, ["groups"]]);
});

it("in phase cutover it accepts what clients have written to the target, and what retention has deleted", async () => {
  const { gone } = await command();
  const { gate: _, ...rest } = state;
  await expect(gone.delete("id", { ...rest, cutoverGate: { ...gate, stableForMs: 0 } })).rejects.toThrow(
    /GATE_INCOMPLETE/,
  );
  expect(deleted).toEqual([]);
  // A destroy that was killed deleted the gate that knew what retention may delete.
  expect(options).toMatchObject({ compareLastRecord: false, stableForMs: 5_000, acceptTruncation: ["orders"] });
});

it("it waits for the look at a large estate, but not for a mirror that is gone", async () => {
  for (const partitions of [1, 100_000]) {
    mirror.copied = new Map(Array.from({ length: partitions }, (_, i) => [`orders:${i}`, 7]));
    const { gone } = await command();
    await expect(gone.delete("id", state)).rejects.toThrow("GATE_INCOMPLETE");
    expect(options).toMatchObject({ limitMs: 10_000 + partitions });
  }
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
  const refused = gateStep.create(cleanUp);
  await expect(refused).rejects.toThrow(/GATE_INCOMPLETE[^]*nothing was changed/);
  // Pulumi keeps the gate that refused. The next `up` updates it.
  const { properties } = (await refused.catch((error: unknown) => error)) as { properties: Record<string, unknown> };
  await expect(gateStep.update("id", properties, cleanUp)).rejects.toThrow("GATE_INCOMPLETE");
  mirror.isComplete = true;
  const { outs } = await gateStep.update("id", properties, cleanUp);
  await gateStep.update("id", outs, cleanUp);
  expect(asked).toBe(3);
  mirror.copied = new Map();
  for (const work of [() => gateStep.create(cleanUp), () => gateStep.update("id", properties, cleanUp)])
    expect(await said(work)).toBe("");
  // It does not depend on the mirror, so a destroy may have deleted the mirror before.
  await gateStep.delete("id", properties);
  expect(asked).toBe(3);
});

it.each(["access", "fence"] as const)(
  "a clean-up that is abandoned deletes a first cutover that failed at its step %s, and asks nothing",
  async (kind) => {
    const failed = {
      ...step,
      phase: "cutover",
      withoutGate: true,
      mode: "warn",
      enabled: false,
      options: {},
      abandon: false,
    };
    const remove = async (abandon: boolean) => {
      const steps = await command();
      const cleanUp = { ...step, phase: "cleanup", options: gate, abandon, fence: false };
      await steps.gate.create(cleanUp).catch(() => {});
      await steps[kind].delete("id", failed);
    };
    await expect(remove(false)).rejects.toThrow("GATE_INCOMPLETE");
    asked = 0;
    await remove(true);
    expect(asked).toBe(0);
  },
);
