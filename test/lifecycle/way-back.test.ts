import { afterAll, beforeAll, expect, it } from "vitest";
import { uniqueName, withClusters } from "@kafka-migration/sandbox/testing";
import { checkFence, lowerFence } from "../../engine/fence";
import { evaluateGate } from "../../engine/gate";
import type { KafkaPort } from "../../engine/kafka/port";
import type { MigrationModel, Scope } from "../../engine/model";
import { internalTopics, offsetsJournalTopic } from "../../engine/naming";
import { topicsExclude } from "../../engine/selection";
import { silent } from "../../engine/progress";
import { returnModel } from "../../engine/way-back/model";
import { consumerOffsetsStep } from "../../lifecycle/handlers/consumer-offsets";
import { fenceStep } from "../../lifecycle/handlers/fence";
import type { Step } from "../../lifecycle/handlers/framework";
import { gateStep } from "../../lifecycle/handlers/gate";
import { guardStep } from "../../lifecycle/handlers/guard";
import { internalTopicStep, mirrorGoneStep } from "../../lifecycle/handlers/internal-topics";
import { replicationStep } from "../../lifecycle/handlers/replication";
import { returnStartStep } from "../../lifecycle/handlers/return-start";
import { verificationStep } from "../../lifecycle/handlers/verification";
import { wayBackStep } from "../../lifecycle/handlers/way-back";
import { OWNER_ANNOTATION } from "../../lifecycle/owner";
import { application, open, readAll } from "../engine/offsets/estate";
import {
  eventually,
  modelFor,
  putSource,
  type RunningMirror,
  startMirror,
  startWorker,
} from "../engine/support/mirror";
import { type FakeApiServer, fakeApiServer } from "./support/api-server";
import { killedAtEachChange } from "./support/killed";
import { said } from "./support/said";

/**
 * One wave goes to the target, back, and to the target again, with two real MirrorMaker 2. Another wave is copied all
 * the time. Records are numbered, and both sides have transactions, so that offsets differ between the clusters.
 */
type State = Record<string, unknown>;

const clusters = withClusters();
/** As the return mirror sees them. */
const swapped = (): typeof clusters => ({ origin: clusters.target, target: clusters.origin });
const prefix = uniqueName("back");
const topic = (name: string) => `${prefix}-data-${name}`;
const group = (name: string) => `${prefix}-group-${name}`;
const one: Scope = { wave: "one", topics: topic("one.*"), groups: group("one.*") };
const place = {
  apiVersion: "kafka.strimzi.io/v1",
  kind: "KafkaMirrorMaker2" as const,
  namespace: "mirror",
  name: "m-return-one",
};
const path = `/apis/${place.apiVersion}/namespaces/mirror/kafkamirrormaker2s/${place.name}`;
const owner = "organization/project/stack";

let origin: KafkaPort;
let target: KafkaPort;
let whole: MigrationModel;
let model: MigrationModel;
let back: MigrationModel;
let mirror: RunningMirror;
let returning: RunningMirror | undefined;
let stopped: Promise<void> = Promise.resolve();
let api: FakeApiServer;

/** The steps' states between two `up`, as Pulumi keeps them. */
const states = new Map<Step, State>();
/** What each partition of both clusters must hold, in order. */
const written: string[][] = [[], []];

async function up(step: Step, news: State): Promise<State> {
  const before = states.get(step);
  const checked = (await step.check(before, news)).inputs;
  const outs =
    before === undefined
      ? (await step.create(checked)).outs
      : (await step.diff("id", before, checked)).changes
        ? (await step.update("id", before, checked)).outs
        : before;
  states.set(step, outs);
  return outs;
}

const inputs = (phase: string) => ({
  originConnection: whole.origin,
  targetConnection: whole.target,
  mirror: model.mirror,
  phase,
  abandon: false,
});
const gate = { limitMs: 60_000, stableForMs: 0 };
const verify = { mode: "full" };

const wayBackInputs = (phase: string, known: State = {}) => ({
  ...inputs(phase),
  ...known,
  fence: true,
  fenceOptions: { settleMs: 200, settleLimitMs: 600 },
  wayBack: true,
  gate,
  verify,
  offsets: {},
  place,
  owner,
  leavingSeconds: 60,
  kubeconfig: api.kubeconfig,
});

