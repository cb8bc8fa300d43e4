import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createScramUser, deleteScramUser, setManyQuotas } from "@kafka-migration/sandbox/kafka";
import { uniqueName } from "@kafka-migration/sandbox/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { run } from "../../cli/run";
import { type Inventory, parseInventory } from "../../engine/inventory";
import type { Acl } from "../../engine/kafka/port";
import { inventoryFindings } from "../../engine/preflight/inventory";
import type { MigrationModel } from "../../engine/model";
import { application, produce, withPorts } from "../engine/kafka/support";
import { joinGroup } from "../engine/offsets/other-protocols";
import { eventually, modelFor, type RunningMirror, startMirror } from "../engine/support/mirror";

const ports = withPorts("inventory");
const prefix = uniqueName("inventory");
const name = (of: string) => `${prefix}-${of}`;
/** ms since the epoch. Not older than the topic keeps its records. */
const WRITTEN = Date.now() - 60_000;
const SECRET = "hunter2-is-a-secret";

let folder: string;
let model: MigrationModel;
/** Another mirror, which copies into the origin. Its workers store their state there. */
let other: RunningMirror;
const otherModel = () =>
  modelFor({ origin: ports.clusters.target, target: ports.clusters.origin }, name("other"), {
    topicsPattern: name("other-nothing"),
  });
const ends: (() => Promise<void>)[] = [];
const users = ["billing", "reports", "mirror"].map(name);
const acls: Acl[] = [];
const quotas = () => [
  { entity: { user: name("billing") }, values: { producer_byte_rate: 1_000_000, request_percentage: 12.5 } },
  { entity: { "client-id": name("batch") }, values: { consumer_byte_rate: 2_000_000 } },
  { entity: { user: name("billing"), "client-id": null }, values: { consumer_byte_rate: 3_000_000 } },
];

const TOPICS: Record<string, Record<string, string>> = {
  "data-orders": { "retention.ms": "3600000" },
  "data-app-store-changelog": { "cleanup.policy": "compact" },
  "app-by-word-repartition": {},
  audit: {},
  "data-wh-configs": { "cleanup.policy": "compact" },
  "wh-offsets": { "cleanup.policy": "compact" },
  "wh-status": { "cleanup.policy": "compact" },
  "data-registry": { "cleanup.policy": "compact" },
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kafka-migration-cli-inventory-"));
  model = modelFor(ports.clusters, prefix);
  const path = join(folder, "model.json");
  await writeFile(path, JSON.stringify(model), { mode: 0o600 });
  const { origin } = ports;
  for (const [topic, configs] of Object.entries(TOPICS)) {
    ports.remember(name(topic));
    await origin.createTopic(name(topic), { partitions: 2, replicationFactor: 1, configs });
  }
  if (!(await origin.listTopics()).includes("_schemas")) {
    ports.remember("_schemas");
    await origin.createTopic("_schemas", {
      partitions: 1,
      replicationFactor: 1,
      configs: { "cleanup.policy": "compact" },
    });
  }
  await Promise.all([principals(), records(), groups(), startOther()]);
});

afterAll(async () => {
  await Promise.all(ends.map((end) => end()));
  await other?.stop();
  const { origin } = ports;
  const own = (names: string[]) => names.filter((n) => n.startsWith(prefix));
  // Groups first: a share group is deleted with its topics' state.
  await origin.deleteGroups(own((await origin.listGroups()).map((g) => g.groupId)));
  await origin.deleteTopics(own(await origin.listTopics()));
  await origin.deleteAcls(acls);
  await setManyQuotas(
    ports.clusters.origin,
    quotas().map(({ entity, values }) => ({
      entity,
      values: Object.fromEntries(Object.keys(values).map((key) => [key, null])),
    })),
  );
  for (const user of users) await deleteScramUser(ports.clusters.origin, user);
  await rm(folder, { recursive: true });
});

async function principals(): Promise<void> {
  const { origin } = ports;
  for (const user of users) await createScramUser(ports.clusters.origin, user, SECRET);
  const acl = (principal: string, more: Partial<Acl>) =>
    acls.push({
      resourceType: "topic",
      resourceName: name("data-orders"),
      patternType: "literal",
      principal: `User:${principal}`,
      host: "*",
      operation: "Read",
      permission: "allow",
      ...more,
    });
  acl(name("billing"), { operation: "Write" });
  acl(name("billing"), {});
  acl(name("billing"), {
    resourceName: name("data-"),
    patternType: "prefixed",
    operation: "Delete",
    permission: "deny",
  });
  acl(name("billing"), { resourceType: "transactionalId", resourceName: name("tx"), operation: "Write" });
  acl(name("reports"), { host: "10.1.2.3" });
  acl(`CN=${name("ledger")},OU=finance`, { resourceType: "group", resourceName: name("group-ledger") });
  acl(name("oauth"), { resourceType: "delegationToken", resourceName: "t", operation: "Describe" });
  await origin.createAcls(acls);
  await setManyQuotas(ports.clusters.origin, quotas());
}

