import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { lastLines } from "./log";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "log-test-"));
});
afterEach(() => rm(folder, { recursive: true }));

it("the end of a log shows the cause of a failure before a message that repeats for minutes", async () => {
  const repeated = Array.from({ length: 700 }, (_, i) => `[10:50:${i}] INFO refused a login from port ${50_000 + i}`);
  await writeFile(join(folder, "log"), ["[10:47:01] ERROR no credential was read", ...repeated, ""].join("\n"));
  expect(lastLines(join(folder, "log"))).toBe(
    "  [10:47:01] ERROR no credential was read\n" +
      "  [10:50:699] INFO refused a login from port 50699 (and 699 earlier lines like it)",
  );
});

it("the end of a log has no repetitions, and says if there is no log", async () => {
  await writeFile(join(folder, "log"), "a\nb\n\nc\n");
  expect(lastLines(join(folder, "log"), 2)).toBe("  b\n  c");
  expect(lastLines(join(folder, "absent"))).toBe("  (no log)");
});
