import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pulumiEnvironment, type PulumiEnvironment } from "@kafka-migration/sandbox";
import type { MirrorModel } from "../../engine/model";
import type { Report } from "../../engine/report";
import { readTopicIds } from "../../engine/topic-ids";
import { FakeMirror, messages } from "../engine/gate/fake-mirror";
import { withPorts } from "../engine/kafka/support";
import { programProject } from "../support/program";
import { fakeApiServer, secretPath, secretWith } from "./support/api-server";
import { olderState, PROGRAM as WHOLE_MIGRATION } from "./support/older-state";

/**
 * The lifecycle's end, under the real Pulumi: what asks the gate, in which order, and what is there still after it
 * refused.
 */
const ports = withPorts("closing");
let folder: string;
let cwd: string;
let pulumi: PulumiEnvironment;

const PROGRAM = `
const { ConsumerOffsets, Gate, Guard } = require("./dist/lifecycle/resources");
const { readFileSync } = require("node:fs");
const { phase, abandon, model: { origin, target, mirror } } = JSON.parse(readFileSync(process.env.CLOSING_TEST_INPUT, "utf8"));
const common = { originConnection: origin, targetConnection: target, mirror, phase, abandon, fence: false };
const options = { stableForMs: 0, limitMs: 2000 };
const gate = new Gate("gate", { ...common, options }, {});
const offsets = phase === "cleanup" ? [] : [new ConsumerOffsets("offsets", { ...common, options: {} }, { dependsOn: gate })];
new Guard("guard", { ...common, options, passed: gate.passed, passedAt: gate.passedAt, abandonedAt: gate.abandonedAt }, { dependsOn: [gate, ...offsets] });
exports.abandonedAt = gate.abandonedAt;
`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kafka-migration-closing-"));
  cwd = join(folder, "project");
  await programProject(cwd, "closing-test", PROGRAM);
  pulumi = await pulumiEnvironment({ folder: join(folder, "pulumi") });
}, 300_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

test("a refused destroy or clean-up deletes nothing; an abandoned one succeeds, also in phase cleanup", async () => {
  const mirror = await FakeMirror.start(ports);
  const topic = await mirror.topic("orders");
  await mirror.send(topic, messages(5));
  await mirror.copied(topic, 2);
  const input = join(folder, "input.json");
  const run = async (...args: string[]) => {
    const { exitCode, stdout, stderr } = await pulumi.run([...args, "--non-interactive", "--stack", "dev"], {
      cwd,
      env: { CLOSING_TEST_INPUT: input },
    });
    return { exitCode, text: stdout + stderr };
  };
  const up = async (phase: string, abandon = false) => {
    await writeFile(input, JSON.stringify({ phase, abandon, model: mirror.model }), { mode: 0o600 });
    return run("up", "--yes", "--skip-preview");
  };
  const destroy = () => run("destroy", "--yes", "--skip-preview");
  const left = async () => {
    const text = (await pulumi.run(["stack", "export", "--stack", "dev"], { cwd })).stdout;
    expect(text).not.toContain(ports.clusters.origin.admin.password);
    return ((JSON.parse(text).deployment.resources ?? []) as { type: string; outputs?: { phase?: string } }[])
      .filter((r) => r.type.startsWith("pulumi-nodejs:dynamic/kafka-migration:"))
      .map((r) => `${r.type.split(":").at(-1)} ${r.outputs?.phase}`)
      .sort();
  };
  const refused = /not copied/;
  await pulumi.run(["stack", "init", "dev", "--non-interactive"], { cwd });

  // The first `up` of all is the cutover and fails: the gate is known all the same, and asked.
  expect(await up("cutover")).toMatchObject({ text: expect.stringMatching(refused) });
  expect(await left()).toEqual(["Gate cutover"]);
  expect(await destroy()).toMatchObject({ text: expect.stringMatching(/not copied[^]*nothing was changed/) });
  expect(await left()).toEqual(["Gate cutover"]);

  const all = ["ConsumerOffsets mirror", "Gate mirror", "Guard mirror"];
  expect(await up("mirror")).toMatchObject({ exitCode: 0 });
  expect(await left()).toEqual(all);
  for (const end of [destroy, () => up("cleanup")]) {
    const { exitCode, text } = await end();
    expect(exitCode).not.toBe(0);
    expect(text).toMatch(/not copied[^]*nothing was changed/);
    expect(await left()).toEqual(all);
  }

  const given = await up("cleanup", true);
  expect(given, given.text).toMatchObject({ exitCode: 0, text: expect.stringMatching(/migration abandoned at 20/) });
  expect(await left()).toEqual(["Gate cleanup", "Guard cleanup"]);
  expect((await run("stack", "output", "abandonedAt")).text).toMatch(/^20\d\d-/);
  // What was asked once is not asked again, whatever was written since.
  expect(await destroy()).toMatchObject({ exitCode: 0 });
  expect(await left()).toEqual([]);
}, 300_000);

