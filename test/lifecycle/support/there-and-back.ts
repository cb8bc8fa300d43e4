import { afterAll, beforeAll, expect } from "vitest";
import { uniqueName, withClusters } from "@kafka-migration/sandbox/testing";
import { checkFence, lowerFence, raiseFence } from "../../../engine/fence";
import { evaluateGate } from "../../../engine/gate";
import type { KafkaPort } from "../../../engine/kafka/port";
import { ConnectStateReader, offsetRecord } from "../../../engine/connect-state";
import { partitionKey } from "../../../engine/log/partition";
import type { MigrationModel, Scope } from "../../../engine/model";
import { connectorNames, internalTopics, offsetsJournalTopic } from "../../../engine/naming";
import { topicsExclude } from "../../../engine/selection";
import { readJournal } from "../../../engine/offsets";
import { silent } from "../../../engine/progress";
import { returnModel } from "../../../engine/way-back/model";
import { consumerOffsetsStep } from "../../../lifecycle/handlers/consumer-offsets";
import { fenceStep } from "../../../lifecycle/handlers/fence";
import type { Step } from "../../../lifecycle/handlers/framework";
import { gateStep } from "../../../lifecycle/handlers/gate";
import { guardStep } from "../../../lifecycle/handlers/guard";
import { internalTopicStep, mirrorGoneStep } from "../../../lifecycle/handlers/internal-topics";
import { replicationStep } from "../../../lifecycle/handlers/replication";
import { returnStartStep } from "../../../lifecycle/handlers/return-start";
import { verificationStep } from "../../../lifecycle/handlers/verification";
import { wayBackStep } from "../../../lifecycle/handlers/way-back";
import { OWNER_ANNOTATION } from "../../../lifecycle/owner";
import { application, open, readAll } from "../../engine/offsets/estate";
import {
  eventually,
  modelFor,
  putSource,
  type RunningMirror,
  startMirror,
  startWorker,
} from "../../engine/support/mirror";
import { type FakeApiServer, fakeApiServer } from "./api-server";

/**
 * One wave goes to the target, back, and to the target again, with two real MirrorMaker 2. Another wave is copied all
 * the time. Records are numbered, and both sides have transactions, so that offsets differ between the clusters.
 */
type State = Record<string, unknown>;

export const clusters = withClusters();
/** As the return mirror sees them. */
const swapped = (): typeof clusters => ({ origin: clusters.target, target: clusters.origin });
const prefix = uniqueName("back");
export const topic = (name: string) => `${prefix}-data-${name}`;
export const group = (name: string) => `${prefix}-group-${name}`;
const one: Scope = { wave: "one", topics: topic("one.*"), groups: group("one.*") };
const two: Scope = { wave: "two", topics: topic("other"), groups: `${prefix}-second` };
export const place = {
  apiVersion: "kafka.strimzi.io/v1",
  kind: "KafkaMirrorMaker2" as const,
  namespace: "mirror",
  name: "m-return-one",
};
export const path = `/apis/${place.apiVersion}/namespaces/mirror/kafkamirrormaker2s/${place.name}`;
export const owner = "organization/project/stack";

export let origin: KafkaPort;
export let target: KafkaPort;
let whole: MigrationModel;
export let model: MigrationModel;
export let back: MigrationModel;
/** The other wave. */
let other: MigrationModel;
let fenced = true;
/** Says whether the steps close the clusters. They do, until a test says otherwise. */
export const useFence = (on: boolean): void => {
  fenced = on;
};
let mirror: RunningMirror;
let returning: RunningMirror | undefined;
export let stopped: Promise<void> = Promise.resolve();
export let api: FakeApiServer;

/** The steps' states between two `up`, as Pulumi keeps them. */
export const states = new Map<Step, State>();
/** What each partition of both clusters must hold, in order. */
const written: string[][] = [[], []];