/** The steps of a part, in the order of the resources. */
async function cutover(phase: "cutover" | "returned", ended: State = {}): Promise<State> {
  const step = inputs(phase);
  const fenced = { ...step, fence: true, ...(phase === "cutover" ? { hasLeft: true } : {}) };
  await up(fenceStep, { ...step, enabled: true, options: { settleMs: 200, settleLimitMs: 600 } });
  const { passedAt, topicIds, ends } = await up(gateStep, { ...fenced, options: gate, ...ended });
  const originEnds = sideOf(ends, "originEnds");
  const passed = { ...step, fence: true, gatePassedAt: passedAt, gateEnds: originEnds, topicIds };
  await up(verificationStep, { ...passed, options: verify });
  const { applied } = await up(consumerOffsetsStep, { ...passed, options: {}, wentBack: ended.wentBack });
  await up(replicationStep, { ...step, when: "cutover", options: {} });
  const known = { gatePassedAt: passedAt, gateEnds: originEnds, topicIds, moved: applied };
  return { ...known, targetEnds: sideOf(ends, "targetEnds") };
}

function sideOf(ends: unknown, side: "originEnds" | "targetEnds"): Record<string, number[]> | null {
  if (ends === null || ends === undefined) return null;
  return Object.fromEntries(
    Object.entries(ends as Record<string, Record<typeof side, number[]>>).map(([name, at]) => [name, at[side]]),
  );
}

/** What Pulumi does with the mirror: the wave's topics leave it, or come back. */
const exclude = (patterns: string[]) =>
  putSource(clusters, whole, mirror.worker, {
    "topics.exclude": [topicsExclude(whole.mirror), ...patterns].join(","),
  });

/** A cutover with a way back, up to the running return mirror. */
async function goOut(start: (news: State) => Promise<unknown> = (news) => up(returnStartStep, news)): Promise<void> {
  const { targetEnds, ...known } = await cutover("cutover");
  const opened = await up(wayBackStep, wayBackInputs("cutover", known));
  expect(opened).toMatchObject({ excluded: true, returnedAt: null });
  await exclude([one.topics!]);
  const { mirror: _, ...places } = inputs("cutover");
  await start({ ...places, mirror: model.mirror, targetEnds, gateEnds: known.gateEnds, fence: true });
  const { gatePassedAt: passedAt, ...passed } = known;
  await startReturnMirror();
  await up(guardStep, { ...inputs("cutover"), ...passed, fence: true, hasLeft: true, passedAt, options: gate });
}

async function startReturnMirror(): Promise<void> {
  await stopped;
  api.objects.set(path, { metadata: { uid: "1", annotations: { [OWNER_ANNOTATION]: owner } } });
  returning = await startWorker(swapped(), back);
  await putSource(swapped(), back, returning.worker);
}

/** What follows the return itself in the same `up`. */
async function endReturn(outs: State): Promise<void> {
  expect(outs).toMatchObject({ excluded: false, gateResult: { topics: 2 }, verification: { equal: true } });
  await exclude([]);
  await cutover("returned", { returnedAt: outs.returnedAt, wentBack: outs.wentBack });
  const around = { ...inputs("cutover"), originConnection: whole.target, targetConnection: whole.origin };
  const own = { ...around, mirror: back.mirror };
  await mirrorGoneStep.delete("id", { ...own, limitSeconds: 60 });
  for (const one of internalTopics(back.mirror).filter(({ kind }) => kind !== "checkpoints"))
    await internalTopicStep.delete("id", { ...own, topic: one });
  states.delete(returnStartStep);
}

/** Writes numbered records in transactions. Their markers take offsets on this cluster only. */
async function write(side: "origin" | "target", name: string, count = 30): Promise<void> {
  const producer = application(clusters[side]).producer({
    transactionalId: `${prefix}-${side}-${name}`,
    maxInFlightRequests: 1,
    idempotent: true,
  });
  await producer.connect();
  for (const half of [0, 1]) {
    const transaction = await producer.transaction();
    for (const partition of [0, 1]) {
      const values = Array.from({ length: count / 2 }, (_, i) => `${side} ${name} ${half} ${i}`);
      written[partition]!.push(...values);
      const messages = values.map((value) => ({ key: `k${partition}`, value, partition }));
      await transaction.send({ topic: topic("one-a"), messages });
    }
    await transaction.commit();
  }
  await producer.disconnect();
}

const valueOf = (content: string) => Buffer.from((JSON.parse(content) as string[])[2]!, "base64").toString();

