import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { supervise } from "@kafka-migration/sandbox";
import { createScramUser } from "@kafka-migration/sandbox/kafka";
import { connectKube, SECRETS, startKubernetes } from "@kafka-migration/sandbox/kubernetes";
import { bindings, canLogIn, until } from "@kafka-migration/sandbox/testing";
import { openKafka } from "../../engine/kafka/client";
import { type ComponentsWorld, startComponentsWorld } from "./support/world";

let world: ComponentsWorld;
beforeAll(async () => {
  world = await startComponentsWorld();
  await world.program(PROGRAM);
  expect(await world.pulumi(["stack", "init", "test"])).toMatchObject({ exitCode: 0 });
}, 300_000);
afterAll(() => world?.stop(), 60_000);

/** What is declared is said in the configuration, as a user of the package would write it. */
const PROGRAM = `
const { kubernetesCluster, MirrorUser, ScramUser, SecretCopy } = require("pulumi-kafka-migration");
const pulumi = require("@pulumi/pulumi");
const kafka = require("@pulumi/kafka");
const { UnclaimedUser } = require(${JSON.stringify(join(__dirname, "..", "..", "dist", "lifecycle", "resources.js"))});
const declare = new pulumi.Config().requireObject("declare");
if (declare.user) {
  const user = new MirrorUser("origin-user", { role: "origin", profile: "guide", cluster: "origin", namespace: "origin-ns", ...declare.user });
  new SecretCopy("credentials", { name: "origin-cluster-credentials", values: { password: user.password } });
  new SecretCopy("ca", { name: "origin-cluster-ca-cert", source: { namespace: "origin-ns", name: declare.ca || "origin-cluster-ca-cert", keys: ["ca.crt"], limitSeconds: declare.limit } });
  exports.username = user.username;
  exports.password = user.password;
}
if (declare.far) {
  const [here, there] = ["HERE", "THERE"].map((name) => kubernetesCluster(name.toLowerCase(), { kubeconfig: process.env[name] }));
  const user = new MirrorUser("far-user", { role: "origin", profile: "guide", cluster: "origin", namespace: "origin-ns" }, { provider: here });
  const source = { namespace: "origin-ns", name: "origin-cluster-ca-cert", keys: ["ca.crt"], provider: here };
  new SecretCopy("far-credentials", { name: "origin-cluster-credentials", values: { password: user.password } }, { provider: there });
  new SecretCopy("far-ca", { name: "origin-cluster-ca-cert", source }, { provider: there });
}
if (declare.scram) {
  const servers = process.env.BARE_SERVERS, password = process.env.BARE_PASSWORD, ca = process.env.BARE_CA;
  const provider = new kafka.Provider("bare", {
    bootstrapServers: [servers], tlsEnabled: true, caCert: ca, saslMechanism: "scram-sha512", saslUsername: process.env.BARE_USER || "admin", saslPassword: pulumi.secret(password),
  });
  // As Migration does: nobody may have the name before.
  const username = declare.scram.username || "mm2-credentials";
  const connection = { bootstrapServers: servers, tls: { ca }, sasl: { mechanism: "SCRAM-SHA-512", username: process.env.BARE_USER || "admin", password } };
  const unclaimed = new UnclaimedUser("target-user-unclaimed", { side: "target", connection, username, accepted: false }, {});
  const user = new ScramUser("target-user", { role: "target", profile: "guide", username }, { provider, dependsOn: unclaimed });
  exports.scramUsername = user.username;
  exports.scramPassword = user.password;
}
`;

const text = (result: { stdout: string; stderr: string }) => `${result.stdout}\n${result.stderr}`;

async function up(
  declare: object,
  env: NodeJS.ProcessEnv = {},
): Promise<{ exitCode: number; text: string; seconds: number }> {
  const { exitCode } = await world.pulumi(["config", "set", "declare", JSON.stringify(declare)]);
  expect(exitCode).toBe(0);
  const start = Date.now();
  const bare = {
    BARE_SERVERS: world.bare.bootstrapServers,
    BARE_PASSWORD: world.bare.admin.password,
    BARE_CA: world.bare.ca,
  };
  const result = await world.pulumi(["up", "--yes", "--skip-preview", "--non-interactive"], { ...bare, ...env });
  return { exitCode: result.exitCode, text: text(result), seconds: (Date.now() - start) / 1000 };
}

