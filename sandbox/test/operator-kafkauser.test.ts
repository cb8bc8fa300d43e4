import { randomBytes } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } from "kafkajs";
import { parse } from "yaml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createScramUser } from "../kafka";
import { readyForOthers } from "../others";
import { repositoryRoot } from "../paths";
import type { SandboxCluster } from "../types";
import { SECRETS, type KubeObject } from "../operator/kube/client";
import {
  application,
  bindings,
  canLogIn,
  main,
  settled,
  startWorld,
  until,
  USERS_V1,
  USERS_V1BETA2,
  type World,
} from "../testing/operator";

let world: World;
beforeAll(async () => {
  world = await startWorld({ fullPassMs: 4_000 });
}, 180_000);
afterAll(() => world?.stop(), 120_000);

const password = async (name: string, namespace = "origin-ns"): Promise<string> => {
  const secret = await until(`Secret ${name}`, () => world.kube.get(SECRETS, namespace, name));
  return Buffer.from(secret.data!.password!, "base64").toString();
};

const scramUser = (name: string, spec: Record<string, unknown> = {}, cluster = "origin"): KubeObject => ({
  metadata: { name, namespace: `${cluster}-ns`, labels: { "strimzi.io/cluster": cluster } },
  spec: { authentication: { type: "scram-sha-512" }, ...spec },
});

const rules = (...acls: unknown[]): Record<string, unknown> => ({ authorization: { type: "simple", acls } });

/** The guide's KafkaUser, moved to Strimzi's group, its rules with `operations`. */
async function guideUser(side: "origin" | "target"): Promise<KubeObject> {
  const guide = parse(
    await readFile(join(repositoryRoot, `test/fixtures/guide/${side}-user.yaml`), "utf8"),
  ) as KubeObject;
  const spec = guide.spec as { authorization: { acls: { operation: string; operations?: string[] }[] } };
  const acls = spec.authorization.acls.map(({ operation, ...rule }) => ({ ...rule, operations: [operation] }));
  return {
    metadata: { ...guide.metadata, labels: { "strimzi.io/cluster": side } },
    spec: { ...guide.spec, authorization: { ...spec.authorization, acls } },
  };
}

