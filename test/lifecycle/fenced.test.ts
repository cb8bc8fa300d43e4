import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { uniqueName, withClusters } from "@kafka-migration/sandbox/testing";
import { checkFence, lowerFence, type RaisedFence } from "../../engine/fence";
import { openKafka } from "../../engine/kafka/client";
import type { KafkaPort } from "../../engine/kafka/port";
import { silent } from "../../engine/progress";
import { consumerOffsetsStep } from "../../lifecycle/handlers/consumer-offsets";
import { fenceStep } from "../../lifecycle/handlers/fence";
import { fenceRecord, forgetFenceRecord, keepHolding } from "../../lifecycle/handlers/fence-hold";
import { guardStep } from "../../lifecycle/handlers/guard";
import { gateStep } from "../../lifecycle/handlers/gate";
import { behindFence, type FencedInputs, lowerWhatIsThere } from "../../lifecycle/handlers/fenced";
import { eventually, modelFor, produce } from "../engine/support/mirror";
import { said } from "./support/said";

const clusters = withClusters();
const prefix = uniqueName("fenced");
const topic = `${prefix}-data`;
const reader = {
  resourceType: "topic",
  resourceName: topic,
  patternType: "literal",
  principal: `User:${prefix}`,
  host: "*",
  operation: "Read",
  permission: "allow",
} as const;
let origin: KafkaPort;
let inputs: FencedInputs;

beforeAll(async () => {
  const model = modelFor(clusters, prefix);
  inputs = { originConnection: model.origin, targetConnection: model.target, mirror: model.mirror, fence: true };
  origin = await openKafka(clusters.origin.connection, "origin");
  await origin.createTopic(topic, { partitions: 1, replicationFactor: 1 });
  await origin.createAcls([reader]);
});

afterAll(async () => {
  await lowerFence(modelFor(clusters, prefix), {}, silent);
  await origin.deleteAcls([reader]);
  await origin.deleteTopics([topic]);
  await origin.close();
});

/** A super user, whom no ACL stops. */
const write = () => produce(clusters.origin, topic, [{ value: "x", partition: 0 }]);

/** Work that finds something written the first `times` times. */
function disturbed(times: number) {
  const done = { runs: 0 };
  const work = async () => {
    done.runs++;
    if (done.runs <= times) await write();
    return done.runs;
  };
  return { done, work };
}

