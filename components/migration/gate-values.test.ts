import { expect, it } from "vitest";
import type { MigrationArgs } from "../settings/migration";
import type { WaveSettings } from "../settings/waves";
import { testMirror } from "../../test/support/models";
import { unaskedGate } from "./gate-values";
import { partsOf } from "./waves";

type Settings = Pick<MigrationArgs, "phase" | "wayBack"> & { waves?: WaveSettings[] };

const unasked = (settings: Settings) => {
  const { rest, waves } = partsOf(settings, testMirror());
  const { gate, cutoverGate, returning } = unaskedGate(settings as MigrationArgs, [rest, ...waves]);
  return [gate === undefined ? cutoverGate && "cutover" : "copy", returning];
};
const wave = (topics: string, phase: WaveSettings["phase"], wayBack?: boolean): WaveSettings => ({
  name: topics,
  topics,
  phase: phase!,
  ...(wayBack === undefined ? {} : { wayBack }),
});

it("a destroy without a gate asks about every part but those that use their way back", () => {
  expect(unasked({ phase: "mirror", wayBack: true })).toEqual(["copy", undefined]);
  expect(unasked({ phase: "cutover" })).toEqual(["cutover", undefined]);
  for (const phase of ["cutover", "returned"] as const)
    expect(unasked({ phase, wayBack: true })).toEqual([undefined, undefined]);
  expect(unasked({ phase: "cutover", wayBack: false })).toEqual([undefined, undefined]);
  const waves = [wave("a", "mirror", true), wave("b", "returned", true), wave("c", "cutover", false)];
  expect(unasked({ waves })).toEqual(["copy", ["b", "c"]]);
  expect(unasked({ waves: [...waves, wave("d", "cutover")] })).toEqual(["cutover", ["b", "c"]]);
  expect(unasked({ waves: [wave("d", "cutover")] })).toEqual(["cutover", undefined]);
});