describe("the operator with KafkaUsers", { timeout: 240_000 }, () => {
  it.each([
    ["origin", 9],
    ["target", 11],
  ] as const)("creates the guide's user of the %s: %i ACLs, a Secret and a login", async (side, count) => {
    const started = Date.now();
    await world.kube.create(USERS_V1BETA2, await guideUser(side));
    const status = await settled(world.kube, USERS_V1BETA2, `${side}-ns`, "mm2-credentials");
    const took = Date.now() - started;
    expect(status).toMatchObject({
      conditions: [{ type: "Ready", status: "True" }],
      username: "mm2-credentials",
      secret: "mm2-credentials",
      observedGeneration: 1,
    });
    expect(took).toBeLessThan(10_000);
    expect(await bindings(world[side], "User:mm2-credentials")).toHaveLength(count);
    const secret = await world.kube.get(SECRETS, `${side}-ns`, "mm2-credentials");
    expect(Object.keys(secret!.data!).sort()).toEqual(["password", "sasl.jaas.config"]);
    expect(await canLogIn(world[side], "mm2-credentials", await password("mm2-credentials", `${side}-ns`))).toBe(true);
    expect(await canLogIn(world[side], "mm2-credentials", "another password")).toBe(false);
  });

  it("writes the brokers' CA into a Secret with several keys", async () => {
    for (const side of ["origin", "target"] as const) {
      const secret = await world.kube.get(SECRETS, `${side}-ns`, `${side}-cluster-ca-cert`);
      expect(Buffer.from(secret!.data!["ca.crt"]!, "base64").toString()).toBe(world[side].ca);
      expect(Object.keys(secret!.data!).length).toBeGreaterThan(1);
    }
  });

  it("does not know a singular `operation`: NotReady, nothing created, and the field is dropped", async () => {
    const acl = { resource: { type: "topic", name: "*" }, operation: "Read" };
    await world.kube.create(USERS_V1BETA2, scramUser("singular", rules(acl)));
    const status = await settled(world.kube, USERS_V1BETA2, "origin-ns", "singular");
    expect(main(status)).toMatchObject({ type: "NotReady", status: "True", reason: "ExecutionException" });
    expect(main(status).message).toContain("Both fields `operations` and `operation` are null");
    expect(status).not.toHaveProperty("username");
    expect(await world.kube.get(SECRETS, "origin-ns", "singular")).toBeUndefined();
    expect(await bindings(world.origin, "User:singular")).toEqual([]);
    const stored = await world.kube.get(USERS_V1BETA2, "origin-ns", "singular");
    expect((stored!.spec!.authorization as { acls: unknown[] }).acls).toEqual([
      { resource: { type: "topic", name: "*" } },
    ]);
  });

  it("reports a rule without a name late: NotReady, but with Secret and credential", async () => {
    await world.kube.create(
      USERS_V1,
      scramUser("nameless", rules({ resource: { type: "topic" }, operations: ["Read"] })),
    );
    const status = await settled(world.kube, USERS_V1, "origin-ns", "nameless");
    expect(main(status).message).toContain("Name is required for resource type: TOPIC");
    expect(await canLogIn(world.origin, "nameless", await password("nameless"))).toBe(true);
  });

  it("changes ACLs with the resource: prefix, deny and host, and removes old ones", async () => {
    const prefix = { resource: { type: "topic", name: "app-", patternType: "prefix" }, operations: ["Read", "Write"] };
    await world.kube.create(USERS_V1, scramUser("changing", rules(prefix)));
    await settled(world.kube, USERS_V1, "origin-ns", "changing");
    expect(await bindings(world.origin, "User:changing")).toEqual([
      "allow read topic prefixed app- *",
      "allow write topic prefixed app- *",
    ]);
    const live = (await world.kube.get(USERS_V1, "origin-ns", "changing"))!;
    const deny = { type: "deny", host: "127.0.0.9", resource: { type: "group", name: "g" }, operations: ["Read"] };
    await world.kube.replace(USERS_V1, {
      ...live,
      spec: { ...live.spec, ...rules(deny, { ...prefix, operations: ["Read"] }) },
    });
    await settled(world.kube, USERS_V1, "origin-ns", "changing");
    expect(await bindings(world.origin, "User:changing")).toEqual([
      "allow read topic prefixed app- *",
      "deny read group literal g 127.0.0.9",
    ]);
  });

  it("removes manual ACLs of a managed user within seconds", async () => {
    await world.kube.create(
      USERS_V1,
      scramUser("touched", rules({ resource: { type: "topic", name: "t" }, operations: ["Read"] })),
    );
    await settled(world.kube, USERS_V1, "origin-ns", "touched");
    await addAcl("User:touched", "t", "DENY");
    await until(
      "the hand-made rule is gone",
      async () => ((await bindings(world.origin, "User:touched")).length === 1 ? true : undefined),
      3_900,
    );
    expect(await bindings(world.origin, "User:touched")).toEqual(["allow read topic literal t *"]);
  });

  it("creates a deleted Secret again with another password, and uses a changed one", async () => {
    await world.kube.create(USERS_V1, scramUser("secretive"));
    await settled(world.kube, USERS_V1, "origin-ns", "secretive");
    const first = await password("secretive");
    await world.kube.delete(SECRETS, "origin-ns", "secretive");
    const second = await until("another password", async () => {
      const secret = await world.kube.get(SECRETS, "origin-ns", "secretive");
      return secret && (await password("secretive")) !== first ? await password("secretive") : undefined;
    });
    expect(await canLogIn(world.origin, "secretive", second)).toBe(true);
    const live = (await world.kube.get(SECRETS, "origin-ns", "secretive"))!;
    await world.kube.replace(SECRETS, {
      ...live,
      data: { ...live.data, password: Buffer.from("given-by-hand").toString("base64") },
    });
    await until("the changed password is pushed", async () =>
      (await canLogIn(world.origin, "secretive", "given-by-hand")) ? true : undefined,
    );
    expect(await canLogIn(world.origin, "secretive", second)).toBe(false);
    const jaas = (await world.kube.get(SECRETS, "origin-ns", "secretive"))!.data!["sasl.jaas.config"]!;
    expect(Buffer.from(jaas, "base64").toString()).toContain('password="given-by-hand"');
  });

  it("takes over an existing Secret of that name, and overwrites its password", async () => {
    const data = { password: Buffer.from("mine").toString("base64"), other: "eA==" };
    await world.kube.create(SECRETS, { metadata: { name: "adopted", namespace: "origin-ns" }, data });
    await world.kube.create(USERS_V1, scramUser("adopted"));
    await settled(world.kube, USERS_V1, "origin-ns", "adopted");
    expect(await password("adopted")).toMatch(/^[a-zA-Z0-9]{32}$/);
    expect(Object.keys((await world.kube.get(SECRETS, "origin-ns", "adopted"))!.data!).sort()).toEqual([
      "password",
      "sasl.jaas.config",
    ]);
  });

  it("keeps a given password, and reports a missing Secret or key", async () => {
    const given = randomBytes(12).toString("hex");
    const from = (name: string, key: string): Record<string, unknown> => ({
      authentication: { type: "scram-sha-512", password: { valueFrom: { secretKeyRef: { name, key } } } },
    });
    await world.kube.create(USERS_V1, scramUser("keeper", from("given", "pw")));
    expect(main(await settled(world.kube, USERS_V1, "origin-ns", "keeper")).message).toContain(
      "Secret given in namespace origin-ns not found",
    );
    const data = { pw: Buffer.from(given).toString("base64") };
    await world.kube.create(SECRETS, { metadata: { name: "given", namespace: "origin-ns" }, data });
    // Only a full pass sees it: the operator does not watch the Secrets that hold given passwords.
    await settled(world.kube, USERS_V1, "origin-ns", "keeper", (status) => main(status).type === "Ready");
    expect(await canLogIn(world.origin, "keeper", given)).toBe(true);
    expect(await password("keeper")).toBe(given);
  });

  it("ignores a user of another cluster", async () => {
    await world.kube.create(USERS_V1, {
      ...scramUser("stranger"),
      metadata: { name: "stranger", namespace: "origin-ns", labels: { "strimzi.io/cluster": "elsewhere" } },
    });
    await world.kube.create(USERS_V1, scramUser("after-stranger"));
    await settled(world.kube, USERS_V1, "origin-ns", "after-stranger");
    expect((await world.kube.get(USERS_V1, "origin-ns", "stranger"))!.status).toBeUndefined();
  });

  it("deletes Secret, ACLs and credential at once if the KafkaUser is deleted", async () => {
    await world.kube.create(
      USERS_V1,
      scramUser("leaver", rules({ resource: { type: "cluster" }, operations: ["Describe"] })),
    );
    await settled(world.kube, USERS_V1, "origin-ns", "leaver");
    const secret = await password("leaver");
    expect(await canLogIn(world.origin, "leaver", secret)).toBe(true);
    await world.kube.delete(USERS_V1, "origin-ns", "leaver");
    await until(
      "no rule is left",
      async () => ((await bindings(world.origin, "User:leaver")).length === 0 ? true : undefined),
      2_000,
    );
    await until(
      "no login any more",
      async () => ((await canLogIn(world.origin, "leaver", secret)) ? undefined : true),
      2_000,
    );
    expect(await world.kube.get(SECRETS, "origin-ns", "leaver")).toBeUndefined();
  });

  it("deletes in a full pass whatever has no KafkaUser, also User:*, but not the administrator", async () => {
    await createScramUser(world.origin, "stray", "stray-password");
    expect(await canLogIn(world.origin, "stray", "stray-password")).toBe(true);
    await world.kube.create(SECRETS, { metadata: { name: "stray", namespace: "origin-ns" }, data: { a: "YQ==" } });
    await addAcl("User:*", "open", "ALLOW");
    await addAcl("User:CN=cert", "open", "ALLOW");
    await addAcl(`User:${world.origin.admin.username}`, "open", "ALLOW");
    await until(
      "User:* has no rule",
      async () => ((await bindings(world.origin, "User:*")).length === 0 ? true : undefined),
      9_000,
    );
    await until(
      "stray cannot log in",
      async () => ((await canLogIn(world.origin, "stray", "stray-password")) ? undefined : true),
      9_000,
    );
    await until(
      "its Secret is gone",
      async () => ((await world.kube.get(SECRETS, "origin-ns", "stray")) ? undefined : true),
      2_000,
    );
    await until(
      "the certificate's rule is gone",
      async () => ((await bindings(world.origin, "User:CN=cert")).length === 0 ? true : undefined),
      2_000,
    );
    expect(await bindings(world.origin, `User:${world.origin.admin.username}`)).toHaveLength(1);
    expect(await bindings(world.origin, "User:mm2-credentials")).toHaveLength(9);
  });

  it("manages Event Streams' users in the same way, with their own label", async () => {
    const users = { ...USERS_V1BETA2, group: "eventstreams.ibm.com" };
    const acls = rules({ resource: { type: "topic", name: "es" }, operations: ["Read"] });
    await world.kube.create(users, {
      metadata: { name: "es-user", namespace: "target-ns", labels: { "eventstreams.ibm.com/cluster": "target" } },
      spec: { authentication: { type: "scram-sha-512" }, ...acls },
    });
    expect(main(await settled(world.kube, users, "target-ns", "es-user")).type).toBe("Ready");
    expect(await bindings(world.target, "User:es-user")).toEqual(["allow read topic literal es *"]);
    expect(await canLogIn(world.target, "es-user", await password("es-user", "target-ns"))).toBe(true);
  });

  describe("user operators of somebody else", () => {
    const side = (label: string): SandboxCluster =>
      Object.assign({}, world.origin, { label, namespace: "origin-ns", managed: false, existed: true });
    const secrets = async (label: string) =>
      (await world.kube.list(SECRETS, { namespace: "origin-ns" })).items.filter(({ metadata }) =>
        metadata.name.startsWith(`${label}-cl`),
      );
    const ownOperator = "leave that to the sandbox";
    const ready = (labels: string[], limitMs: number) =>
      readyForOthers({
        kubeconfig: world.kubernetes.kubeconfig,
        clusters: labels.map(side),
        folder: world.folder,
        ownOperator,
        limitMs,
        progress: (line) => world.lines.push(line),
      });

    it("are found by the user that they create; the CA Secrets that they lacked are removed again", async () => {
      const before = (await secrets("origin")).map(({ metadata }) => metadata.name);
      expect(before).toEqual(["origin-cluster-ca-cert"]);
      const undo = await ready(["origin"], 30_000);
      const [key, cert] = await secrets("origin");
      expect([key?.metadata.name, cert?.metadata.name]).toEqual(["origin-clients-ca", "origin-clients-ca-cert"]);
      expect([Object.keys(key!.data!), Object.keys(cert!.data!)]).toEqual([["ca.key"], ["ca.crt"]]);
      expect((await stat(join(world.folder, "operators.json"))).mode & 0o777).toBe(0o600);
      expect(
        (await world.kube.list(USERS_V1, { namespace: "origin-ns" })).items.filter(({ metadata }) =>
          metadata.name.startsWith("sandbox-probe"),
        ),
      ).toEqual([]);
      await undo();
      expect((await secrets("origin")).map(({ metadata }) => metadata.name)).toEqual(before);
    });

    it("are reported by name if there is none, and nothing stays", async () => {
      const waiting = ready(["origin", "nobodys"], 4_000);
      const missed = expect(waiting).rejects.toThrow(
        /^NO_OPERATOR: nobodys: no user operator made a KafkaUser in origin-ns within 4 s\nfix: start a user operator .*, or leave that to the sandbox$/,
      );
      const made = await until("the cluster's CA", () =>
        world.kube.get(SECRETS, "origin-ns", "nobodys-cluster-ca-cert"),
      );
      expect(Buffer.from(made.data!["ca.crt"]!, "base64").toString()).toBe(world.origin.ca);
      await missed;
      expect(await secrets("nobodys")).toEqual([]);
      expect(
        (await world.kube.list(USERS_V1, { namespace: "origin-ns" })).items.filter(({ metadata }) =>
          metadata.name.startsWith("sandbox-probe"),
        ),
      ).toEqual([]);
    });
  });

  it("continues when the brokers come back", async () => {
    await world.origin.stopBroker(1);
    await world.kube.create(
      USERS_V1,
      scramUser("patient", rules({ resource: { type: "topic", name: "p" }, operations: ["Read"] })),
    );
    await world.origin.startBroker(1);
    await settled(world.kube, USERS_V1, "origin-ns", "patient", () => true, 60_000);
    expect(await bindings(world.origin, "User:patient")).toEqual(["allow read topic literal p *"]);
    // A controlled shutdown may take its whole 60 s on a busy machine, and the user's limit is 60 s, too.
  }, 240_000);

  it("never prints a password", async () => {
    const passwords = await Promise.all(["mm2-credentials", "secretive", "keeper"].map((name) => password(name)));
    for (const each of [...passwords, world.origin.admin.password]) expect(world.lines.join("\n")).not.toContain(each);
  });
});

async function addAcl(principal: string, topic: string, permission: "ALLOW" | "DENY"): Promise<void> {
  const admin = application(world.origin).admin();
  await admin.connect();
  const resource = {
    resourceType: AclResourceTypes.TOPIC,
    resourceName: topic,
    resourcePatternType: ResourcePatternTypes.LITERAL,
  };
  await admin.createAcls({
    acl: [
      {
        ...resource,
        principal,
        host: "*",
        operation: AclOperationTypes.READ,
        permissionType: AclPermissionTypes[permission],
      },
    ],
  });
  await admin.disconnect();
}
