import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { beforeEach, describe, expect, test, onTestFinished, vi } from "vitest";
import {
  connectionOf,
  givenCredentials,
  kubernetesCluster,
  Mirror,
  MirrorUser,
  mirrorModelOf,
  ScramUser,
  SecretCopy,
} from "../index";
import { base64, opened, recordingMocks, valueOf } from "../test/components/support/mocks";

let mocks: ReturnType<typeof recordingMocks>;
beforeEach(async () => {
  mocks = recordingMocks();
  await mocks.ready;
});

const settled = () => pulumi.runtime.disconnect();

describe("MirrorUser", () => {
  test("creates the KafkaUser, waits for it, and returns its credentials as secrets", async () => {
    const user = new MirrorUser("origin-user", {
      role: "origin",
      profile: "guide",
      cluster: "origin",
      namespace: pulumi.output("origin-ns"),
    });
    expect(await valueOf(user.username)).toBe("mm2-credentials");
    expect(await valueOf(user.secretName)).toBe("mm2-credentials");
    expect(await valueOf(user.password!)).toBe("password of origin-ns/mm2-credentials");
    expect(await pulumi.isSecret(user.password!)).toBe(true);
    await settled();
    const [resource] = mocks.only("KafkaUser");
    expect(resource).toMatchObject({
      type: "kubernetes:kafka.strimzi.io/v1:KafkaUser",
      inputs: {
        metadata: { name: "mm2-credentials", namespace: "origin-ns", labels: { "strimzi.io/cluster": "origin" } },
      },
    });
    expect(resource!.inputs.spec.authorization.acls).toHaveLength(9);
    const [ready] = mocks.only(":Ready");
    expect(ready!.inputs).toMatchObject({
      place: { apiVersion: "kafka.strimzi.io/v1", kind: "KafkaUser", namespace: "origin-ns", name: "mm2-credentials" },
      limitSeconds: 120,
    });
    expect(JSON.parse(ready!.inputs.trigger)).toEqual(resource!.inputs.spec);
  });

  test("first checks that the KafkaUser and its future Secret do not belong to anybody else", async () => {
    new MirrorUser("origin-user", { role: "origin", cluster: "origin", namespace: "origin-ns" });
    await settled();
    const place = { namespace: "origin-ns", name: "mm2-credentials" };
    expect(mocks.only(":Unclaimed").map((d) => d.inputs)).toEqual([
      expect.objectContaining({
        place: { apiVersion: "kafka.strimzi.io/v1", kind: "KafkaUser", ...place },
        cluster: { name: "origin" },
      }),
      expect.objectContaining({ place: { apiVersion: "v1", kind: "Secret", ...place }, ofKafkaUser: true }),
    ]);
  });

  test("limits the least rules to the mirror's patterns", async () => {
    new MirrorUser("origin-user", {
      role: "origin",
      mirror: mirrorModelOf({ topicsPattern: "orders" }),
      cluster: "origin",
      namespace: "origin-ns",
    });
    await settled();
    expect(mocks.only("KafkaUser")[0]!.inputs.spec.authorization.acls[0]).toEqual({
      host: "*",
      operations: ["Read", "DescribeConfigs"],
      resource: { type: "topic", name: "orders", patternType: "literal" },
    });
  });

  test("reads with its provider's kubeconfig", async () => {
    const provider = kubernetesCluster("origin-k8s", { kubeconfig: "the kubeconfig", context: "there" });
    new MirrorUser("origin-user", { role: "origin", cluster: "origin", namespace: "origin-ns" }, { provider });
    await settled();
    const [ready] = mocks.only(":Ready");
    expect(opened(ready!.inputs)).toMatchObject({ kubeconfig: "the kubeconfig", context: "there" });
    expect(mocks.only("KafkaUser")[0]!.provider).toContain("origin-k8s");
    expect(opened(mocks.only(":SecretValues")[0]!.inputs)).toMatchObject({
      secretId: "origin-ns/mm2-credentials",
      keys: ["password"],
      kubeconfig: "the kubeconfig",
      context: "there",
    });
  });

  test("reads with the stack's kubernetes configuration if it has no provider", async () => {
    mocks = recordingMocks({ "kubernetes:kubeconfig": "from the stack", "kubernetes:context": "its context" });
    await mocks.ready;
    new MirrorUser("origin-user", { role: "origin", cluster: "origin", namespace: "origin-ns" });
    await settled();
    expect(opened(mocks.only(":Ready")[0]!.inputs)).toMatchObject({
      kubeconfig: "from the stack",
      context: "its context",
    });
  });

  test.each([
    [
      { authentication: { type: "scram-sha512" } },
      'authentication.type is "scram-sha512" (did you mean "scram-sha-512"?)',
    ],
    [
      { authentication: { type: "tls", passwordFrom: { secretName: "s", key: "k" } } },
      "authentication.passwordFrom is for scram-sha-512, and the type is tls",
    ],
    [{ authentication: { type: "scram-sha-512", password: "hunter2" } }, "authentication.password is not a setting"],
    [{ readyLimitSeconds: "120" }, 'readyLimitSeconds is "120": it has to be a number of seconds, more than 0'],
    [{ labels: "a" }, 'labels is "a": it has to be an object'],
  ])("refuses %j", (more, message) => {
    expect(() => new MirrorUser("u", { role: "origin", cluster: "o", namespace: "n", ...more } as never)).toThrow(
      message,
    );
  });

  test("reports all mistakes together and creates nothing", async () => {
    const bad = { role: "orign", dialect: "strimzi-v2", namspace: "x", profile: "guide" } as never;
    expect(() => new MirrorUser("u", bad)).toThrow(
      /USER_SETTINGS: the user's settings have 5 mistakes[^]*namspace is not a setting \(did you mean "namespace"\?\)[^]*dialect "strimzi-v2" is unknown \(did you mean "strimzi-v1"\?\)[^]*namespace is missing[^]*cluster is missing[^]*role is "orign"/,
    );
    await settled();
    expect(mocks.declared).toEqual([]);
  });
});

