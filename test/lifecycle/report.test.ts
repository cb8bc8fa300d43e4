import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { runGate } from "../../engine/gate";
import { endsOf } from "../../engine/fence/movement";
import { factsOf, type Report, type ReportFacts } from "../../engine/report";
import { reportStep } from "../../lifecycle/handlers/report";
import { residueStep } from "../../lifecycle/handlers/residue";
import type { ObjectsOn } from "../../lifecycle/kubernetes/left";
import { FakeMirror, messages } from "../engine/gate/fake-mirror";
import { withPorts } from "../engine/kafka/support";
import { cutOver } from "../engine/report/inputs";

const ports = withPorts("port-report");
let mirror: FakeMirror;
let topic: string;
let folder: string;
let said: string[];

beforeAll(async () => {
  mirror = await FakeMirror.start(ports);
  topic = await mirror.topic("orders", 2);
  await mirror.send(topic, messages(10), 6);
  await mirror.copied(topic, 5);
  await ports.origin.alterGroupOffsets(`${mirror.prefix}-group-billing`, [
    { topic, partition: 0, offset: 4n, metadata: "" },
  ]);
});
afterAll(async () => {
  await ports.origin.deleteGroups([`${mirror.prefix}-group-billing`]);
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kafka-migration-report-"));
  said = [];
  vi.spyOn(process.stderr, "write").mockImplementation((line) => said.push(String(line)) > 0);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
});

const { preflight, gate, verification, offsets, replication } = cutOver();
const facts = factsOf({ preflight, gate, verification, offsets, replication } as ReportFacts);

function base() {
  const { origin, target, mirror: model } = mirror.model;
  return { originConnection: origin, targetConnection: target, mirror: model };
}

function inputs(phase: string, changes: object = {}) {
  return {
    ...base(),
    phase,
    name: "dev",
    folder,
    root: "..",
    options: { gate: {}, offsets: {} },
    facts: {},
    trigger: phase,
    ...changes,
  };
}

async function written(): Promise<Report> {
  const [json, html] = await Promise.all(
    ["json", "html"].map((kind) => readFile(join(folder, `migration-dev.${kind}`), "utf8")),
  );
  const report = JSON.parse(json!) as Report;
  expect(html).toContain(report.headline.text.replaceAll("'", "&#39;"));
  const { password } = ports.clusters.origin.admin;
  expect(password.length).toBeGreaterThan(5);
  expect(json + html! + said.join("")).not.toContain(password);
  return report;
}

