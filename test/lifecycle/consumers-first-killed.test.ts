import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { uniqueName, withClusters } from "@kafka-migration/sandbox/testing";
import { lowerFence } from "../../engine/fence";
import type { KafkaPort } from "../../engine/kafka/port";
import type { Scope } from "../../engine/model";
import { type AppliedOffsets, type OffsetOptions, readJournal } from "../../engine/offsets";
import { silent } from "../../engine/progress";
import { consumerOffsetsStep } from "../../lifecycle/handlers/consumer-offsets";
import { application, open } from "../engine/offsets/estate";
import { eventually, modelFor, produce } from "../engine/support/mirror";
import { killedAtEachChange } from "./support/killed";
import { said } from "./support/said";

type State = Record<string, unknown>;
/** Offsets by partition. */
type Offsets = Record<number, number>;

const clusters = withClusters();
const prefix = uniqueName("again");
const topic = `${prefix}-data`;
const name = (group: string) => `${prefix}-group-${group}`;
const committed: Record<string, Offsets> = {
  "1-new": { 0: 3, 1: 2 },
  "2-there": { 0: 3 },
  "3-partly-there": { 0: 4, 1: 4 },
  "4-in-place": { 0: 3 },
  "5-new": { 1: 3 },
};
/** What the groups have on the target before the first move. */
const before: Record<string, Offsets> = { "2-there": { 0: 5 }, "3-partly-there": { 0: 6 }, "4-in-place": { 0: 3 } };
const moved: Record<string, Offsets> = committed;
let origin: KafkaPort;
let target: KafkaPort;
let armed: State;

/** A wave of a migration that has a fence, and another wave beside it. Undefined: the whole migration, without one. */
let wave: Scope | undefined;
const one: Scope = { wave: "one", topics: topic, groups: `${name("")}.*` };
const two: Scope = { wave: "two", topics: `${prefix}-other`, groups: `${prefix}-second` };
/** The mirror's patterns select both waves. */
const both = { topicsPattern: `${prefix}-.*`, groupsPattern: `${prefix}-.*` };

const inputs = (phase: string, options: OffsetOptions = { overwrite: true }, scope = wave) => {
  const model = modelFor(clusters, prefix);
  return {
    originConnection: model.origin,
    targetConnection: model.target,
    mirror: scope === undefined ? model.mirror : { ...model.mirror, ...both, scope },
    phase,
    abandon: false,
    fence: scope !== undefined,
    options,
  };
};

/** What Pulumi does with the step: an update only if the step asks for one. */
async function up(state: State, news: State): Promise<State> {
  const { changes } = await consumerOffsetsStep.diff("id", state, news);
  return changes ? (await consumerOffsetsStep.update("id", state, news)).outs : state;
}

async function commit(port: KafkaPort, group: string, offsets: Offsets): Promise<void> {
  const list = Object.entries(offsets).map(([p, offset]) => ({ topic, partition: Number(p), offset: BigInt(offset) }));
  await port.alterGroupOffsets(
    name(group),
    list.map((o) => ({ ...o, metadata: "" })),
  );
}

/** The groups that exist on the target, and their offsets. */
async function places(): Promise<Record<string, Offsets>> {
  const there = (await target.listGroups()).map((g) => g.groupId).filter((g) => g.startsWith(name("")));
  const now = await target.groupOffsets(there);
  return Object.fromEntries(
    there
      .sort()
      .map((g) => [
        g.slice(name("").length),
        Object.fromEntries(now.get(g)!.map((o) => [o.partition, Number(o.offset)])),
      ]),
  );
}

const journal = `${prefix}-connect.moved-offsets.internal`;
/** The topic exists. All waves share it, so for a wave: it has notes about the wave's groups. */
const hasJournal = async (scope = wave): Promise<boolean> =>
  scope === undefined
    ? (await target.describeTopics([journal])).length > 0
    : (await readJournal(target, inputs("mirror", {}, scope).mirror)) !== undefined;

