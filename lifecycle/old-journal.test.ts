import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { KafkaPort } from "../engine/kafka/port";
import { forgetJournal, hasJournal, journalOf } from "./handlers/journal";
import { testMirror } from "../test/support/models";

/** A target without a journal topic: only the file of an older version counts. */
const port: Partial<KafkaPort> = { describeTopics: async () => [], close: async () => {} };
vi.mock("../engine/kafka/client", () => ({ openKafka: async () => port }));

const applied = { version: 1, at: "2026-01-01T00:00:00.000Z", groups: [], skipped: [], written: 0, inPlace: 0 };
let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "kafka-migration-old-journal-"))));
afterEach(() => rm(folder, { recursive: true, force: true }));

const inputs = (origin = "a:9092,b:9092", target = "c:9092") => ({
  originConnection: { bootstrapServers: origin },
  targetConnection: { bootstrapServers: target },
  mirror: testMirror(),
  resume: { folder, name: "m", root: folder },
});
const keep = (text: string) => writeFile(join(folder, "migration-m.offsets.json"), text);
const journal = (clusters: unknown = ["a:9092, B:9092", "c:9092,d:9092"]) =>
  keep(JSON.stringify({ version: 1, clusters, applied }));

it(
  "the file of an older version is read where one server of each side is the same, and removed when nothing " +
    "needs it",
  async () => {
    expect(await journalOf(inputs())).toBeUndefined();
    expect(await hasJournal(inputs())).toBe(false);
    await journal();
    expect(await journalOf(inputs("x:1, b:9092"))).toEqual(applied);
    expect(await hasJournal(inputs())).toBe(true);
    await forgetJournal(inputs());
    expect(await readdir(folder)).toEqual([]);
  },
);

it.each<[string, ReturnType<typeof inputs>, RegExp]>([
  [
    "origin",
    inputs("x:9092"),
    /OFFSETS_OTHER_CLUSTER.*belongs to another origin: bootstrap servers a:9092, B:9092, not x:9092; the file was kept/,
  ],
  [
    "target",
    inputs(undefined, "a:9092"),
    /OFFSETS_OTHER_CLUSTER.*belongs to another target: bootstrap servers c:9092,d:9092, not a:9092; the file was kept/,
  ],
])("the file of another %s is neither used nor deleted", async (_side, { resume: _, ...other }, error) => {
  await journal();
  const asked = { ...other, resume: { folder, name: "m", root: folder } };
  await expect(journalOf(asked)).rejects.toThrow(error);
  await expect(forgetJournal(asked)).rejects.toThrow(error);
  // The file exists, so the next `up` has to report why it cannot be used.
  expect(await hasJournal(asked)).toBe(true);
  expect(await readdir(folder)).toEqual(["migration-m.offsets.json"]);
});

it("a damaged file is neither treated as absent nor deleted", async () => {
  for (const damage of [() => keep("{"), () => journal(["a:9092"]), () => journal(7)]) {
    await damage();
    await expect(journalOf(inputs())).rejects.toThrow(/OFFSETS_JOURNAL_UNREADABLE.*it is damaged/);
    await expect(forgetJournal(inputs())).rejects.toThrow("OFFSETS_JOURNAL_UNREADABLE");
    expect(await hasJournal(inputs())).toBe(true);
  }
});

it("the file of an older version belongs to no wave", async () => {
  await journal();
  const wave = { ...inputs(), mirror: testMirror({ scope: { wave: "one", topics: "a", groups: "" } }) };
  expect(await journalOf(wave)).toBeUndefined();
  await forgetJournal(wave);
  expect(await readdir(folder)).toEqual(["migration-m.offsets.json"]);
});
