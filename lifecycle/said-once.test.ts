import { beforeEach, expect, test, vi } from "vitest";
import type { Progress } from "../engine/progress";
import { preflightStep } from "./handlers/preflight";
import { residueStep } from "./handlers/residue";
import { preflightInputs as inputs } from "../test/lifecycle/support/inputs";
import { testMirror } from "../test/support/models";

const world = vi.hoisted(() => ({ said: [] as string[], findings: [] as string[], residue: [] as object[] }));

vi.mock("./handlers/engine-link", async (original) => ({
  ...(await original<object>()),
  engineProgress: (): Progress => ({ info: (line) => world.said.push(line), warn: (line) => world.said.push(line) }),
  watchEngine: () => {},
  offline: () => false,
}));
vi.mock("../engine/preflight", async (original) => ({
  ...(await original<object>()),
  preflight: async (_model: unknown, _options: unknown, progress: Progress) => {
    for (const line of world.findings) progress.warn(line);
    progress.info(`${world.findings.length} warnings`);
  },
}));
vi.mock("../engine/cleanup", async (original) => ({
  ...(await original<object>()),
  listResidue: async () => world.residue,
}));

beforeEach(() => Object.assign(world, { said: [], findings: ["a", "b"], residue: [] }));

test("one run prints each line of preflight once, and later only what changed since the check", async () => {
  await preflightStep.check(undefined, inputs as never);
  expect(world.said).toEqual(["a", "b", "2 warnings"]);
  world.findings = ["a", "b", "c"];
  await preflightStep.create(inputs as never);
  expect(world.said).toEqual(["a", "b", "2 warnings", "c", "3 warnings"]);
  // Another check is another run.
  await preflightStep.check(undefined, inputs as never);
  expect(world.said.slice(5)).toEqual(["a", "b", "c", "3 warnings"]);
});

test("another migration with the same findings prints them too", async () => {
  await preflightStep.check(undefined, inputs as never);
  await preflightStep.create({ ...inputs, mirror: testMirror({ groupId: "other" }) } as never);
  expect(world.said).toEqual(["a", "b", "2 warnings", "a", "b", "2 warnings"]);
});

test("an error lists the residue once, and a warning lists only what the error does not", async () => {
  const left = { kind: "topic", side: "target", name: "mm2-status", what: "the mirror's status topic" };
  world.residue = [left, { ...left, name: "foreign", foreign: true }];
  const state = { ...inputs, when: "cleanup", look: {}, kubernetes: [], patienceSeconds: 0 };
  await expect(residueStep.delete("id", state as never)).rejects.toThrow(/RESIDUE_LEFT[^]*target topic mm2-status/);
  expect(world.said.filter((line) => line.startsWith("residue:"))).toEqual([
    "residue: target topic foreign: the mirror's status topic",
  ]);
  world.said = [];
  await residueStep.delete("id", { ...state, abandon: true } as never);
  expect(world.said.filter((line) => line.startsWith("residue:"))).toHaveLength(2);
});
