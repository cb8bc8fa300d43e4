import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Memory } from "../../../engine/verify/resume";
import type { Pair } from "../../../engine/verify/pairs";
import type { PartitionResult } from "../../../engine/verify/types";

const span = { topic: "orders", partition: 0, from: 0n, to: 10n };
const pair: Pair = { origin: span, target: span, compacted: false, timestamps: true, identity: "a b" };
const equal: PartitionResult = { topic: "orders", partition: 0, proof: "exact", originRecords: 10, targetRecords: 10, differences: [] };

it("a file that takes no more is said, and the comparison is not lost for it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "kafka-migration-memory-"));
  const memory = await Memory.open(join(folder, "missing", "verified.jsonl"), "full 100");
  memory.remember(pair, equal);
  memory.remember(pair, equal);
  expect(await memory.flushed()).toMatch(/^a later run could not go on from here: ENOENT/);
});

it("what was written half when the run was killed is not believed", async () => {
  const file = join(await mkdtemp(join(tmpdir(), "kafka-migration-memory-")), "verified.jsonl");
  const memory = await Memory.open(file, "full 100");
  memory.remember(pair, equal);
  expect(await memory.flushed()).toBeUndefined();
  const whole = await readFile(file, "utf8");
  expect((await Memory.open(file, "full 100")).get(pair)).toEqual(equal);
  expect((await Memory.open(file, "tail 100")).get(pair)).toBeUndefined();
  expect((await Memory.open(file, "full 100")).get({ ...pair, target: { ...span, to: 11n } })).toBeUndefined();
  await writeFile(file, whole.slice(0, -5));
  const next = await Memory.open(file, "full 100");
  expect(next.get(pair)).toBeUndefined();
  next.remember(pair, equal);
  await next.flushed();
  expect((await Memory.open(file, "full 100")).get(pair)).toEqual(equal);
});
