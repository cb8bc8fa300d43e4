import fc from "fast-check";
import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createScramUser, deleteScramUser, setQuotas } from "@kafka-migration/sandbox/kafka";
import { uniqueName, withClusters } from "@kafka-migration/sandbox/testing";
import { checkAccess, decide } from "../../../engine/access";
import { OPERATIONS_OF } from "../../../engine/acls";
import { aclText } from "../../../engine/kafka/acl-text";
import { openKafka } from "../../../engine/kafka/client";
import type { Acl, KafkaPort } from "../../../engine/kafka/port";
import type { MigrationModel } from "../../../engine/model";
import { silent } from "../../../engine/progress";
import { accessStep } from "../../../lifecycle/handlers/access";
import { eventually, modelFor } from "../support/mirror";
import { anyAcls } from "./samples";

const clusters = withClusters();
const prefix = uniqueName("access");
const users = ["x", "y"].map((user) => `${prefix}-${user}`);
const [topics, groups] = [
  ["a", "ab", "abc", "b", "ba"].map((name) => `${prefix}-data${name}`),
  ["a", "ab", "abc", "b", "ba"].map((name) => `${prefix}-group${name}`),
];
const ROUNDS = 4;
/** The address from which this test's clients come. */
const host = "127.0.0.1";
let model: MigrationModel;
let ports: Record<"origin" | "target", KafkaPort>;
let logins: KafkaPort[];

const connectionOf = (username: string) => ({
  ...clusters.origin.connection,
  sasl: { mechanism: "SCRAM-SHA-512" as const, username, password: `${username}-password` },
});

beforeAll(async () => {
  model = modelFor(clusters, prefix);
  ports = {
    origin: await openKafka(clusters.origin.connection, "origin"),
    target: await openKafka(clusters.target.connection, "target"),
  };
  for (const side of ["origin", "target"] as const)
    for (const user of users) await createScramUser(clusters[side], user, `${user}-password`);
  for (const topic of topics) await ports.origin.createTopic(topic, { partitions: 1, replicationFactor: 1 });
  logins = await Promise.all(users.map((user) => openKafka(connectionOf(user), "origin")));
});

afterAll(async () => {
  for (const port of Object.values(ports)) {
    const left = (await port.describeAcls()).filter((acl) => acl.resourceName.startsWith(prefix));
    await port.deleteAcls(left);
  }
  await ports.origin.deleteTopics(topics);
  for (const side of ["origin", "target"] as const)
    for (const user of users) await deleteScramUser(clusters[side], user);
  for (const port of [...logins, ...Object.values(ports)]) await port.close();
});

/** Random ACLs with this test's names, users and address. */
function randomAcls(seed: number): Acl[] {
  const sets = fc.sample(anyAcls, { seed, numRuns: 12 }).flat();
  const unique = new Map(sets.map((acl) => [aclText(own(acl)), own(acl)]));
  const applicable = [...unique.values()].filter(
    ({ resourceType, operation }) => operation === "All" || OPERATIONS_OF[resourceType].includes(operation),
  );
  return applicable.slice(0, 15 + seed);
}

function own(acl: Acl): Acl {
  const resourceType = acl.resourceType === "group" ? "group" : "topic";
  const start = `${prefix}-${resourceType === "topic" ? "data" : "group"}`;
  const named = acl.resourceName === "*" ? { resourceName: start, patternType: "prefixed" as const } : {};
  return {
    ...acl,
    resourceType,
    resourceName: `${start}${acl.resourceName}`,
    principal: acl.principal === "User:*" ? "User:*" : `User:${acl.principal === "User:x" ? users[0] : users[1]}`,
    host: acl.host === "10.0.0.1" ? host : acl.host,
    ...named,
  };
}

/** What the authorizer lets each user do, as far as it says. Without Describe it says nothing. */
async function answers(): Promise<string[]> {
  const all = logins.map(async (login, i) => {
    const told = { topic: await login.topicOperations(topics), group: await login.groupOperations(groups) };
    return (["topic", "group"] as const).flatMap((type) =>
      [...told[type]].map(([name, may]) => `${users[i]} ${name}: ${[...(may ?? [])].sort().join()}`),
    );
  });
  return (await Promise.all(all)).flat().sort();
}

function decisions(acls: readonly Acl[]): string[] {
  const of = (user: string, resource: "topic" | "group", name: string) => {
    const may = (operation: string) =>
      decide({ acls }, { principal: `User:${user}`, host, operation, resource, name }).allowed;
    const allowed = may("Describe") ? OPERATIONS_OF[resource].filter(may) : [];
    return `${user} ${name}: ${[...allowed].sort().join()}`;
  };
  return users
    .flatMap((user) => [
      ...topics.map((name) => of(user, "topic", name)),
      ...groups.map((name) => of(user, "group", name)),
    ])
    .sort();
}

/** Creates the ACLs, and waits until a broker lists them and none of an earlier test. */
async function createAcls(acls: readonly Acl[]): Promise<Acl[]> {
  const sorted = (some: readonly Acl[]) => some.map(aclText).sort().join();
  const seen = async () => {
    const all = await ports.origin.describeAcls();
    const ours = all.filter(({ resourceName }) => resourceName.startsWith(prefix));
    return sorted(ours) === sorted(acls) ? all : undefined;
  };
  await ports.origin.createAcls(acls);
  await eventually("a broker lists the ACLs", async () => (await seen()) !== undefined);
  return (await seen()) ?? [];
}

