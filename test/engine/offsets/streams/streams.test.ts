import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { supervise, type Supervisor } from "@kafka-migration/sandbox";
import { type TestCluster, uniqueName, withClusters } from "@kafka-migration/sandbox/testing";
import { runGate } from "../../../../engine/gate";
import type { KafkaPort } from "../../../../engine/kafka/port";
import type { MigrationModel } from "../../../../engine/model";
import { internalTopics } from "../../../../engine/naming";
import { applyOffsets, planOffsets } from "../../../../engine/offsets";
import { silent } from "../../../../engine/progress";
import { eventually, modelFor, produce, startMirror, type RunningMirror } from "../../support/mirror";
import { application, open } from "../estate";
import { wordCount, type WordCount } from "./application";

const clusters = withClusters();
const prefix = uniqueName("words");
const PARTITIONS = 2;
const WORDS = ["ape", "bee", "cat", "dog", "eel", "fox", "gnu"];
let model: MigrationModel;
let origin: KafkaPort;
let target: KafkaPort;
let supervisor: Supervisor;
let mirror: RunningMirror;

beforeAll(async () => {
  supervisor = supervise(await mkdtemp(join(tmpdir(), "kafka-migration-streams-")));
  // An application's own topics and its group are called after it.
  model = modelFor(clusters, prefix, { topicsPattern: `${prefix}-(app|data).*`, groupsPattern: `${prefix}-app.*` });
  [origin, target] = await Promise.all([open(clusters.origin, "origin"), open(clusters.target, "target")]);
  mirror = await startMirror(clusters, model);
}, 300_000);

afterAll(async () => {
  await mirror?.stop();
  await supervisor?.stop();
  for (const [port, side] of [
    [origin, "origin"],
    [target, "target"],
  ] as const) {
    await port.deleteGroups((await port.listGroups()).map((g) => g.groupId).filter((g) => g.startsWith(prefix)));
    const internal = internalTopics(model.mirror)
      .filter((t) => t.side === side)
      .map((t) => t.name);
    await port.deleteTopics((await port.listTopics()).filter((t) => t.startsWith(prefix) || internal.includes(t)));
    await port.close();
  }
}, 120_000);

/** The newest count of each word that the application has written, as it writes them. */
async function watchCounts(
  cluster: TestCluster,
  topic: string,
): Promise<{ newest: Record<string, number>; stop(): Promise<void> }> {
  const newest: Record<string, number> = {};
  const consumer = application(cluster).consumer({ groupId: uniqueName(`${prefix}-witness`), maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ message }) => void (newest[String(message.key)] = Number(message.value)),
  });
  return { newest, stop: () => consumer.disconnect() };
}

const sum = (of: Record<string, number>): number => Object.values(of).reduce((total, n) => total + n, 0);

/** How often each of the first `count` words was said. */
function said(count: number): Record<string, number> {
  const words = Array.from({ length: count }, (_, i) => WORDS[(i * i + i) % WORDS.length]!);
  return Object.fromEntries([...new Set(words)].sort().map((word) => [word, words.filter((w) => w === word).length]));
}

async function say(topic: string, from: number, to: number): Promise<void> {
  await produce(
    clusters.origin,
    topic,
    Array.from({ length: to - from }, (_, n) => ({
      value: WORDS[((from + n) ** 2 + from + n) % WORDS.length]!,
      partition: (from + n) % PARTITIONS,
    })),
  );
}

interface App {
  protocol: "classic" | "streams";
  id: string;
  input: string;
  output: string;
  words: WordCount;
}

async function appOf(protocol: App["protocol"]): Promise<App> {
  const [id, input, output] = [
    `${prefix}-app-${protocol}`,
    `${prefix}-data-${protocol}-said`,
    `${prefix}-data-${protocol}-counted`,
  ];
  for (const topic of [input, output])
    await origin.createTopic(topic, { partitions: PARTITIONS, replicationFactor: 1 });
  await say(input, 0, 600);
  return {
    protocol,
    id,
    input,
    output,
    words: await wordCount(supervisor, { applicationId: id, protocol, from: input, to: output }),
  };
}

/** By the classic protocol Streams does not say that it leaves: its member is there until its session has timed out. */
const hasLeft = (port: KafkaPort, { id }: App) =>
  eventually(
    "the end of the application's session",
    async () => (await port.describeGroups([id]))[0]?.members.length === 0,
  );

async function countHere({ words, input, output }: App): Promise<void> {
  const here = await watchCounts(clusters.origin, output);
  await words.runUntil(clusters.origin, "the first 600 words", async () => sum(here.newest) === 600).finally(here.stop);
  await say(input, 600, 1_000);
}

/** @returns the counts when all words are counted */
async function countThere(app: App): Promise<Record<string, number>> {
  const there = await watchCounts(clusters.target, app.output);
  try {
    await eventually("the copied counts", async () => sum(there.newest) === 600);
    await app.words.runUntil(clusters.target, "all 1,000 words", async () => sum(there.newest) >= 1_000);
    await hasLeft(target, app);
    return there.newest;
  } finally {
    await there.stop();
  }
}

it("Kafka Streams applications of both protocols continue on the target exactly where they stopped", async () => {
  const apps = [await appOf("classic"), await appOf("streams")];
  for (const app of apps) await countHere(app);
  for (const app of apps) await hasLeft(origin, app);

  await runGate(model, { stableForMs: 1_000, limitMs: 90_000 }, silent);
  const plan = await planOffsets(model, {}, silent);
  expect(plan.groups.map((g) => [g.group, g.type, g.topics.map((t) => t.topic).sort()])).toEqual(
    apps.map((app) => [app.id, app.protocol, [`${app.id}-by-word-repartition`, app.input]]),
  );
  expect(plan.summary).toMatchObject({ offsets: 4 * PARTITIONS, exact: 4 * PARTITIONS, rereads: 0 });
  await applyOffsets(model, plan, {}, silent);

  for (const app of apps) expect([app.protocol, await countThere(app)]).toEqual([app.protocol, said(1_000)]);
}, 300_000);