test("a state from before step definitions previews without changes, and is cut over and destroyed", async () => {
  const { mirror, topic, project, state, inPhase, run, resources } = await olderMigration("dev");
  const group = `${mirror.prefix}-group-app`;
  await ports.origin.alterGroupOffsets(group, [{ topic, partition: 0, offset: 3n, metadata: "" }]);
  await inPhase("mirror");
  const { changeSummary } = JSON.parse(await run(["preview", "--json"])) as { changeSummary: Record<string, number> };
  // The comparison of access is new. Nothing else changes.
  expect(changeSummary).toEqual({ create: 1, same: changeSummary.same });

  await inPhase("cutover");
  const said = await run(["up", "--yes", "--skip-preview"]);
  const times = String.raw`\(\d\d:\d\d:\d\d to \d\d:\d\d:\d\d UTC, from [^)]+\)`;
  expect(said).toMatch(
    new RegExp(
      `consumer-offsets: clients may start on the target: producers waited at least [\\d.]+ s ${times}; ` +
        `group "${group}" waited at least [\\d.]+ s ${times}`,
    ),
  );
  const file = join(project, "report", "migration-orders.json");
  const report = JSON.parse(await readFile(file, "utf8")) as Report;
  const [row] = report.groups;
  expect(report.producers).toMatchObject({ start: "quiet", to: row!.waited!.to });
  expect(row!.waited!.from < row!.waited!.to!).toBe(true);
  const after = await resources();
  expect(after.find(({ type }) => type.endsWith(":Gate"))?.outputs).toMatchObject({ phase: "cutover", passed: true });
  const ids = (of: readonly { urn?: unknown; id?: unknown }[]) =>
    Object.fromEntries(of.map(({ urn, id }) => [urn, id]));
  expect(ids(after.filter(({ urn }) => !urn.endsWith("::orders-access")))).toEqual(ids(state));

  // An older version has cut over, and recorded no pauses.
  const exported = JSON.parse(await run(["stack", "export"])) as Exported;
  await run(["stack", "import"], JSON.stringify(withoutPauses(exported)));
  expect(JSON.stringify(await resources())).not.toMatch(/idleSince|quietFrom/);
  await run(["preview", "--expect-no-changes"]);
  await inPhase("cutover", undefined, { overwrite: true });
  await run(["up", "--yes", "--skip-preview"]);
  const again = JSON.parse(await readFile(file, "utf8")) as Report;
  expect(again).not.toHaveProperty("producers");
  expect(again.groups).toMatchObject([{ group }]);
  expect(again.groups[0]).not.toHaveProperty("waited");
  expect(again).toMatchObject({ phase: "cutover", headline: { tone: "good" } });

  await run(["destroy", "--yes", "--skip-preview"]);
  expect(await resources()).toEqual([]);
  expect(await leftOnTarget(mirror.model.mirror, [topic])).toEqual([topic]);
}, 300_000);

test("waves that are added to an older, running migration touch nothing of its mirror, and destroy works between them", async () => {
  const { mirror, topic, project, state, inPhase, run, resources } = await olderMigration("waves");
  const other = await mirror.topic("payments");
  await mirror.send(other, messages(3));
  await mirror.copied(other, 2);
  const waves = (phase: string) => [{ name: "first", topics: topic, groups: `${mirror.prefix}-app`, phase }];

  await inPhase("mirror", waves("mirror"));
  const preview = JSON.parse(await run(["preview", "--json"])) as {
    steps: { op: string; urn: string }[];
    changeSummary: Record<string, number>;
  };
  const names = (op: string) =>
    preview.steps.filter((step) => step.op === op).map((step) => step.urn.split("::").at(-1)!);
  const steps = ["access", "consumer-offsets", "fence", "gate", "guard", "replication", "verification"];
  // The older version did not compare access.
  const created = ["orders-access", ...steps.map((step) => `orders-wave-first-${step}`)];
  expect(names("create").sort()).toEqual(created.sort());
  // The rest is limited to what is outside the wave. Everything of the mirror stays as it is.
  const rest = [...steps, "preflight", "report"].map((step) => `orders-${step}`);
  expect(names("update").filter((name) => !rest.includes(name))).toEqual([]);
  const { create, update, same, ...more } = preview.changeSummary;
  const known = state.filter(({ urn }) => !String(urn).includes("pulumi:providers:"));
  expect([create, update! + same!, more]).toEqual([created.length, known.length, {}]);

  await inPhase("mirror", waves("cutover"));
  await run(["up", "--yes", "--skip-preview"]);
  const gates = (await resources()).filter(({ type }) => type.endsWith(":Gate"));
  const passed = gates.map(({ urn, outputs }) => [urn.split("::").at(-1), outputs?.passed]);
  expect(Object.fromEntries(passed)).toEqual({ "orders-gate": false, "orders-wave-first-gate": true });
  const { waves: rows } = JSON.parse(await readFile(join(project, "report", "migration-orders.json"), "utf8"));
  expect(rows).toMatchObject([
    { wave: "first", phase: "cutover", state: "cut over", tone: "good" },
    { phase: "mirror", state: "copying" },
  ]);

  await run(["destroy", "--yes", "--skip-preview"]);
  expect(await resources()).toEqual([]);
  expect((await leftOnTarget(mirror.model.mirror, [topic, other])).sort()).toEqual([other, topic].sort());
}, 300_000);

