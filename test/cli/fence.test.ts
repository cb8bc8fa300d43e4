import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { run } from "../../cli/run";
import { checkFence, raiseFence } from "../../engine/fence";
import { openKafka } from "../../engine/kafka/client";
import type { KafkaPort } from "../../engine/kafka/port";
import type { MigrationModel } from "../../engine/model";
import { silent } from "../../engine/progress";
import { modelFor } from "../engine/support/mirror";
import { uniqueName, withClusters } from "../support/clusters";

const clusters = withClusters();
let folder: string;
let origin: KafkaPort;
let model: MigrationModel;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kafka-migration-cli-fence-"));
  model = modelFor(clusters, uniqueName("fencecli"));
  origin = await openKafka(clusters.origin.connection, "origin");
  await origin.createTopic(model.mirror.topicsPattern.replace(".*", ""), { partitions: 1, replicationFactor: 1 });
  await writeFile(join(folder, "model.json"), JSON.stringify({ ...model, options: { fence: { everyoneByDefault: false } } }), { mode: 0o600 });
});

afterAll(async () => {
  await origin.deleteTopics([model.mirror.topicsPattern.replace(".*", "")]);
  await origin.close();
  await rm(folder, { recursive: true });
});

async function fence(...argv: string[]) {
  let out = "";
  const exit = await run(["fence", ...argv, "--json", "--quiet", "--model", join(folder, "model.json")], { out: { write: (some) => (out += some) }, err: { write: () => true } }, new AbortController().signal);
  return { exit, json: JSON.parse(out) as Record<string, unknown> };
}

test("a fence that a crash left is shown, and taken away only when asked", async () => {
  await raiseFence(model, { everyoneByDefault: false }, silent);
  expect(await fence()).toMatchObject({ exit: 0, json: { lowered: false, state: "up", rules: 1, missing: [] } });
  expect((await checkFence(model, { everyoneByDefault: false })).state).toBe("up");
  expect(await fence("--lower")).toMatchObject({ exit: 0, json: { lowered: true, removed: 1 } });
  expect(await fence()).toMatchObject({ exit: 0, json: { state: "down" } });
});
