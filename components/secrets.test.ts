import * as k8s from "@pulumi/kubernetes";
import * as kafka from "@pulumi/kafka";
import * as pulumi from "@pulumi/pulumi";
import { beforeEach, describe, expect, test } from "vitest";
import {
  ClientUsers,
  connectionOf,
  givenCredentials,
  kubernetesCluster,
  Migration,
  type MigrationArgs,
  MirrorUser,
  ScramUser,
  SecretCopy,
} from "../index";
import { accessOfProvider, decoded } from "./kubernetes";
import { SecretValues } from "../lifecycle/resources";
import { recordingMocks } from "../test/components/support/mocks";

/**
 * Every component and step is declared with plain texts as secrets. Each text must be marked secret before Pulumi gets
 * it.
 */
const SECRET = "4dabf18193072939515e22adb298388d";
let mocks: ReturnType<typeof recordingMocks>;
beforeEach(async () => {
  mocks = recordingMocks();
  await mocks.ready;
});

/** Returns what Pulumi would store in plain text: every input without the values that are marked secret. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  if (SECRET in value) return "[secret]";
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

/** @returns the resources that show a known secret, and the known secrets that no resource contains */
async function look(known: readonly string[]) {
  await pulumi.runtime.disconnect();
  const forms = known.map((text) => [text, Buffer.from(text).toString("base64")]);
  const shows = (value: unknown, texts: string[]) => texts.some((text) => JSON.stringify(value).includes(text));
  const leaks = mocks.declared.flatMap(({ type, name, inputs, state, secretOutputs }) => {
    const outputs = Object.fromEntries(
      Object.entries(state).filter(([key]) => !(key in inputs) && !secretOutputs.includes(key)),
    );
    return forms
      .filter((texts) => shows(plain({ ...inputs, ...outputs }), texts))
      .map(([text]) => `${type} ${name} shows ${text}`);
  });
  const unused = forms
    .filter((texts) => !mocks.declared.some(({ inputs }) => shows(inputs, texts)))
    .map(([text]) => text);
  return { leaks, unused };
}

const kubeconfig = "kind: Config\nusers: [{ user: { token: the-token-of-kubernetes } }]\n";
const operated = (side: string) => ({
  bootstrapServers: `${side}:9093`,
  operator: { cluster: side, namespace: `${side}-ns`, kubeconfig },
});
const operators = ["mm2-credentials", "mm2-administrator"].map((user) => `password of origin-ns/${user}`);

async function migration(
  origin: MigrationArgs["origin"],
  known: string[],
  phases: readonly ("cutover" | "cleanup")[] = ["cutover"],
) {
  for (const phase of phases)
    new Migration(`m-${phase}`, {
      phase,
      fence: true,
      origin,
      target: operated("target"),
      mirror: { kubeconfig, name: phase },
    });
  expect(await look(known)).toEqual({ leaks: [], unused: [] });
}

describe("every secret input of a migration is marked as secret", () => {
  test("with users of an operator, and a kubeconfig", () =>
    migration(operated("origin"), [...operators, "the-token-of-kubernetes"], ["cutover", "cleanup"]));

  test("with certificates of an operator", () =>
    migration(
      { ...operated("origin"), operator: { ...operated("origin").operator, authentication: "tls" } },
      ["mm2-credentials", "mm2-administrator"].map((user) => `key of origin-ns/${user}`),
    ));

  test.each([
    [
      "passwords",
      {
        given: { username: "u", password: "the-password-of-u" },
        administrator: { username: "a", password: "the-password-of-a" },
      },
      ["the-password-of-u", "the-password-of-a"],
    ],
    [
      "keys",
      { given: { certificate: "C", key: "the-key-of-u" }, administrator: { certificate: "C", key: "the-key-of-a" } },
      ["the-key-of-u", "the-key-of-a"],
    ],
    [
      "tokens",
      {
        given: { token: "the-token-of-u", authentication: { type: "custom", sasl: true, config: {} } },
        administrator: { token: "the-token-of-a" },
      },
      ["the-token-of-u", "the-token-of-a"],
    ],
  ] as const)("with given %s", (_what, someone, known) =>
    migration({ bootstrapServers: "o:1", ca: "PEM", ...someone } as MigrationArgs["origin"], [...known]),
  );

  test("with a password from a Secret beside the mirror", () =>
    migration(
      {
        bootstrapServers: "o:1",
        existingSecrets: { credentials: true, ca: true },
        given: { username: "u" },
        administrator: { username: "a", password: "the-password-of-a" },
      },
      ["password of migration/origin-cluster-credentials", "the-password-of-a"],
    ));

  test("with users that are created through Kafka", async () => {
    const provider = new kafka.Provider("k", {
      bootstrapServers: ["o:1"],
      saslPassword: pulumi.secret("the-password-of-a"),
    });
    await migration(
      {
        bootstrapServers: "o:1",
        ca: "PEM",
        kafka: { provider },
        administrator: { username: "a", password: "the-password-of-a" },
      },
      ["the-password-of-a", "a made password"],
    );
  });
});