/** Everything that the step saves, but times and `attention`: that tells what the last `up` has found. */
function saved(state: State) {
  const { at: _, attention: __, clientsMayStartAt: ___, groups, ...rest } = state.applied as AppliedOffsets;
  const byPlace = ({ idleSince: _idle, readBackAt: _read, ...g }: AppliedOffsets["groups"][number]) => ({
    ...g,
    offsets: [...g.offsets].sort((a, b) => a.partition - b.partition),
  });
  return { ...rest, groups: groups.map(byPlace).sort((a, b) => a.group.localeCompare(b.group)) };
}

/**
 * Runs an `up` in another process, which kills itself with SIGKILL.
 * @param point e.g. `after alterGroupOffsets 2`: the second call on the target. The calls run one after the other.
 */
async function killedUp(point: string, news: State): Promise<void> {
  const script = `
    const [when, method, number] = process.env.POINT.split(" ");
    const client = require("./dist/engine/kafka/client.js");
    const { openKafka } = client;
    let calls = 0;
    let turn = Promise.resolve();
    const killIf = (so) => so && (process.kill(process.pid, "SIGKILL"), new Promise(() => {}));
    client.openKafka = async (...args) => {
      const port = await openKafka(...args);
      if (port.side !== "target") return port;
      const call = async (...values) => {
        const isIt = ++calls === Number(number);
        await killIf(isIt && when === "before");
        await port[method](...values);
        await killIf(isIt && when === "after");
      };
      return { ...port, [method]: (...values) => (turn = turn.then(() => call(...values))) };
    };
    const { state, news } = JSON.parse(process.env.INPUTS);
    require("pulumi-kafka-migration/lifecycle").step("consumer-offsets").update("id", state, news);`;
  const env = { ...process.env, POINT: point, INPUTS: JSON.stringify({ state: armed, news }) };
  const child = spawn(process.execPath, ["-e", script], { env, stdio: "ignore" });
  expect((await once(child, "exit"))[1], point).toBe("SIGKILL");
}

beforeAll(async () => {
  [origin, target] = await Promise.all([open(clusters.origin, "origin"), open(clusters.target, "target")]);
  const timestamp = Date.now();
  const records = Array.from({ length: 12 }, (_, i) => ({
    key: `k${i}`,
    value: `v${i}`,
    partition: i % 2,
    timestamp: timestamp + i,
  }));
  for (const [port, side] of [
    [origin, "origin"],
    [target, "target"],
  ] as const) {
    await port.createTopic(topic, { partitions: 2, replicationFactor: 1 });
    await produce(clusters[side], topic, records);
  }
  armed = (await consumerOffsetsStep.create(inputs("mirror"))).outs;
});

beforeEach(async () => {
  await target.deleteGroups((await target.listGroups()).map((g) => g.groupId).filter((g) => g.startsWith(name(""))));
  if (wave === undefined) await target.deleteTopics((await hasJournal()) ? [journal] : []);
  for (const [group, offsets] of Object.entries(committed)) await commit(origin, group, offsets);
  for (const [group, offsets] of Object.entries(before)) await commit(target, group, offsets);
});

afterAll(async () => {
  for (const port of [origin, target]) {
    await port.deleteGroups((await port.listGroups()).map((g) => g.groupId).filter((g) => g.startsWith(prefix)));
    await port.deleteTopics((await port.listTopics()).filter((t) => t.startsWith(prefix)));
    await port.close();
  }
});

type Point = [what: string, point: string, groups: string[], made: boolean];
const points: Point[] = [
  ["before it made the journal's topic", "before createTopic 1", [], false],
  ["before it wrote the journal", "after createTopic 1", [], true],
  ["before it moved the first group", "after append 1", [], true],
  ["between two groups", "after alterGroupOffsets 2", ["1-new", "2-there"], true],
  ["after it moved the last group", "after alterGroupOffsets 5", Object.keys(moved), true],
];
let undisturbed: ReturnType<typeof saved> | undefined;

