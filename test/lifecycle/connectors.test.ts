import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Partitioners } from "kafkajs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ensureParts } from "@kafka-migration/sandbox";
import { type ConnectWorker, createScramUser, deleteScramUser } from "@kafka-migration/sandbox/kafka";
import { type TestCluster, uniqueName } from "@kafka-migration/sandbox/testing";
import { connectors } from "../../cli/commands/connectors";
import { DEFAULT_OPTIONS, type LoadedMigration } from "../../cli/source/types";
import { aclBindings } from "../../engine/acls";
import { type ConnectCluster, connectorAcls, copyConnectorOffsets, planConnectors } from "../../engine/connectors";
import { runGate } from "../../engine/gate";
import { checkFence } from "../../engine/fence";
import { isMigrationError } from "../../engine/errors";
import type { KafkaPort } from "../../engine/kafka/port";
import { readLogs } from "../../engine/log/bounds";
import type { Connection } from "../../engine/model";
import { internalTopics } from "../../engine/naming";
import { preflight } from "../../engine/preflight";
import { silent } from "../../engine/progress";
import { readRecords } from "../../engine/records";
import { connectorOffsetsStep } from "../../lifecycle/handlers/connector-offsets";
import { consumerOffsetsStep } from "../../lifecycle/handlers/consumer-offsets";
import { fenceStep } from "../../lifecycle/handlers/fence";
import { application, transaction, withPorts } from "../engine/kafka/support";
import { eventually, modelFor, put, type RunningMirror, startMirror, startWorker } from "../engine/support/mirror";
import { killedAtEachChange } from "./support/killed";

/** A file source and a file sink of a real Connect cluster move with the topic between them. */
const ports = withPorts("connectors");
const prefix = uniqueName("connectors");
const topic = `${prefix}-data-lines`;
const [source, sink] = [`${prefix}-source`, `${prefix}-sink`];
const group = `connect-${sink}`;
const cluster: ConnectCluster = {
  name: "connect",
  origin: { offsetStorageTopic: `${prefix}-files-offsets`, groupId: `${prefix}-files` },
};
const running: RunningMirror[] = [];
let folder: string;
let limited: { origin: Connection; target: Connection };
let connect: { origin: ConnectWorker; target: ConnectWorker };

/** A worker of the Connect cluster on this side. Both sides use the same names. */
async function startConnect(side: "origin" | "target"): Promise<ConnectWorker> {
  const plugin = (await ensureParts(["kafka-connect-file"], () => {}))["kafka-connect-file"].path;
  const text = "org.apache.kafka.connect.storage.StringConverter";
  const { mirror } = modelFor(ports.clusters, prefix, {
    groupId: `${prefix}-files`,
    offsetStorageTopic: `${prefix}-files-offsets`,
    configStorageTopic: `${prefix}-files-configs`,
    statusStorageTopic: `${prefix}-files-status`,
  });
  const started = await startWorker(
    { ...ports.clusters, target: ports.clusters[side] },
    { mirror },
    {
      "plugin.path": plugin,
      "key.converter": text,
      "value.converter": text,
      "offset.storage.partitions": "5",
    },
  );
  running.push(started);
  return started.worker;
}

async function putFiles(worker: ConnectWorker): Promise<void> {
  const file = "org.apache.kafka.connect.file";
  const common = { "tasks.max": "1" };
  await put(worker, source, {
    ...common,
    "connector.class": `${file}.FileStreamSourceConnector`,
    file: join(folder, "in.txt"),
    topic,
  });
  await put(worker, sink, {
    ...common,
    "connector.class": `${file}.FileStreamSinkConnector`,
    file: join(folder, "out.txt"),
    topics: topic,
    "consumer.override.auto.offset.reset": "earliest",
  });
}

async function stop(worker: ConnectWorker, name: string): Promise<void> {
  const answer = await fetch(`${worker.restUrl}/connectors/${name}/stop`, { method: "PUT" });
  if (!answer.ok) throw new Error(`${name}: ${answer.status} ${await answer.text()}`);
}

