import { expect, it } from "vitest";
import { internalTopics } from "../../engine/naming";
import { consumerOffsetsStep } from "../../lifecycle/handlers/consumer-offsets";
import { gateStep } from "../../lifecycle/handlers/gate";
import { returnStartStep } from "../../lifecycle/handlers/return-start";
import { wayBackStep } from "../../lifecycle/handlers/way-back";
import type { WayBackOutputs } from "../../lifecycle/handlers/way-back-sides";
import { OWNER_ANNOTATION } from "../../lifecycle/owner";
import { application } from "../engine/offsets/estate";
import { eventually } from "../engine/support/mirror";
import { killedAtEachChange } from "./support/killed";
import { said } from "./support/said";
import {
  api,
  back,
  clusters,
  commit,
  cutover,
  endReturn,
  expectEverythingOnce,
  fences,
  goOut,
  group,
  groupsOn,
  isBack,
  isCopied,
  journals,
  nextOf,
  origin,
  path,
  states,
  target,
  topic,
  up,
  useApiServer,
  wayBackInputs,
  write,
} from "./support/there-and-back";

type State = Record<string, unknown>;

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
  expect(log).toMatch(
    /clients may start on the origin when this up has ended; until now producers waited [\d.]+ s \(.*the slowest of 3 groups/,
  );
  const { gateResult, applied, returnedAt } = outs as unknown as WayBackOutputs;
  // The fence closed the target before the gate looked, and the groups had stopped before that.
  expect(gateResult!.closedAt! <= gateResult!.passedAt && gateResult!.passedAt < returnedAt!).toBe(true);
  for (const { idleSince, readBackAt } of applied!.groups) {
    expect(idleSince! <= gateResult!.closedAt!).toBe(true);
    expect(readBackAt! > gateResult!.passedAt && readBackAt! < returnedAt!).toBe(true);
  }
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

it("a return whose mirror never ran is refused if clients wrote to the target, and they lose nothing", async () => {
  await useApiServer();
  const { targetEnds: _, ...known } = await cutover("cutover");
  await up(wayBackStep, wayBackInputs("cutover", known));
  await write("target", "early");
  const { returnedAt, wentBack } = await up(wayBackStep, wayBackInputs("returned"));
  await expect(cutover("returned", { returnedAt, wentBack })).rejects.toThrow(
    /WAY_BACK_INTERRUPTED[^]*clients wrote \d+ records to 2 partitions of the target[^]*one-a-0/,
  );
  expect(await fences()).toEqual(["up", "down"]);
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