const output = async (name: string) =>
  JSON.parse((await world.pulumi(["stack", "output", "--json", "--show-secrets"])).stdout)[name];
const user = async () =>
  (await world.rest.call("GET", "/apis/kafka.strimzi.io/v1/namespaces/origin-ns/kafkausers/mm2-credentials"))
    .body as any;
const secretOf = async (namespace: string, name: string) => {
  const secret = await world.kube.get(SECRETS, namespace, name);
  return (
    secret &&
    Object.fromEntries(Object.entries(secret.data ?? {}).map(([k, v]) => [k, Buffer.from(v, "base64").toString()]))
  );
};

describe("a user and its secrets", () => {
  test("are created in one up: the guide's nine ACLs, and copies with only the needed keys", async () => {
    const preview = await world
      .pulumi(["config", "set", "declare", '{"user":{"dialect":"strimzi-v1beta2"}}'])
      .then(() => world.pulumi(["preview", "--non-interactive"]));
    expect(text(preview)).toMatch(/KafkaUser .*create/);
    expect(preview.exitCode).toBe(0);

    const result = await up({ user: { dialect: "strimzi-v1beta2" } });
    expect(result.exitCode, result.text).toBe(0);
    expect(await bindings(world.origin, "User:mm2-credentials")).toHaveLength(9);
    const { password } = (await secretOf("migration", "origin-cluster-credentials"))!;
    expect(await secretOf("migration", "origin-cluster-credentials")).toEqual({ password });
    expect(await secretOf("migration", "origin-cluster-ca-cert")).toEqual({ "ca.crt": world.origin.ca });
    expect(await canLogIn(world.origin, "mm2-credentials", password!)).toBe(true);
    expect(await output("username")).toBe("mm2-credentials");
    expect(await output("password")).toBe(password);
  });

  test("have no secret in plain text in the state, not even the kubeconfig's token", async () => {
    const { password } = (await secretOf("migration", "origin-cluster-credentials"))!;
    const { stdout } = await world.pulumi(["stack", "export"]);
    expect(stdout).toContain("mm2-credentials");
    for (const secret of [password!, Buffer.from(password!).toString("base64"), world.kubernetes.token])
      expect(stdout).not.toContain(secret);
    expect((await world.pulumi(["stack", "export", "--show-secrets"])).stdout).toContain(password!);
  });

  test("do not change in a second up", async () => {
    const result = await up({ user: { dialect: "strimzi-v1beta2" } });
    expect(result.exitCode).toBe(0);
    expect(result.text).toMatch(/Resources:\s+\d+ unchanged/);
  });

  test("do not change in a preview without access to the cluster", async () => {
    const preview = await world.pulumi(["preview", "--non-interactive"], { KUBECONFIG: "/nowhere/kubeconfig" });
    expect(preview.exitCode, text(preview)).toBe(0);
    expect(text(preview)).toMatch(/Resources:\s+\d+ unchanged/);
  });

  test("are updated in place by another API version", async () => {
    const before = (await user()).metadata.uid;
    const result = await up({ user: { dialect: "strimzi-v1" } });
    expect(result.exitCode, result.text).toBe(0);
    expect((await user()).metadata.uid).toBe(before);
    expect(await bindings(world.origin, "User:mm2-credentials")).toHaveLength(9);
  });

  test("follow a rotated password with the next up", async () => {
    const secret = (await world.kube.get(SECRETS, "origin-ns", "mm2-credentials"))!;
    await world.kube.replace(SECRETS, {
      ...secret,
      data: { ...secret.data, password: Buffer.from("a rotated password").toString("base64") },
    });
    const result = await up({ user: {} });
    expect(result.exitCode, result.text).toBe(0);
    expect(await secretOf("migration", "origin-cluster-credentials")).toEqual({ password: "a rotated password" });
  });

  test("lose a manual change: a refresh shows it, and the up reverts it without a field manager conflict", async () => {
    const declared = await user();
    const users = { group: "kafka.strimzi.io", version: "v1", plural: "kafkausers", kind: "KafkaUser" };
    const acls = declared.spec.authorization.acls.slice(1);
    await world.kube.replace(users, {
      ...declared,
      spec: { ...declared.spec, authorization: { ...declared.spec.authorization, acls } },
    });
    await until(
      "the operator's removal of the rule",
      async () => (await bindings(world.origin, "User:mm2-credentials")).length < 9 || undefined,
    );
    const copy = (await world.kube.get(SECRETS, "migration", "origin-cluster-credentials"))!;
    await world.kube.replace(SECRETS, { ...copy, data: { password: Buffer.from("typed by hand").toString("base64") } });
    const shown = await world.pulumi(["preview", "--refresh", "--diff", "--non-interactive"]);
    expect(text(shown)).toMatch(/acls/);
    expect(text(shown)).toMatch(/password: \[secret\] => \[secret\]/);
    expect(text(shown)).not.toContain("typed by hand");
    const again = await world.pulumi(["up", "--refresh", "--yes", "--skip-preview", "--non-interactive"]);
    expect(again.exitCode, text(again)).toBe(0);
    expect((await user()).spec).toEqual(declared.spec);
    expect((await world.kube.get(SECRETS, "migration", "origin-cluster-credentials"))!.data).toEqual(copy.data);
    await until(
      "the operator's return of the rule",
      async () => (await bindings(world.origin, "User:mm2-credentials")).length === 9 || undefined,
    );
    expect((await up({ user: {} })).text).toMatch(/Resources:\s+\d+ unchanged/);
  });

  test("fail the up immediately with the operator's message if NotReady, and pass once corrected", async () => {
    const passwordFrom = { secretName: "absent", key: "password" };
    const failed = await up({ user: { authentication: { type: "scram-sha-512", passwordFrom } } });
    expect(failed.exitCode).not.toBe(0);
    const { reason, message } = (await user()).status.conditions.find((c: any) => c.type === "NotReady");
    expect(message).toContain("Secret absent");
    expect(failed.text).toContain(
      `RESOURCE_NOT_READY: KafkaUser origin-ns/mm2-credentials is not ready: ${reason}: ${message}`,
    );
    expect(failed.text).not.toMatch(/\n\s+at .*\.js:\d+/);
    expect(failed.seconds).toBeLessThan(40);
    const corrected = await up({ user: {} });
    expect(corrected.exitCode, corrected.text).toBe(0);
    expect((await user()).status.conditions).toMatchObject([{ type: "Ready", status: "True" }]);
  });

  test("name a source that never appears, within its limit", async () => {
    const failed = await up({ user: {}, ca: "origin-ca", limit: 3 });
    expect(failed.exitCode).not.toBe(0);
    expect(failed.text).toContain(
      `SECRET_MISSING: Secret origin-ns/origin-ca is not on ${world.kubernetes.server} (waited 3 s)`,
    );
    expect(failed.text).toContain("a cluster's CA is in <cluster>-cluster-ca-cert");
  });

  test("are removed by destroy, which leaves only what existed before", async () => {
    const result = await world.pulumi(["destroy", "--yes", "--skip-preview", "--non-interactive"]);
    expect(result.exitCode, text(result)).toBe(0);
    expect((await user()).code).toBe(404);
    expect(await secretOf("migration", "origin-cluster-credentials")).toBeUndefined();
    expect(await secretOf("migration", "origin-cluster-ca-cert")).toBeUndefined();
    expect(await secretOf("origin-ns", "origin-cluster-ca-cert")).toMatchObject({ "ca.crt": world.origin.ca });
    expect(await bindings(world.origin, "User:mm2-credentials")).toEqual([]);
  });
});