const linesOf = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `line ${from + i}`);
const write = (from: number, to: number) =>
  appendFile(
    join(folder, "in.txt"),
    linesOf(from, to)
      .map((line) => `${line}\n`)
      .join(""),
  );

async function written(): Promise<string[]> {
  const text = await readFile(join(folder, "out.txt"), "utf8").catch(() => "");
  return text.split("\n").filter((line) => line !== "");
}

async function inTopic(port: KafkaPort): Promise<string[]> {
  const [log] = await readLogs(port, [{ topic, partition: 0 }]);
  const records = await readRecords(port, topic, 0, log!.from, log!.to);
  return records.map(({ value }) => value!.toString());
}

const model = () => modelFor(ports.clusters, prefix, { groupsPattern: `connect-${prefix}.*` });
const sinksMove = () => {
  const { mirror, ...sides } = model();
  return { ...sides, mirror: { ...mirror, groupsExcludePattern: "console-consumer-.*,__.*" } };
};

/** Inputs of the step, as an administrator with the least rights for connectors. */
const inputs = (phase: "mirror" | "cutover") => ({
  originConnection: limited.origin,
  targetConnection: limited.target,
  mirror: sinksMove().mirror,
  phase,
  abandon: false,
  connectors: [cluster],
});

async function limitedTo(of: TestCluster, port: KafkaPort): Promise<Connection> {
  const [username, password] = [`${prefix}-admin`, uniqueName("password")];
  await createScramUser(of, username, password);
  const acls = aclBindings(connectorAcls(port.side, [cluster]), `User:${username}`);
  await port.createAcls(acls);
  ports.atEnd(async () => {
    await port.deleteAcls(acls);
    await deleteScramUser(of, username);
  });
  return { ...of.connection, sasl: { mechanism: "SCRAM-SHA-512", username, password } };
}

async function refusalOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => undefined,
    (e: unknown) => e,
  );
  return isMigrationError(error) ? error.message : `no MigrationError: ${String(error)}`;
}

async function send(
  kafka: ReturnType<typeof application>,
  to: string,
  messages: { key: string; value: string | null; timestamp?: string }[],
): Promise<void> {
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  await producer.send({ topic: to, acks: -1, messages });
  await producer.disconnect();
}

/** `kafka-migration connectors` with these Connect clusters. */
async function command(clusters: ConnectCluster[], values: { apply?: boolean }) {
  const options = { ...DEFAULT_OPTIONS, connectors: clusters };
  const rest = { name: "m", waves: [], principals: [], operators: { target: false as const }, done: {} };
  const migration: LoadedMigration = { ...rest, model: model(), options };
  const { signal } = new AbortController();
  const outcome = await connectors.run({ migration, values, progress: silent, signal, again: async () => migration });
  return outcome as Omit<typeof outcome, "json"> & { json: { connectors: object[] } };
}

/** The latest record of each key, and where it is. */
async function latestOf(port: KafkaPort, of: string, count: number) {
  const partitions = Array.from({ length: count }, (_, partition) => ({ topic: of, partition }));
  const latest = new Map<string, { partition: number; value: string | null; timestamp: number }>();
  for (const { partition, from, to } of await readLogs(port, partitions))
    for (const { key, value, timestamp } of await readRecords(port, of, partition, from, to))
      latest.set(key!.toString(), { partition, value: value?.toString() ?? null, timestamp: Number(timestamp) });
  return latest;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kafka-migration-connectors-"));
  await writeFile(join(folder, "in.txt"), "");
  for (const name of ["offsets", "configs", "status"]) ports.remember(`${prefix}-files-${name}`);
  ports.remember(topic);
  for (const { name } of internalTopics(model().mirror)) ports.remember(name);
  await ports.origin.createTopic(topic, { partitions: 1, replicationFactor: 1 });
  const [origin, target] = await Promise.all([startConnect("origin"), startConnect("target")]);
  connect = { origin, target };
  running.push(await startMirror(ports.clusters, sinksMove()));
  limited = {
    origin: await limitedTo(ports.clusters.origin, ports.origin),
    target: await limitedTo(ports.clusters.target, ports.target),
  };
});

afterAll(async () => {
  await Promise.all(running.map((one) => one.stop()));
  await rm(folder, { recursive: true, force: true });
});

