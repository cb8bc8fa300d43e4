import { expect, it } from "vitest";
import { verificationStep } from "../../lifecycle/handlers/verification";
import { wayBackStep } from "../../lifecycle/handlers/way-back";
import { eventually } from "../engine/support/mirror";
import {
  commit,
  copyAgain,
  endReturn,
  goOut,
  isBack,
  isCopied,
  nextOf,
  states,
  up,
  useApiServer,
  valuesOn,
  wayBackInputs,
  write,
} from "./support/there-and-back";

/** A record that one of the mirrors copied twice is on one side only once, whichever side is compared with which. */
it("a wave goes out, back and out again although a mirror copied records twice on each way", async () => {
  await useApiServer();
  await copyAgain("forward", 6);
  const first = await valuesOn("origin");
  await eventually("the target has records twice", async () => (await valuesOn("target")).length > first.length);
  await eventually("everything is copied", isCopied);
  const repeated = await valuesOn("target");
  await goOut();

  await write("target", "second");
  await commit("target", "one", "target second 0 7");
  await eventually("the second records came back", isBack);
  await copyAgain("return", 4);
  const second = (await valuesOn("target")).slice(repeated.length);
  const came = first.length + second.length;
  await eventually("the origin has records twice", async () => (await valuesOn("origin")).length > came);
  await eventually("everything is back", isBack);
  const outs = await up(wayBackStep, wayBackInputs("returned"));
  const again = outs.verification as { differences: { kind: string }[]; notes: string[] };
  expect(again.differences.map(({ kind }) => kind)).toEqual(["duplicate"]);
  expect(again.notes.join()).toContain("2 topics compared from where the last cutover or return ended");
  await endReturn(outs);
  expect(await nextOf("origin", "one")).toEqual(["target second 0 7"]);
  expect(new Set(await valuesOn("origin"))).toEqual(new Set([...first, ...second]));

  // The origin has returned records twice now, and the mirror does not copy any of them.
  await write("origin", "third");
  await eventually("the third records are copied", isCopied);
  await goOut();
  expect(states.get(verificationStep)).toMatchObject({ result: { equal: true, differences: [] } });
  expect(await nextOf("target", "one")).toEqual(["target second 0 7"]);
}, 300_000);