async function isCompletedOrTakenBack(_what: string, point: string, groups: string[], made: boolean): Promise<void> {
  undisturbed ??= await (async () => {
    const state = await up(armed, inputs("consumers"));
    expect(await places()).toEqual(moved);
    await up(state, inputs("mirror"));
    return saved(state);
  })();
  expect([await places(), await hasJournal()]).toEqual([before, false]);
  const there = { ...before, ...Object.fromEntries(groups.map((g) => [g, moved[g]!])) };

  await killedUp(point, inputs("consumers"));
  expect([await places(), await hasJournal()]).toEqual([there, made]);
  const state = await up(armed, inputs("consumers"));
  expect(await places()).toEqual(moved);
  expect(saved(state)).toEqual(undisturbed);
  expect(await consumerOffsetsStep.diff("id", state, inputs("consumers"))).toEqual({ changes: false });
  await up(state, inputs("mirror"));
  expect([await places(), await hasJournal()]).toEqual([before, false]);

  await killedUp(point, inputs("consumers"));
  expect([await places(), await hasJournal()]).toEqual([there, made]);
  const back = await up(armed, inputs("mirror"));
  expect([await places(), await hasJournal()]).toEqual([before, false]);
  expect(await consumerOffsetsStep.diff("id", back, inputs("mirror"))).toEqual({ changes: false });
}

describe("an up of phase consumers that was killed", () => {
  it.each(points)("%s, is completed by the next one, or taken back", isCompletedOrTakenBack);

  it("moves a group that has read on the origin since, and leaves one that has read on the target", async () => {
    const others = { excludeGroups: Object.keys(before).map(name) };
    await killedUp("after alterGroupOffsets 2", inputs("consumers", others));
    await commit(origin, "1-new", { 0: 5, 1: 2 });
    await commit(target, "5-new", { 1: 5 });
    const state = await up(armed, inputs("consumers", others));
    expect(await places()).toEqual({ ...before, "1-new": { 0: 5, 1: 2 }, "5-new": { 1: 5 } });

    const log = await said(() => up(state, inputs("mirror", others)));
    expect(log).toMatch(new RegExp(`group "${name("5-new")}" was left as it is: has moved on the target on 1 part`));
    expect([await places(), await hasJournal()]).toEqual([{ ...before, "5-new": { 1: 5 } }, false]);
  });
});

it("a change from consumers to mirror takes groups back, but names and leaves those that have read on", async () => {
  const state = await up(armed, inputs("consumers"));
  expect(await places()).toEqual(moved);
  await commit(target, "2-there", { 0: 4 });
  await commit(target, "5-new", { 1: 6 });
  const log = await said(() => up(state, inputs("mirror")));
  for (const [group, place] of [
    ["2-there", `${topic}-0: written 3, is at 4`],
    ["5-new", `${topic}-1: written 3, is at 6`],
  ] as const)
    expect(log).toContain(
      `group "${name(group)}" was left as it is: has moved on the target on 1 partition (${place})`,
    );
  expect(log.match(/was left as it is/g)).toHaveLength(2);
  expect([await places(), await hasJournal()]).toEqual([{ ...before, "2-there": { 0: 4 }, "5-new": { 1: 6 } }, false]);
});

it("a change from consumers to cutover leaves moved groups, and moves one that was active until then", async () => {
  const consumer = application(clusters.origin).consumer({ groupId: name("6-active") });
  await commit(origin, "6-active", { 0: 2 });
  try {
    await consumer.connect();
    await consumer.subscribe({ topic });
    await consumer.run({ autoCommit: false, eachMessage: async () => {} });
    await eventually("the group is active", async () => {
      const [group] = await origin.describeGroups([name("6-active")]);
      return group?.state === "Stable" && group.members.length > 0;
    });
    await expect(up(armed, inputs("consumers"))).rejects.toThrow(
      new RegExp(`GROUPS_ACTIVE_ON_ORIGIN: 1 group has members[^]*"${name("6-active")}"`),
    );
    expect([await places(), await hasJournal()]).toEqual([before, false]);
    const state = await up(armed, inputs("consumers", { overwrite: true, excludeGroups: [name("6-active")] }));
    expect(await places()).toEqual(moved);

    await consumer.disconnect();
    await commit(target, "2-there", { 0: 4 });
    await commit(target, "5-new", { 1: 6 });
    const readOn = { ...moved, "2-there": { 0: 4 }, "5-new": { 1: 6 } };
    const cutover = await up(state, inputs("cutover", {}));
    expect(await places()).toEqual({ ...readOn, "6-active": { 0: 2 } });
    const applied = cutover.applied as AppliedOffsets;
    expect(applied.groups.filter((g) => g.early !== true).map((g) => g.group)).toEqual([name("6-active")]);
    expect(applied).toMatchObject({ written: 7, inPlace: 1 });
    // Overwritten offsets stay in the report, although the cutover did not look at these groups.
    expect(applied.attention?.filter((line) => line.includes("on the target already"))).toHaveLength(2);
    expect(await consumerOffsetsStep.diff("id", cutover, inputs("cutover", {}))).toEqual({ changes: false });

    await up(cutover, inputs("mirror", {}));
    expect([await places(), await hasJournal()]).toEqual([
      { ...before, "2-there": { 0: 4 }, "5-new": { 1: 6 } },
      false,
    ]);
  } finally {
    await consumer.disconnect();
    await origin.deleteGroups([name("6-active")]);
  }
}, 120_000);