describe("a fence whose ACLs a user operator removes", () => {
  const state = () => checkFence(modelFor(clusters, prefix), {}).then((found) => found.state);
  const cutover = () => {
    const { fence: _fence, ...step } = inputs;
    return { ...step, phase: "cutover", enabled: true, options: {} };
  };
  /** As a full pass of the operator does: the ACLs go, and the markers with them. */
  const pass = async () => origin.deleteAcls(await origin.describeAcls({ principal: "User:*" }));
  afterEach(forgetFenceRecord);

  it("warns when it is raised, and names the command that holds it", async () => {
    expect(await said(() => fenceStep.create({ ...cutover(), userOperator: true }))).toMatch(
      /user operator removes the fence's ACLs[^]*kafka-migration fence --hold/,
    );
    expect(await said(() => fenceStep.create(cutover()))).not.toMatch(/--hold/);
  });

  it("is held between the steps until the up ends, lists each gap, and stays down once it is lowered", async () => {
    await fenceStep.create(cutover());
    keepHolding(modelFor(clusters, prefix), {}, silent, true);
    await eventually(
      "the hold has seen the fence",
      async () => fenceRecord(modelFor(clusters, prefix), "now").heldUntil === "now",
    );
    await pass();
    await eventually("the fence stands again", async () => (await state()) === "up");
    await eventually("the gap is known", async () => fenceRecord(modelFor(clusters, prefix), "now").gaps.length === 1);
    expect(fenceRecord(modelFor(clusters, prefix), "now").gaps).toMatchObject([{ topics: [topic], wrote: [] }]);
    await lowerWhatIsThere(inputs, true, silent);
    expect(await state()).toBe("down");
    expect(fenceRecord(modelFor(clusters, prefix), "now").heldUntil).toBeUndefined();
  });

  it("has a gap if it was open between two ups", async () => {
    const { outs } = await fenceStep.create(cutover());
    const { raisedAt, closedAt } = outs.raised as { raisedAt: string; closedAt: string };
    expect(closedAt < raisedAt).toBe(true);
    // The producers have waited since the first raise, also if an older version did not record when it began.
    const again = async (raised: object) =>
      (await fenceStep.update("id", { ...outs, raised }, cutover())).outs.raised as RaisedFence;
    expect(await again(outs.raised as object)).toMatchObject({ created: 0, closedAt });
    expect(await again({ ...(outs.raised as object), closedAt: undefined })).toMatchObject({ closedAt: raisedAt });
    await pass();
    const lines = await said(async () => {
      const anew = await again(outs.raised as object);
      expect(anew.closedAt! > raisedAt).toBe(true);
      expect(anew.earlier).toEqual([{ raisedAt, closedAt }]);
    });
    expect(lines).toMatch(/1 ACL had been removed since the last up/);
    expect(fenceRecord(modelFor(clusters, prefix), "now").gaps).toMatchObject([{ after: raisedAt, rules: 1 }]);
  });

  it("has kept producers waiting since the first raise if some of its ACLs were left", async () => {
    await lowerWhatIsThere(inputs, true, silent);
    await eventually("the fence is down", async () => (await state()) === "down");
    const other = `${topic}-other`;
    await origin.createTopic(other, { partitions: 1, replicationFactor: 1 });
    await origin.createAcls([{ ...reader, resourceName: other }]);
    try {
      const { outs } = await fenceStep.create(cutover());
      const { raisedAt, closedAt } = outs.raised as RaisedFence;
      // A broker shows a change of its ACLs a little later.
      const remove = async () => {
        await eventually("the fence is up", async () => (await state()) === "up");
        const all = await origin.describeAcls({ principal: "User:*" });
        await origin.deleteAcls(all.filter(({ resourceName }) => resourceName === other));
        await eventually("a part of the fence is gone", async () => (await state()) === "partly");
      };
      await remove();
      const { outs: again } = await fenceStep.update("id", outs, cutover());
      expect(again.raised).toMatchObject({ created: 1, closedAt });
      expect((again.raised as RaisedFence).earlier).toBeUndefined();
      // An up that was killed while it created the ACLs has left no state.
      await remove();
      const { outs: first } = await fenceStep.create(cutover());
      expect((first.raised as RaisedFence).closedAt).toBeUndefined();
      expect((first.raised as RaisedFence).raisedAt > raisedAt).toBe(true);
    } finally {
      await lowerFence(modelFor(clusters, prefix), {}, silent);
      await origin.deleteAcls([{ ...reader, resourceName: other }]);
      await origin.deleteTopics([other]);
    }
  });
});

describe("work behind the fence", () => {
  it("runs again if it only reads and something was written meanwhile, and its new result counts", async () => {
    expect(await behindFence(inputs, silent, disturbed(1).work, true)).toBe(2);
    expect(await behindFence(inputs, silent, disturbed(0).work, true)).toBe(1);
  });

  it("learns when the fence closed, but not from a fence that an earlier run raised", async () => {
    const model = modelFor(clusters, prefix);
    await lowerFence(model, {}, silent);
    await eventually("the fence is down", async () => (await checkFence(model, {})).state === "down");
    const closedAt = () => behindFence(inputs, silent, async (_lost, raised) => raised?.closedAt);
    const before = new Date().toISOString();
    expect((await closedAt())! >= before).toBe(true);
    expect(await closedAt()).toBeUndefined();
  });

  it("fails if the writes do not stop", async () => {
    const { done, work } = disturbed(100);
    await expect(behindFence(inputs, silent, work, true)).rejects.toThrow(
      /FENCE_BREACHED: 1 partition of the origin received writes while the fence was up\n {2}- fenced-.*-data-0: \d+ -> \d+/,
    );
    expect(done.runs).toBe(3);
  });

  it("never runs twice if it changes something", async () => {
    const { done, work } = disturbed(1);
    await expect(behindFence(inputs, silent, work)).rejects.toThrow("FENCE_BREACHED");
    expect(done.runs).toBe(1);
  });
});

