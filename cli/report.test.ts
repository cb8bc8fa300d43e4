import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { modelFor } from "../test/engine/support/mirror";
import { run } from "./run";

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "kafka-migration-report-"))));
afterAll(() => rm(folder, { recursive: true }));

/** Nobody listens on port 1. */
const connection = { bootstrapServers: "127.0.0.1:1" };

async function report(...argv: string[]): Promise<{ exit: number; text: string }> {
  const model = join(folder, "model.json");
  await writeFile(model, JSON.stringify(modelFor({ origin: { connection }, target: { connection } } as never, "t")), {
    mode: 0o600,
  });
  let text = "";
  const stream = { write: (some: string) => (text += some) };
  const exit = await run(
    ["report", "--model", model, "--out", folder, ...argv],
    { out: stream, err: stream },
    new AbortController().signal,
  );
  return { exit, text };
}

test("a report about clusters that cannot be read is written, and its exit code says so", async () => {
  const { exit, text } = await report();
  expect(exit).toBe(3);
  expect(text).toContain("The copy could not be read");
  const page = /wrote (.*\.html)/.exec(text)![1]!;
  expect(await readFile(page, "utf8")).toContain("cannot reach");
});

test("a report from the state alone does not ask them", async () => {
  expect(await report("--offline")).toMatchObject({ exit: 0, text: expect.stringContaining("wrote ") });
});