export async function up(step: Step, news: State): Promise<State> {
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

export const inputs = (phase: string) => ({
  originConnection: whole.origin,
  targetConnection: whole.target,
  mirror: model.mirror,
  phase,
  abandon: false,
});
export const gate = { limitMs: 60_000, stableForMs: 0 };
const verify = { mode: "full" };

export const wayBackInputs = (phase: string, known: State = {}) => ({
  ...inputs(phase),
  ...known,
  fence: fenced,
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
export async function cutover(phase: "cutover" | "returned", ended: State = {}): Promise<State> {
  const step = inputs(phase);
  const gated = { ...step, fence: fenced, ...(phase === "cutover" ? { hasLeft: true } : {}) };
  await up(fenceStep, { ...step, enabled: fenced, options: { settleMs: 200, settleLimitMs: 600 } });
  const { passedAt, topicIds, ends } = await up(gateStep, { ...gated, options: gate, ...ended });
  const originEnds = sideOf(ends, "originEnds");
  const passed = { ...step, fence: fenced, gatePassedAt: passedAt, gateEnds: originEnds, topicIds };
  await up(verificationStep, { ...passed, options: verify, ...(phase === "returned" ? { proved: ended.ends } : {}) });
  const { applied } = await up(consumerOffsetsStep, { ...passed, options: {}, wentBack: ended.wentBack });
  await up(replicationStep, { ...step, when: "cutover", options: {} });
  const known = { gatePassedAt: passedAt, gateEnds: originEnds, topicIds, moved: applied, proved: ends };
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
export async function goOut(
  start: (news: State) => Promise<unknown> = (news) => up(returnStartStep, news),
): Promise<void> {
  const { targetEnds, ...known } = await cutover("cutover");
  const opened = await up(wayBackStep, wayBackInputs("cutover", known));
  expect(opened).toMatchObject({ excluded: true, returnedAt: null });
  await exclude([one.topics!]);
  const { mirror: _, ...places } = inputs("cutover");
  await start({ ...places, mirror: model.mirror, targetEnds, gateEnds: known.gateEnds, fence: fenced });
  const { gatePassedAt: passedAt, ...passed } = known;
  await startReturnMirror();
  await up(guardStep, { ...inputs("cutover"), ...passed, fence: fenced, hasLeft: true, passedAt, options: gate });
}

export async function startReturnMirror(): Promise<void> {
  await stopped;
  api.objects.set(path, { metadata: { uid: "1", annotations: { [OWNER_ANNOTATION]: owner } } });
  returning = await startWorker(swapped(), back);
  await putSource(swapped(), back, returning.worker);
}

/**
 * Stops one of the mirrors and starts it where it was some records ago, as a crash before the commit of its offsets
 * does. It copies these records to partition 0 again.
 */
export async function copyAgain(which: "forward" | "return", records: number): Promise<void> {
  const [around, of, port] = which === "forward" ? [clusters, whole, target] : [swapped(), back, origin];
  const running = which === "forward" ? mirror : returning!;
  await running.stop();
  const at = { topic: topic("one-a"), partition: 0 };
  const view = await new ConnectStateReader(port, of.mirror).read();
  const offset = view.offsets.get(partitionKey(at))! - records;
  const [storage] = await port.describeTopics([of.mirror.offsetStorageTopic]);
  const record = offsetRecord(connectorNames(of.mirror).source, of.mirror.originAlias, at, offset);
  await port.appendByKey(storage!.name, storage!.partitions.length, [record]);
  const started = await startWorker(around, of);
  if (which === "forward") mirror = started;
  else returning = started;
}

/** What follows the return itself in the same `up`. */
export async function endReturn(outs: State): Promise<void> {
  expect(outs).toMatchObject({ excluded: false, gateResult: { topics: 2 }, verification: { equal: true } });
  await exclude([]);
  await cutover("returned", { returnedAt: outs.returnedAt, wentBack: outs.wentBack, ends: outs.ends });
  const around = { ...inputs("cutover"), originConnection: whole.target, targetConnection: whole.origin };
  const own = { ...around, mirror: back.mirror };
  await mirrorGoneStep.delete("id", { ...own, limitSeconds: 60 });
  for (const one of internalTopics(back.mirror).filter(({ kind }) => kind !== "checkpoints"))
    await internalTopicStep.delete("id", { ...own, topic: one });
  states.delete(returnStartStep);
}

/** Writes numbered records in transactions. Their markers take offsets on this cluster only. */
export async function write(side: "origin" | "target", name: string, count = 30): Promise<void> {
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

/** Returns the values of a partition on one side, in order. */
export async function valuesOn(side: "origin" | "target", partition = 0): Promise<string[]> {
  const found = await readAll(clusters[side], topic("one-a"), 2);
  return found.get(partition)!.map(({ content }) => valueOf(content));
}

/** Both clusters hold everything once and in order. */
export async function expectEverythingOnce(): Promise<void> {
  for (const side of ["origin", "target"] as const)
    for (const [partition, values] of written.entries())
      expect(await valuesOn(side, partition), `${side} ${partition}`).toEqual(values);
}

/** What each group reads next in partition 0. Absent: the group has no offset there. */
export async function nextOf(side: "origin" | "target", ...names: string[]): Promise<(string | undefined)[]> {
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
export async function commit(side: "origin" | "target", name: string, value: string): Promise<void> {
  const records = (await readAll(clusters[side], topic("one-a"), 2)).get(0)!;
  const { offset } = records.find(({ content }) => valueOf(content) === value)!;
  const at = { topic: topic("one-a"), partition: 0, offset: BigInt(offset), metadata: name };
  await (side === "origin" ? origin : target).alterGroupOffsets(group(name), [at]);
}

export const fences = async () =>
  [(await checkFence(model, {})).state, (await checkFence(back, { everyoneByDefault: false })).state] as const;

/** Another wave is behind a fence of its own, and its group has moved. */
export async function cutOverOther(): Promise<void> {
  await raiseFence(other, { settleMs: 200, settleLimitMs: 600 }, silent);
  const at = { topic: topic("other"), partition: 0, offset: 0n, metadata: "moved" };
  await origin.alterGroupOffsets(two.groups!, [at]);
  const step = { ...inputs("consumers"), mirror: other.mirror, fence: false, options: { groups: [two.groups!] } };
  await consumerOffsetsStep.create(step);
}

const isNoted = async (port: KafkaPort, { mirror: of }: MigrationModel) => (await readJournal(port, of)) !== undefined;

/** What the other wave has: its fence, notes about its groups, and how many offsets they have on each side. */
export async function otherWave() {
  const on = async (port: KafkaPort) => ((await port.groupOffsets([two.groups!])).get(two.groups!) ?? []).length;
  const offsets = [await on(origin), await on(target)];
  return { fence: (await checkFence(other, {})).state, isNoted: await isNoted(target, other), offsets };
}

/** For the wave on the target, and for its return: 1 if there are notes about its groups, or a topic without any. */
export async function journals(): Promise<number[]> {
  const count = async (port: KafkaPort, of: MigrationModel, shared: boolean) => {
    const topics = await port.describeTopics([offsetsJournalTopic(of.mirror)]);
    return topics.length > 0 && (!shared || (await isNoted(port, of))) ? 1 : 0;
  };
  return [await count(target, model, await isNoted(target, other)), await count(origin, back, false)];
}

export const groupsOn = async (port: KafkaPort) =>
  (await port.listGroups())
    .map((g) => g.groupId)
    .filter((g) => g.startsWith(group("")))
    .sort();
export const isCopied = () =>
  evaluateGate(whole, {}, silent).then(
    () => true,
    () => false,
  );
export const isBack = () =>
  evaluateGate(back, {}, silent).then(
    () => true,
    () => false,
  );

beforeAll(async () => {
  whole = modelFor(clusters, prefix);
  const leaving = [one.topics!];
  model = { ...whole, mirror: { ...whole.mirror, leaving, scope: one } };
  other = { ...whole, mirror: { ...whole.mirror, leaving, scope: two } };
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
  for (const part of [model, back, other]) await lowerFence(part, {}, silent);
  for (const [port, side] of [
    [origin, "origin"],
    [target, "target"],
  ] as const) {
    await port.deleteGroups([...(await groupsOn(port)), two.groups!]);
    const opposite = side === "origin" ? "target" : "origin";
    const internal = [
      ...internalTopics(whole.mirror).filter((t) => t.side === side),
      ...internalTopics(back.mirror).filter((t) => t.side === opposite),
    ].map((t) => t.name);
    const names = (await port.listTopics()).filter((t) => t.startsWith(prefix) || internal.includes(t));
    await port.deleteTopics(names);
    await port.close();
  }
}, 120_000);

/** The API server of this test. Deleting the return mirror's object stops its worker, as the operator does. */
export async function useApiServer(): Promise<void> {
  const there = api?.objects.get(path);
  api = await fakeApiServer(there === undefined ? {} : { [path]: there });
  api.deleted = () => {
    stopped = returning?.stop() ?? Promise.resolve();
    returning = undefined;
  };
}
