import { afterEach, beforeAll, expect, it } from "vitest";
import { lowerFence } from "../../engine/fence";
import { silent } from "../../engine/progress";
import { returnStartStep } from "../../lifecycle/handlers/return-start";
import { wayBackStep } from "../../lifecycle/handlers/way-back";
import { eventually } from "../engine/support/mirror";
import { killedAfter, killedAtEachChange } from "./support/killed";
import {
  back,
  commit,
  cutOverOther,
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
  otherWave,
  startReturnMirror,
  states,
  stopped,
  target,
  useApiServer,
  useFence,
  wayBackInputs,
  write,
} from "./support/there-and-back";

beforeAll(cutOverOther);
/** Whatever is killed, another wave that is cut over stays as it is. */
afterEach(async () => expect(await otherWave()).toEqual({ fence: "up", isNoted: true, offsets: [1, 1] }));

it("a refused return closes nothing, and a killed one is given up in phase cutover: the clients go on with the target", async () => {
  await useApiServer();
  await goOut();
  await write("target", "fourth");
  await commit("target", "one", "target fourth 0 7");
  await eventually("the first records came back", isBack);
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
    new RegExp(`OFFSETS_BLOCKED.* the fence was not raised[^]*"${group("one-other")}" has other offsets on the origin`),
  );
  expect(await fences()).toEqual(["up", "down"]);
  expect(await journals()).toEqual([1, 0]);
  await Promise.all([origin, target].map((port) => port.deleteGroups([group("one-other")])));

  // A killed return has closed the target and moved a group.
  await commit("target", "one", "target fourth 0 1");
  const before = await nextOf("origin", "one");
  await killedAfter("way-back", state, wayBackInputs("returned"), `target alterGroupOffsets ${group("one")}`);
  expect(await nextOf("origin", "one")).toEqual(["target fourth 0 1"]);
  await giveUp();
  expect(await nextOf("origin", "one")).toEqual(before);
}, 240_000);

it("loses nothing if clients write to the target after a return was killed that has deleted its mirror", async () => {
  await useApiServer();
  const state = states.get(wayBackStep)!;
  await killedAfter("way-back", state, wayBackInputs("returned"), "kubernetes remove");
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

it("without a fence, the way out and the return end the same although each was killed after each change", async () => {
  await useApiServer();
  useFence(false);
  let out: string[] = [];
  await goOut(async (news) => {
    const started = await killedAtEachChange("return-start", undefined, news);
    states.set(returnStartStep, started.outs);
    out = started.changes;
  });
  expect(out).toHaveLength(2);
  await write("target", "seventh");
  await commit("target", "one", "target seventh 0 3");
  await eventually("the seventh records came back", isBack);
  const { outs, changes } = await killedAtEachChange("way-back", states.get(wayBackStep), wayBackInputs("returned"));
  expect(changes.join("\n")).toContain("alterGroupOffsets");
  expect(changes.join("\n")).not.toContain("Acls");
  states.set(wayBackStep, outs);
  await endReturn(outs);
  expect(await fences()).toEqual(["down", "down"]);
  expect(await journals()).toEqual([0, 0]);
  await expectEverythingOnce();
  expect(await nextOf("origin", "one", "one-lags")).toEqual(["target seventh 0 3", "origin first 0 3"]);
  expect(await groupsOn(target)).toEqual([]);
  await write("origin", "eighth");
  await eventually("the eighth records are copied", isCopied);
  await expectEverythingOnce();
}, 240_000);