describe("a user on a cluster without an operator", () => {
  test("has the guide's eleven ACLs and its own password, and is removed completely", async () => {
    const result = await up({ scram: true });
    expect(result.exitCode, result.text).toBe(0);
    const password = await output("scramPassword");
    expect(password).toMatch(/^[\w-]{32}$/);
    expect(await bindings(world.bare, "User:mm2-credentials")).toHaveLength(11);
    expect(await canLogIn(world.bare, "mm2-credentials", password)).toBe(true);
    expect((await world.pulumi(["stack", "export"])).stdout).not.toContain(password);

    const again = await up({ scram: true });
    expect(again.text).toMatch(/Resources:\s+\d+ unchanged/);
    expect(await output("scramPassword")).toBe(password);

    const bare = {
      BARE_SERVERS: world.bare.bootstrapServers,
      BARE_PASSWORD: world.bare.admin.password,
      BARE_CA: world.bare.ca,
    };
    expect(await world.pulumi(["destroy", "--yes", "--skip-preview", "--non-interactive"], bare)).toMatchObject({
      exitCode: 0,
    });
    expect(await bindings(world.bare, "User:mm2-credentials")).toEqual([]);
    expect(await canLogIn(world.bare, "mm2-credentials", password)).toBe(false);
  });

  test("is removed after the administrator's password was rotated, if the destroy runs the program", async () => {
    const admin = await openKafka(world.bare.connection, "target");
    await createScramUser(world.bare, "rotating", "first");
    const everything = { resourceName: "kafka-cluster", patternType: "literal", host: "*", operation: "All" } as const;
    const right = { ...everything, resourceType: "cluster", principal: "User:rotating", permission: "allow" } as const;
    await admin.createAcls([right]);
    const bare = { BARE_SERVERS: world.bare.bootstrapServers, BARE_CA: world.bare.ca, BARE_USER: "rotating" };
    const created = await up({ scram: true }, { ...bare, BARE_PASSWORD: "first" });
    expect(created.exitCode, created.text).toBe(0);
    await createScramUser(world.bare, "rotating", "second");
    // Without the program, the provider of @pulumi/kafka has only the password in the state.
    const destroy = (...more: string[]) =>
      world.pulumi(["destroy", "--yes", "--skip-preview", "--non-interactive", ...more], {
        ...bare,
        BARE_PASSWORD: "second",
      });
    expect((await destroy()).exitCode).not.toBe(0);
    expect(await bindings(world.bare, "User:mm2-credentials")).not.toEqual([]);
    expect(await destroy("--run-program")).toMatchObject({ exitCode: 0 });
    expect(await bindings(world.bare, "User:mm2-credentials")).toEqual([]);
    await admin.deleteAcls([right]);
    await admin.close();
  });

  test("is not created if the name is taken, and the other user keeps its password", async () => {
    await createScramUser(world.bare, "somebody", "their own password");
    const failed = await up({ scram: { username: "somebody" } });
    expect(failed.exitCode).not.toBe(0);
    expect(failed.text).toContain(
      'USER_TAKEN: user "somebody" already exists on the target, with a SCRAM-SHA-512 credential; it was not changed',
    );
    expect(failed.text).not.toContain(world.bare.admin.password);
    expect(await canLogIn(world.bare, "somebody", "their own password")).toBe(true);
    expect((await world.pulumi(["stack", "export"])).stdout).not.toContain(world.bare.admin.password);
    expect(await world.pulumi(["destroy", "--yes", "--skip-preview", "--non-interactive"])).toMatchObject({
      exitCode: 0,
    });
  });
});

