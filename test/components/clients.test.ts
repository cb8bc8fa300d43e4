import { X509Certificate } from "node:crypto";
import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { KafkaCluster } from "@kafka-migration/sandbox/kafka";
import { SECRETS } from "@kafka-migration/sandbox/kubernetes";
import { application, bindings, canLogIn, settled, USERS_V1, until } from "@kafka-migration/sandbox/testing";
import { openKafka } from "../../engine/kafka/client";
import { type ComponentsWorld, startComponentsWorld } from "./support/world";

/** Users of applications through the real `pulumi`, from a KafkaUser of Event Streams to the target. */
let world: ComponentsWorld;
let target: KafkaCluster;
let password = "";
let firstUp = "";
const EVENT_STREAMS = { ...USERS_V1, group: "eventstreams.ibm.com", version: "v1beta2" };

const PROGRAM = `
const { ClientUsers, kubernetesCluster } = require("pulumi-kafka-migration");
const pulumi = require("@pulumi/pulumi");
const kafka = require("@pulumi/kafka");
const { users, to, ...more } = new pulumi.Config().requireObject("declare");
const { BARE_SERVERS: servers, BARE_PASSWORD: password, BARE_CA: ca } = process.env;
const target = () => {
  if (to !== "bare") return { operator: { cluster: "target", namespace: "target-ns", provider: kubernetesCluster("target", {}) } };
  const provider = new kafka.Provider("bare", {
    bootstrapServers: [servers], tlsEnabled: true, caCert: ca, saslMechanism: "scram-sha512", saslUsername: "admin", saslPassword: pulumi.secret(password),
  });
  const connection = { bootstrapServers: servers, tls: { ca }, sasl: { mechanism: "SCRAM-SHA-512", username: "admin", password } };
  return { kafka: { provider, connection } };
};
new ClientUsers("clients", {
  users,
  origin: { operator: { cluster: "origin", namespace: "origin-ns", dialect: "event-streams-v1beta2" } },
  target: target(),
  ...more,
});
`;

const rules = [
  { resource: "topic", name: "orders", pattern: "prefixed", operations: ["Read", "Write", "Describe"] },
  { resource: "topic", name: "orders-secret", permission: "deny", operations: ["Write"] },
  { resource: "group", name: "billing", operations: ["Read"] },
];
const billing = {
  name: "billing",
  labels: { team: "a" },
  acls: rules,
  quotas: { producerByteRate: 1048576, requestPercentage: 40 },
};
/** A certificate of the operator's clients CA. */
const web = { name: "web", authentication: "tls", acls: rules };
const own = { name: "own", authentication: "tls-external", acls: rules.slice(2) };

const specOf = (acls: typeof rules) => ({
  type: "simple",
  acls: acls.map(({ resource, name, pattern, permission, operations }) => ({
    ...(permission === undefined ? {} : { type: permission }),
    operations,
    resource: { type: resource, name, patternType: pattern === "prefixed" ? "prefix" : "literal" },
  })),
});

const said = ({ stdout, stderr }: { stdout: string; stderr: string }) => `${stdout}\n${stderr}`;
const bare = () => ({
  BARE_SERVERS: world.bare.bootstrapServers,
  BARE_PASSWORD: world.bare.admin.password,
  BARE_CA: world.bare.ca,
});

async function run(command: string, declare?: object): Promise<{ exitCode: number; text: string }> {
  if (declare !== undefined)
    expect((await world.pulumi(["config", "set", "declare", JSON.stringify(declare)])).exitCode).toBe(0);
  const yes = command === "preview" ? [] : ["--yes", "--skip-preview"];
  const result = await world.pulumi(
    [...command.split(" "), ...(command.includes("preview") ? [] : yes), "--non-interactive"],
    bare(),
  );
  return { exitCode: result.exitCode, text: said(result) };
}

async function secretOf(namespace: string, name: string): Promise<Record<string, string>> {
  const data = (await world.kube.get(SECRETS, namespace, name))?.data ?? {};
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, "base64").toString()]));
}

async function quotasOf(cluster: KafkaCluster, user: string): Promise<Record<string, number> | undefined> {
  const port = await openKafka(cluster.connection, "target");
  try {
    return (await port.clientQuotas())?.find((quota) => quota.user === user)?.values;
  } finally {
    await port.close();
  }
}

/** What a client of the user may write, with the given password. */
const writes = (cluster: KafkaCluster, topic: string, as: string, secret: string) =>
  mayWrite(application(cluster, as, secret), topic);

/** A client that logs in with the certificate in a user's Secret. */
const holder = ({ mutualTls, ca }: KafkaCluster, secret: Record<string, string>) =>
  new Kafka({
    brokers: mutualTls!.split(","),
    ssl: { ca: [ca], cert: secret["user.crt"]!, key: secret["user.key"]! },
    logLevel: logLevel.NOTHING,
    retry: { retries: 6, initialRetryTime: 100 },
  });

