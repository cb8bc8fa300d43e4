import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createScramUser, deleteScramUser } from "@kafka-migration/sandbox/kafka";
import { uniqueName, withClusters } from "@kafka-migration/sandbox/testing";
import { checkFence, lowerFence } from "../../engine/fence";
import { evaluateGate, type GateResult } from "../../engine/gate";
import { openKafka } from "../../engine/kafka/client";
import type { Acl, KafkaPort } from "../../engine/kafka/port";
import type { MigrationModel, Scope } from "../../engine/model";
import { internalTopics, offsetsJournalTopic } from "../../engine/naming";
import { readJournal } from "../../engine/offsets";
import { silent } from "../../engine/progress";
import type { VerifyResult } from "../../engine/verify";
import { consumerOffsetsStep } from "../../lifecycle/handlers/consumer-offsets";
import { fenceStep } from "../../lifecycle/handlers/fence";
import { fenceRecord, forgetFenceRecord, keepHolding } from "../../lifecycle/handlers/fence-hold";
import { lowerWhatIsThere } from "../../lifecycle/handlers/fenced";
import { gateStep } from "../../lifecycle/handlers/gate";
import { guardStep } from "../../lifecycle/handlers/guard";
import { replicationStep } from "../../lifecycle/handlers/replication";
import { verificationStep } from "../../lifecycle/handlers/verification";
import { eventually, modelFor, produce, type RunningMirror, startMirror } from "../engine/support/mirror";
import { said } from "./support/said";

/** Two waves and what is outside them, copied by one real MirrorMaker 2, with producers that never stop. */
const clusters = withClusters();
const prefix = uniqueName("waves");
const topic = (name: string) => `${prefix}-data-${name}`;
const group = (name: string) => `${prefix}-group-${name}`;
const names = ["one-a", "one-b", "two", "outside"] as const;
const app = `${prefix}-app`;

const wave = (name: "one" | "two"): Scope => ({ wave: name, topics: topic(`${name}.*`), groups: group(name) });
const [one, two] = [wave("one"), wave("two")];
const outside: Scope = {
  withoutTopics: [one.topics!, two.topics!],
  withoutGroups: [one.groups!, two.groups!],
};

let origin: KafkaPort;
let target: KafkaPort;
let mirror: RunningMirror;
let whole: MigrationModel;

const grant = (resourceType: Acl["resourceType"]): Acl => ({
  resourceType,
  resourceName: prefix,
  patternType: "prefixed",
  principal: `User:${app}`,
  host: "*",
  operation: "All",
  permission: "allow",
});
const grants = [grant("topic"), grant("transactionalId")];

/** Writes until it is stopped, one send after the other. Records errors and the longest time between two answers. */
function keepWriting(name: string, transactionalId?: string, login = { username: app, password: `${app}-password` }) {
  const { ca, bootstrapServers } = clusters.origin;
  const kafka = new Kafka({
    brokers: bootstrapServers.split(","),
    ssl: { ca: [ca] },
    sasl: { mechanism: "scram-sha-512", ...login },
    logLevel: logLevel.NOTHING,
    // A transaction that begins right after another one may have to wait. A refused right is not tried again.
    retry: transactionalId === undefined ? { retries: 0 } : { retries: 8, initialRetryTime: 20, multiplier: 1.2 },
  });
  const transactional =
    transactionalId === undefined ? {} : { transactionalId, maxInFlightRequests: 1, idempotent: true };
  const producer = kafka.producer({ allowAutoTopicCreation: false, ...transactional });
  const seen = { sent: 0, longestMs: 0, errors: [] as string[] };
  let writing = true;
  const messages = Array.from({ length: 50 }, (_, i) => ({ key: `k${i}`, value: "x".repeat(100), partition: 0 }));
  const send = async () => {
    if (transactionalId === undefined) return producer.send({ topic: topic(name), messages });
    const transaction = await producer.transaction();
    await transaction.send({ topic: topic(name), messages });
    return transaction.commit();
  };
  const running = (async () => {
    await producer.connect();
    for (let last = Date.now(); writing; last = Date.now()) {
      try {
        await send();
        seen.sent++;
      } catch (error) {
        seen.errors.push(String(error));
        break;
      }
      seen.longestMs = Math.max(seen.longestMs, Date.now() - last);
    }
    await producer.disconnect();
  })();
  return {
    seen,
    stop: async () => {
      writing = false;
      await running;
    },
  };
}

const modelOf = (scope: Scope): MigrationModel => ({ ...whole, mirror: { ...whole.mirror, scope } });
const isUp = async (scope: Scope) => (await checkFence(modelOf(scope), {})).state;
const inputs = (scope: Scope, phase: string) => ({
  originConnection: whole.origin,
  targetConnection: whole.target,
  mirror: modelOf(scope).mirror,
  phase,
  abandon: false,
});
const gateOptions = { limitMs: 60_000, stableForMs: 0 };