describe("an object that the stack creates", () => {
  const force = async () => (
    await settled(), mocks.only("KafkaUser")[0]!.inputs.metadata.annotations["pulumi.com/patchForce"]
  );
  const place = { role: "origin", cluster: "origin", namespace: "origin-ns" } as const;

  test("is applied with force, so that a manual change does not block later updates", async () => {
    new MirrorUser("origin-user", place);
    expect(await force()).toBe("true");
  });

  test("keeps the conflict if the user asks for it", async () => {
    const said = vi.spyOn(pulumi.log, "info").mockResolvedValue();
    onTestFinished(() => said.mockRestore());
    new MirrorUser("origin-user", { ...place, annotations: { "pulumi.com/patchForce": "false" } });
    expect(await force()).toBe("false");
    expect(said.mock.calls.join("\n")).toMatch(
      /KafkaUser origin-ns\/\S+ has the annotation pulumi\.com\/patchForce: "false".*remove the annotation/,
    );
  });
});

describe("SecretCopy", () => {
  test("copies only the requested keys, once the source exists", async () => {
    const copy = new SecretCopy("origin-ca", {
      name: "origin-cluster-ca-cert",
      source: { namespace: "origin-ns", name: "origin-cluster-ca-cert", keys: ["ca.crt"] },
    });
    expect(await valueOf(copy.values["ca.crt"]!)).toBe("CA of origin-ns/origin-cluster-ca-cert");
    await settled();
    const [made] = mocks.only("core/v1:Secret");
    expect(made!.inputs.metadata).toMatchObject({
      name: "origin-cluster-ca-cert",
      namespace: "migration",
      annotations: { "pulumi-kafka-migration/stack": "organization/project/stack" },
    });
    expect(mocks.only(":Unclaimed")[0]!.inputs).toMatchObject({
      place: { apiVersion: "v1", kind: "Secret", namespace: "migration", name: "origin-cluster-ca-cert" },
      owner: "organization/project/stack",
    });
    expect(opened(made!.inputs.data)).toEqual({ "ca.crt": base64("CA of origin-ns/origin-cluster-ca-cert") });
    expect(made!.inputs.data).not.toEqual(opened(made!.inputs.data));
    expect(mocks.only(":SecretValues")[0]!.inputs).toMatchObject({
      secretId: "origin-ns/origin-cluster-ca-cert",
      keys: ["ca.crt"],
      limitSeconds: 120,
    });
  });

  test("can read from another Kubernetes cluster than it writes to", async () => {
    const origin = new k8s.Provider("origin-k8s", { kubeconfig: "origin kubeconfig" });
    const here = new k8s.Provider("here-k8s", { kubeconfig: "here kubeconfig" });
    new SecretCopy(
      "origin-ca",
      {
        name: "origin-cluster-ca-cert",
        source: { namespace: "origin-ns", name: "origin-cluster-ca-cert", keys: ["ca.crt"], provider: origin },
      },
      { provider: here },
    );
    await settled();
    expect(mocks.only("core/v1:Secret")[0]!.provider).toContain("here-k8s");
    expect(opened(mocks.only(":SecretValues")[0]!.inputs).kubeconfig).toBe("origin kubeconfig");
  });

  test("accepts given values", async () => {
    const copy = new SecretCopy("credentials", { name: "origin-cluster-credentials", values: { password: "hunter2" } });
    expect(await pulumi.isSecret(copy.values.password!)).toBe(true);
    await settled();
    expect(opened(mocks.only("core/v1:Secret")[0]!.inputs.data)).toEqual({ password: base64("hunter2") });
  });

  test.each([
    [{ name: "x" }, "give either source or values"],
    [{ name: "x", values: {}, source: { namespace: "n", name: "s", keys: ["k"] } }, "give either source or values"],
    [{ name: "x", values: { password: 5 } }, "values.password is a number: it has to be a text"],
    [
      { name: "x", source: { namespace: "n", name: "s", keys: ["k"], limitSeconds: -1 } },
      "source.limitSeconds is -1: it has to be a number of seconds, more than 0",
    ],
    [
      { name: "x", source: { namespace: "n", name: "s", keys: [], key: "ca.crt" } },
      /source.key is not a setting \(did you mean "keys"\?\)[^]*source.keys is missing/,
    ],
  ])("refuses %j", (args, message) => expect(() => new SecretCopy("c", args as never)).toThrow(message));
});