async function mayWrite(client: Kafka, topic: string): Promise<boolean> {
  const producer = client.producer();
  await producer.connect();
  try {
    await producer.send({ topic, messages: [{ value: "a" }] });
    return true;
  } catch (error) {
    if (/not authorized/i.test((error as Error).message)) return false;
    throw error;
  } finally {
    await producer.disconnect();
  }
}

beforeAll(async () => {
  world = await startComponentsWorld({ target: true });
  target = world.target!;
  await world.program(PROGRAM);
  expect(await world.pulumi(["stack", "init", "test"])).toMatchObject({ exitCode: 0 });
  const metadata = { namespace: "origin-ns", labels: { "eventstreams.ibm.com/cluster": "origin" } };
  for (const { name, authentication: type = "scram-sha-512", acls } of [
    { ...billing, authentication: undefined },
    web,
  ]) {
    const spec = { authentication: { type }, authorization: specOf(acls) };
    await world.kube.create(EVENT_STREAMS, { metadata: { ...metadata, name }, spec } as never);
    await settled(world.kube, EVENT_STREAMS, "origin-ns", name);
  }
  password = (await secretOf("origin-ns", "billing")).password!;
  // As docs/event-streams.md says.
  for (const name of ["clients-ca-cert", "clients-ca"]) {
    const { data } = (await world.kube.get(SECRETS, "origin-ns", `origin-${name}`))!;
    await world.kube.create(SECRETS, { metadata: { name: `target-${name}`, namespace: "target-ns" }, data } as never);
  }
  for (const cluster of [world.origin, target, world.bare]) {
    const admin = application(cluster).admin();
    await admin.connect();
    await admin.createTopics({ topics: ["orders-new", "orders-secret", "returns"].map((topic) => ({ topic })) });
    await admin.disconnect();
  }
}, 300_000);
afterAll(() => world?.stop(), 60_000);

describe("users of applications on a target with an operator", () => {
  test("log in with the password that they had on the origin, and may do what they could", async () => {
    const result = await run("up", { users: [billing, own, web] });
    expect(result.exitCode, result.text).toBe(0);
    firstUp = result.text;
    expect(await canLogIn(target, "billing", password)).toBe(true);
    expect(await bindings(target, "User:billing")).toEqual(await bindings(world.origin, "User:billing"));
    expect(await bindings(target, "User:CN=own")).toHaveLength(1);
    for (const [topic, may] of [
      ["orders-new", true],
      ["orders-secret", false],
      ["returns", false],
    ] as const)
      expect([topic, await writes(target, topic, "billing", password)]).toEqual([topic, may]);
    expect(await quotasOf(target, "billing")).toEqual({ producer_byte_rate: 1048576, request_percentage: 40 });
    expect((await world.kube.get(USERS_V1, "target-ns", "billing"))!.metadata.labels).toEqual({
      team: "a",
      "strimzi.io/cluster": "target",
    });
  });

  test("keep certificates that are valid on the target, because both clusters have one clients CA", async () => {
    const [there, here] = await Promise.all(["origin-ns", "target-ns"].map((place) => secretOf(place, "web")));
    const ca = new X509Certificate((await secretOf("target-ns", "target-clients-ca-cert"))["ca.crt"]!);
    for (const secret of [there, here]) {
      const certificate = new X509Certificate(secret!["user.crt"]!);
      expect(certificate.verify(ca.publicKey)).toBe(true);
      expect(certificate.subject).toBe("CN=web");
    }
    // The old one, which the application has, and the one that the target's operator made.
    for (const secret of [there, here])
      for (const [topic, may] of [
        ["orders-new", true],
        ["orders-secret", false],
        ["returns", false],
      ] as const) {
        const both = [world.origin, target].map((cluster) => mayWrite(holder(cluster, secret!), topic));
        expect([topic, await Promise.all(both)]).toEqual([topic, [may, may]]);
      }
    expect(firstUp).toContain("1 user with client certificates (web): their certificates stay valid");
    expect(await bindings(target, "User:CN=web")).toEqual(await bindings(world.origin, "User:CN=web"));
  });

  test("have no password in plain text in the state", async () => {
    const { stdout } = await world.pulumi(["stack", "export"]);
    expect(stdout).toContain("billing-client-password");
    for (const secret of [password, Buffer.from(password).toString("base64"), world.kubernetes.token])
      expect(stdout).not.toContain(secret);
  });

  test("do not change in a second up", async () => {
    const result = await run("up");
    expect(result.text).toMatch(/Resources:\s+\d+ unchanged/);
  });

  test("are never taken from somebody else: all taken objects are in one error", async () => {
    const metadata = { namespace: "target-ns", labels: { "strimzi.io/cluster": "target" } };
    await world.kube.create(USERS_V1, { metadata: { ...metadata, name: "theirs" }, spec: {} } as never);
    await world.kube.create(SECRETS, {
      metadata: { name: "plain-client-password", namespace: "target-ns" },
      data: { password: "aGk=" },
    } as never);
    await world.kube.create(SECRETS, { metadata: { name: "plain", namespace: "target-ns" }, data: {} } as never);
    const none = { acls: [], authentication: "none" };
    const plain = { name: "plain", acls: [] };
    const more = { passwords: { plain: "hunter2hunter2" } };
    const result = await run("up", { users: [billing, own, web, { name: "theirs", ...none }, plain], ...more });
    expect(result.exitCode).not.toBe(0);
    expect(result.text).toContain("3 objects of the applications' users already exist");
    for (const object of [
      "KafkaUser target-ns/theirs",
      "Secret target-ns/plain",
      "Secret target-ns/plain-client-password",
    ])
      expect(result.text).toContain(`${object} was not created by a stack of this kind`);
    expect((await world.kube.get(SECRETS, "target-ns", "plain-client-password"))!.data).toEqual({ password: "aGk=" });
    expect(result.text).not.toContain("hunter2");
  });

  test("stay when they are no longer listed, and a line says so", async () => {
    const preview = await run("preview", { users: [billing] });
    expect(preview.exitCode, preview.text).toBe(0);
    expect(preview.text).toContain("no longer declared: 2 users of applications stay on Kafka target-ns/target");
    expect((await run("up")).exitCode).toBe(0);
    expect(await world.kube.get(USERS_V1, "target-ns", "own")).toBeDefined();
    expect(await bindings(target, "User:CN=own")).toHaveLength(1);
  });

  test("stay when the stack is destroyed, and its preview and its output say so", async () => {
    const preview = await run("destroy --preview-only");
    expect(preview.exitCode, preview.text).toBe(0);
    expect(preview.text).toContain("clients-stay");
    expect(preview.text).toMatch(/KafkaUser clients-billing .*retain/);
    const result = await run("destroy");
    expect(result.exitCode, result.text).toBe(0);
    expect(result.text).toContain(
      "1 user of applications stays on Kafka target-ns/target, with its passwords, ACLs and",
    );
    expect(await canLogIn(target, "billing", password)).toBe(true);
    expect(await world.kube.get(SECRETS, "target-ns", "billing-client-password")).toBeDefined();
    expect(await bindings(target, "User:billing")).toHaveLength(5);
    expect(await quotasOf(target, "billing")).toBeDefined();
  });

  test("belong to the same stack again when it is created again", async () => {
    const result = await run("up", { users: [billing] });
    expect(result.exitCode, result.text).toBe(0);
    expect(await canLogIn(target, "billing", password)).toBe(true);
    expect((await run("destroy")).exitCode).toBe(0);
  });
});

