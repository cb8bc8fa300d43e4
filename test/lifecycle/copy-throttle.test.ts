import { expect, test } from "vitest";
import { uniqueName } from "@kafka-migration/sandbox/testing";
import { listResidue } from "../../engine/cleanup";
import type { ThrottledUsers } from "../../engine/copy-throttle";
import { copySharesStep, copyThrottleStep } from "../../lifecycle/handlers/copy-throttle";
import { withPorts } from "../engine/kafka/support";
import { modelFor } from "../engine/support/mirror";
import { killedAfter, killedAtEachChange } from "./support/killed";

const ports = withPorts("throttle-step");
const user = uniqueName("throttle-step");
const RATE = 3_000_000;
const FETCH = 1_100_000;
const SHARES = { origin: RATE + FETCH / 11, target: (RATE / 3) * 1.05 };
const users: ThrottledUsers = {
  origin: { principal: `User:CN=${user}`, operator: false },
  target: { principal: `User:${user}`, operator: false },
};

const model = () => modelFor(ports.clusters, user);
const step = () => {
  const { origin, target, mirror } = model();
  return { originConnection: origin, targetConnection: target, mirror, users };
};
const inputs = (limited: boolean) => ({ ...step(), shares: SHARES, limited });

/** The quotas of the mirror's users on both clusters, as the last broker shows them. */
async function quotas(): Promise<(Record<string, number> | undefined)[]> {
  const on = async (side: "origin" | "target", name: string, broker: number) =>
    (await ports[side].clientQuotas(broker))!.find((quota) => quota.user === name)?.values;
  return Promise.all([on("origin", `CN=${user}`, 1), on("target", user, 3)]);
}

const residue = async () => {
  const throttled = { origin: [users.origin.principal], target: [users.target.principal] };
  const principals = { origin: [users.origin.principal] };
  const found = await listResidue(model(), { throttled, principals, patienceMs: 0 });
  return found.filter(({ kind }) => kind === "quota");
};

const SET = [{ consumer_byte_rate: SHARES.origin }, { producer_byte_rate: SHARES.target }];

test("a limit is set and lifted, however often an up is killed after a change, set again and removed", async () => {
  const { outs: divided } = await copySharesStep.create({ ...step(), bytesPerSecond: RATE, fetchBytes: FETCH });
  expect(divided).toMatchObject({ brokers: { origin: 1, target: 3 }, shares: SHARES });
  expect(await copySharesStep.diff("id", divided, { ...step(), bytesPerSecond: RATE, fetchBytes: FETCH })).toEqual({
    changes: false,
  });
  const fewer = { ...divided, brokers: { origin: 1, target: 2 } };
  expect(await copySharesStep.diff("id", fewer, { ...step(), bytesPerSecond: RATE, fetchBytes: FETCH })).toEqual({
    changes: true,
  });

  const set = await killedAtEachChange("copy-throttle", undefined, inputs(true));
  // Both clusters are changed at the same time, so a run that dies after one change may have made the other.
  expect(set.changes.length).toBeGreaterThan(0);
  expect(await quotas()).toEqual(SET);
  expect(set.outs).toMatchObject({ applied: SHARES });
  expect(await copyThrottleStep.diff("id", set.outs, inputs(true))).toEqual({ changes: false });

  const foundOnOrigin = { kind: "quota", side: "origin", name: users.origin.principal };
  expect(await residue()).toMatchObject([foundOnOrigin, { kind: "quota", side: "target", foreign: true }]);
  expect((await residue())[0]).not.toHaveProperty("foreign");

  const lifted = await killedAtEachChange("copy-throttle", set.outs, inputs(false));
  expect(lifted.changes.length).toBeGreaterThan(0);
  expect([...(await quotas()), ...(await residue())]).toEqual([undefined, undefined]);
  expect(lifted.outs).toMatchObject({ applied: null });

  const again = await copyThrottleStep.update("id", lifted.outs, inputs(true));
  expect(await quotas()).toEqual(SET);
  await copyThrottleStep.delete("id", again.outs);
  expect(await quotas()).toEqual([undefined, undefined]);
  await copyThrottleStep.delete("id", again.outs);
}, 120_000);

test("a limit is removed if the up that set the first one was killed, and that of somebody else stays", async () => {
  const { outs } = await copySharesStep.create({ ...step(), bytesPerSecond: RATE, fetchBytes: FETCH });
  await killedAfter("copy-throttle", undefined, inputs(true), `origin alterUserQuota CN=${user}`);
  await ports.target.alterUserQuota(user, "producer_byte_rate", 5_000_000);
  await expect.poll(quotas).toEqual([SET[0], { producer_byte_rate: 5_000_000 }]);
  await copySharesStep.delete("id", outs);
  expect(await quotas()).toEqual([undefined, { producer_byte_rate: 5_000_000 }]);
  await ports.target.alterUserQuota(user, "producer_byte_rate", null);
  await expect.poll(quotas).toEqual([undefined, undefined]);
  const gone = { ...outs, originConnection: { bootstrapServers: "127.0.0.1:1" } };
  await copySharesStep.delete("id", gone);
}, 60_000);

test("an abandoned migration leaves the limit of an origin that no longer exists", async () => {
  const { outs } = await copyThrottleStep.create(inputs(true));
  const gone = { ...outs, originConnection: { bootstrapServers: "127.0.0.1:1" } };
  await expect(copyThrottleStep.delete("id", gone)).rejects.toThrow(/KAFKA_UNREACHABLE/);
  await copyThrottleStep.delete("id", { ...gone, abandon: true });
  expect(await quotas()).toEqual([SET[0], undefined]);
  await copyThrottleStep.delete("id", outs);
  expect(await quotas()).toEqual([undefined, undefined]);
}, 60_000);

test("a limit that somebody removed is set again, and a user with another name loses it", async () => {
  const { outs } = await copyThrottleStep.create(inputs(true));
  await ports.origin.alterUserQuota(`CN=${user}`, "consumer_byte_rate", null);
  await expect.poll(() => copyThrottleStep.diff("id", outs, inputs(true))).toEqual({ changes: true });
  const repaired = await copyThrottleStep.update("id", outs, inputs(true));
  expect(await quotas()).toEqual(SET);
  const renamed = { ...users, target: { principal: `User:${user}-other`, operator: false } };
  const moved = await copyThrottleStep.update("id", repaired.outs, { ...inputs(true), users: renamed });
  expect(await quotas()).toEqual([SET[0], undefined]);
  await copyThrottleStep.delete("id", moved.outs);
  expect(await quotas()).toEqual([undefined, undefined]);
}, 60_000);
