import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { testMirror } from "../test/support/models";
import { temporaryFolder } from "../test/support/folder";
import { run } from "./run";

it.each(["0", "65", "two"])("verify --threads %s is refused before anything is read", async (threads) => {
  const model = join(temporaryFolder("threads"), "model.json");
  // Nobody answers at this address.
  const connection = { bootstrapServers: "127.0.0.1:1" };
  writeFileSync(model, JSON.stringify({ origin: connection, target: connection, mirror: testMirror({}) }), {
    mode: 0o600,
  });
  let err = "";
  const streams = { out: { write: () => true }, err: { write: (some: string) => ((err += some), true) } };
  const argv = ["verify", "--model", model, "--threads", threads];
  expect(await run(argv, streams, new AbortController().signal)).toBe(2);
  expect(err).toContain(`--threads is "${threads}": it must be a whole number`);
});