/** Both clusters hold everything once and in order. */
async function expectEverythingOnce(): Promise<void> {
  for (const side of ["origin", "target"] as const) {
    const found = await readAll(clusters[side], topic("one-a"), 2);
    for (const [partition, values] of written.entries())
      expect(
        found.get(partition)!.map(({ content }) => valueOf(content)),
        `${side} ${partition}`,
      ).toEqual(values);
  }
}

/** What each group reads next in partition 0. Absent: the group has no offset there. */
async function nextOf(side: "origin" | "target", ...names: string[]): Promise<(string | undefined)[]> {
  const committed = await (side === "origin" ? origin : target).groupOffsets(names.map(group));
  const records = (await readAll(clusters[side], topic("one-a"), 2)).get(0)!;
  return names.map((name) => {
    const [at] = committed.get(group(name)) ?? [];
    if (at === undefined) return undefined;
    const next = records.find(({ offset }) => offset >= Number(at.offset));
    return next === undefined ? "the end" : valueOf(next.content);
  });
}

/** Commits for partition 0, before the record with this value. */
async function commit(side: "origin" | "target", name: string, value: string): Promise<void> {
  const records = (await readAll(clusters[side], topic("one-a"), 2)).get(0)!;
  const { offset } = records.find(({ content }) => valueOf(content) === value)!;
  const at = { topic: topic("one-a"), partition: 0, offset: BigInt(offset), metadata: name };
  await (side === "origin" ? origin : target).alterGroupOffsets(group(name), [at]);
}

const fences = async () =>
  [(await checkFence(model, {})).state, (await checkFence(back, { everyoneByDefault: false })).state] as const;
const journals = async () =>
  (
    await Promise.all([
      target.describeTopics([offsetsJournalTopic(model.mirror)]),
      origin.describeTopics([offsetsJournalTopic(back.mirror)]),
    ])
  ).map((found) => found.length);
const groupsOn = async (port: KafkaPort) =>
  (await port.listGroups())
    .map((g) => g.groupId)
    .filter((g) => g.startsWith(group("")))
    .sort();
const isCopied = () =>
  evaluateGate(whole, {}, silent).then(
    () => true,
    () => false,
  );
const isBack = () =>
  evaluateGate(back, {}, silent).then(
    () => true,
    () => false,
  );

beforeAll(async () => {
  whole = modelFor(clusters, prefix);
  const leaving = [one.topics!];
  model = { ...whole, mirror: { ...whole.mirror, leaving, scope: one } };
  back = returnModel(model);
  [origin, target] = await Promise.all([open(clusters.origin, "origin"), open(clusters.target, "target")]);
  for (const name of ["one-a", "one-empty", "other"])
    await origin.createTopic(topic(name), { partitions: 2, replicationFactor: 1 });
  await write("origin", "first");
  await commit("origin", "one", "origin first 0 10");
  await commit("origin", "one-lags", "origin first 0 3");
  mirror = await startMirror(clusters, whole);
  await eventually("everything is copied", isCopied);
}, 180_000);

afterAll(async () => {
  await Promise.allSettled([mirror?.stop(), returning?.stop(), stopped]);
  await lowerFence(model, {}, silent);
  await lowerFence(back, {}, silent);
  for (const [port, side] of [
    [origin, "origin"],
    [target, "target"],
  ] as const) {
    await port.deleteGroups(await groupsOn(port));
    const other = side === "origin" ? "target" : "origin";
    const internal = [
      ...internalTopics(whole.mirror).filter((t) => t.side === side),
      ...internalTopics(back.mirror).filter((t) => t.side === other),
    ].map((t) => t.name);
    const names = (await port.listTopics()).filter((t) => t.startsWith(prefix) || internal.includes(t));
    await port.deleteTopics(names);
    await port.close();
  }
}, 120_000);

/** The API server of this test. Deleting the return mirror's object stops its worker, as the operator does. */
async function useApiServer(): Promise<void> {
  const there = api?.objects.get(path);
  api = await fakeApiServer(there === undefined ? {} : { [path]: there });
  api.deleted = () => {
    stopped = returning?.stop() ?? Promise.resolve();
    returning = undefined;
  };
}