async function records(): Promise<void> {
  const json = (value: unknown) => JSON.stringify(value);
  const kafka = application(ports.clusters.origin);
  await produce(kafka, name("data-orders"), [{ key: "a", value: "b", timestamp: String(WRITTEN) }]);
  const sink = { "connector.class": "com.acme.WarehouseSink", topics: "x", "connection.password": SECRET };
  const source = { "connector.class": "com.acme.FileSource", "api.key": SECRET };
  await produce(kafka, name("data-wh-configs"), [
    { key: "session-key", value: json({ key: SECRET, algorithm: "HmacSHA256", "creation-timestamp": 1 }) },
    { key: "connector-warehouse", value: json({ properties: sink }) },
    { key: "connector-files", value: json({ properties: source }) },
    { key: "commit-files", value: json({ tasks: 0 }) },
  ]);
  await produce(kafka, name("wh-offsets"), [
    { key: json(["files", { file: "a" }]), value: json({ position: 5 }), partition: 0 },
    { key: json(["files", { file: "b" }]), value: json({ position: 6 }), partition: 1 },
    { key: json(["files", { file: "gone" }]), value: null, partition: 1 },
  ]);
  await produce(kafka, name("wh-status"), [
    { key: "status-connector-files", value: json({ state: "RUNNING", worker_id: "10.9.9.9:8083", generation: 1 }) },
  ]);
  const schema = json({ keytype: "SCHEMA", subject: "orders-value", version: 1, magic: 1 });
  await produce(kafka, name("data-registry"), [{ key: schema, value: json({ id: 1, schema: '"string"' }) }]);
}

async function groups(): Promise<void> {
  const { origin } = ports;
  const commit = (group: string, topic: string, offset = 0n) =>
    origin.alterGroupOffsets(name(group), [{ topic: name(topic), partition: 0, offset, metadata: "" }]);
  await commit("group-billing", "data-orders");
  await commit("group-audit", "audit");
  await commit("outsider", "data-orders");
  await commit("data-app", "data-app-store-changelog");
  await commit("app", "app-by-word-repartition");
  await origin.alterGroupOffsets("connect-warehouse", [
    { topic: name("data-orders"), partition: 0, offset: 1n, metadata: "" },
  ]);
  ends.push(async () => void (await origin.deleteGroups(["connect-warehouse"])));
  const share = await joinGroup(ports.clusters.origin.connection, "share", name("group-share"), name("data-orders"));
  // On a slow machine its session has ended by then.
  ends.push(() => share.leave().catch(() => {}));
}

async function startOther(): Promise<void> {
  other = await startMirror({ origin: ports.clusters.target, target: ports.clusters.origin }, otherModel());
}

async function inventory(...args: string[]) {
  let out = "";
  let err = "";
  const streams = {
    out: { write: (text: string) => void (out += text) },
    err: { write: (text: string) => void (err += text) },
  };
  const model = args.includes("--model") ? [] : ["--model", join(folder, "model.json")];
  const code = await run(
    ["inventory", ...model, "--seconds", "1", "--own", `User:${name("mirror")}`, ...args],
    streams as never,
    new AbortController().signal,
  );
  return { code, out, err };
}

/** Only what this file made, because the cluster may have more. */
const own = <T>(list: readonly T[], of: (one: T) => string) => list.filter((one) => of(one).includes(prefix));