it("names a running source connector, and copies nothing", async () => {
  await write(0, 20);
  await putFiles(connect.origin);
  await eventually("the sink has written the first lines", async () => (await written()).length === 20);
  await eventually("the source has saved its place", async () => {
    const [plan] = await planConnectors(model(), [cluster]);
    return plan?.connector === source && plan.write === 1;
  });
  expect(await refusalOf(connectorOffsetsStep.create(inputs("cutover")))).toMatch(
    new RegExp(`CONNECTORS_REFUSED[^]*connector "${source}" of connect: on the origin[^]*RUNNING at worker[^]*stop`),
  );
  expect((await planConnectors(model(), [cluster])).map(({ write: open, same }) => [open, same])).toEqual([[1, 0]]);
});

it("a connector that is not stopped keeps the fence down", async () => {
  const { origin: originConnection, target: targetConnection, mirror } = sinksMove();
  const behind = { connectors: [cluster], offsets: {} };
  const step = { originConnection, targetConnection, mirror, options: {}, gate: {}, behind };
  expect(await refusalOf(fenceStep.create({ ...step, phase: "cutover", enabled: true }))).toMatch(
    new RegExp(`CONNECTORS_REFUSED[^]*the fence was not raised and no producer was stopped[^]*"${source}" of connect`),
  );
  expect((await checkFence(model(), {})).state).toBe("down");
});

it("preflight names the sink's group until the settings select it", async () => {
  expect((await preflight(model())).sinkGroupsLeft).toEqual([group]);
  const checked = await preflight(sinksMove());
  expect(checked.sinkGroupsLeft).toBeUndefined();
  expect(checked.groups).toBe(1);
});

it("a source and a sink go on at the target: no line is lost, and none comes twice", async () => {
  await stop(connect.origin, sink);
  await eventually("the sink has left its group", async () => {
    const [described] = await ports.origin.describeGroups([group]);
    return described!.members.length === 0;
  });
  // The sink has not read these.
  await write(20, 25);
  await eventually("the source has read the last lines", async () => (await inTopic(ports.origin)).length === 25);
  await stop(connect.origin, source);
  await eventually("the source has stopped", async () => {
    const [plan] = await planConnectors(model(), [cluster]);
    return plan!.refused === undefined;
  });
  await runGate(sinksMove(), { stableForMs: 0, limitMs: 60_000 }, silent);
  // Killed after the write, and run again.
  const { outs, changes } = await killedAtEachChange("connector-offsets", undefined, inputs("cutover"));
  expect(changes).toEqual([`target appendByKey ${prefix}-files-offsets`]);
  expect(outs.copied).toEqual([{ cluster: "connect", connector: source, written: 0, same: 1 }]);
  const { originConnection: _o, targetConnection: _t, connectors: _c, ...others } = inputs("cutover");
  const { origin, target } = model();
  const groups = { ...others, originConnection: origin, targetConnection: target, fence: false, options: {} };
  await consumerOffsetsStep.create(groups);
  expect((await ports.target.groupOffsets([group])).get(group)).toMatchObject([{ topic, offset: 20n }]);

  await putFiles(connect.target);
  await write(25, 30);
  await eventually("the sink has written all lines", async () => (await written()).length >= 30);
  expect(await written()).toEqual(linesOf(0, 30));
  expect(await inTopic(ports.target)).toEqual(linesOf(0, 30));
});

