import { expect, test } from "vitest";
import type { LoadedWave } from "../source";
import { noFence } from "./fence";

const wave = (name: string, done: object) => ({ name, done }) as LoadedWave;
const waves = [wave("one", { fence: {} }), wave("two", {})];

test("a fence that is not up is an error that names the command for the fences that are", () => {
  expect(noFence({ waves })).toMatchObject({
    seen: expect.stringContaining("no fence to hold for everything outside the waves: "),
    fix: "hold the fence that is up: `kafka-migration fence --hold --stack NAME --wave one`",
  });
  expect(noFence({ waves, wave: "two" }).fix).toContain("--wave one");
  for (const none of [noFence({ waves: [] }), noFence({ waves: [waves[1]!] })])
    expect(none.fix).toContain("set fence to true");
});
