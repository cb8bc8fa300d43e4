import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { uniqueName, withClusters } from "@kafka-migration/sandbox/testing";
import { report } from "../../cli/commands/report";
import { status } from "../../cli/commands/status";
import type { CommandContext, Values } from "../../cli/command";
import { run } from "../../cli/run";
import { DEFAULT_OPTIONS, type LoadedMigration } from "../../cli/source/types";
import { checkFence, lowerFence, raiseFence } from "../../engine/fence";
import { buildReport, earlierReport, writeReport } from "../../engine/report";
import { openKafka } from "../../engine/kafka/client";
import type { KafkaPort } from "../../engine/kafka/port";
import type { MigrationModel } from "../../engine/model";
import { silent } from "../../engine/progress";
import { eventually, modelFor } from "../engine/support/mirror";

const clusters = withClusters();
let folder: string;
let origin: KafkaPort;
let model: MigrationModel;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kafka-migration-cli-fence-"));
  model = modelFor(clusters, uniqueName("fencecli"));
  origin = await openKafka(clusters.origin.connection, "origin");
  await origin.createTopic(model.mirror.topicsPattern.replace(".*", ""), { partitions: 1, replicationFactor: 1 });
  await writeFile(
    join(folder, "model.json"),
    JSON.stringify({ ...model, options: { fence: { everyoneByDefault: false } } }),
    { mode: 0o600 },
  );
});

afterAll(async () => {
  await origin.deleteTopics([model.mirror.topicsPattern.replace(".*", "")]);
  await origin.close();
  await rm(folder, { recursive: true });
});

function fence(...argv: string[]) {
  return heldBy(new AbortController().signal, () => {}, ...argv);
}

async function heldBy(signal: AbortSignal, said: (line: string) => void, ...argv: string[]) {
  let out = "";
  const exit = await run(
    ["fence", ...argv, "--json", "--model", join(folder, "model.json")],
    { out: { write: (some) => (out += some) }, err: { write: said } },
    signal,
  );
  return { exit, json: JSON.parse(out) as Record<string, unknown> };
}

test("fence shows a fence that a crash left, and lowers it only if asked", async () => {
  await raiseFence(model, { everyoneByDefault: false }, silent);
  expect(await fence()).toMatchObject({ exit: 0, json: { lowered: false, state: "up", rules: 1, missing: [] } });
  expect((await checkFence(model, { everyoneByDefault: false })).state).toBe("up");
  expect(await fence("--lower")).toMatchObject({ exit: 0, json: { lowered: true, removed: 1 } });
  expect(await fence("--hold")).toMatchObject({ exit: 2, json: { error: { code: "CLI_FENCE_DOWN" } } });
  expect(await fence()).toMatchObject({ exit: 0, json: { state: "down" } });
});

test("report and status say where the fence is open, and the report keeps the gaps of earlier ups", async () => {
  const options = { everyoneByDefault: false };
  const raised = await raiseFence(model, options, silent);
  const name = "open";
  const gap = { after: "2026-01-01T00:00:00.000Z", until: "2026-01-01T00:01:00.000Z", rules: 1, topics: [], wrote: [] };
  const mirror = { originAlias: "o", targetAlias: "t", topicsPattern: "", groupsPattern: "" };
  const earlier = { name, madeAt: raised.raisedAt, phase: "cutover" as const, mirror };
  await writeReport(folder, buildReport({ ...earlier, fence: { gaps: [gap], notHeldSince: raised.raisedAt } }));
  const migration: LoadedMigration = {
    name,
    waves: [],
    model,
    options: { ...DEFAULT_OPTIONS, fence: options },
    done: { phase: "cutover", fence: raised },
    principals: [],
    operators: { target: false },
  };
  const context = (values: Values): CommandContext => ({
    migration,
    values,
    progress: silent,
    signal: new AbortController().signal,
    again: async () => migration,
  });
  const reported = async (values: Values = {}) => {
    await report.run(context({ out: folder, ...values }));
    return (await earlierReport(folder, name))!;
  };
  const isOpen = (line: string) =>
    /the fence is open, so producers can write to .*kafka-migration fence --hold/.test(line);
  const shown = async () => (await status.run(context({}))).lines.some(isOpen);
  expect([(await reported()).warnings.some(isOpen), await shown()]).toEqual([false, false]);
  await lowerFence(model, options, silent);
  const { warnings, fence } = await reported();
  expect([warnings.some(isOpen), await shown()]).toEqual([true, true]);
  expect(warnings.join()).toContain(`Fence open at some time between ${gap.after} and ${gap.until}`);
  expect(fence).toMatchObject({ gaps: [gap], notHeldSince: raised.raisedAt });
  expect((await reported({ offline: true })).fence).toMatchObject({ gaps: [gap] });
});

test("fence --hold holds the fence until Ctrl-C, then shows what happened and leaves it up", async () => {
  const options = { everyoneByDefault: false };
  await raiseFence(model, options, silent);
  const ctrlC = new AbortController();
  let lines = "";
  const holding = heldBy(ctrlC.signal, (line) => (lines += line), "--hold");
  await eventually("the hold", async () => lines.includes("renewed; press Ctrl-C"), 20_000);
  // As an operator does: rules and markers of everyone.
  await origin.deleteAcls(
    (await origin.describeAcls()).filter(
      (a) => a.principal === "User:*" && a.resourceName.includes(model.mirror.topicsPattern.replace(".*", "")),
    ),
  );
  await eventually("the renewed fence", async () => (await checkFence(model, options)).state === "up", 20_000);
  ctrlC.abort();
  const { exit, json } = await holding;
  expect([exit, json]).toMatchObject([0, { held: true, gaps: [{ rules: 1, wrote: [] }], wrote: [] }]);
  expect((await checkFence(model, options)).state).toBe("up");
  await fence("--lower");
});