describe("writes between the gate and a later step, while nothing held the fence", () => {
  const ends = async () => ({
    [topic]: [Number((await origin.listOffsets([{ topic, partition: 0 }], "latest"))[0]!.offset)],
  });
  const guard = (fence: boolean, gateEnds: object) =>
    guardStep.create({ ...inputs, fence, phase: "cutover", abandon: false, options: {}, gateEnds });

  it("stop the step before it does anything, and are named", async () => {
    const gateEnds = await ends();
    const from = gateEnds[topic]![0]!;
    const { done, work } = disturbed(0);
    expect(await behindFence({ ...inputs, gateEnds }, silent, work)).toBe(1);
    await write();
    const breach = behindFence({ ...inputs, gateEnds }, silent, work);
    await expect(breach).rejects.toThrow(
      `FENCE_BREACHED: 1 partition of the origin received writes since the gate passed\n  - ${topic}-0: ${from} ` +
        `-> ${from + 1}`,
    );
    expect(done.runs).toBe(1);
    // A state from before the gate kept its ends.
    expect(await behindFence({ ...inputs, gateEnds: null }, silent, work)).toBe(2);
  });

  it("are also found in a topic that was created since", async () => {
    const gateEnds = await ends();
    const late = `${prefix}-data-late`;
    await origin.createTopic(late, { partitions: 1, replicationFactor: 1 });
    try {
      await produce(clusters.origin, late, [{ value: "x", partition: 0 }]);
      const step = { ...inputs, gateEnds, fenceOptions: { everyoneByDefault: false } };
      await expect(behindFence(step, silent, disturbed(0).work)).rejects.toThrow(
        `FENCE_BREACHED: 1 partition of the origin received writes since the gate passed\n  - ${late}-0: 0 -> 1`,
      );
    } finally {
      await origin.deleteTopics([late]);
      await eventually("the topic's end", async () => !(await origin.listTopics()).includes(late));
    }
  });

  it("are no error if a step runs again for the same gate, because clients may be running", async () => {
    const gateEnds = await ends();
    await write();
    const step = {
      ...inputs,
      phase: "cutover",
      abandon: false,
      gatePassedAt: "2026-01-01T00:00:00.000Z",
      gateEnds,
      fenceOptions: { everyoneByDefault: false },
    };
    const done = {
      appliedAt: "2026-01-01T00:00:01.000Z",
      applied: { version: 1, at: "2026-01-01T00:00:01.000Z", groups: [], skipped: [], written: 0, inPlace: 0 },
    };
    const more = { ...step, options: { overwrite: true } };
    await consumerOffsetsStep.update("id", { ...step, options: {}, ...done }, more);
    await expect(
      consumerOffsetsStep.update(
        "id",
        { ...step, options: {}, ...done, gatePassedAt: "2025-12-31T00:00:00.000Z" },
        more,
      ),
    ).rejects.toThrow("FENCE_BREACHED");
    const guarded = { ...step, options: {}, passed: true, passedAt: "2026-01-01T00:00:00.000Z" };
    expect(await said(() => guardStep.update("id", guarded, { ...guarded, options: { limitMs: 1 } }))).toContain(
      "1 partition of the origin received writes since the gate passed",
    );
    await expect(guardStep.update("id", { ...guarded, phase: "mirror" }, guarded)).rejects.toThrow("FENCE_BREACHED");
  });

  it("fail the cutover at its end behind a fence, and are only reported without one", async () => {
    const gateEnds = await ends();
    await guard(true, gateEnds);
    const from = gateEnds[topic]![0]!;
    await write();
    await expect(guard(true, gateEnds)).rejects.toThrow(`${topic}-0: ${from} -> ${from + 1}`);
    expect(await said(() => guard(false, gateEnds))).toContain(
      `1 partition of the origin received writes since the gate passed: ${topic}-0 ${from} -> ${from + 1}`,
    );
    expect(await said(async () => guard(false, await ends()))).not.toContain("received writes");
    // Of a cutover that was looked at before, an origin that is gone by now is no reason to fail.
    const gone = {
      ...inputs,
      originConnection: { bootstrapServers: "127.0.0.1:1", connectTimeoutMs: 500 },
      phase: "cutover",
      abandon: false,
      options: {},
      gateEnds,
      passedAt: "then",
    };
    const again = (passedAt: string) => guardStep.update("id", { ...gone, passedAt }, gone);
    await expect(again("before")).rejects.toThrow(/KAFKA_UNREACHABLE/);
    expect(await said(() => again("then"))).toContain("received writes since the gate passed (KAFKA_UNREACHABLE");
  });
});