describe("a real authorizer", () => {
  it("decides as the decision function does, for random ACLs and logged-in users", async () => {
    let allowed = 0;
    for (let round = 1; round <= ROUNDS; round++) {
      const acls = randomAcls(round);
      const expected = decisions(await createAcls(acls));
      await eventually("the brokers apply the ACLs", async () => (await answers()).join() === expected.join()).catch(
        () => {},
      );
      expect(await answers()).toEqual(expected);
      allowed += expected.filter((line) => !line.endsWith(": ")).length;
      await ports.origin.deleteAcls(acls);
    }
    expect(allowed).toBeGreaterThan(ROUNDS);
    expect(allowed).toBeLessThan(ROUNDS * users.length * (topics.length + groups.length));
  });

  it("lets users write and read exactly where the decision function says so", async () => {
    const grant = (over: Partial<Acl>): Acl => ({
      resourceType: "topic",
      resourceName: `${prefix}-dataa`,
      patternType: "prefixed",
      principal: `User:${users[0]}`,
      host: "*",
      operation: "Read",
      permission: "allow",
      ...over,
    });
    const write = grant({ resourceName: topics[0]!, patternType: "literal", operation: "Write" });
    const denied = grant({ resourceName: topics[1]!, patternType: "literal", permission: "deny", host });
    const acls = [grant({}), write, denied];
    const all = await createAcls(acls);
    const expected = decisions(all);
    await eventually("the brokers apply the ACLs", async () => (await answers()).join() === expected.join());
    for (const name of topics.slice(0, 4)) {
      const may = (operation: string) =>
        decide({ acls: all }, { principal: `User:${users[0]}`, host, operation, resource: "topic", name }).allowed;
      expect(await canWrite(name), `write ${name}`).toBe(may("Write"));
      expect(await canRead(name), `read ${name}`).toBe(may("Read"));
    }
    await ports.origin.deleteAcls(acls);
  });
});

async function canWrite(topic: string): Promise<boolean> {
  const { ca, bootstrapServers } = clusters.origin;
  const [username] = users as [string];
  const kafka = new Kafka({
    brokers: bootstrapServers.split(","),
    ssl: { ca: [ca] },
    sasl: { mechanism: "scram-sha-512", username, password: `${username}-password` },
    logLevel: logLevel.NOTHING,
    retry: { retries: 1, initialRetryTime: 50 },
  });
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  try {
    await producer.send({ topic, messages: [{ value: "x" }] });
    return true;
  } catch (error) {
    expect(String(error)).toMatch(/authorized/i);
    return false;
  } finally {
    await producer.disconnect();
  }
}

async function canRead(topic: string): Promise<boolean> {
  try {
    await logins[0]!.fetch([{ topic, partition: 0, offset: 0n }]);
    return true;
  } catch (error) {
    expect(String(error)).toMatch(/KAFKA_UNAUTHORIZED|UNKNOWN_TOPIC|AUTHORIZATION/);
    return false;
  }
}

describe("two real clusters", () => {
  const grant = (over: Partial<Acl>): Acl => ({
    resourceType: "topic",
    resourceName: `${prefix}-dataa`,
    patternType: "literal",
    principal: `User:${users[0]}`,
    host: "*",
    operation: "Read",
    permission: "allow",
    ...over,
  });
  const acls = [
    grant({ patternType: "prefixed" }),
    grant({ operation: "Write", host }),
    grant({ resourceName: topics[1]!, permission: "deny" }),
    grant({ resourceType: "group", resourceName: `${prefix}-group`, patternType: "prefixed" }),
    grant({ resourceType: "transactionalId", resourceName: `${prefix}-tx`, operation: "Write" }),
    grant({ principal: `User:${users[1]}`, operation: "All" }),
  ];
  const differences = async () =>
    (await checkAccess(model, {}, silent)).differences.map(({ text }) => text).filter((text) => text.includes(prefix));
  const inputs = (mode: string) => ({
    originConnection: model.origin,
    targetConnection: model.target,
    mirror: model.mirror,
    phase: "cutover",
    abandon: false,
    options: {},
    mode,
  });

  it("are equal with the same ACLs, and each ACL removed in turn is named", async () => {
    for (const port of Object.values(ports)) await port.createAcls(acls);
    await eventually("both clusters have the ACLs", async () => (await differences()).length === 0);
    for (const removed of acls) {
      await ports.target.deleteAcls([removed]);
      await eventually("the target has lost the ACL", async () => (await differences()).length > 0);
      const found = await differences();
      for (const text of found) expect(text).toContain(`${aclText(removed)} is missing on the target`);
      await ports.target.createAcls([removed]);
      await eventually("the target has it again", async () => (await differences()).length === 0);
    }
  });

  it("stop a cutover only if that is asked for, and name a quota and a user that only one has", async () => {
    const [user] = users as [string];
    await ports.target.deleteAcls([acls[0]!]);
    await deleteScramUser(clusters.target, user);
    await setQuotas(clusters.origin, { user }, { producer_byte_rate: 1000 });
    try {
      await eventually("all three differences are seen", async () => (await differences()).length >= 3);
      const all = (await differences()).join("\n");
      expect(all).toContain(`${aclText(acls[0]!)} is missing on the target`);
      expect(all).toContain(`\`User:${user}\` can log in with SCRAM-SHA-512 on the origin but not on the target`);
      expect(all).toContain(
        `Quota of user "${user}": producer_byte_rate is 1000 on the origin and not set on the target`,
      );
      await expect(accessStep.create(inputs("require"))).rejects.toThrow(/^ACCESS_DIFFERS: [^]*producer_byte_rate/);
      const { outs } = await accessStep.create(inputs("warn"));
      expect(JSON.stringify(outs.result)).toContain("producer_byte_rate");
      expect((await accessStep.create({ ...inputs("require"), phase: "mirror" })).outs.checkedAt).toBeNull();
    } finally {
      await setQuotas(clusters.origin, { user }, { producer_byte_rate: null });
      for (const port of Object.values(ports)) await port.deleteAcls(acls);
    }
  });
});