test("the inventory names users with their login, ACLs and quotas, and says which of them move", async () => {
  const { code, out, err } = await inventory("--json");
  expect(err).not.toContain("FAULT");
  expect(code).toBe(0);
  const found = JSON.parse(out) as Inventory;
  expect(found.unread).toEqual([]);
  expect(own(found.users, (u) => u.principal)).toEqual([
    {
      principal: `User:CN=${name("ledger")},OU=finance`,
      moves: "if",
      when: expect.stringContaining("trusts the authority"),
      authentication: "tls",
      acls: [
        {
          resource: "group",
          name: name("group-ledger"),
          pattern: "literal",
          host: "*",
          permission: "allow",
          operations: ["Read"],
        },
      ],
    },
    {
      principal: `User:${name("billing")}`,
      name: name("billing"),
      moves: "yes",
      todo: expect.stringContaining(`'clientPasswords["${name("billing")}"]'`),
      authentication: "scram-sha-512",
      mechanisms: ["SCRAM-SHA-512"],
      acls: [
        expect.objectContaining({
          name: name("data-"),
          pattern: "prefixed",
          permission: "deny",
          operations: ["Delete"],
        }),
        expect.objectContaining({ resource: "topic", name: name("data-orders"), operations: ["Read", "Write"] }),
        expect.objectContaining({ resource: "transactionalId", operations: ["Write"] }),
      ],
      quotas: { producerByteRate: 1_000_000, requestPercentage: 12.5 },
    },
    expect.objectContaining({
      principal: `User:${name("mirror")}`,
      moves: "no",
      why: expect.stringMatching(/belongs to/),
    }),
    expect.objectContaining({
      principal: `User:${name("oauth")}`,
      moves: "if",
      authentication: "unknown",
      acls: [expect.objectContaining({ resource: "delegationToken" })],
    }),
    expect.objectContaining({
      principal: `User:${name("reports")}`,
      moves: "yes",
      acls: [expect.objectContaining({ host: "10.1.2.3" })],
    }),
  ]);
  expect(found.users).toContainEqual(
    expect.objectContaining({ principal: `User:${ports.clusters.origin.admin.username}`, moves: "no" }),
  );
  expect(own(found.quotas, (q) => `${q.user} ${q.clientId}`)).toEqual([
    expect.objectContaining({
      user: name("billing"),
      clientId: "<default>",
      values: { consumer_byte_rate: 3_000_000 },
    }),
    {
      clientId: name("batch"),
      moves: "no",
      why: expect.any(String),
      todo: `run kafka-configs.sh --bootstrap-server TARGET --alter --add-config consumer_byte_rate=2000000 --entity-type clients --entity-name ${name("batch")}`,
      values: { consumer_byte_rate: 2_000_000 },
    },
  ]);
});

test("the inventory names topics, groups, Connect clusters, registries and mirrors, and what they need to move", async () => {
  const found = JSON.parse((await inventory("--json")).out) as Inventory;
  const topic = (of: string) => found.topics.find((t) => t.name === name(of));
  expect(topic("data-orders")).toEqual({
    name: name("data-orders"),
    partitions: 2,
    moves: "yes",
    settings: { "retention.ms": "3600000" },
    now: {
      bytes: expect.any(Number),
      records: 1,
      recordsPerSecond: 0,
      lastRecordAt: new Date(WRITTEN).toISOString(),
      onTarget: false,
    },
  });
  expect(topic("audit")).toMatchObject({
    moves: "if",
    when: `mirror.topicsPattern: "${model.mirror.topicsPattern},${name("audit")}"`,
  });
  const group = (of: string) => found.groups.find((g) => g.name === of);
  expect(group(name("group-billing"))).toMatchObject({ moves: "yes", topics: [name("data-orders")], now: { lag: 1 } });
  expect(group(name("group-audit"))).toMatchObject({ moves: "if", when: `one of its topics moves (${name("audit")})` });
  expect(group(name("outsider"))).toMatchObject({ moves: "if", when: `offsets.groups: ["${name("outsider")}"]` });
  expect(group(name("group-share"))).toMatchObject({ moves: "no", type: "share" });
  expect(own(found.streams, (s) => s.application)).toEqual([
    { application: name("app"), topics: [name("app-by-word-repartition")], moves: "if", when: expect.any(String) },
    {
      application: name("data-app"),
      topics: [name("data-app-store-changelog")],
      moves: "if",
      when: "its group moves; else it begins on the target with an empty state",
    },
  ]);
  const connect = own(found.connect, (c) => c.configTopic);
  expect(connect).toEqual([
    {
      configTopic: name("data-wh-configs"),
      offsetTopic: name("wh-offsets"),
      statusTopic: name("wh-status"),
      moves: "no",
      why: expect.any(String),
      todo: expect.any(String),
      connectors: [
        {
          name: "files",
          type: "source",
          class: "com.acme.FileSource",
          positions: 2,
          moves: "if",
          when: expect.any(String),
        },
        {
          name: "warehouse",
          type: "sink",
          class: "com.acme.WarehouseSink",
          group: "connect-warehouse",
          moves: "if",
          when: 'offsets.groups: ["connect-warehouse"]',
        },
      ],
    },
    expect.objectContaining({
      group: otherModel().mirror.groupId,
      configTopic: otherModel().mirror.configStorageTopic,
      offsetTopic: otherModel().mirror.offsetStorageTopic,
      statusTopic: otherModel().mirror.statusStorageTopic,
    }),
  ]);
  expect(connect[1]!.connectors.map((c) => [c.moves, c.type])).toEqual([
    ["no", "source"],
    ["no", "source"],
  ]);
  expect(group(otherModel().mirror.groupId)).toMatchObject({ moves: "no", protocol: "connect" });
  expect(own(found.mirrors, (m) => m.topics.join())).toContainEqual(
    expect.objectContaining({
      from: otherModel().mirror.originAlias,
      to: otherModel().mirror.targetAlias,
      moves: "no",
      why: expect.stringContaining("copies into the origin"),
    }),
  );
  expect(found.registries).toContainEqual(
    expect.objectContaining({
      kind: "Confluent",
      topic: "_schemas",
      moves: "if",
      when: expect.stringContaining("_schemas"),
    }),
  );
  expect(found.registries).toContainEqual(
    expect.objectContaining({
      topic: name("data-registry"),
      moves: "yes",
      todo: expect.stringContaining("after the cutover"),
    }),
  );
});