describe("a cutover that failed at the gate", () => {
  const state = async () => (await checkFence(modelFor(clusters, prefix), {})).state;
  const options = { limitMs: 1000 };

  it("is rolled back and the fence lowered, although the gate's own state never reached cutover", async () => {
    const { fence: _fence, ...step } = inputs;
    const raised = await fenceStep.create({ ...step, phase: "cutover", enabled: true, options: {} });
    expect(await state()).toBe("up");
    const armed = {
      ...inputs,
      phase: "mirror",
      abandon: false,
      options,
      passed: false,
      passedAt: null,
      abandonedAt: null,
      result: null,
      ends: null,
      topicIds: {},
    };
    await fenceStep.update("id", raised.outs, { ...step, phase: "mirror", enabled: true, options: {} });
    const news = { ...inputs, phase: "mirror", abandon: false, options };
    expect(await gateStep.diff("id", armed, news)).toEqual({ changes: true });
    const { outs } = await gateStep.update("id", armed, news);
    expect(await state()).toBe("down");
    expect(await gateStep.diff("id", outs, news)).toEqual({ changes: false });
  });

  it("is rolled back and the fence lowered, even if the target is gone", async () => {
    const { fence: _fence, ...step } = inputs;
    await fenceStep.create({ ...step, phase: "cutover", enabled: true, options: {} });
    const gone = {
      ...inputs,
      targetConnection: { bootstrapServers: "127.0.0.1:1", connectTimeoutMs: 500 },
      abandon: false,
      options,
    };
    const passed = {
      ...gone,
      phase: "cutover",
      passed: true,
      passedAt: "2026-01-01T00:00:00.000Z",
      ends: { [topic]: { target: topic, originEnds: [0], targetEnds: [0] } },
    };
    await gateStep.update("id", passed, { ...gone, phase: "mirror" });
    expect(await state()).toBe("down");
  });

  it("gets its fence back from another up if somebody removed it", async () => {
    const { fence: _fence, ...step } = inputs;
    const cutover = { ...step, phase: "cutover", enabled: true, options: {} };
    const { outs } = await fenceStep.create(cutover);
    expect(await fenceStep.diff("id", outs, cutover)).toEqual({ changes: false });
    await lowerFence(modelFor(clusters, prefix), {}, silent);
    expect(await fenceStep.diff("id", outs, cutover)).toEqual({ changes: true });
    await fenceStep.delete("id", { ...outs, enabled: false });
    expect(await state()).toBe("down");
  });

  it("leaves no denial behind if somebody removed its markers", async () => {
    const { fence: _fence, ...step } = inputs;
    const cutover = { ...step, phase: "cutover", enabled: true, options: {} };
    const removeMarkers = async () =>
      origin.deleteAcls(await origin.describeAcls({ principal: "User:*", resourceType: "transactionalId" }));
    const denials = async () =>
      (await origin.describeAcls({ resourceName: topic })).filter((a) => a.permission === "deny");
    let { outs } = await fenceStep.create(cutover);
    await removeMarkers();
    expect(await fenceStep.diff("id", outs, cutover)).toEqual({ changes: true });
    ({ outs } = await fenceStep.update("id", outs, cutover));
    expect(await fenceStep.diff("id", outs, cutover)).toEqual({ changes: false });
    await removeMarkers();
    // A roll-back: the gate lowers the fence after this step.
    const mirroring = { ...cutover, phase: "mirror" };
    await fenceStep.update("id", outs, mirroring);
    await lowerWhatIsThere(inputs, true, silent);
    expect(await denials()).toEqual([]);
    ({ outs } = await fenceStep.create(cutover));
    await removeMarkers();
    await fenceStep.delete("id", outs);
    expect(await denials()).toEqual([]);
  });
});

it("offsets that were written before a breach of the fence was found are restored", async () => {
  const noise = `${prefix}-data-noise`;
  const group = `${prefix}-group`;
  const target = await openKafka(clusters.target.connection, "target");
  const record = { key: "k", value: "v", partition: 0, timestamp: Date.now() };
  try {
    await origin.createTopic(noise, { partitions: 1, replicationFactor: 1 });
    await target.createTopic(`${prefix}-data-quiet`, { partitions: 1, replicationFactor: 1 });
    await origin.createTopic(`${prefix}-data-quiet`, { partitions: 1, replicationFactor: 1 });
    for (const cluster of [clusters.origin, clusters.target]) await produce(cluster, `${prefix}-data-quiet`, [record]);
    await origin.alterGroupOffsets(group, [{ topic: `${prefix}-data-quiet`, partition: 0, offset: 1n, metadata: "" }]);
    let writing = true;
    const writer = (async () => {
      while (writing) await produce(clusters.origin, noise, [{ value: "x", partition: 0 }]);
    })();
    try {
      const step = {
        ...inputs,
        fenceOptions: { settleLimitMs: 1000, everyoneByDefault: false },
        phase: "cutover",
        abandon: false,
        options: {},
      };
      await expect(consumerOffsetsStep.create(step)).rejects.toThrow("FENCE_BREACHED");
    } finally {
      writing = false;
      await writer;
    }
    expect([...(await target.groupOffsets([group])).values()].flat()).toEqual([]);
  } finally {
    await origin.deleteGroups([group]);
    await origin.deleteTopics([noise, `${prefix}-data-quiet`]);
    await target.deleteTopics([`${prefix}-data-quiet`]);
    await target.close();
  }
});