/** The state without what later versions record about pauses. */
function withoutPauses<T>(value: T): T {
  const keys = ["idleSince", "readBackAt", "clientsMayStartAt", "quietFrom", "closedAt", "stopped"];
  return JSON.parse(JSON.stringify(value, (key, inner) => (keys.includes(key) ? undefined : inner))) as T;
}

/**
 * A stack of this name with the state that an older version left of a migration in phase `mirror`, and clusters to go
 * with it.
 */
async function olderMigration(name: string) {
  const mirror = await FakeMirror.start(ports);
  const topic = await mirror.topic("orders");
  await mirror.send(topic, messages(5));
  await mirror.copied(topic, 4);
  const conditions = [{ type: "Ready", status: "True" }];
  const status = { observedGeneration: 1, conditions, username: "mm2", secret: "login" };
  const { kubeconfig } = await fakeApiServer({
    [secretPath("origin-ns", "login")]: secretWith({ password: "not-a-secret" }),
    [secretPath("origin-ns", "ready")]: { metadata: { generation: 1 }, status },
  });
  const { model } = mirror;
  const project = join(folder, `older-${name}`);
  await programProject(project, "older-state", WHOLE_MIGRATION);
  const input = join(folder, `older-${name}.json`);
  const run = async (args: string[], stdin?: string) => {
    const options = { cwd: project, env: { OLDER_STATE_INPUT: input }, ...(stdin && { input: stdin }) };
    const { exitCode, stdout, stderr } = await pulumi.run([...args, "--non-interactive", "--stack", name], options);
    expect(exitCode, stdout + stderr).toBe(0);
    return stdout;
  };
  const inPhase = (phase: string, waves?: object[], offsets?: object) =>
    writeFile(input, JSON.stringify({ phase, abandon: false, model, kubeconfig, folder: project, waves, offsets }), {
      mode: 0o600,
    });
  const resources = async () => (JSON.parse(await run(["stack", "export"])) as Exported).deployment.resources ?? [];

  await pulumi.run(["stack", "init", name, "--non-interactive"], { cwd: project });
  const empty = JSON.parse(await run(["stack", "export"])) as Exported;
  const topicId = (await readTopicIds(model))[topic]!.origin!;
  const dev = JSON.stringify(await olderState({ model, prefix: mirror.prefix, topicId, kubeconfig, folder: project }));
  const named = dev.replaceAll("urn:pulumi:dev::", `urn:pulumi:${name}::`).replaceAll("state-dev", `state-${name}`);
  const state = JSON.parse(named) as { urn?: unknown; id?: unknown }[];
  await run(["stack", "import"], JSON.stringify({ ...empty, deployment: { ...empty.deployment, resources: state } }));
  return { mirror, topic, project, state, inPhase, run, resources };
}

/** Topics of the mirror that are still on the target, and these. */
async function leftOnTarget(mirror: MirrorModel, topics: readonly string[]): Promise<string[]> {
  const { configStorageTopic, offsetStorageTopic, statusStorageTopic } = mirror;
  const left = await ports.target.listTopics();
  return [configStorageTopic, offsetStorageTopic, statusStorageTopic, ...topics].filter((name) => left.includes(name));
}

interface Exported {
  deployment: { resources?: { urn: string; type: string; id?: string; outputs?: Record<string, unknown> }[] };
}