/** The steps of a cutover, as Pulumi runs them. */
async function cutOver(scope: Scope, options: object = gateOptions) {
  const step = inputs(scope, "cutover");
  const fenced = { ...step, fence: true };
  const fence = await fenceStep.create({ ...step, enabled: true, options: { settleMs: 300, settleLimitMs: 600 } });
  const gate = await gateStep.create({ ...fenced, options });
  const { passedAt, topicIds, ends } = gate.outs as { passedAt: string; topicIds: object; ends: object };
  const gateEnds = Object.fromEntries(Object.entries(ends).map(([name, at]) => [name, at.originEnds]));
  const passed = { ...fenced, gatePassedAt: passedAt, gateEnds, topicIds };
  const verification = await verificationStep.create({ ...passed, options: { mode: "full" } });
  const offsets = await consumerOffsetsStep.create({ ...passed, options: {} });
  await replicationStep.create({ ...step, when: "cutover", options: {} });
  await guardStep.create({ ...passed, options, passed: true, passedAt });
  return {
    outs: { fence: fence.outs, gate: gate.outs, offsets: offsets.outs },
    gate: gate.outs.result as GateResult,
    verification: verification.outs.result as VerifyResult,
  };
}

async function rollBack(scope: Scope, outs: Awaited<ReturnType<typeof cutOver>>["outs"]): Promise<void> {
  const step = inputs(scope, "mirror");
  await fenceStep.update("id", outs.fence as never, { ...step, enabled: true, options: {} });
  await gateStep.update("id", outs.gate as never, { ...step, fence: true, options: gateOptions });
  await consumerOffsetsStep.update("id", outs.offsets as never, { ...step, fence: true, options: {} });
}

const offsetOf = async (name: string) =>
  (await target.groupOffsets([group(name)])).get(group(name))?.map((o) => Number(o.offset)) ?? [];
const journalExists = async () => (await target.describeTopics([offsetsJournalTopic(whole.mirror)])).length > 0;

const isCopied = async (...models: MigrationModel[]) =>
  Promise.all(models.map((model) => evaluateGate(model, {}, silent))).then(
    () => true,
    () => false,
  );

beforeAll(async () => {
  whole = modelFor(clusters, prefix);
  [origin, target] = await Promise.all([
    openKafka(clusters.origin.connection, "origin"),
    openKafka(clusters.target.connection, "target"),
  ]);
  await createScramUser(clusters.origin, app, `${app}-password`);
  await origin.createAcls(grants);
  for (const name of names) {
    await origin.createTopic(topic(name), { partitions: 2, replicationFactor: 1 });
    const records = Array.from({ length: 400 }, (_, i) => ({ key: `k${i}`, value: `${name} ${i}`, partition: i % 2 }));
    await produce(clusters.origin, topic(name), records);
  }
  for (const name of ["one", "two", "outside"]) {
    const at = { topic: topic(name === "one" ? "one-a" : name), partition: 0, offset: 100n, metadata: "" };
    await origin.alterGroupOffsets(group(name), [at]);
  }
  mirror = await startMirror(clusters, whole);
  await eventually("everything is copied", () => isCopied(whole));
});

afterAll(async () => {
  await mirror?.stop();
  await lowerFence(whole, {}, silent);
  await origin.deleteAcls(grants);
  await deleteScramUser(clusters.origin, app);
  for (const [port, side] of [
    [origin, "origin"],
    [target, "target"],
  ] as const) {
    await port.deleteGroups(["one", "two", "outside"].map(group));
    const own = internalTopics(whole.mirror).filter((t) => t.side === side);
    const all = [...names.map(topic), ...own.map((t) => t.name), offsetsJournalTopic(whole.mirror)];
    const there = new Set(await port.listTopics());
    await port.deleteTopics(all.filter((name) => there.has(name)));
    await port.close();
  }
});