it("a wave goes back with everything that was written, each record once and in order, and out again", async () => {
  await useApiServer();
  await goOut();
  expect(await fences()).toEqual(["up", "down"]);
  expect(await nextOf("target", "one", "one-lags")).toEqual(["origin first 0 10", "origin first 0 3"]);
  // The clients work on the target.
  await write("target", "second");
  await commit("target", "one", "target second 0 7");
  await commit("target", "one-new", "target second 1 2");
  await eventually("the first records came back", isBack);
  // A second `up` finds nothing to do, although the origin has new records.
  for (const step of [gateStep, wayBackStep, returnStartStep]) {
    const state = states.get(step)!;
    expect(await step.diff("id", state, state), step.kind).toEqual({ changes: false });
  }

  const started = performance.now();
  let outs: State = {};
  const log = await said(async () => (outs = await up(wayBackStep, wayBackInputs("returned"))));
  console.log(`returned in ${Math.round(performance.now() - started)} ms\n${log}`);
  expect(log).toMatch(/fence: 2 topics of the target closed/);
  expect(api.objects.has(path)).toBe(false);
  expect(await fences()).toEqual(["up", "down"]);
  await endReturn(outs);
  expect(await fences()).toEqual(["down", "down"]);
  expect(await journals()).toEqual([0, 0]);
  await expectEverythingOnce();
  expect(await nextOf("origin", "one", "one-lags", "one-new")).toEqual([
    "target second 0 7",
    "origin first 0 3",
    "target second 1 2",
  ]);
  expect(await groupsOn(target)).toEqual([]);
  const internal = internalTopics(back.mirror).map((t) => t.name);
  expect((await origin.listTopics()).filter((name) => internal.includes(name))).toEqual([]);

  // The mirror copies what is written on the origin now, and not what came back.
  await write("origin", "third");
  await eventually("the third records are copied", isCopied);
  await expectEverythingOnce();
  for (const step of [wayBackStep, gateStep, consumerOffsetsStep]) {
    const state = states.get(step)!;
    expect(await step.diff("id", state, state), step.kind).toEqual({ changes: false });
  }
}, 240_000);

it("a return whose mirror never ran copies nothing back, and leaves the rest to the roll-back", async () => {
  await useApiServer();
  const { targetEnds: _, ...known } = await cutover("cutover");
  await up(wayBackStep, wayBackInputs("cutover", known));
  const outs = await up(wayBackStep, wayBackInputs("returned"));
  expect(outs).toMatchObject({ excluded: false, openedAt: null, returnedAt: null });
  await cutover("returned", { returnedAt: outs.returnedAt, wentBack: outs.wentBack });
  expect(await fences()).toEqual(["down", "down"]);
  expect(await journals()).toEqual([0, 0]);
  expect(await groupsOn(target)).toEqual([]);
}, 60_000);

it("the start of the return mirror was killed after each change, and it still starts at the right record", async () => {
  await useApiServer();
  let kills: string[] = [];
  await goOut(async (news) => {
    const { outs, changes } = await killedAtEachChange("return-start", undefined, news);
    states.set(returnStartStep, outs);
    kills = changes;
  });
  expect(kills).toEqual([`origin createTopic ${back.mirror.offsetStorageTopic}`, expect.stringMatching(/appendByKey/)]);
  expect(await nextOf("target", "one")).toEqual(["target second 0 7"]);
  await write("target", "fourth");
  await eventually("the fourth records came back", isBack);
  await expectEverythingOnce();
}, 180_000);

it("a return refuses before anything changes: an active group, or a return mirror of somebody else", async () => {
  await useApiServer();
  const consumer = application(clusters.target).consumer({ groupId: group("one") });
  await consumer.connect();
  await consumer.subscribe({ topic: topic("one-a") });
  await consumer.run({ autoCommit: false, eachMessage: async () => {} });
  try {
    await eventually("the group is active", async () => {
      const [found] = await target.describeGroups([group("one")]);
      return found?.state === "Stable" && found.members.length > 0;
    });
    await expect(wayBackStep.update("id", states.get(wayBackStep)!, wayBackInputs("returned"))).rejects.toThrow(
      new RegExp(`GROUPS_ACTIVE_ON_TARGET[^]*members on the target[^]*"${group("one")}"`),
    );
  } finally {
    await consumer.disconnect();
  }
  const mine = api.objects.get(path)!;
  api.objects.set(path, { metadata: { uid: "1", annotations: { [OWNER_ANNOTATION]: "else" } } });
  await expect(wayBackStep.update("id", states.get(wayBackStep)!, wayBackInputs("returned"))).rejects.toThrow(
    /OBJECT_TAKEN[^]*belongs to stack else/,
  );
  api.objects.set(path, mine);
  expect(await fences()).toEqual(["up", "down"]);
  expect(await journals()).toEqual([1, 0]);
  const state = states.get(wayBackStep)!;
  expect(await wayBackStep.diff("id", state, state)).toEqual({ changes: false });
}, 60_000);

