import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestClusters, uniqueName } from "@kafka-migration/sandbox/testing";
import { ConnectStateReader } from "../../../engine/connect-state";
import { isMigrationError } from "../../../engine/errors";
import type { KafkaPort } from "../../../engine/kafka/port";
import { readLogs } from "../../../engine/log/bounds";
import type { MigrationModel } from "../../../engine/model";
import { internalTopics } from "../../../engine/naming";
import { silent } from "../../../engine/progress";
import { readRecords } from "../../../engine/records";
import { waitUntilExcluded } from "../../../engine/way-back/excluded";
import { returnModel } from "../../../engine/way-back/model";
import { type SourceEnd, writeSourceOffsets } from "../../../engine/way-back/source-offsets";
import { application, deleteBelow, produce, transaction, withPorts } from "../kafka/support";
import { eventually, modelFor, putSource, type RunningMirror, startWorker } from "../support/mirror";

/** The way back with the real MirrorMaker 2 between real brokers. */
const ports = withPorts("way-back");
const workers: RunningMirror[] = [];
afterAll(() => Promise.all(workers.map((w) => w.stop())), 60_000);

async function start(clusters: TestClusters, model: MigrationModel): Promise<RunningMirror> {
  const running = await startWorker(clusters, model);
  workers.push(running);
  return running;
}

const partitionsOf = (topic: string, count: number) =>
  Array.from({ length: count }, (_, partition) => ({ topic, partition }));

async function endsOf(port: KafkaPort, topics: Record<string, number>): Promise<SourceEnd[]> {
  const partitions = Object.entries(topics).flatMap(([topic, count]) => partitionsOf(topic, count));
  return (await readLogs(port, partitions)).map(({ topic, partition, to }) => ({ topic, partition, end: to }));
}

/** The visible records of a partition, as `key=value`. */
async function recordsOf(port: KafkaPort, topic: string, partition = 0): Promise<string[]> {
  const [log] = await readLogs(port, [{ topic, partition }]);
  const records = await readRecords(port, topic, partition, log!.from, log!.to);
  return records.map(({ key, value }) => `${key?.toString() ?? ""}=${value?.toString() ?? "null"}`);
}

/** The partitions in which the records of each key are. */
async function placesOf(port: KafkaPort, topic: string): Promise<Map<string, number[]>> {
  const places = new Map<string, number[]>();
  for (const { partition, from, to } of await readLogs(port, partitionsOf(topic, 25)))
    for (const { key } of await readRecords(port, topic, partition, from, to))
      places.set(key!.toString(), [...(places.get(key!.toString()) ?? []), partition]);
  return places;
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => undefined,
    (e: unknown) => e,
  );
  return isMigrationError(error) ? error.message : `no MigrationError: ${String(error)}`;
}

const messages = (from: number, to: number, partition = 0) =>
  Array.from({ length: to - from }, (_, i) => ({ key: `k${from + i}`, value: `v${from + i}`, partition }));
const texts = (from: number, to: number) => messages(from, to).map((m) => `${m.key}=${m.value}`);