describe("a wave that is cut over", () => {
  it("costs the same and stops nobody else, however much is written to other topics", async () => {
    const lines = await said(async () => {
      const quiet = await cutOver(one);
      expect(await offsetOf("one")).toEqual([100]);
      await rollBack(one, quiet.outs);
      expect([await isUp(one), await journalExists(), await offsetOf("one")]).toEqual(["down", false, []]);

      const writers = [keepWriting("outside"), keepWriting("two", `${prefix}-tx`)];
      await eventually("the producers write", async () => {
        expect(writers.flatMap((w) => w.seen.errors)).toEqual([]);
        return writers.every((w) => w.seen.sent > 10);
      });
      const busy = await cutOver(one);
      expect({ looks: busy.gate.looks, gapsRead: busy.gate.gapsRead, topics: busy.gate.topics }).toEqual({
        looks: quiet.gate.looks,
        gapsRead: quiet.gate.gapsRead,
        topics: 2,
      });
      expect(busy.gate.requests).toBe(quiet.gate.requests);
      expect(busy.verification).toMatchObject({
        equal: true,
        bytes: quiet.verification.bytes,
        requests: quiet.verification.requests,
        partitions: 4,
      });
      expect([await isUp(one), await isUp(two), await isUp(outside)]).toEqual(["up", "down", "down"]);

      // Lowering one fence leaves the other: the producer outside never notices either.
      await writers[1]!.stop();
      const other = await cutOver(two);
      await rollBack(one, busy.outs);
      expect([await isUp(one), await isUp(two), await isUp(outside)]).toEqual(["down", "up", "down"]);
      expect([await offsetOf("one"), await offsetOf("two")]).toEqual([[], [100]]);
      expect(await readJournal(target, modelOf(two).mirror)).toBeDefined();
      await rollBack(two, other.outs);
      await writers[0]!.stop();
      for (const { seen } of writers) {
        expect(seen.errors).toEqual([]);
        expect(seen.longestMs).toBeLessThan(5_000);
      }
    });
    expect(lines).toMatch(/^wave one: fence: 2 topics of the origin closed/m);
    expect(lines).toMatch(/^wave two: gate: /m);
    expect(await journalExists()).toBe(false);
  });

  it("goes its way if another one that was started at the same time fails", async () => {
    await said(async () => {
      await eventually("both waves are copied", () => isCopied(modelOf(one), modelOf(two)));
      const writer = keepWriting("outside");
      // No ACL stops a super user.
      const breaker = keepWriting("two", undefined, clusters.origin.admin);
      await eventually("the super user writes", async () => breaker.seen.sent > 0);
      const [first, second] = await Promise.allSettled([cutOver(one), cutOver(two, { ...gateOptions, limitMs: 500 })]);
      await breaker.stop();
      expect([first.status, second.status]).toEqual(["fulfilled", "rejected"]);
      expect(String((second as PromiseRejectedResult).reason)).toContain("GATE_INCOMPLETE");
      // The fence of the failed wave stays up until the way back, which leaves the other wave alone.
      expect([await isUp(one), await isUp(two)]).toEqual(["up", "up"]);
      const step = inputs(two, "mirror");
      const armed = { ...step, fence: true, options: gateOptions, passed: false };
      expect((await gateStep.diff("id", armed, armed)).changes).toBe(true);
      await gateStep.update("id", armed, { ...step, fence: true, options: gateOptions });
      expect([await isUp(one), await isUp(two)]).toEqual(["up", "down"]);
      expect(await offsetOf("one")).toEqual([100]);

      const both = await Promise.all([cutOver(two), cutOver(one)]);
      expect(await readJournal(target, modelOf(one).mirror)).toBeDefined();
      expect(await readJournal(target, modelOf(two).mirror)).toBeDefined();
      await Promise.all([rollBack(two, both[0].outs), rollBack(one, both[1].outs)]);
      expect([await isUp(one), await isUp(two), await isUp(outside), await journalExists()]).toEqual([
        "down",
        "down",
        "down",
        false,
      ]);
      await writer.stop();
      expect(writer.seen.errors).toEqual([]);
    });
  });

  it("is held by itself if a user operator removes the ACLs, also when another one is lowered", async () => {
    await said(async () => {
      const raise = (scope: Scope) =>
        fenceStep.create({ ...inputs(scope, "cutover"), enabled: true, options: { settleMs: 1 } });
      await Promise.all([raise(one), raise(two)]);
      try {
        for (const scope of [one, two]) keepHolding(modelOf(scope), {}, silent, true);
        const heldUntil = (scope: Scope) => fenceRecord(modelOf(scope), "now").heldUntil;
        expect([heldUntil(one), heldUntil(two), heldUntil(outside)]).toEqual(["now", "now", undefined]);
        await lowerWhatIsThere(inputs(one, "mirror"), true, silent);
        expect([heldUntil(one), heldUntil(two)]).toEqual([undefined, "now"]);
        // As a full pass of the operator does.
        const own = (await origin.describeAcls({ principal: "User:*" })).filter((a) => a.resourceName.includes(prefix));
        await origin.deleteAcls(own);
        await eventually("the fence of the second wave stands again", async () => (await isUp(two)) === "up");
        await eventually("its gap is known", async () => fenceRecord(modelOf(two), "now").gaps.length === 1);
        expect(fenceRecord(modelOf(two), "now").gaps).toMatchObject([{ topics: [topic("two")], wrote: [] }]);
        expect([await isUp(one), await isUp(outside)]).toEqual(["down", "down"]);
        expect(fenceRecord(modelOf(one), "now").gaps).toEqual([]);
        await lowerWhatIsThere(inputs(two, "mirror"), true, silent);
        expect(await isUp(two)).toBe("down");
      } finally {
        await forgetFenceRecord();
      }
    });
  });
});
