import { afterAll, beforeAll, expect, test } from "vitest";
import { createScramUser } from "@kafka-migration/sandbox/kafka";
import { uniqueName } from "@kafka-migration/sandbox/testing";
import {
  applyThrottle,
  copyShares,
  fetchBytesOf,
  isOff,
  limitOf,
  type ThrottledUsers,
} from "../../../engine/copy-throttle";
import type { Acl } from "../../../engine/kafka/port";
import type { MigrationModel, Side } from "../../../engine/model";
import { internalTopics } from "../../../engine/naming";
import { rateOver } from "../../support/quota-rate";
import { withPorts } from "../kafka/support";
import { eventually, modelFor, produceEach, putSource, type RunningMirror, startWorker } from "../support/mirror";

/** A real MirrorMaker 2 with a user of its own, from one broker to three. */
const ports = withPorts("throttled");
const prefix = uniqueName("throttled");
const user = `${prefix}-mirror`;
const password = "the mirror's password";
const topic = `${prefix}-data`;
const PARTITIONS = 6;
/** Size of a record with its share of the batch and of the responses, in bytes. */
const RECORD_BYTES = 1_000;
/** Low, so that it also limits a busy machine. A broker of the target has more than the smallest share. */
const RATE = 600_000;
const FETCH = fetchBytesOf(RATE, 1);
const RECORDS = 42_000;

const users: ThrottledUsers = {
  origin: { principal: `User:${user}`, operator: false },
  target: { principal: `User:${user}`, operator: false },
};
let model: MigrationModel;
let mirror: RunningMirror | undefined;

const jaas =
  "org.apache.kafka.common.security.scram.ScramLoginModule required " + `username="${user}" password="${password}";`;

const shares = async () =>
  (await copyShares(model, { bytesPerSecond: RATE, fetchBytes: FETCH, users, unlimited: [] })).shares;

/** Records on the target. */
async function copied(): Promise<number> {
  const partitions = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition }));
  const ends = await ports.target.listOffsets(partitions, "latest").catch(() => []);
  return ends.reduce((sum, { offset }) => sum + Number(offset), 0);
}

const limitsShown = async (side: Side) =>
  Promise.all(
    (await ports[side].describeCluster()).brokers.map(async ({ id }) =>
      limitOf((await ports[side].clientQuotas(id))!, side, user),
    ),
  );

beforeAll(async () => {
  model = modelFor(ports.clusters, prefix);
  for (const { name } of internalTopics(model.mirror)) ports.remember(name);
  ports.remember(topic);
  const all = (resourceType: Acl["resourceType"], resourceName: string): Acl => ({
    resourceType,
    resourceName,
    patternType: "literal",
    principal: `User:${user}`,
    host: "*",
    operation: "All",
    permission: "allow",
  });
  for (const side of ["origin", "target"] as const) {
    await createScramUser(ports.clusters[side], user, password);
    const acls = [all("topic", "*"), all("cluster", "kafka-cluster"), all("group", "*")];
    await ports[side].createAcls(acls);
    ports.atEnd(() => ports[side].deleteAcls(acls));
  }
  await ports.origin.createTopic(topic, { partitions: PARTITIONS, replicationFactor: 1 });
  await ports.target.createTopic(topic, { partitions: PARTITIONS, replicationFactor: 1 });
  const value = Buffer.alloc(RECORD_BYTES - 20, "r");
  // Batches of 20 kB, about as large as those of an application.
  const request = Array.from({ length: 20 * PARTITIONS }, (_, n) => ({ value, partition: n % PARTITIONS }));
  await produceEach(ports.clusters.origin, topic, Array(RECORDS / request.length).fill(request));
  mirror = await startWorker(ports.clusters, model);
}, 300_000);

afterAll(async () => {
  await mirror?.stop();
  for (const side of ["origin", "target"] as const)
    await applyThrottle(model, {
      users,
      shares: await shares(),
      limited: false,
      before: await shares(),
      sides: [side],
    });
}, 150_000);

test("a user with a quota of somebody else is refused, also with a certificate's name", async () => {
  const principal = `CN=${user},OU=a b,O="c, d"`;
  await ports.target.alterUserQuota(principal, "producer_byte_rate", 12_345);
  const named: ThrottledUsers = { ...users, target: { principal: `User:${principal}`, operator: false } };
  const ask = () =>
    copyShares(model, { bytesPerSecond: RATE, fetchBytes: FETCH, users: named, unlimited: ["origin", "target"] });
  await eventually("the quota is shown", async () =>
    ask().then(
      () => false,
      () => true,
    ),
  );
  await expect(ask()).rejects.toThrow(/QUOTA_TAKEN: .* on the target has producer_byte_rate 12345/);
  await ports.target.alterUserQuota(principal, "producer_byte_rate", null);
  await eventually("the quota is gone", async () =>
    ask().then(
      () => true,
      () => false,
    ),
  );
});

test("one broker sends and three brokers take about the rate that was asked for", async () => {
  await applyThrottle(model, { users, shares: await shares(), limited: true, before: null });
  expect(await limitsShown("origin")).toEqual([(await shares()).origin]);
  expect(await limitsShown("target")).toEqual(Array(3).fill((await shares()).target));
  await putSource(ports.clusters, model, mirror!.worker, {
    "source.cluster.sasl.jaas.config": jaas,
    "producer.override.sasl.jaas.config": jaas,
    "consumer.fetch.max.bytes": String(FETCH),
    "consumer.max.partition.fetch.bytes": String(FETCH),
    "tasks.max": "2",
  });
  await eventually("the copy has begun", async () => (await copied()) > 0, 90_000);
  const { perSecond } = await rateOver(2, copied);
  // A busy machine reaches less, and in a short time a quota allows more. engine/copy-throttle/rate.test.ts shows what
  // the quotas allow.
  expect(perSecond * RECORD_BYTES).toBeGreaterThan(RATE * 0.6);
  expect(perSecond * RECORD_BYTES).toBeLessThan(RATE * 1.25);
}, 180_000);

test("the limit is lifted on every broker, and the rest arrives at once", async () => {
  const left = RECORDS - (await copied());
  expect(left).toBeGreaterThan(10_000);
  expect(await isOff(model, { users, shares: await shares() })).toBe(false);
  const begun = Date.now();
  await applyThrottle(model, { users, shares: await shares(), limited: false, before: await shares() });
  expect([...(await limitsShown("origin")), ...(await limitsShown("target"))]).toEqual(Array(4).fill(undefined));
  expect(await isOff(model, { users, shares: await shares() })).toBe(true);
  await eventually("the rest is copied", async () => (await copied()) === RECORDS, 90_000);
  // At the limit it would take longer.
  expect(((left * RECORD_BYTES) / (Date.now() - begun)) * 1000).toBeGreaterThan(RATE * 1.15);
}, 150_000);
