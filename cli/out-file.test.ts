import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { KafkaPort } from "../engine/kafka/port";
import type { AppliedOffsets } from "../engine/offsets";
import { OutFile, readKept } from "./out-file";

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kafka-migration-out-"));
  file = join(folder, "offsets.json");
});
afterEach(() => rm(folder, { recursive: true }));

const applied = (offset: string, before?: string): AppliedOffsets => ({
  version: 1,
  at: "2026-01-01T00:00:00.000Z",
  clusters: { target: "two" },
  groups: [
    {
      group: "billing",
      created: before === undefined,
      offsets: [
        {
          topic: "orders",
          partition: 0,
          offset,
          ...(before === undefined ? {} : { before: { offset: before, metadata: "" } }),
        },
      ],
    },
  ],
  skipped: [],
  written: 1,
  inPlace: 0,
});
const target = { describeCluster: async () => ({ clusterId: "two", controllerId: 1, brokers: [] }) } as unknown;

async function save(offsets: AppliedOffsets): Promise<void> {
  const out = new OutFile(file);
  await out.open();
  await out.intend(offsets, target as KafkaPort);
}

describe("the file of an apply", () => {
  it("keeps what the first apply found, and nobody else may read it", async () => {
    await save(applied("5", "3"));
    await save(applied("7", "5"));
    expect((await readKept(file)).groups[0]!.offsets[0]).toMatchObject({ offset: "7", before: { offset: "3" } });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it.each([
    ["empty", "", /is empty, so offsets that an earlier apply saved there may be lost.*\nfix: .*delete this one/],
    ["only blanks", " \n", /is empty/],
    ["another file", "{}", /was not written by an earlier apply/],
    ["cut off", '{"version":1,"at"', /is damaged, so offsets that an earlier apply saved there may be lost/],
    ["edited", '{"version":1,"groups":[7]}', /is damaged/],
  ])("is never taken for new if it exists: %s", async (_, text, says) => {
    await writeFile(file, text);
    await expect(save(applied("5"))).rejects.toThrow(says);
    expect(await readFile(file, "utf8")).toBe(text);
  });

  it.each([
    [
      "cut off",
      '{\n  "version": 1,\n  "at"',
      /it is damaged; no offset was changed\nfix: restore the file from a backup/,
    ],
    ["empty", "", /it is damaged/],
    ["edited", '{"version":1,"groups":[7]}', /it is damaged/],
    ["another file", "{}", /it was not written by an apply; no offset was changed\nfix: use a file that/],
  ])("is no reason to change offsets if it cannot be used: %s", async (_, text, says) => {
    await writeFile(file, text);
    await expect(readKept(file)).rejects.toThrow(says);
  });
});