it("a return that failed or was killed is given up in phase cutover: the clients go on with the target", async () => {
  await useApiServer();
  const state = states.get(wayBackStep)!;
  const giveUp = async () => {
    expect(await fences()).toEqual(["up", "up"]);
    expect(await wayBackStep.diff("id", state, state)).toEqual({ changes: true });
    const { outs } = await wayBackStep.update("id", state, state);
    expect(outs).toMatchObject({ excluded: true, returnedAt: null, openedAt: state.openedAt });
    expect(await fences()).toEqual(["up", "down"]);
    expect(await journals()).toEqual([1, 0]);
    expect(await wayBackStep.diff("id", state, state)).toEqual({ changes: false });
  };
  // The cutover did not move this group, so what it has on the origin is not overwritten.
  await commit("origin", "one-other", "origin first 0 1");
  await commit("target", "one-other", "origin first 0 2");
  await expect(wayBackStep.update("id", state, wayBackInputs("returned"))).rejects.toThrow(
    new RegExp(`OFFSETS_BLOCKED[^]*"${group("one-other")}" has other offsets on the origin`),
  );
  await giveUp();
  await Promise.all([origin, target].map((port) => port.deleteGroups([group("one-other")])));

  // A killed return has closed the target and moved a group.
  await commit("target", "one", "target fourth 0 1");
  const before = await nextOf("origin", "one");
  const stop = new Error("killed");
  const killed = killedAtEachChange("way-back", state, wayBackInputs("returned"), async (change) => {
    if (change.endsWith(`alterGroupOffsets ${group("one")}`)) throw stop;
  });
  await expect(killed).rejects.toBe(stop);
  expect(await nextOf("origin", "one")).toEqual(["target fourth 0 1"]);
  await giveUp();
  expect(await nextOf("origin", "one")).toEqual(before);
}, 120_000);

it("loses nothing if clients write to the target after a return was killed that has deleted its mirror", async () => {
  await useApiServer();
  const state = states.get(wayBackStep)!;
  const stop = new Error("killed");
  const killed = killedAtEachChange("way-back", state, wayBackInputs("returned"), async (change) => {
    if (change === "kubernetes remove") throw stop;
  });
  await expect(killed).rejects.toBe(stop);
  await stopped;
  // A user operator has removed the fence.
  await lowerFence(back, {}, silent);
  await write("target", "fifth");
  await expect(wayBackStep.update("id", state, wayBackInputs("returned"))).rejects.toThrow(
    /WAY_BACK_INTERRUPTED[^]*one-a-0: .*offsets are not copied[^]*up --refresh/,
  );
  // As that text says: the clients go on with the target, and the return mirror is created again.
  await wayBackStep.update("id", state, state);
  expect(await fences()).toEqual(["up", "down"]);
  await startReturnMirror();
  await eventually("the fifth records came back", isBack);
  await expectEverythingOnce();
}, 120_000);

it("a return that was killed after each of its changes ends as one that was not disturbed", async () => {
  await useApiServer();
  const { outs, changes } = await killedAtEachChange("way-back", states.get(wayBackStep), wayBackInputs("returned"));
  console.log(`killed:\n${changes.join("\n")}`);
  const expected = ["createAcls", "append", "alterGroupOffsets", "appendByKey", "kubernetes remove", "deleteAcls"];
  for (const change of expected) expect(changes.join("\n")).toContain(change);
  states.set(wayBackStep, outs);
  await endReturn(outs);
  expect(await fences()).toEqual(["down", "down"]);
  expect(await journals()).toEqual([0, 0]);
  await expectEverythingOnce();
  expect(await nextOf("origin", "one", "one-lags")).toEqual(["target fourth 0 1", "origin first 0 3"]);
  expect(await groupsOn(target)).toEqual([]);
  await write("origin", "sixth");
  await eventually("the sixth records are copied", isCopied);
  await expectEverythingOnce();
}, 240_000);