it("does not write over the offsets of a connector that has run on the target", async () => {
  const rejected = () => refusalOf(connectorOffsetsStep.create(inputs("cutover")));
  await eventually("the source has saved its place on the target", async () => {
    const [plan] = await planConnectors(model(), [cluster]);
    return plan!.write === 1;
  });
  expect(await rejected()).toMatch(/CONNECTORS_REFUSED[^]*on the target[^]*RUNNING/);
  await stop(connect.target, source);
  await eventually("it has stopped", async () => !/RUNNING/.test(await rejected()));
  expect(await rejected()).toMatch(/CONNECTORS_REFUSED[^]*the target has newer offsets for it \(1 of 1/);
});

it("copies bytes and timestamps to the partitions that a Kafka producer chooses, and finds what hides offsets", async () => {
  const storage = (side: string, what: string) => `${prefix}-many-${side}-${what}`;
  const many: ConnectCluster = {
    name: "many",
    origin: { offsetStorageTopic: storage("origin", "offsets") },
    target: { offsetStorageTopic: storage("target", "offsets") },
  };
  for (const port of [ports.origin, ports.target])
    for (const [what, partitions] of [
      ["offsets", port.side === "origin" ? 3 : 7],
      ["configs", 1],
      ["status", 2],
    ] as const) {
      ports.remember(storage(port.side, what));
      const options = { partitions, replicationFactor: 1, configs: { "cleanup.policy": "compact" } };
      await port.createTopic(storage(port.side, what), options);
    }
  const then = Date.now() - 40 * 24 * 3_600_000;
  const keys = Array.from({ length: 60 }, (_, i) => JSON.stringify(["s", { table: `t${i} ü` }]));
  const first = keys.map((key, i) => ({ key, value: `{ "at": ${i} }`, timestamp: String(then + i * 50_000_000) }));
  const app = (side: "origin" | "target") => application(ports.clusters[side]);
  // This client places keys as Java's producer does.
  await send(app("origin"), storage("origin", "offsets"), first);
  await send(app("origin"), storage("origin", "offsets"), [{ key: "not a key of Connect", value: "x" }]);
  expect(await command([many], {})).toMatchObject({
    exit: 0,
    lines: ['connector "s" of many: 60 offsets to copy, 0 already there', expect.stringMatching(/^dry run/)],
    json: { applied: false, connectors: [{ cluster: "many", connector: "s", write: 60, same: 0 }] },
  });
  const copied = (await command([many], { apply: true })).json.connectors;
  expect(copied).toEqual([{ cluster: "many", connector: "s", written: 60, same: 0 }]);
  expect(await copyConnectorOffsets(model(), [many])).toEqual([{ ...copied[0]!, written: 0, same: 60 }]);

  // The origin went on: one offset is later, one was removed.
  const later = [
    { key: keys[0]!, value: '{"at":"later"}' },
    { key: keys[1]!, value: null },
  ];
  await send(app("origin"), storage("origin", "offsets"), later);
  expect(await copyConnectorOffsets(model(), [many])).toMatchObject([{ written: 2, same: 58 }]);
  const wanted = new Map(first.map(({ key, value, timestamp }) => [key, { value, timestamp: Number(timestamp) }]));
  const found = await latestOf(ports.target, storage("target", "offsets"), 7);
  expect(found.get(keys[0]!)!.value).toBe('{"at":"later"}');
  expect(found.get(keys[1]!)!.value).toBeNull();
  for (const key of keys.slice(2)) expect(found.get(key), key).toMatchObject(wanted.get(key)!);
  // A producer's own record replaces the copy only in the same partition.
  await send(
    app("target"),
    storage("target", "offsets"),
    [...keys].map((key) => ({ key, value: "own" })),
  );
  const own = await latestOf(ports.target, storage("target", "offsets"), 7);
  for (const key of keys) expect(own.get(key)!.partition, key).toBe(found.get(key)!.partition);
  expect(await refusalOf(copyConnectorOffsets(model(), [many]))).toMatch(/newer offsets for it \(60 of 60/);
  const refused = await command([many], {});
  expect(refused.exit).toBe(1);
  expect(refused.lines[0]).toMatch(/^connector "s" of many: the target has newer offsets.*connectors.exclude/);

  const end = await transaction(app("origin"), storage("origin", "offsets"), ["x"], "open");
  expect(await refusalOf(copyConnectorOffsets(model(), [many]))).toMatch(
    new RegExp(`CONNECT_TRANSACTION_OPEN[^]*${storage("origin", "offsets")} of the origin`),
  );
  await end();
  const absent = { ...many, target: { offsetStorageTopic: storage("elsewhere", "offsets") } };
  expect(await refusalOf(copyConnectorOffsets(model(), [absent]))).toMatch(
    /CONNECT_STORAGE_MISSING: the target has no topic [^]*start the workers of the Connect cluster on the target/,
  );
});
