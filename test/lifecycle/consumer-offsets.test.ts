import { statSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openKafka } from "../../engine/kafka/client";
import type { KafkaPort } from "../../engine/kafka/port";
import { consumerOffsetsStep } from "../../lifecycle/handlers/consumer-offsets";
import { modelFor, produce } from "../engine/support/mirror";
import { uniqueName, withClusters } from "../support/clusters";
import { said } from "./support/said";
import { temporaryFolder } from "../support/folder";

const clusters = withClusters();
const prefix = uniqueName("moved");
const topic = `${prefix}-data`;
const [on, stands, back] = [`${prefix}-group-on`, `${prefix}-group-stands`, `${prefix}-group-back`];
let origin: KafkaPort;
let target: KafkaPort;

const at = (offset: number) => [{ topic, partition: 0, offset: BigInt(offset), metadata: "" }];

beforeAll(async () => {
  [origin, target] = await Promise.all([openKafka(clusters.origin.connection, "origin"), openKafka(clusters.target.connection, "target")]);
  const records = Array.from({ length: 6 }, (_, i) => ({ key: `k${i}`, value: `v${i}`, partition: 0, timestamp: Date.now() + i }));
  for (const [port, cluster] of [[origin, clusters.origin], [target, clusters.target]] as const) {
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

it("at the clean-up, and at each further up before it, it is said which groups something has put back", async () => {
  const model = modelFor(clusters, prefix);
  const inputs = { originConnection: model.origin, targetConnection: model.target, mirror: model.mirror, phase: "cutover", abandon: false, fence: false, options: {} };
  const { outs } = await consumerOffsetsStep.create(inputs);
  expect(await said(async () => expect(await consumerOffsetsStep.diff("id", outs, inputs)).toEqual({ changes: false }))).toBe("");
  await target.alterGroupOffsets(on, at(5));
  await target.alterGroupOffsets(back, at(1));
  const warning = `consumer-offsets: group "${back}" is no longer where it was put: ${topic}-0 was put at 3, is at 1\n`;
  expect(await said(async () => expect(await consumerOffsetsStep.diff("id", outs, inputs)).toEqual({ changes: false }))).toBe(warning);
  expect(await said(() => consumerOffsetsStep.delete("id", outs))).toBe(`${warning}consumer-offsets: 1 group moved on since, 1 where they were put, 1 before it\n`);
  // The target is looked at and never in the way.
  const gone = { ...outs, targetConnection: { bootstrapServers: "127.0.0.1:1", connectTimeoutMs: 500 } };
  expect(await said(() => consumerOffsetsStep.delete("id", gone))).toMatch(/consumer-offsets: where the groups stand on the target could not be looked at: KAFKA_\w+/);
  // Neither needs the origin, which may be gone by then.
  const alone = { ...outs, originConnection: gone.targetConnection };
  expect(await said(() => consumerOffsetsStep.delete("id", alone))).toBe(`${warning}consumer-offsets: 1 group moved on since, 1 where they were put, 1 before it\n`);
  expect((await target.groupOffsets([back])).get(back)).toMatchObject([{ offset: 1n }]);
  await said(() => consumerOffsetsStep.update("id", alone, { ...inputs, originConnection: gone.targetConnection, phase: "mirror" }));
  expect((await target.groupOffsets([stands])).get(stands)).toEqual([]);
});

describe("an up of the cutover that is killed while it moves groups", () => {
  const model = () => modelFor(clusters, prefix);
  const inputs = (phase: string, folder: string) => ({
    originConnection: model().origin, targetConnection: model().target, mirror: model().mirror, phase, abandon: false, fence: false, options: { overwrite: true }, resume: { name: "dev", folder, root: "" },
  });
  const offsetOf = async (group: string) => (await target.groupOffsets([group])).get(group)?.map((o) => Number(o.offset));

  it("is taken back by the roll-back all the same, to what stood there before", async () => {
    const folder = temporaryFolder("journal");
    await target.deleteGroups([on, stands, back]);
    await target.alterGroupOffsets(on, at(1));
    const armed = await consumerOffsetsStep.create(inputs("mirror", folder));
    expect(await consumerOffsetsStep.diff("id", armed.outs, inputs("mirror", folder))).toEqual({ changes: false });
    // Everything is written, and killed before Pulumi hears of it; twice, as a person tries again.
    for (let times = 2; times > 0; times--) await consumerOffsetsStep.update("id", armed.outs, inputs("cutover", folder));
    expect([await offsetOf(on), await offsetOf(stands)]).toEqual([[3], [3]]);
    expect((await readdir(folder)).map((name) => [name, statSync(join(folder, name)).mode & 0o777])).toEqual([["migration-dev.offsets.json", 0o600]]);
    expect(await readFile(join(folder, "migration-dev.offsets.json"), "utf8")).not.toContain(clusters.origin.admin.password);

    expect(await consumerOffsetsStep.diff("id", armed.outs, inputs("mirror", folder))).toEqual({ changes: true });
    const { outs } = await consumerOffsetsStep.update("id", armed.outs, inputs("mirror", folder));
    expect([await offsetOf(on), await offsetOf(stands)]).toEqual([[1], []]);
    expect(await readdir(folder)).toEqual([]);
    expect(await consumerOffsetsStep.diff("id", outs, inputs("mirror", folder))).toEqual({ changes: false });
  });

  it("and is followed by one that succeeds: the roll-back after that knows what stood there before either", async () => {
    const folder = temporaryFolder("journal");
    const armed = await consumerOffsetsStep.create(inputs("mirror", folder));
    await consumerOffsetsStep.update("id", armed.outs, inputs("cutover", folder));
    const { outs } = await consumerOffsetsStep.update("id", armed.outs, inputs("cutover", folder));
    await consumerOffsetsStep.update("id", outs, inputs("mirror", folder));
    expect([await offsetOf(on), await offsetOf(stands)]).toEqual([[1], []]);
    expect(await readdir(folder)).toEqual([]);
  });

  it("of other clusters is no business of this one", async () => {
    const folder = temporaryFolder("journal");
    await consumerOffsetsStep.create(inputs("cutover", folder));
    const file = join(folder, "migration-dev.offsets.json");
    await writeFile(file, (await readFile(file, "utf8")).replace(model().target.bootstrapServers, "elsewhere:9092"));
    await consumerOffsetsStep.create(inputs("mirror", folder));
    expect([await offsetOf(on), await offsetOf(stands)]).toEqual([[3], [3]]);
  });
});
