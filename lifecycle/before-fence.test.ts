import { expect, it, vi } from "vitest";
import { testMirror } from "../test/support/models";
import { beforeFence } from "./handlers/before-fence";

let raised = "";

vi.mock("../engine/fence", async (original) => ({
  ...(await original<typeof import("../engine/fence")>()),
  previewFence: async () => ({ existing: 0 }),
}));
vi.mock("../engine/gate", async (original) => ({
  ...(await original<typeof import("../engine/gate")>()),
  waitForMirror: async () => {
    raised += "waited ";
  },
}));
vi.mock("../engine/prepare", () => ({ prepareCutover: async () => undefined }));
vi.mock("./handlers/journal", () => ({ neededJournal: async () => undefined }));
vi.mock("../engine/offsets", async (original) => ({
  ...(await original<typeof import("../engine/offsets")>()),
  // It reads a large partition.
  planOffsets: (_model: unknown, _options: unknown, _progress: unknown, signal?: AbortSignal) =>
    new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason as Error))),
}));

it("a search for groups that cannot be moved does not hold up the cutover, and says that it has ended", async () => {
  const connection = { bootstrapServers: "b:1" };
  const inputs = { originConnection: connection, targetConnection: connection, mirror: testMirror() };
  const behind = { connectors: [], offsets: {} };
  const warnings: string[] = [];
  const progress = { info: () => {}, warn: (line: string) => void warnings.push(line) };
  await beforeFence(inputs, { options: {}, gate: {}, behind }, progress, 20);
  expect(raised).toBe("waited ");
  expect(warnings).toEqual([expect.stringMatching(/^fence: it is not known after .* whether all groups can be moved/)]);
}, 5_000);