describe.each([{ exactlyOnce: false }, { exactlyOnce: true }])(
  "a return mirror whose offsets were written before it first ran, $exactlyOnce for exactly once",
  ({ exactlyOnce }) => {
    const prefix = uniqueName("way-back");
    const topic = (name: string) => `${prefix}-data-${name}`;
    const counts = { [topic("plain")]: 3, [topic("compacted")]: 1, [topic("tx")]: 1, [topic("gone")]: 1 };
    let model: MigrationModel;
    /** The return mirror's sides. */
    let sides: { origin: KafkaPort; target: KafkaPort };
    let clusters: TestClusters;
    let ends: SourceEnd[];

    beforeAll(async () => {
      const forward = modelFor(ports.clusters, prefix, { exactlyOnce, isolationLevel: "read_committed" });
      const scope = { wave: "eu", topics: `${prefix}-data.*` };
      model = returnModel({ ...forward, mirror: { ...forward.mirror, scope } });
      sides = { origin: ports.target, target: ports.origin };
      clusters = { ...ports.clusters, origin: ports.clusters.target, target: ports.clusters.origin };
      for (const { name } of internalTopics(model.mirror)) ports.remember(name);
      for (const [name, partitions] of Object.entries(counts)) {
        ports.remember(name);
        const configs: Record<string, string> = name === topic("compacted") ? { "cleanup.policy": "compact" } : {};
        for (const port of [ports.origin, ports.target])
          await port.createTopic(name, { partitions, replicationFactor: 1, configs });
      }
      const app = application(clusters.origin);
      // Partition 2 stays empty.
      await produce(app, topic("plain"), [...messages(0, 20), ...messages(0, 7, 1)]);
      await produce(app, topic("compacted"), [...messages(0, 10), ...messages(0, 10)]);
      await transaction(app, topic("tx"), ["a", "b"], "commit");
      await transaction(app, topic("tx"), ["x", "y"], "abort");
      await produce(app, topic("gone"), messages(0, 10));
      await deleteBelow(app, topic("gone"), 10);
      ends = await endsOf(sides.origin, counts);
    }, 120_000);

    it("gets an offset for each partition that has records, once", async () => {
      const first = await writeSourceOffsets(sides, model.mirror, ends);
      expect(first).toEqual({ topic: model.mirror.offsetStorageTopic, written: 5, kept: 0, empty: 1 });
      expect(await writeSourceOffsets(sides, model.mirror, ends)).toMatchObject({ written: 0, kept: 5, empty: 1 });
      const [created] = await sides.target.describeTopics([model.mirror.offsetStorageTopic]);
      expect(created!.partitions).toHaveLength(25);
      const configs = await sides.target.describeTopicConfigs([model.mirror.offsetStorageTopic]);
      expect(configs.get(model.mirror.offsetStorageTopic)!.get("cleanup.policy")!.value).toBe("compact");
    });

    it("gets none that is beyond the end, or earlier than what was copied", async () => {
      const beyond = ends.map((e) => (e.topic === topic("tx") ? { ...e, end: e.end + 1n } : e));
      const absent = { topic: topic("plain"), partition: 3, end: 0n };
      expect(await codeOf(writeSourceOffsets(sides, model.mirror, [...beyond, absent]))).toMatch(
        /SOURCE_OFFSETS_BEYOND_END: 2 partitions[^]*-data-tx-0 ends at 6, not at 7[^]*-data-plain-3 does not exist/,
      );
      const lower = ends.map((e) => (e.partition === 1 ? { ...e, end: 0n } : e));
      expect(await codeOf(writeSourceOffsets(sides, model.mirror, lower))).toMatch(
        /SOURCE_OFFSETS_LATER[^]*-data-plain-1 is copied up to 6, but should be up to nothing/,
      );
      expect(await writeSourceOffsets(sides, model.mirror, ends)).toMatchObject({ written: 0, kept: 5 });
    });

    it("copies exactly the records after them, once and in order, over restarts of its worker", async () => {
      const app = application(clusters.origin);
      const reader = new ConnectStateReader(sides.target, model.mirror);
      const first = await start(clusters, model);
      await putSource(clusters, model, first.worker);
      await eventually("a task runs", async () => {
        const { assignments } = await reader.read();
        return assignments.some(({ status }) => status?.state === "RUNNING");
      });
      // Before the first record.
      first.worker.kill();
      await first.worker.exited;
      await produce(app, topic("plain"), [...messages(20, 30), ...messages(7, 10, 1), ...messages(0, 4, 2)]);
      await produce(app, topic("compacted"), [...messages(3, 5), { key: "k7", value: null }]);
      await transaction(app, topic("tx"), ["c", "d"], "commit");
      await transaction(app, topic("tx"), ["z"], "abort");
      await produce(app, topic("gone"), messages(10, 12));
      const second = await start(clusters, model);
      // With their offsets: nothing is copied a second time.
      const last = { plain: [29, 9, 3], compacted: [22], tx: [7], gone: [11] };
      await eventually("the first records", async () => {
        const { offsets } = await reader.read();
        return Object.entries(last).every(([name, list]) =>
          list.every((offset, partition) => offsets.get(`${topic(name)}:${partition}`) === offset),
        );
      });
      // Only exactly-once support keeps a worker that is killed from copying its last records again.
      if (exactlyOnce) {
        second.worker.kill();
        await second.worker.exited;
      } else await second.stop();
      await produce(app, topic("plain"), [...messages(30, 35), ...messages(4, 6, 2)]);
      await transaction(app, topic("tx"), ["e"], "commit");
      const third = await start(clusters, model);
      const counted = async (name: string, partition = 0) =>
        (await recordsOf(sides.target, topic(name), partition)).length;
      await eventually(
        "the next records",
        async () => (await counted("plain")) >= 15 && (await counted("plain", 2)) >= 6 && (await counted("tx")) >= 3,
      );
      await third.stop();
      const found = Object.fromEntries(
        await Promise.all(
          Object.entries(counts).flatMap(([name, count]) =>
            partitionsOf(name, count).map(
              async (p) => [`${name}-${p.partition}`, await recordsOf(sides.target, name, p.partition)] as const,
            ),
          ),
        ),
      );
      expect(found).toEqual({
        [`${topic("plain")}-0`]: texts(20, 35),
        [`${topic("plain")}-1`]: texts(7, 10),
        [`${topic("plain")}-2`]: texts(0, 6),
        [`${topic("compacted")}-0`]: [...texts(3, 5), "k7=null"],
        [`${topic("tx")}-0`]: ["c=c", "d=d", "e=e"],
        [`${topic("gone")}-0`]: texts(10, 12),
      });
      // Otherwise a stale offset could win over a newer one when a worker reads them.
      const places = await placesOf(sides.target, model.mirror.offsetStorageTopic);
      expect(places.size).toBe(6);
      for (const [key, partitions] of places) expect(new Set(partitions).size, key).toBe(1);
      expect([...places.values()].filter((partitions) => partitions.length > 1)).toHaveLength(6);
    }, 240_000);
  },
);

