import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createScramUser, deleteScramUser } from "@kafka-migration/sandbox/kafka";
import { uniqueName } from "@kafka-migration/sandbox/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { run } from "../../cli/run";
import { aclBindings, administratorAcls } from "../../engine/acls";
import type { MigrationModel, MirrorModel, Side } from "../../engine/model";
import { selectGroups, selectTopics } from "../../engine/selection";
import { application, produce, withPorts } from "../engine/kafka/support";
import { joinGroup } from "../engine/offsets/other-protocols";
import { eventually, modelFor } from "../engine/support/mirror";

const ports = withPorts("plan");
const prefix = uniqueName("plan");
const user = `${prefix}-admin`;
const password = randomBytes(16).toString("hex");
const DAY_MS = 86_400_000;
const name = (topic: string) => `${prefix}-${topic}`;

const TOPICS = {
  orders: {},
  invoices: {},
  payments: { "retention.ms": "3600000" },
  clicks: {},
  views: {},
  archive: { "retention.ms": "-1" },
  lines: {},
  "words-KSTREAM-AGGREGATE-STATE-STORE-0000000003-changelog": { "cleanup.policy": "compact" },
  "words-by-word-repartition": {},
  "lonely.topic_2": {},
};

let folder: string;
let mirror: MirrorModel;
/** With the least rights that the migration's administrator gets. */
let least: string;
let full: string;
const ends: (() => Promise<void>)[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kafka-migration-cli-plan-"));
  const model = modelFor(ports.clusters, prefix, { topicsPattern: `${prefix}-.*`, groupsPattern: `${prefix}-.*` });
  mirror = model.mirror;
  const side = (at: Side) => ({
    ...ports.clusters[at].connection,
    sasl: { mechanism: "SCRAM-SHA-512" as const, username: user, password },
  });
  least = await modelFile("least", { ...model, origin: side("origin"), target: side("target") });
  full = await modelFile("full", model);
  for (const at of ["origin", "target"] as const) {
    await createScramUser(ports.clusters[at], user, password);
    await ports[at].createAcls(aclBindings(administratorAcls(at, mirror), `User:${user}`));
  }
  for (const [topic, configs] of Object.entries(TOPICS)) {
    ports.remember(name(topic));
    await ports.origin.createTopic(name(topic), {
      partitions: topic === "orders" ? 2 : 1,
      replicationFactor: 1,
      configs,
    });
  }
  await ports.target.createTopic(name("lines"), { partitions: 1, replicationFactor: 1 });
  await writeEverything();
  const commit = (group: string, topic: string, offset: bigint) =>
    ports.origin.alterGroupOffsets(name(group), [{ topic: name(topic), partition: 0, offset, metadata: "" }]);
  await commit("audit", "orders", 1n);
  await commit("audit", "payments", 1n);
  await commit("archivist", "archive", 1n);
  await commit("words", "lines", 1n);
  const elsewhere = ports.topic("outside").replace("plan-", "elsewhere-");
  ports.remember(elsewhere);
  await ports.origin.createTopic(elsewhere, { partitions: 1, replicationFactor: 1 });
  await ports.origin.alterGroupOffsets(name("gone"), [{ topic: elsewhere, partition: 0, offset: 0n, metadata: "" }]);
  await readers();
});

afterAll(async () => {
  await Promise.all(ends.map((end) => end()));
  const groups = (await ports.origin.listGroups()).map((g) => g.groupId).filter((g) => g.startsWith(prefix));
  await ports.origin.deleteGroups(groups);
  for (const at of ["origin", "target"] as const) {
    await ports[at].deleteAcls(await ports[at].describeAcls({ principal: `User:${user}` }));
    await deleteScramUser(ports.clusters[at], user);
  }
  await rm(folder, { recursive: true });
});

async function modelFile(of: string, model: MigrationModel): Promise<string> {
  const path = join(folder, `${of}.json`);
  await writeFile(path, JSON.stringify(model), { mode: 0o600 });
  return path;
}