describe("the report of an up", () => {
  test("in phase mirror reads the copy and the groups itself", async () => {
    const { outs } = await reportStep.create(inputs("mirror"));
    expect(outs).toMatchObject({
      report: join(folder, "migration-dev.html"),
      writtenAt: expect.stringMatching(/^\d{4}-/) as string,
    });
    const report = await written();
    expect(report).toMatchObject({ phase: "mirror", headline: { tone: "waiting" }, residue: null });
    expect(report.topics).toEqual([
      { topic, partitions: 2, records: 10, recordsAtMost: true, left: 4, proof: "1 of 2 complete", tone: "waiting" },
    ]);
    expect(report.groups).toEqual([
      {
        group: `${mirror.prefix}-group-billing`,
        offsets: 1,
        proof: "still on the origin; the cutover moves it",
        tone: "waiting",
      },
    ]);
  });

  test("in phase cutover shows the steps' results, with the gate's samples and earlier ones", async () => {
    const { outs: first } = await reportStep.create(inputs("mirror"));
    const [point] = (await written()).progress;
    const sample = { at: "2026-05-04T10:29:00.000Z", partitions: 14, complete: 13, left: 7 };
    const news = inputs("cutover", { facts: { ...facts, gate: { ...facts.gate, samples: [sample] } } });
    expect(await reportStep.diff("id", first, news)).toEqual({ changes: true });
    const { outs } = await reportStep.update("id", first, news);
    const report = await written();
    expect(report.progress).toEqual(expect.arrayContaining([sample, point]));
    expect(report.topics.map((t) => t.topic)).toEqual(["orders", "orders-audit", "orders-state"]);
    expect(report.groups.map((g) => g.proof)).toEqual([
      "skipped: active on the target",
      "written and read back, 1 already correct",
    ]);
    expect(await reportStep.diff("id", outs, news)).toEqual({ changes: false });
  });

  test("in phase cutover checks again whether the origin was written to since the gate passed", async () => {
    const ends = await endsOf(ports.origin, [topic]);
    const [first, second] = [0, 1].map((partition) => Number(ends.get(`${topic}:${partition}`)!.end));
    await reportStep.create(inputs("cutover", { facts, gateEnds: { [topic]: [first, second] } }));
    expect((await written()).warnings.join("\n")).not.toContain("written to");
    await reportStep.create(inputs("cutover", { facts, gateEnds: { [topic]: [first! - 2, second] } }));
    const late = await written();
    expect(late.headline).toEqual({
      tone: "bad",
      text: "1 partition of the origin received writes after the gate passed",
    });
    expect(late.warnings[0]).toContain(
      `since the gate passed: ${topic}-0 ${first! - 2} -> ${first}. Stop these producers`,
    );
    expect(late.groups).toHaveLength(2);
  });

  test("in phase cleanup keeps the steps' results, also without earlier files, and claims no clean state", async () => {
    const { outs: before } = await reportStep.create(inputs("cutover", { facts }));
    await rm(join(folder, "migration-dev.json"));
    const { outs } = await reportStep.update("id", before, inputs("cleanup"));
    expect(await written()).toMatchObject({ phase: "cleanup", headline: { tone: "waiting" }, residue: null });
    expect((await written()).topics).toHaveLength(3);
    const { outs: again } = await reportStep.update("id", outs, inputs("cleanup", { trigger: "other" }));
    expect((await written()).groups).toHaveLength(2);
    // Back to a new start: nothing of the earlier one is told again.
    await reportStep.update("id", again, inputs("mirror"));
    expect((await written()).topics.map((t) => t.topic)).toEqual([topic]);
  });

  test("that cannot be written causes a warning but no failure, and is tried again", async () => {
    await writeFile(join(folder, "file"), "");
    const news = inputs("cutover", { facts, folder: join(folder, "file") });
    const { outs } = await reportStep.create(news);
    expect(said.join("")).toMatch(
      /could not write the report to \S+\/file \(make the folder writable, or set report.folder\): E/,
    );
    expect(await reportStep.diff("id", outs, news)).toEqual({ changes: true });
    await expect(reportStep.delete("id", outs)).resolves.toBeUndefined();
  });

  test("says if the clusters do not answer", async () => {
    const nobody = { ...ports.clusters.origin.connection, bootstrapServers: "127.0.0.1:1", connectTimeoutMs: 300 };
    await reportStep.create(inputs("mirror", { originConnection: nobody }));
    expect((await written()).warnings).toEqual([
      expect.stringMatching(/^could not read the state of the copy: KAFKA_/),
      expect.stringMatching(/^could not read the groups: KAFKA_/),
    ]);
  });

  test("gets its samples from the wait at the gate", async () => {
    await mirror.copied(topic, 5);
    const lines: string[] = [];
    const progress = { info: (line: string) => lines.push(line), warn: (line: string) => lines.push(line) };
    const end = runGate(
      mirror.model,
      { pollMs: 100, stableForMs: 200, limitMs: 20_000, compareLastRecord: false },
      progress,
    );
    await vi.waitUntil(() => lines.length > 0, 10_000);
    await mirror.copied(topic, 9);
    const { samples = [] } = await end;
    expect(samples.length).toBeGreaterThan(1);
    expect(samples[0]).toMatchObject({ partitions: 2, complete: 1, left: 4 });
    expect(samples.at(-1)).toMatchObject({ partitions: 2, complete: 2, left: 0 });
    await mirror.copied(topic, 5);
  });
});

const secret = {
  apiVersion: "v1",
  kind: "Secret" as const,
  namespace: "migration",
  name: "origin-cluster-credentials",
};
let server: Server | undefined;
afterEach(() => new Promise<void>((resolve) => (server?.listening ? server.close(() => resolve()) : resolve())));