test("the file is the same after another run, although records were written, and holds no secret", async () => {
  const [first, second] = [join(folder, "first.yaml"), join(folder, "second.yaml")];
  const before = await inventory("--out", first);
  expect(before.code).toBe(0);
  expect(before.out).toContain(`wrote ${first}`);
  expect(before.out).toContain('offsets.groups: ["connect-warehouse"]');
  await produce(application(ports.clusters.origin), name("data-orders"), [{ value: "more" }]);
  const after = await inventory("--out", second, "--json");
  const text = await readFile(first, "utf8");
  expect(await readFile(second, "utf8")).toBe(text);
  for (const shown of [text, before.out, after.out]) expect(shown).not.toContain(SECRET);
  const read = parseInventory(text);
  expect(read.users.map((u) => u.principal)).toContain(`User:${name("billing")}`);
  expect(read.topics.some((t) => "now" in t)).toBe(false);
});

test("preflight names a user and an ACL that were added after the inventory, and nothing else", async () => {
  const file = join(folder, "estate.yaml");
  await inventory("--out", file);
  const estate = { file: "estate.yaml", inventory: parseInventory(await readFile(file, "utf8")) };
  const look = async () => {
    const found = await inventoryFindings(ports.origin, estate, new Set());
    return found.map((f) => `${f.severity} ${f.code}: ${f.seen}`);
  };
  expect(await look()).toEqual([]);
  const added = { ...acls[0]!, resourceName: name("data-new"), operation: "Read" };
  acls.push(added, { ...added, principal: `User:${name("new")}` });
  await ports.origin.createAcls(acls.slice(-2));
  await eventually("the new ACLs", async () => (await look()).length === 2);
  expect(await look()).toEqual([
    `warning INVENTORY_OLD: the origin has 1 user that estate.yaml lacks: User:${name("new")}`,
    "warning INVENTORY_OLD: the origin has 1 ACL of known users that estate.yaml lacks: " +
      `User:${name("billing")} may Read topic ${name("data-new")}`,
  ]);
});

test("what the administrator may not read is named, and everything else is listed", async () => {
  const { origin } = ports;
  await createScramUser(ports.clusters.origin, name("limited"), SECRET);
  ends.push(() => deleteScramUser(ports.clusters.origin, name("limited")));
  const right = (resourceName: string, operation: string, patternType: Acl["patternType"] = "prefixed") =>
    acls.push({ ...acls[0]!, principal: `User:${name("limited")}`, resourceName, patternType, operation });
  const before = acls.length;
  right(name("data-"), "Read");
  right(name("data-orders"), "DescribeConfigs");
  right(name("wh-"), "Describe");
  acls.push({ ...acls.at(-1)!, resourceType: "cluster", resourceName: "kafka-cluster", patternType: "literal" });
  await origin.createAcls(acls.slice(before));
  const sasl = { mechanism: "SCRAM-SHA-512", username: name("limited"), password: SECRET };
  const limited = join(folder, "limited.json");
  await writeFile(limited, JSON.stringify({ ...model, origin: { ...model.origin, sasl } }), { mode: 0o600 });
  const run = () => inventory("--json", "--model", limited);
  await eventually("the rights", async () => (await run()).out.includes(name("wh-status")));
  const found = JSON.parse((await run()).out) as Inventory;
  expect(found.unread).toEqual([
    expect.stringMatching(/^\d+ groups?: grant the administrator Describe on every group$/),
    expect.stringMatching(/^the quotas: /),
    "the settings of 5 topics: grant the administrator DescribeConfigs on every topic",
    "topics that the administrator may not see: grant it Describe and DescribeConfigs on every topic",
    "whether Connect, a schema registry or a mirror uses 2 topics: grant the administrator Read on every compacted topic",
  ]);
  const topic = (of: string) => found.topics.find((t) => t.name === name(of));
  expect(topic("data-orders")).toMatchObject({ settings: { "retention.ms": "3600000" } });
  expect(topic("wh-offsets")).toMatchObject({ partitions: 2 });
  expect(topic("audit")).toBeUndefined();
  expect(found.registries).toContainEqual(expect.objectContaining({ topic: name("data-registry") }));
  expect(found.users.map((u) => u.principal)).toContain(`User:${name("billing")}`);
});

test("options for an operator without its namespace are an error", async () => {
  const { code, err } = await inventory("--kafka", "origin");
  expect(code).toBe(2);
  expect(err).toContain("--namespace");
});
