import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { uniqueName, withClusters } from "@kafka-migration/sandbox/testing";
import { openKafka } from "../../engine/kafka/client";
import type { KafkaPort } from "../../engine/kafka/port";
import type { AppliedOffsets } from "../../engine/offsets";
import { consumerOffsetsStep } from "../../lifecycle/handlers/consumer-offsets";
import { modelFor, produce } from "../engine/support/mirror";
import { said } from "./support/said";
import { temporaryFolder } from "../support/folder";
import { inputsOf } from "./support/inputs";

const clusters = withClusters();
const prefix = uniqueName("moved");
const topic = `${prefix}-data`;
const [on, stands, back] = [`${prefix}-group-on`, `${prefix}-group-stands`, `${prefix}-group-back`];
let origin: KafkaPort;
let target: KafkaPort;

const at = (offset: number) => [{ topic, partition: 0, offset: BigInt(offset), metadata: "" }];

beforeAll(async () => {
  [origin, target] = await Promise.all([
    openKafka(clusters.origin.connection, "origin"),
    openKafka(clusters.target.connection, "target"),
  ]);
  const records = Array.from({ length: 6 }, (_, i) => ({
    key: `k${i}`,
    value: `v${i}`,
    partition: 0,
    timestamp: Date.now() + i,
  }));
  for (const [port, cluster] of [
    [origin, clusters.origin],
    [target, clusters.target],
  ] as const) {
    await port.createTopic(topic, { partitions: 1, replicationFactor: 1 });
    await produce(cluster, topic, records);
  }
  for (const group of [on, stands, back]) await origin.alterGroupOffsets(group, at(3));
});

afterAll(async () => {
  for (const port of [origin, target]) {
    await port.deleteGroups([on, stands, back]);
    await port.deleteTopics([topic]);
    await port.close();
  }
});

it("groups that were moved back are reported at the clean-up, and at each up before it", async () => {
  const model = modelFor(clusters, prefix);
  const inputs = {
    ...inputsOf(model),
    phase: "cutover",
    abandon: false,
    fence: false,
    options: {},
  };
  const { outs } = await consumerOffsetsStep.create(inputs);
  expect(
    await said(async () => expect(await consumerOffsetsStep.diff("id", outs, inputs)).toEqual({ changes: false })),
  ).toBe("");
  await target.alterGroupOffsets(on, at(5));
  await target.alterGroupOffsets(back, at(1));
  const warning = `consumer-offsets: group "${back}" is no longer where it was put: ${topic}-0 was put at 3, is at 1\n`;
  expect(
    await said(async () => expect(await consumerOffsetsStep.diff("id", outs, inputs)).toEqual({ changes: false })),
  ).toBe(warning);
  expect(await said(() => consumerOffsetsStep.delete("id", outs))).toBe(
    `${warning}consumer-offsets: 1 group moved on since, 1 where they were put, 1 before it\n`,
  );
  // A target that does not answer may still have the note of what was there before.
  const gone = { ...outs, targetConnection: { bootstrapServers: "127.0.0.1:1", connectTimeoutMs: 500 } };
  expect(await said(() => expect(consumerOffsetsStep.delete("id", gone)).rejects.toThrow(/KAFKA_UNREACHABLE/))).toMatch(
    /consumer-offsets: could not read the groups' offsets on the target: KAFKA_\w+/,
  );
  // Neither needs the origin, which may be gone by then.
  const alone = { ...outs, originConnection: gone.targetConnection };
  expect(await said(() => consumerOffsetsStep.delete("id", alone))).toBe(
    `${warning}consumer-offsets: 1 group moved on since, 1 where they were put, 1 before it\n`,
  );
  expect((await target.groupOffsets([back])).get(back)).toMatchObject([{ offset: 1n }]);
  await said(() =>
    consumerOffsetsStep.update("id", alone, { ...inputs, originConnection: gone.targetConnection, phase: "mirror" }),
  );
  expect((await target.groupOffsets([stands])).get(stands)).toEqual([]);
});