/** An API server that has what it is told to have, by name. */
async function kubernetes(present: Set<string>, owner = "mine"): Promise<ObjectsOn[]> {
  server = createServer((request, response) => {
    response.statusCode = present.has(request.url!.split("/").at(-1)!) ? 200 : 404;
    response.end(JSON.stringify({ metadata: { annotations: { "pulumi-kafka-migration/stack": "mine" } } }));
  });
  await new Promise<void>((resolve) => server!.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const kubeconfig = JSON.stringify({
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
    clusters: [{ name: "k", cluster: { server: url } }],
    users: [{ name: "u", user: { token: "the-token" } }],
  });
  return [{ kubeconfig, owner, places: [secret, { ...secret, name: "target-cluster-credentials" }] }];
}

async function residue(changes: object = {}) {
  const { outs } = await residueStep.create({
    ...base(),
    phase: "cutover",
    when: "destroy",
    abandon: false,
    look: { keepCheckpoints: false, fence: true },
    kubernetes: [],
    report: { name: "dev", folder, root: "" },
    patienceSeconds: 0,
    ...changes,
  });
  return residueStep.delete("id", outs);
}

describe("the removal of the residue step", () => {
  // The fake mirror's storage topics are there all the time.
  const storage = () => [
    mirror.model.mirror.offsetStorageTopic,
    mirror.model.mirror.configStorageTopic,
    mirror.model.mirror.statusStorageTopic,
  ];
  const elsewhere = () => ({
    mirror: {
      ...mirror.model.mirror,
      offsetStorageTopic: "none-offsets",
      configStorageTopic: "none-configs",
      statusStorageTopic: "none-status",
    },
  });

  test("fails while residue of the migration is left, and writes the report first", async () => {
    await reportStep.create(inputs("cutover", { facts }));
    const error = (await residue({ kubernetes: await kubernetes(new Set([secret.name])) }).catch(
      (e: Error) => e,
    )) as Error;
    expect(error.message).toMatch(/^RESIDUE_LEFT: the migration left 4 pieces of residue/);
    for (const name of [...storage(), "Secret migration/origin-cluster-credentials"])
      expect(error.message).toContain(name);
    const report = await written();
    expect(report).toMatchObject({
      phase: "destroy",
      headline: { tone: "bad", text: "Destroyed, but 4 pieces of residue found" },
    });
    expect(report.residue!.map((r) => r.name).sort()).toEqual(
      [...storage(), "Secret migration/origin-cluster-credentials"].sort(),
    );
    expect(report.topics).toHaveLength(3);
    expect(report.warnings[0]).toMatch(/^residue: target topic /);
  });

  test("only warns if the migration is abandoned", async () => {
    await expect(residue({ abandon: true })).resolves.toBeUndefined();
    expect(said.join("")).toContain(`residue: target topic ${storage()[0]}`);
    expect((await written()).headline).toEqual({
      tone: "bad",
      text: "Abandoned and destroyed, but 3 pieces of residue found; it was not proved that the copy is complete",
    });
  });

  test("waits for objects that are being deleted", async () => {
    await reportStep.create(inputs("mirror"));
    const present = new Set([secret.name]);
    const places = await kubernetes(present);
    const end = residue({ ...elsewhere(), kubernetes: places, patienceSeconds: 20 });
    await new Promise((resolve) => setTimeout(resolve, 300));
    present.clear();
    await end;
    const report = await written();
    expect(report).toMatchObject({ residue: [], headline: { tone: "good", text: "Destroyed: no residue" } });
    expect(report.timeline.at(-1)!.what).toBe(
      "Destroyed; searched for residue on both clusters and for 2 objects in Kubernetes: none",
    );
    // A new migration in the same stack starts its curve anew.
    await reportStep.create(inputs("mirror"));
    expect((await written()).progress).toHaveLength(1);
  });

  test("writes a result after a clean-up, which the next up keeps", async () => {
    await reportStep.create(inputs("cutover", { facts }));
    const { outs } = await reportStep.update(
      "id",
      (await reportStep.create(inputs("cutover", { facts }))).outs,
      inputs("cleanup"),
    );
    await residue({ ...elsewhere(), when: "cleanup" });
    expect(await written()).toMatchObject({ phase: "cleanup", headline: { text: "Cleaned up: no residue" } });
    await reportStep.update("id", outs, inputs("cleanup", { trigger: "other" }));
    expect(await written()).toMatchObject({
      phase: "cleanup",
      residue: [],
      headline: { text: "Cleaned up: no residue" },
    });
  });

  test("claims nothing and stops nothing if nothing answers", async () => {
    const nobody = { ...ports.clusters.origin.connection, bootstrapServers: "127.0.0.1:1", connectTimeoutMs: 300 };
    await expect(residue({ originConnection: nobody })).resolves.toBeUndefined();
    expect(await written()).toMatchObject({
      residue: null,
      headline: { tone: "waiting", text: "Destroyed, but the search for residue failed" },
    });
    const places = await kubernetes(new Set());
    await new Promise<void>((resolve) => server!.close(() => resolve()));
    await residue({ ...elsewhere(), kubernetes: places });
    expect(await written()).toMatchObject({
      residue: [],
      headline: { tone: "waiting", text: "Destroyed: no residue in the places that could be searched" },
    });
    expect((await written()).warnings[0]).toMatch(
      /^could not search for residue in Kubernetes: KUBERNETES_UNREACHABLE/,
    );
  });

  test("ignores an object of the same name that is not marked as the migration's", async () => {
    await residue({ ...elsewhere(), kubernetes: await kubernetes(new Set([secret.name]), "another") });
    expect(await written()).toMatchObject({ residue: [] });
  });

  test("writes no file if no report is wanted", async () => {
    await expect(residue({ report: undefined })).rejects.toThrow("RESIDUE_LEFT");
    expect(await readdir(folder)).toEqual([]);
  });
});

test("the stored results of 1,000 groups with 2,000 partitions each stay small", () => {
  const each = Array.from({ length: 2_000 }, (_, i) => ({
    topic: `orders-${i % 50}`,
    partition: i,
    offset: String(i * 1_000_000),
  }));
  const groups = Array.from({ length: 1_000 }, (_, i) => ({
    group: `application-with-a-long-name-${i}`,
    created: true,
    offsets: each,
  }));
  const topics = Array.from({ length: 500 }, (_, i) => ({ ...verification!.result.topics[0]!, topic: `orders-${i}` }));
  const differences = Array.from({ length: 1_000 }, () => verification!.result.differences[0]!);
  const cleared = Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`orders:${i}`, i]));
  const samples = Array.from({ length: 500 }, () => ({
    at: gate!.passedAt,
    partitions: 2_000,
    complete: 1_000,
    left: 1_000_000,
  }));
  const small = factsOf({
    gate: { ...gate!, cleared, samples },
    verification: { at: "x", result: { ...verification!.result, topics, differences } },
    offsets: { ...offsets!, groups },
  });
  expect(small.offsets!.groups[0]).toEqual({ group: "application-with-a-long-name-0", offsets: 2_000 });
  expect(JSON.stringify(small).length).toBeLessThan(400_000);
});