async function writeEverything(): Promise<void> {
  const kafka = application(ports.clusters.origin);
  const some = (value: string, timestamp = Date.now()) =>
    Array.from({ length: 20 }, (_, i) => ({ key: `${i}`, value: value.repeat(50), timestamp: String(timestamp) }));
  for (const topic of ["payments", "clicks", "views", "lines", "lonely.topic_2"])
    await produce(kafka, name(topic), some(topic));
  await produce(kafka, name("archive"), some("old", Date.now() - 30 * DAY_MS));
  await produce(
    kafka,
    name("lines"),
    Array.from({ length: 7_000 }, () => ({ value: "x".repeat(100) })),
  );
  const producer = kafka.producer({ transactionalId: name("billing"), idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  const transaction = await producer.transaction();
  for (const topic of ["orders", "invoices"]) await transaction.send({ topic: name(topic), messages: some(topic) });
  await transaction.commit();
  await producer.disconnect();
}

/** Groups with members: a consumer of two topics that has committed nothing, and a Streams group. */
async function readers(): Promise<void> {
  const consumer = application(ports.clusters.origin).consumer({ groupId: name("dashboard") });
  ends.push(() => consumer.disconnect());
  await consumer.connect();
  await consumer.subscribe({ topics: [name("clicks"), name("views")], fromBeginning: false });
  await consumer.run({ autoCommit: false, eachMessage: async () => {} });
  const streams = await joinGroup(ports.clusters.origin.connection, "streams", name("stream-group"), name("lines"));
  ends.push(() => streams.leave());
  await eventually(
    "both groups with what they read",
    async () => {
      const described = await ports.origin.describeGroups([name("dashboard"), name("stream-group")]);
      return described.map((g) => g.reads?.length).join() === "2,1";
    },
    30_000,
  );
}

async function plan(
  model: string,
  argv: readonly string[],
  signal = new AbortController().signal,
  said = (_: string) => {},
) {
  let out = "";
  let err = "";
  const write = (some: string) => {
    err += some;
    said(some);
  };
  const exit = await run(
    ["plan", ...argv, "--model", model],
    { out: { write: (some) => (out += some) }, err: { write } },
    signal,
  );
  for (const secret of [password, ports.clusters.origin.admin.password]) expect(out + err).not.toContain(secret);
  return { exit, out, err, json: () => JSON.parse(out) };
}

const short = (text: string) => text.replaceAll(`${prefix}-`, "");

test("the plan of running clusters finds what belongs together, what nobody uses, and the rate of writes", async () => {
  const writing = new AbortController();
  const loop = writeUntil(writing.signal);
  const result = await plan(least, ["--seconds", "2", "--json"]);
  writing.abort();
  await loop;
  expect([result.exit, result.err]).toMatchObject([0, expect.stringContaining("measuring how much is written")]);
  const found = result.json();
  expect(found.parts.map((p: { topics: string[] }) => p.topics.map(short)).sort()).toEqual([
    ["archive"],
    ["clicks", "views"],
    ["invoices", "orders", "payments"],
    ["lines", "words-KSTREAM-AGGREGATE-STATE-STORE-0000000003-changelog", "words-by-word-repartition"],
    ["lonely.topic_2"],
  ]);
  const of = (topic: string) => found.topics.find((t: { topic: string }) => t.topic === name(topic));
  expect(of("clicks").recordsPerSecond).toBeGreaterThan(1);
  expect(of("clicks").bytesPerSecond).toBeGreaterThan(10);
  expect(of("payments")).toMatchObject({ recordsPerSecond: 0, idle: false, retentionMs: 3_600_000, records: 20 });
  expect(of("payments").bytes).toBeGreaterThan(100);
  expect(found.topics.filter((t: { idle: boolean }) => t.idle).map((t: { topic: string }) => short(t.topic))).toEqual([
    "archive",
    "words-KSTREAM-AGGREGATE-STATE-STORE-0000000003-changelog",
    "words-by-word-repartition",
  ]);
  const age = Date.now() - Date.parse(of("archive").lastRecordAt);
  expect(age / DAY_MS).toBeCloseTo(30, 1);
  const unused = Object.fromEntries(
    found.groups.map((g: { group: string; unused: string | null }) => [short(g.group), g.unused]),
  );
  expect(unused).toEqual({
    archivist: "has no members, and has not read records that are older than 7 days",
    audit: null,
    dashboard: null,
    gone: "reads no topic of the migration",
    "stream-group": null,
    words: null,
  });
  // A copy of one topic grows on the target faster than on the origin: a mirror catches up.
  expect(found.copy.rate).toMatchObject({ from: "measured" });
  expect(found.problems).toEqual([]);
  expect(found.unknown).toEqual([]);
});

/** Producers of the origin, and the mirror that copies `lines`. */
async function writeUntil(signal: AbortSignal): Promise<void> {
  const producers = [application(ports.clusters.origin), application(ports.clusters.target)].map((k) => k.producer());
  await Promise.all(producers.map((p) => p.connect()));
  while (!signal.aborted) {
    const messages = [{ value: "x".repeat(20) }];
    await producers[0]!.send({ topic: name("clicks"), messages });
    const copies = Array.from({ length: 8 }, () => messages[0]!);
    await producers[1]!.send({ topic: name("lines"), messages: copies });
  }
  await Promise.all(producers.map((p) => p.disconnect()));
}

test("the plan's configuration has each topic and group once, suggests splits, and warns of retention", async () => {
  const { exit, out } = await plan(full, ["--seconds", "0.5", "--rate", "0.00001"]);
  expect(exit).toBe(1);
  const text = short(out);
  expect(text).toMatch(
    /group "audit" reads (.*) \| (.*); nothing else connects these: --split \S*audit plans them apart/,
  );
  expect(text).toContain("billing");
  expect(text).toContain('Streams application "words" uses');
  expect(text).toMatch(/retention.ms is shorter: payments \(1 h\)/);
  const { waves } = Object.fromEntries(
    Object.entries(parse(out.slice(out.indexOf("\nconfig:"))).config).map(([key, value]) => [key.split(":")[1], value]),
  ) as { waves: { name: string; topics: string; groups?: string }[] };
  const all = await ports.origin.listTopics();
  const groups = (await ports.origin.listGroups()).map((g) => g.groupId);
  const part = ({ name: wave, topics, groups: own = "" }: (typeof waves)[number]) => ({
    ...mirror,
    scope: { wave, topics, groups: own },
  });
  const chosen = waves.flatMap((wave) => selectTopics(all, part(wave)));
  expect(chosen.sort()).toEqual(selectTopics(all, mirror));
  const moving = waves.flatMap((wave) => selectGroups(groups, part(wave)));
  expect(moving.map(short).sort()).toEqual(["archivist", "audit", "dashboard", "stream-group", "words"]);

  const apart = (await plan(full, ["--seconds", "0", "--split", name("audit"), "--json"])).json();
  expect(apart.parts.map((p: { topics: string[] }) => p.topics.map(short))).toContainEqual(["payments"]);
  expect(apart.waves.filter((w: { groups: string[] }) => w.groups.includes(name("audit")))).toHaveLength(2);
  expect(apart.configuration.splitGroups).toEqual([name("audit")]);
  const wrong = await plan(full, ["--seconds", "0", "--split", name("audti")]);
  expect(wrong).toMatchObject({ exit: 2, err: expect.stringContaining(`did you mean "${name("audit")}"`) });
});

test("Ctrl-C ends the measurement immediately", async () => {
  const ctrlC = new AbortController();
  let pressedAt = Infinity;
  const { exit } = await plan(full, ["--seconds", "600"], ctrlC.signal, (line) => {
    if (!line.includes("measuring") || ctrlC.signal.aborted) return;
    pressedAt = Date.now();
    ctrlC.abort();
  });
  expect([exit, Date.now() - pressedAt < 2_000]).toEqual([130, true]);
});

test("brokers report their disk space", async () => {
  const space = await ports.target.diskSpace();
  expect(space.map((d) => d.broker)).toEqual(ports.clusters.target.brokerIds);
  for (const { totalBytes, usableBytes } of space) {
    expect(usableBytes).toBeGreaterThan(0);
    expect(totalBytes).toBeGreaterThanOrEqual(usableBytes);
  }
});