describe("a wave that was killed beside another one, whose groups have moved already", () => {
  let whole: State;
  const ofOther = async () => ({
    journal: await hasJournal(two),
    offsets: (await target.groupOffsets([two.groups!])).get(two.groups!)?.map((o) => Number(o.offset)),
  });

  beforeAll(async () => {
    whole = armed;
    const timestamp = Date.now();
    for (const [port, side] of [
      [origin, "origin"],
      [target, "target"],
    ] as const) {
      await port.createTopic(two.topics!, { partitions: 1, replicationFactor: 1 });
      await produce(clusters[side], two.topics!, [{ key: "k", value: "v", partition: 0, timestamp }]);
    }
    const at = { topic: two.topics!, partition: 0, offset: 1n, metadata: "" };
    await origin.alterGroupOffsets(two.groups!, [at]);
    const beside = (await consumerOffsetsStep.create(inputs("mirror", {}, two))).outs;
    await up(beside, inputs("consumers", {}, two));
    wave = one;
    armed = (await consumerOffsetsStep.create(inputs("mirror"))).outs;
  });
  afterEach(async () => {
    expect(await ofOther()).toEqual({ journal: true, offsets: [1] });
    await lowerFence({ ...modelFor(clusters, prefix), mirror: inputs("mirror").mirror }, {}, silent);
  });
  afterAll(() => {
    wave = undefined;
    armed = whole;
  });

  const ofWave: Point[] = [["before it wrote its notes", "before append 1", [], false], points[3]!];
  it.each(ofWave)("%s, in phase consumers, ends as one without waves", isCompletedOrTakenBack);

  it("at each change of its cutover behind the fence, leaves moved groups and moves the last one", async () => {
    const early = await up(armed, inputs("consumers"));
    await commit(origin, "6-late", { 0: 2 });
    try {
      const undisturbed = await up(early, inputs("cutover"));
      expect(await places()).toEqual({ ...moved, "6-late": { 0: 2 } });
      await target.deleteGroups([name("6-late")]);
      const { outs, changes } = await killedAtEachChange("consumer-offsets", early, inputs("cutover"));
      expect(changes.join()).toMatch(/alterGroupOffsets [^,]*6-late/);
      expect(await places()).toEqual({ ...moved, "6-late": { 0: 2 } });
      expect(saved(outs)).toEqual(saved(undisturbed));

      // The mirror selects more groups for another wave, and clients read on the target since.
      await commit(target, "6-late", { 0: 4 });
      await commit(origin, "7-more", { 0: 1 });
      const pass = { gatePassedAt: "2026-01-01T00:00:00.000Z" };
      const { mirror, ...rest } = inputs("cutover");
      const wider = { ...rest, ...pass, mirror: { ...mirror, groupsPattern: `${mirror.groupsPattern}|more` } };
      const again = await up({ ...outs, ...pass }, wider);
      expect(await places()).toEqual({ ...moved, "6-late": { 0: 4 }, "7-more": { 0: 1 } });
      expect((again.applied as AppliedOffsets).groups).toHaveLength(Object.keys(moved).length + 2);

      await up(again, inputs("mirror"));
      expect([await places(), await hasJournal()]).toEqual([{ ...before, "6-late": { 0: 4 } }, false]);
    } finally {
      await origin.deleteGroups([name("6-late"), name("7-more")]);
    }
  });
});