describe("an up of the cutover that was killed while it moved groups", () => {
  const model = () => modelFor(clusters, prefix);
  const inputs = (phase: string, folder = temporaryFolder("runner")) => ({
    ...inputsOf(model()),
    phase,
    abandon: false,
    fence: false,
    options: { overwrite: true },
    resume: { name: "dev", folder, root: "" },
  });
  const journal = `${prefix}-connect.moved-offsets.internal`;
  const hasJournal = async () => (await target.describeTopics([journal])).length > 0;
  const offsetOf = async (group: string) =>
    (await target.groupOffsets([group])).get(group)?.map((o) => Number(o.offset));
  const backToBefore = async () => {
    await target.deleteGroups([on, stands, back]);
    await target.alterGroupOffsets(on, at(1));
  };

  it("is rolled back from another machine, to the offsets from before", async () => {
    await backToBefore();
    const armed = await consumerOffsetsStep.create(inputs("mirror"));
    expect(
      await consumerOffsetsStep.diff("id", armed.outs, { ...inputs("mirror"), resume: armed.outs.resume }),
    ).toEqual({ changes: false });
    // Everything is written, and killed before Pulumi hears of it; twice, as a person tries again.
    for (let times = 2; times > 0; times--) await consumerOffsetsStep.update("id", armed.outs, inputs("cutover"));
    expect([await offsetOf(on), await offsetOf(stands)]).toEqual([[3], [3]]);

    expect(await consumerOffsetsStep.diff("id", armed.outs, inputs("mirror"))).toEqual({ changes: true });
    const { outs } = await consumerOffsetsStep.update("id", armed.outs, inputs("mirror"));
    expect([await offsetOf(on), await offsetOf(stands)]).toEqual([[1], []]);
    expect(await hasJournal()).toBe(false);
    expect(await consumerOffsetsStep.diff("id", outs, inputs("mirror"))).toEqual({ changes: false });
  });

  it("is rolled back by a destroy, which needs the target for it", async () => {
    await backToBefore();
    const armed = await consumerOffsetsStep.create(inputs("mirror"));
    await consumerOffsetsStep.update("id", armed.outs, inputs("cutover"));
    const nobody = { bootstrapServers: "127.0.0.1:1", connectTimeoutMs: 500 };
    await expect(consumerOffsetsStep.delete("id", { ...armed.outs, targetConnection: nobody })).rejects.toThrow(
      /KAFKA_UNREACHABLE/,
    );
    expect([await offsetOf(on), await offsetOf(stands), await hasJournal()]).toEqual([[3], [3], true]);
    await consumerOffsetsStep.delete("id", armed.outs);
    expect([await offsetOf(on), await offsetOf(stands), await hasJournal()]).toEqual([[1], [], false]);
  });

  it("is named by a clean-up if it moved groups that the state does not know", async () => {
    await backToBefore();
    const first = await consumerOffsetsStep.create({
      ...inputs("cutover"),
      options: { overwrite: true, excludeGroups: [stands] },
    });
    await consumerOffsetsStep.update("id", first.outs, inputs("cutover"));
    expect(await said(() => consumerOffsetsStep.delete("id", first.outs))).toContain(
      `an interrupted up was moving 1 group that the state does not know (${stands})`,
    );
    expect([await offsetOf(stands), await hasJournal()]).toEqual([[3], false]);
    await backToBefore();
  });

  it("can be followed by a successful one, which still rolls back to the offsets from before", async () => {
    const armed = await consumerOffsetsStep.create(inputs("mirror"));
    await consumerOffsetsStep.update("id", armed.outs, inputs("cutover"));
    const { outs } = await consumerOffsetsStep.update("id", armed.outs, inputs("cutover"));
    await consumerOffsetsStep.update("id", outs, inputs("mirror"));
    expect([await offsetOf(on), await offsetOf(stands)]).toEqual([[1], []]);
    expect(await hasJournal()).toBe(false);
  });

  it("is rolled back from any point, without the first build machine", async () => {
    const many = Array.from({ length: 60 }, (_, i) => `${prefix}-group-many-${String(i).padStart(3, "0")}`);
    await Promise.all(many.map((group) => origin.alterGroupOffsets(group, at(3))));
    const first = many.slice(0, 30);
    for (const group of first) await target.alterGroupOffsets(group, at(1));
    const places = async () => {
      const now = await target.groupOffsets(many);
      return many.map((group) => now.get(group)?.map((o) => Number(o.offset)) ?? []);
    };
    const before = many.map((group) => (first.includes(group) ? [1] : []));
    const isMoved = async (group: string) => (await offsetOf(group))?.[0] === 3;
    const points: [string, () => Promise<boolean>][] = [
      ["the note's topic is made", hasJournal],
      ["the first offset is written", () => isMoved(many[0]!)],
      ["the last one is written", () => isMoved(many.at(-1)!)],
    ];
    for (const [point, reached] of points) {
      const script =
        `require("pulumi-kafka-migration/lifecycle").step("consumer-offsets").create(JSON.parse(process.env.INPUTS))` +
        ".then(() => setInterval(() => {}, 1000))";
      const child = spawn(process.execPath, ["-e", script], {
        env: { ...process.env, INPUTS: JSON.stringify(inputs("cutover")) },
        stdio: "ignore",
      });
      const ended = once(child, "exit");
      await expect.poll(reached, { interval: 5, timeout: 30_000, message: point }).toBe(true);
      child.kill("SIGKILL");
      await ended;
      await consumerOffsetsStep.create(inputs("mirror"));
      expect(await places(), point).toEqual(before);
      expect(await hasJournal(), point).toBe(false);
    }
    await target.deleteGroups(first);
    await origin.deleteGroups(many);
  });

  it("stops the step if the saved offsets cannot be read, and keeps them", async () => {
    await backToBefore();
    await consumerOffsetsStep.create(inputs("cutover"));
    await target.append(journal, [{ key: Buffer.from("x"), value: Buffer.from("y") }]);
    for (const phase of ["cutover", "mirror"])
      await expect(consumerOffsetsStep.create(inputs(phase))).rejects.toThrow(
        /OFFSETS_JOURNAL_UNREADABLE[^]*moved-offsets.internal[^]*fix: /,
      );
    await expect(consumerOffsetsStep.delete("id", inputs("cutover"))).rejects.toThrow(/OFFSETS_JOURNAL_UNREADABLE/);
    expect(await consumerOffsetsStep.diff("id", inputs("mirror"), inputs("mirror"))).toEqual({ changes: true });
    expect([await offsetOf(on), await offsetOf(stands), await hasJournal()]).toEqual([[3], [3], true]);
    await target.deleteTopics([journal]);
  });

  it("is rolled back by a later up if the target did not answer the first one", async () => {
    await backToBefore();
    await consumerOffsetsStep.create(inputs("cutover"));
    const nobody = {
      ...inputs("mirror"),
      targetConnection: { bootstrapServers: "127.0.0.1:1", connectTimeoutMs: 500 },
    };
    let outs: Record<string, unknown> = {};
    expect(await said(async () => (outs = (await consumerOffsetsStep.create(nobody)).outs))).toMatch(
      /offsets to restore; the next up checks again \(KAFKA_UNREACHABLE/,
    );
    expect(
      await consumerOffsetsStep.diff("id", { ...outs, targetConnection: model().target }, inputs("mirror")),
    ).toEqual({ changes: true });
    await consumerOffsetsStep.update("id", outs, inputs("mirror"));
    expect([await offsetOf(on), await offsetOf(stands), await hasJournal()]).toEqual([[1], [], false]);
  });

  it("keeps its saved offsets if the target is another cluster now", async () => {
    const { outs } = await consumerOffsetsStep.create(inputs("cutover"));
    const applied = outs.applied as AppliedOffsets;
    const elsewhere = { ...outs, applied: { ...applied, clusters: { ...applied.clusters, target: "another" } } };
    await expect(consumerOffsetsStep.update("id", elsewhere, inputs("mirror"))).rejects.toThrow(
      /OFFSETS_OTHER_CLUSTER[^]*cluster another[^]*nothing was changed/,
    );
    await consumerOffsetsStep.update("id", elsewhere, { ...inputs("mirror"), abandon: true });
    expect([await offsetOf(on), await offsetOf(stands)]).toEqual([[3], [3]]);
    await consumerOffsetsStep.update("id", outs, inputs("mirror"));
  });
});

describe("the file in which an older version saved offsets", () => {
  const model = () => modelFor(clusters, prefix);
  const servers = () => [model().origin.bootstrapServers, model().target.bootstrapServers];
  const note = (clusterNames: string[]) =>
    JSON.stringify({
      version: 1,
      clusters: clusterNames,
      applied: {
        version: 1,
        at: "2026-01-01T00:00:00.000Z",
        groups: [
          {
            group: on,
            created: false,
            offsets: [{ topic, partition: 0, offset: "3", before: { offset: "1", metadata: "" } }],
          },
        ],
        skipped: [],
        written: 1,
        inPlace: 0,
      },
    });
  const inputs = (folder: string, phase = "mirror") => ({
    ...inputsOf(model()),
    phase,
    abandon: false,
    fence: false,
    options: { overwrite: true },
    resume: { name: "dev", folder, root: "" },
  });
  const offset = async () => (await target.groupOffsets([on])).get(on)?.map((o) => Number(o.offset));
  const written = async (text: string, mode = 0o600) => {
    await target.alterGroupOffsets(on, at(3));
    const folder = temporaryFolder("journal");
    await writeFile(join(folder, "migration-dev.offsets.json"), text, { mode });
    return folder;
  };

  it("belongs to the same cluster in any order of the bootstrap servers", async () => {
    const turned = servers().map((text) => `spare.example.com:9092, ${text.split(",").reverse().join(", ")}`);
    const folder = await written(note(turned));
    expect(await consumerOffsetsStep.diff("id", inputs(folder), inputs(folder))).toEqual({ changes: true });
    await consumerOffsetsStep.create(inputs(folder));
    expect([await offset(), await readdir(folder)]).toEqual([[1], []]);
  });

  const unusable: [string, () => string, RegExp][] = [
    [
      "of another target",
      () => note([servers()[0]!, "elsewhere:9092"]),
      /OFFSETS_OTHER_CLUSTER[^]*another target: bootstrap servers elsewhere:9092[^]*fix: /,
    ],
    ["of another origin", () => note(["elsewhere:9092", servers()[1]!]), /OFFSETS_OTHER_CLUSTER[^]*another origin/],
    ["cut off", () => note(servers()).slice(0, 100), /OFFSETS_JOURNAL_UNREADABLE[^]*damaged[^]*fix: /],
    ["empty", () => "", /OFFSETS_JOURNAL_UNREADABLE/],
    [
      "of a form that nobody knows",
      () => note(servers()).replace('"version":1', '"version":9'),
      /OFFSETS_JOURNAL_UNREADABLE/,
    ],
    ["without offsets", () => note(servers()).replace('"offset":"3"', '"offset":"x"'), /OFFSETS_JOURNAL_UNREADABLE/],
  ];
  it.each(unusable)("%s is neither deleted nor treated as absent", async (_what, text, error) => {
    const folder = await written(text());
    for (const phase of ["mirror", "cutover"])
      await expect(consumerOffsetsStep.create(inputs(folder, phase))).rejects.toThrow(error);
    await expect(consumerOffsetsStep.delete("id", inputs(folder, "cutover"))).rejects.toThrow(error);
    expect(await consumerOffsetsStep.diff("id", inputs(folder), inputs(folder))).toEqual({ changes: true });
    expect([await offset(), await readFile(join(folder, "migration-dev.offsets.json"), "utf8")]).toEqual([[3], text()]);
  });

  it("that cannot be opened is neither deleted nor treated as absent", async () => {
    const folder = temporaryFolder("journal");
    // A folder in its place: root may read every file.
    await mkdir(join(folder, "migration-dev.offsets.json"));
    await expect(consumerOffsetsStep.create(inputs(folder))).rejects.toThrow(/OFFSETS_JOURNAL_UNREADABLE[^]*EISDIR/);
    expect(await readdir(folder)).toEqual(["migration-dev.offsets.json"]);
  });
});