describe("a user and its Secrets on two Kubernetes clusters", () => {
  test("are created on one and copied to the other, which has nothing else and keeps nothing", async () => {
    const supervisor = supervise(await mkdtemp(join(tmpdir(), "kafka-migration-far-")));
    try {
      const far = await startKubernetes({ folder: join(supervisor.folder, "kubernetes"), progress: () => {} });
      await far.createNamespace("migration");
      // Each provider leads to one of them; the machine's own kubeconfig leads to neither.
      const env = { HERE: world.kubernetes.kubeconfig, THERE: far.kubeconfig, KUBECONFIG: "/nowhere/kubeconfig" };
      const result = await up({ far: true }, env);
      expect(result.exitCode, result.text).toBe(0);
      const kube = await connectKube(far.kubeconfig);
      try {
        const copies = async () =>
          Object.fromEntries(
            (await kube.list(SECRETS, { namespace: "migration" })).items.map((s) => [
              s.metadata.name,
              Buffer.from(Object.values(s.data ?? {})[0]!, "base64").toString(),
            ]),
          );
        expect(await copies()).toEqual({
          "origin-cluster-credentials": (await secretOf("origin-ns", "mm2-credentials"))!.password,
          "origin-cluster-ca-cert": world.origin.ca,
        });
        expect(await secretOf("migration", "origin-cluster-credentials")).toBeUndefined();
        expect(await world.pulumi(["destroy", "--yes", "--skip-preview", "--non-interactive"], env)).toMatchObject({
          exitCode: 0,
        });
        expect(await copies()).toEqual({});
        expect((await user()).code).toBe(404);
      } finally {
        kube.close();
      }
    } finally {
      await supervisor.stop();
    }
  }, 240_000);
});
