import { beforeEach, expect, it, vi } from "vitest";
import { MigrationError } from "../engine/errors";
import { testMirror } from "../test/support/models";
import { said } from "../test/lifecycle/support/said";

/** Why the fence cannot be lowered. */
let failure = "KAFKA_UNREACHABLE";

vi.mock("../engine/clusters", async (original) => ({
  ...(await original<typeof import("../engine/clusters")>()),
  withCluster: async () => {
    throw new MigrationError(failure, "the origin does not answer", { fix: "none" });
  },
}));

const connection = (port: number) => ({ bootstrapServers: `b:${port}` });
const step = { originConnection: connection(1), targetConnection: connection(2), mirror: testMirror() };
const other = { ...step, originConnection: connection(3) };

/** Each `pulumi` command has a process of its own. */
async function command() {
  vi.resetModules();
  const { defineStep } = await import("./handlers/framework.js");
  const { guardStep } = await import("./handlers/guard.js");
  const { fenceStep } = await import("./handlers/fence.js");
  const deleted: unknown[] = [];
  const left = defineStep<{ abandon?: boolean }, object>("left", {
    create: async () => ({}),
    update: async () => ({}),
    remove: async ({ abandon }) => void deleted.push(abandon),
  });
  return { left, guard: guardStep, fence: fenceStep, deleted };
}
beforeEach(() => {
  failure = "KAFKA_UNREACHABLE";
});

it("a step that left the program is deleted as abandoned if this up's program abandons the migration", async () => {
  const { left, deleted } = await command();
  await left.check(undefined, { ...step, abandon: true });
  await left.delete("id", { ...step, abandon: false });
  await left.delete("id", { ...other, abandon: false });
  expect(deleted).toEqual([true, false]);
});

it("the fence of an abandoned migration is left behind with a warning if the origin no longer exists", async () => {
  const fenced = { ...step, phase: "cutover", enabled: true, options: {}, raised: null };
  const { fence } = await command();
  await expect(fence.delete("id", fenced)).rejects.toThrow("KAFKA_UNREACHABLE");
  const steps = await command();
  await steps.guard.delete("id", { ...step, phase: "cutover", abandon: true, options: {}, fence: true });
  expect(await said(() => steps.fence.delete("id", fenced))).toMatch(/abandoned: the fence may still exist/);
  failure = "KAFKA_UNAUTHORIZED";
  await expect(steps.fence.delete("id", fenced)).rejects.toThrow("KAFKA_UNAUTHORIZED");
});