describe("users of applications on a target without an operator", () => {
  const on = { to: "bare" };

  test("have the same password, ACLs and quotas, through the Kafka protocol", async () => {
    const result = await run("up", { ...on, users: [billing] });
    expect(result.exitCode, result.text).toBe(0);
    expect(await bindings(world.bare, "User:billing")).toEqual(await bindings(world.origin, "User:billing"));
    for (const [topic, may] of [
      ["orders-new", true],
      ["orders-secret", false],
    ] as const)
      expect([topic, await writes(world.bare, topic, "billing", password)]).toEqual([topic, may]);
    expect(await quotasOf(world.bare, "billing")).toEqual({ producer_byte_rate: 1048576, request_percentage: 40 });
    expect((await world.pulumi(["stack", "export"])).stdout).not.toContain(password);
  });

  test("lose an ACL that is no longer declared", async () => {
    const result = await run("up", { ...on, users: [{ ...billing, acls: rules.slice(1) }] });
    expect(result.exitCode, result.text).toBe(0);
    expect(result.text).toContain("3 ACLs that are no longer declared: User:billing allow");
    await until("the ACLs are gone", async () =>
      (await bindings(world.bare, "User:billing")).length === 2 ? true : undefined,
    );
  });

  test("stay when the stack is destroyed, and are not taken by another one", async () => {
    const destroyed = await run("destroy");
    expect(destroyed.text).toContain("1 user of applications stays on the target");
    expect(await canLogIn(world.bare, "billing", password)).toBe(true);
    expect(await bindings(world.bare, "User:billing")).toHaveLength(2);
    expect(await quotasOf(world.bare, "billing")).toBeDefined();
    const again = await run("up", { ...on, users: [billing] });
    expect(again.exitCode).not.toBe(0);
    expect(again.text).toContain(
      "USER_TAKEN: 1 user of applications already exists on the target; nothing was changed",
    );
    expect(again.text).toContain("User:billing has a SCRAM-SHA-512 credential, 2 ACLs, quotas");
  });
});