describe("a mirror whose topic is excluded", () => {
  const prefix = uniqueName("way-back");
  const [x, y] = [`${prefix}-data-x`, `${prefix}-data-y`];
  const isX = (topic: string) => topic === x;
  let model: MigrationModel;
  let leader: RunningMirror;
  let other: RunningMirror;
  const configure = (exclude: boolean) =>
    putSource(ports.clusters, model, leader.worker, { "tasks.max": "2", ...(exclude ? { "topics.exclude": x } : {}) });
  const targetEnds = async (topic: string) => (await endsOf(ports.target, { [topic]: 2 })).map((e) => Number(e.end));
  const write = (topic: string, from: number, to: number) =>
    produce(application(ports.clusters.origin), topic, [...messages(from, to), ...messages(from, to, 1)]);
  const wait = (limitMs: number, signal?: AbortSignal) =>
    waitUntilExcluded(ports.target, model.mirror, isX, { limitMs, topics: [x] }, silent, signal);

  beforeAll(async () => {
    model = modelFor(ports.clusters, prefix);
    for (const { name } of internalTopics(model.mirror)) ports.remember(name);
    for (const topic of [x, y]) {
      ports.remember(topic);
      await ports.origin.createTopic(topic, { partitions: 2, replicationFactor: 1 });
      await write(topic, 0, 10);
    }
    // The first worker becomes the leader.
    leader = await start(ports.clusters, model);
    await configure(false);
    other = await start(ports.clusters, model);
    const reader = new ConnectStateReader(ports.target, model.mirror);
    await eventually("each worker has a task", async () => {
      const { assignments } = await reader.read();
      const at = assignments.map(({ status }) => (status?.state === "RUNNING" ? status.worker : undefined));
      return at.length === 2 && at[0] !== at[1] && at.every((worker) => worker !== undefined);
    });
    await eventually(
      "all copied",
      async () => [...(await targetEnds(x)), ...(await targetEnds(y))].join() === "10,10,10,10",
    );
  }, 180_000);

  it("is not taken as excluded before its configuration says so", async () => {
    expect(await codeOf(wait(0))).toMatch(/NOT_EXCLUDED: [^]*the connector's configuration selects .*-data-x/);
    await expect(wait(60_000, AbortSignal.abort(new Error("interrupted")))).rejects.toThrow("interrupted");
  });

  it("may still copy while a worker that had the topic hangs, although the new assignment is written", async () => {
    process.kill(other.worker.pid, "SIGSTOP");
    try {
      await configure(true);
      const reader = new ConnectStateReader(ports.target, model.mirror);
      await eventually("the new assignment", async () => {
        const { assignments } = await reader.read();
        return assignments.length > 0 && assignments.every((a) => !a.partitions.some((p) => isX(p.topic)));
      });
      const worker = new URL(other.worker.restUrl).host;
      expect(await codeOf(wait(4_000))).toMatch(
        new RegExp(`NOT_EXCLUDED: [^]*task \\d had the topics and its last status is RUNNING at worker ${worker}`),
      );
    } finally {
      process.kill(other.worker.pid, "SIGCONT");
    }
    // From before the wait until after it, the topic is written: what comes after the wait is not copied.
    let writing = true;
    let next = 10;
    const writer = (async () => {
      for (; writing; next++) await write(x, next, next + 1);
    })();
    await wait(60_000);
    const ends = await targetEnds(x);
    const written = next;
    await eventually("more is written", () => Promise.resolve(next >= written + 20));
    writing = false;
    await writer;
    await write(y, 10, 15);
    await eventually("the other topic is copied", async () => (await targetEnds(y)).join() === "15,15");
    expect(await targetEnds(x)).toEqual(ends);
    // A later look finds the same at once.
    await wait(1_000);
  }, 180_000);

  it("copies only what comes later when it has the topic again, after its offsets were written", async () => {
    const before = await targetEnds(x);
    const ends = await endsOf(ports.origin, { [x]: 2 });
    expect(await writeSourceOffsets({ origin: ports.origin, target: ports.target }, model.mirror, ends)).toMatchObject({
      written: 2,
      kept: 0,
    });
    await configure(false);
    await write(x, 90_000, 90_005);
    await eventually("the later records", async () => (await targetEnds(x)).every((end, i) => end >= before[i]! + 5));
    await write(y, 15, 16);
    await eventually("the other topic", async () => (await targetEnds(y)).join() === "16,16");
    for (const partition of [0, 1]) {
      const records = await recordsOf(ports.target, x, partition);
      expect(records).toEqual([...texts(0, before[partition]!), ...texts(90_000, 90_005)]);
      expect(await recordsOf(ports.target, y, partition)).toEqual(texts(0, 16));
    }
    // While a task has the topic, its offsets are its own.
    for (const worker of [leader, other]) process.kill(worker.worker.pid, "SIGSTOP");
    await write(x, 90_005, 90_006);
    const later = await endsOf(ports.origin, { [x]: 2 });
    expect(
      await codeOf(writeSourceOffsets({ origin: ports.origin, target: ports.target }, model.mirror, later)),
    ).toMatch(/SOURCE_OFFSETS_IN_USE: [^]*copies 2 partitions/);
    for (const worker of [leader, other]) process.kill(worker.worker.pid, "SIGCONT");
  }, 180_000);
});
