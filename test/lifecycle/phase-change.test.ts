import { describe, expect, test } from "vitest";
import { phaseChange } from "../../lifecycle/handlers/inputs";

describe("what a step does when the phase changes", () => {
  test.each([
    ["a first up in phase mirror only arms", undefined, "mirror", "arm"],
    ["a first up in phase cutover cuts over", undefined, "cutover", "cutover"],
    ["mirror to cutover", { phase: "mirror", done: false }, "cutover", "cutover"],
    ["a cutover that was killed is done again", { phase: "cutover", done: false }, "cutover", "cutover"],
    ["a cutover that was done is not done again", { phase: "cutover", done: true }, "cutover", "none"],
    ["back from cutover", { phase: "cutover", done: true }, "mirror", "roll-back"],
    ["back from a cutover that was killed", { phase: "cutover", done: false }, "mirror", "roll-back"],
    ["nothing changed", { phase: "mirror", done: false }, "mirror", "none"],
  ] as const)("%s", (_what, was, now, expected) => {
    expect(phaseChange(was, now)).toBe(expected);
  });
});