describe("Mirror", () => {
  test("accepts connections that are known later, and returns the model immediately", async () => {
    const mirror = new Mirror("mirror", {
      topicsPattern: "orders",
      origin: {
        bootstrapServers: pulumi.output("origin:9093"),
        authentication: {
          type: "scram-sha-512",
          username: pulumi.output("someone"),
          passwordSecret: { secretName: pulumi.output("s"), password: "password" },
        },
      },
      target: { bootstrapServers: "target:9093", tls: false },
    });
    expect(mirror.model).toEqual(mirrorModelOf({ topicsPattern: "orders" }));
    expect(await valueOf(mirror.ready)).toBe("migration/data-migration");
    await settled();
    const [resource] = mocks.only("KafkaMirrorMaker2");
    expect(resource!.inputs.spec.mirrors[0].source).toMatchObject({
      bootstrapServers: "origin:9093",
      authentication: { username: "someone" },
    });
    expect(resource!.inputs.spec.target).not.toHaveProperty("tls");
    expect(resource!.inputs.spec.target.authentication.passwordSecret.secretName).toBe("target-cluster-credentials");
  });
});

describe("without an operator", () => {
  test("ScramUser creates one credential and one ACL per binding", async () => {
    const user = new ScramUser("origin-user", { role: "origin", profile: "guide" });
    expect(await valueOf(user.username)).toBe("mm2-credentials");
    expect(await valueOf(user.password)).toBe("a made password");
    expect(await pulumi.isSecret(user.password)).toBe(true);
    await settled();
    expect(mocks.only(":Acl")).toHaveLength(9);
    expect(mocks.only(":Acl").map((d) => d.name)).toContain("origin-user-cluster-kafka-cluster-Create");
    expect(mocks.only(":Acl")[0]!.inputs).toEqual({
      aclResourceType: "Topic",
      aclResourceName: "*",
      resourcePatternTypeFilter: "Literal",
      aclPrincipal: "User:mm2-credentials",
      aclHost: "*",
      aclOperation: "Read",
      aclPermissionType: "Allow",
    });
    expect(mocks.only("UserScramCredential")[0]!.inputs).toMatchObject({
      username: "mm2-credentials",
      scramMechanism: "SCRAM-SHA-512",
    });
  });

  test("ScramUser refuses an unknown mechanism", () => {
    expect(() => new ScramUser("u", { role: "origin", mechanism: "PLAIN" as never })).toThrow(
      'mechanism is "PLAIN": it has to be one of SCRAM-SHA-256, SCRAM-SHA-512',
    );
  });

  test("ScramUser keeps a given password", async () => {
    const user = new ScramUser("origin-user", {
      role: "target",
      password: "given",
      username: "me",
      mechanism: "SCRAM-SHA-256",
    });
    expect(await valueOf(user.password)).toBe("given");
    await settled();
    expect(mocks.only(":Password")).toEqual([]);
  });

  test("given credentials have the same form and are checked", async () => {
    const given = givenCredentials({ username: "me", password: "mine" });
    expect(given.mechanism).toBe("SCRAM-SHA-512");
    expect(await pulumi.isSecret(given.password!)).toBe(true);
    expect(() => givenCredentials({ username: "", mechanism: "TLS", certificate: "c" })).toThrow(
      /1 mistake[^]*certificate and key are both needed/,
    );
  });

  test("a token has exactly one source, with all its settings", () => {
    const twice = { token: "T", tokenFile: "/run/token" };
    expect(() => givenCredentials(twice)).toThrow("token and tokenFile are both given: OAUTHBEARER takes one of them");
    const endpoint = { url: "idp/token", clientId: "", clientSecret: "CS", scop: "kafka" };
    expect(() => givenCredentials({ tokenEndpoint: endpoint })).toThrow(
      /3 mistakes[^]*tokenEndpoint.scop is not a setting \(did you mean "scope"\?\)[^]*tokenEndpoint.clientId is missing[^]*has to begin with https/,
    );
  });

  test("a connection is one secret", async () => {
    const connection = connectionOf({
      bootstrapServers: "a:1",
      credentials: givenCredentials({ username: "me", password: "mine" }),
      ca: "PEM",
    });
    expect(await pulumi.isSecret(connection)).toBe(true);
    expect(await valueOf(connection)).toEqual({
      bootstrapServers: "a:1",
      tls: { ca: "PEM" },
      sasl: { mechanism: "SCRAM-SHA-512", username: "me", password: "mine" },
    });
    const mutual = connectionOf({
      bootstrapServers: "a:1",
      credentials: givenCredentials({ username: "me", certificate: "C", key: "K" }),
    });
    expect(await valueOf(mutual)).toEqual({ bootstrapServers: "a:1", tls: { cert: "C", key: "K" } });
    const bearer = connectionOf({ bootstrapServers: "a:1", tls: true, credentials: givenCredentials({ token: "T" }) });
    expect(await valueOf(bearer)).toEqual({
      bootstrapServers: "a:1",
      tls: {},
      sasl: { mechanism: "OAUTHBEARER", token: "T" },
    });
    const endpoint = { url: "https://idp/token", clientId: "me", clientSecret: "CS", scope: "kafka" };
    const requested = connectionOf({
      bootstrapServers: "a:1",
      tls: true,
      credentials: givenCredentials({ tokenEndpoint: endpoint }),
    });
    expect(await valueOf(requested)).toEqual({
      bootstrapServers: "a:1",
      tls: {},
      sasl: { mechanism: "OAUTHBEARER", tokenEndpoint: endpoint },
    });
    expect(await pulumi.isSecret(givenCredentials({ tokenEndpoint: endpoint }).tokenEndpoint!)).toBe(true);
    const fromFile = connectionOf({
      bootstrapServers: "a:1",
      credentials: givenCredentials({ tokenFile: "/run/token" }),
    });
    expect(await valueOf(fromFile)).toEqual({
      bootstrapServers: "a:1",
      sasl: { mechanism: "OAUTHBEARER", tokenFile: "/run/token" },
    });
    expect(await valueOf(connectionOf({ bootstrapServers: "a:1" }))).toEqual({ bootstrapServers: "a:1" });
  });
});