test("every password of an application's user is marked as secret, on every kind of target", async () => {
  const operator = (side: string) => ({ cluster: side, namespace: `${side}-ns`, kubeconfig });
  const users = [{ name: "a" }, { name: "b" }];
  const passwords = { b: "the-password-of-b" };
  const origin = { operator: operator("origin") };
  new ClientUsers("operated", { users, passwords, origin, target: { operator: operator("target") } });
  const provider = new kafka.Provider("bare", { bootstrapServers: ["t:1"] });
  const sasl = { mechanism: "SCRAM-SHA-512", username: "admin", password: "the-password-of-admin" } as const;
  const connection = { bootstrapServers: "t:1", sasl };
  new ClientUsers("bare", { users, passwords, origin, target: { kafka: { provider, connection } } });
  const known = ["the-password-of-b", "the-password-of-admin", "password of origin-ns/a", "the-token-of-kubernetes"];
  expect(await look(known)).toEqual({ leaks: [], unused: [] });
});

test("every secret output of a part is marked as secret, even if it was given as plain text", async () => {
  pulumi.runtime.setAllConfig({ "kubernetes:kubeconfig": kubeconfig });
  const username = pulumi.output("u");
  const tokenEndpoint = { url: "https://idp", clientId: "c", clientSecret: "the-secret-of-c" };
  const values = new SecretValues("read", { secretId: "n/s", keys: ["password"], limitSeconds: 1 }, {});
  const user = (type: "scram-sha-512" | "tls") =>
    new MirrorUser(type, { role: "origin", cluster: "origin", namespace: "origin-ns", authentication: { type } });
  const given: Record<string, unknown> = {
    "a given password": givenCredentials({ username: "u", password: "p" }).password,
    "a given certificate": givenCredentials({ certificate: "C", key: "k" }).certificate,
    "a given key": givenCredentials({ certificate: "C", key: "k" }).key,
    "a given token": givenCredentials({ token: "t" }).token,
    "a token endpoint": givenCredentials({ tokenEndpoint }).tokenEndpoint,
    "a connection": connectionOf({
      bootstrapServers: "o:1",
      credentials: { mechanism: "PLAIN", username, password: pulumi.output("p") },
    }),
    "a chosen password": new ScramUser("chosen", { role: "origin", username: "a", password: "p" }).password,
    "a made password": new ScramUser("made", { role: "origin", username: "b" }).password,
    "a copied value": new SecretCopy("values", { name: "a", values: { password: "p" } }).values.password,
    "a value of a copied Secret": new SecretCopy("source", {
      name: "b",
      source: { namespace: "n", name: "s", keys: ["password"] },
    }).values.password,
    "a value of a Secret": values.text("password"),
    "what is decoded, though a cluster's API did not mark it": decoded(pulumi.output("cGFzc3dvcmQ=")),
    "an operator's password": user("scram-sha-512").password,
    "an operator's key": user("tls").key,
    "the stack's kubeconfig": accessOfProvider(undefined).kubeconfig,
  };
  const plainOnes = Object.entries(given).map(async ([what, value]) =>
    (await pulumi.isSecret(value as pulumi.Output<unknown>)) ? [] : [what],
  );
  expect((await Promise.all(plainOnes)).flat()).toEqual([]);
});

test("every secret input of a part that is used alone is marked as secret", async () => {
  const provider: k8s.Provider = kubernetesCluster("there", { kubeconfig });
  new MirrorUser("user", { role: "origin", cluster: "origin", namespace: "origin-ns" }, { provider });
  new ScramUser("scram", { role: "origin", username: "s", password: "the-password-of-s" });
  new SecretCopy("values", { name: "copy", values: { password: "the-copied-password" } });
  new SecretCopy("source", {
    name: "other",
    source: { namespace: "origin-ns", name: "original", keys: ["password"], kubeconfig },
  });
  const credentials = givenCredentials({ username: "u", password: "the-password-of-u" });
  const connection = connectionOf({ bootstrapServers: "o:1", credentials });
  new k8s.core.v1.ConfigMap("connection", { data: { connection: connection.apply((c) => JSON.stringify(c)) } });
  expect(
    await look([
      "the-token-of-kubernetes",
      "the-password-of-s",
      "the-copied-password",
      "password of origin-ns/original",
      "the-password-of-u",
    ]),
  ).toEqual({ leaks: [], unused: [] });
});
