import { testInventory } from "../test/support/inventories";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as kafka from "@pulumi/kafka";
import * as pulumi from "@pulumi/pulumi";
import { beforeEach, describe, expect, test } from "vitest";
import { printInventory, type InventoryUser } from "../engine/inventory";
import { ClientUsers, type ClientUsersArgs, Migration, type MigrationArgs } from "../index";
import { base64, opened, recordingMocks, valueOf } from "../test/components/support/mocks";
import { testMirror } from "../test/support/models";
import { temporaryFolder } from "../test/support/folder";
import { type DialectName, dialects } from "./dialects";
import { clientArgs } from "./migration/clients";

let mocks: ReturnType<typeof recordingMocks>;
beforeEach(async () => {
  mocks = recordingMocks();
  await mocks.ready;
});

const folder = temporaryFolder("clients");
const SECRET = "4dabf18193072939515e22adb298388d";

const acls: InventoryUser["acls"] = [
  {
    resource: "topic",
    name: "orders",
    pattern: "literal",
    host: "*",
    permission: "allow",
    operations: ["Describe", "Read"],
  },
  {
    resource: "topic",
    name: "orders-secret",
    pattern: "prefixed",
    host: "10.0.0.1",
    permission: "deny",
    operations: ["All"],
  },
  {
    resource: "cluster",
    name: "kafka-cluster",
    pattern: "literal",
    host: "*",
    permission: "allow",
    operations: ["IdempotentWrite"],
  },
  {
    resource: "transactionalId",
    name: "tx-",
    pattern: "prefixed",
    host: "*",
    permission: "allow",
    operations: ["Write"],
  },
];
const billing: InventoryUser = {
  principal: "User:billing",
  name: "billing",
  moves: "yes",
  authentication: "scram-sha-512",
  labels: { team: "a", "eventstreams.ibm.com/cluster": "origin" },
  acls,
  quotas: { producerByteRate: 1024, requestPercentage: 50 },
};

function inventoryOf(users: InventoryUser[], dialect?: DialectName): string {
  const made = users.map((user) =>
    dialect === undefined
      ? user
      : {
          ...user,
          kafkaUser: { apiVersion: dialects[dialect].userApiVersion, namespace: "origin-ns", name: user.name! },
        },
  );
  const file = join(folder, `${users.length}-${dialect ?? "kafka"}.yaml`);
  writeFileSync(file, printInventory(testInventory({ users: made })));
  return file;
}

const origin = (dialect: DialectName) => ({ operator: { cluster: "origin", namespace: "origin-ns", dialect } });
const target = (dialect: DialectName) => ({ operator: { cluster: "target", namespace: "target-ns", dialect } });
const names = Object.keys(dialects) as DialectName[];
const settled = () => pulumi.runtime.disconnect();

function mistakesOf(args: ClientUsersArgs): string[] {
  try {
    new ClientUsers("clients", args);
    return [];
  } catch (error) {
    return [...(error as { details: string[] }).details];
  }
}

describe("from an operator to an operator", () => {
  const keepsPasswords = names.filter((name) => name !== "event-streams-v1beta1");

  test("the user keeps its name, password, ACLs and quotas, from every dialect to every dialect", async () => {
    const pairs = names.flatMap((from) => keepsPasswords.map((to) => [from, to] as const));
    for (const [from, to] of pairs) {
      const args = { inventory: inventoryOf([billing], from), origin: origin(from), target: target(to) };
      const clients = new ClientUsers(`${from}-${to}`, args);
      expect(await valueOf(clients.users)).toEqual(["billing"]);
    }
    await settled();
    for (const [from, to] of pairs) {
      const made = (name: string, type: string) =>
        mocks.declared.find((one) => one.name === `${from}-${to}-${name}` && one.type.includes(type))!;
      const { apiVersion, metadata, spec } = opened(made("billing", "KafkaUser").inputs);
      expect(apiVersion).toBe(dialects[to].userApiVersion);
      const label = apiVersion.startsWith("kafka.strimzi.io") ? "strimzi.io/cluster" : "eventstreams.ibm.com/cluster";
      expect(metadata).toMatchObject({ name: "billing", namespace: "target-ns" });
      expect(metadata.labels).toEqual({ team: "a", [label]: "target" });
      expect(spec.authentication).toEqual({
        type: "scram-sha-512",
        password: { valueFrom: { secretKeyRef: { name: "billing-client-password", key: "password" } } },
      });
      expect(spec.quotas).toEqual({ producerByteRate: 1024, requestPercentage: 50 });
      expect(spec.authorization.acls).toHaveLength(4);
      expect(spec.authorization.acls).toContainEqual({
        type: "deny",
        host: "10.0.0.1",
        operations: ["All"],
        resource: { type: "topic", name: "orders-secret", patternType: "prefix" },
      });
      const secret = made("billing-password", "core/v1:Secret");
      expect(secret.inputs.data[SECRET] ?? secret.inputs.data.password[SECRET]).toBeDefined();
      expect(opened(secret.inputs)).toMatchObject({
        metadata: { name: "billing-client-password", namespace: "target-ns" },
        data: { password: base64("password of origin-ns/billing") },
      });
      expect(made("passwords", "ClientPasswords").inputs.apiVersion).toBe(dialects[from].userApiVersion);
      expect(made("unclaimed", "UnclaimedClients").inputs).toMatchObject({
        users: ["billing"],
        withSecret: ["billing"],
        secrets: ["billing-client-password"],
      });
    }
  });

  test("a user without ACLs has no authorization, which a Kafka without authorizer would refuse", async () => {
    const users: InventoryUser[] = [{ ...billing, acls: [] }];
    for (const to of keepsPasswords)
      new ClientUsers(to, {
        inventory: inventoryOf(users, "strimzi-v1"),
        origin: origin("strimzi-v1"),
        target: target(to),
      });
    await settled();
    const made = mocks.declared.filter(({ type }) => type.endsWith(":KafkaUser")).map(({ inputs }) => opened(inputs));
    expect(made).toHaveLength(keepsPasswords.length);
    for (const { spec, metadata } of made) {
      expect(Object.keys(spec)).toEqual(["authentication", "quotas"]);
      expect(metadata.annotations).toMatchObject({ "pulumi-kafka-migration/application": "true" });
    }
  });

  test("topics that the mirror renames: both names", async () => {
    new ClientUsers("clients", {
      inventory: inventoryOf([billing], "strimzi-v1"),
      origin: origin("strimzi-v1"),
      target: target("strimzi-v1"),
      mirror: testMirror({ policyClass: "org.apache.kafka.connect.mirror.DefaultReplicationPolicy" }),
    });
    await settled();
    const [user] = mocks.declared.filter(({ type }) => type.endsWith(":KafkaUser"));
    const names = opened(user!.inputs).spec.authorization.acls.map((one: any) => one.resource.name);
    expect(names).toEqual(expect.arrayContaining(["orders", "origin-cluster.orders", "origin-cluster.orders-secret"]));
  });

  test("an operator that cannot keep a given password is refused, with the way out", () => {
    for (const to of [
      target("event-streams-v1beta1"),
      { operator: { ...target("strimzi-v1beta2").operator, version: "0.24.0" } },
    ])
      expect(
        mistakesOf({ inventory: inventoryOf([billing], "strimzi-v1"), origin: origin("strimzi-v1"), target: to }),
      ).toEqual([expect.stringContaining("can't keep a given password for user billing")]);
  });

  test("users with certificates are compared by the clients CA, and tls-external moves as it is", async () => {
    const users: InventoryUser[] = [
      { ...billing, name: "web", principal: "User:CN=web", authentication: "tls" },
      { ...billing, name: "own", principal: "User:CN=own", authentication: "tls-external" },
    ];
    new ClientUsers("clients", {
      inventory: inventoryOf(users, "strimzi-v1"),
      origin: origin("strimzi-v1"),
      target: target("strimzi-v1"),
    });
    await settled();
    const made = mocks.declared.filter(({ type }) => type.endsWith(":KafkaUser")).map(({ inputs }) => inputs.spec);
    expect(made.map(({ authentication }) => authentication)).toEqual([{ type: "tls-external" }, { type: "tls" }]);
    expect(opened(mocks.only("ClientsCa")[0]!.inputs)).toMatchObject({
      users: ["web"],
      external: ["own"],
      origin: { namespace: "origin-ns", name: "origin-clients-ca-cert" },
      target: { namespace: "target-ns", name: "target-clients-ca-cert" },
    });
    expect(mocks.only("core/v1:Secret")).toEqual([]);
  });

  test("two operators in one namespace cannot have users of the same name", () => {
    const operator = { cluster: "target", namespace: "origin-ns", dialect: "strimzi-v1" as const };
    expect(mistakesOf({ users: [{ name: "a" }], origin: origin("strimzi-v1"), target: { operator } })[0]).toContain(
      "two users of one name cannot be in one namespace",
    );
  });
});

describe("to a cluster without an operator", () => {
  const connection = { side: "target", bootstrapServers: "t:1" } as never;
  const to = () => ({ kafka: { provider: new kafka.Provider("target", { bootstrapServers: ["t:1"] }), connection } });

  test.each(["operator", "kafka"] as const)("from an origin with %s: credential, ACLs and quotas", async (from) => {
    new ClientUsers("clients", {
      inventory: inventoryOf([billing], from === "operator" ? "event-streams-v1" : undefined),
      origin: from === "operator" ? origin("event-streams-v1") : {},
      target: to(),
      ...(from === "operator" ? {} : { passwords: { billing: "hunter2" } }),
    });
    await settled();
    const [credential] = mocks.only("UserScramCredential");
    expect(credential!.inputs.password[SECRET]).toBeDefined();
    expect(opened(credential!.inputs)).toMatchObject({
      username: "billing",
      scramMechanism: "SCRAM-SHA-512",
      password: from === "operator" ? "password of origin-ns/billing" : "hunter2",
    });
    const made = mocks.only("kafka:index/acl").map(({ inputs }) => inputs);
    expect(made).toHaveLength(5);
    // The target may be open by default: the ACLs are checked before they are created.
    expect(mocks.only("UnclaimedClientUsers")[0]!.inputs.acls).toHaveLength(5);
    expect(made).toContainEqual({
      aclResourceType: "Topic",
      aclResourceName: "orders-secret",
      resourcePatternTypeFilter: "Prefixed",
      aclPrincipal: "User:billing",
      aclHost: "10.0.0.1",
      aclOperation: "All",
      aclPermissionType: "Deny",
    });
    expect(mocks.only("kafka:index/quota")[0]!.inputs).toEqual({
      entityType: "user",
      entityName: "billing",
      config: { producer_byte_rate: "1024", request_percentage: "50" },
    });
  });

  test("ACLs whose names would collide are all declared", async () => {
    const acl = (name: string): InventoryUser["acls"][number] => ({ ...acls[0]!, name, operations: ["Read"] });
    new ClientUsers("clients", {
      users: [
        { name: "a", authentication: "none", acls: [acl("topic-b")] },
        { name: "a-topic", authentication: "none", acls: [acl("b")] },
      ],
      origin: {},
      target: to(),
    });
    await settled();
    const made = mocks.only("kafka:index/acl");
    expect(made.map(({ inputs }) => [inputs.aclPrincipal, inputs.aclResourceName])).toEqual([
      ["User:a", "topic-b"],
      ["User:a-topic", "b"],
    ]);
    expect(new Set(made.map(({ name }) => name)).size).toBe(2);
  });

  test("all missing passwords are in one message, before anything is declared", () => {
    const users = ["c", "a", "b"].map((name) => ({ ...billing, name, principal: `User:${name}` }));
    expect(mistakesOf({ inventory: inventoryOf(users), origin: {}, target: to() })).toEqual([
      expect.stringContaining("clientPasswords has no password for 3 users: a, b, c"),
    ]);
  });
});

describe("the users of applications in a migration", () => {
  const side = (name: string, more: object = {}) => ({
    bootstrapServers: `${name}:9093`,
    operator: { cluster: name, namespace: `${name}-ns`, ...more },
  });
  const args = (more: Partial<MigrationArgs> = {}): MigrationArgs => ({
    origin: side("origin", { dialect: "event-streams-v1beta2" }),
    target: side("target"),
    inventory: inventoryOf([billing], "event-streams-v1beta2"),
    clients: {},
    ...more,
  });

  test.each(["mirror", "cutover", "cleanup"] as const)(
    "are declared in phase %s, after the preflight",
    async (phase) => {
      new Migration("m", args({ phase }));
      await settled();
      const user = mocks.declared.find(({ name }) => name === "m-clients-billing")!;
      expect(user.inputs.apiVersion).toBe("kafka.strimzi.io/v1");
      expect(mocks.only("UnclaimedClients")[0]!.after).toContain("m-preflight");
      expect(mocks.only(":Guard")[0]!.after).toContain("m-clients-stay");
      const made = mocks.declared.filter(
        ({ name, type }) => name.startsWith("m-clients-") && !type.includes("dynamic"),
      );
      expect(made.length).toBeGreaterThan(1);
      // The mirror's own user on the origin belongs to the origin's operator.
      const mirrors = mocks.declared.find(
        ({ name, type }) => name === "m-origin-administrator" && type.endsWith(":KafkaUser"),
      );
      expect(mirrors!.inputs.apiVersion).toBe("eventstreams.ibm.com/v1beta2");
    },
  );

  test("are absent without the setting, and with false", async () => {
    for (const clients of [undefined, false as const]) {
      const { clients: _c, ...rest } = args();
      new Migration(`m-${clients}`, {
        ...rest,
        ...(clients === undefined ? {} : { clients }),
        mirror: { name: `m-${clients}` },
      });
    }
    await settled();
    expect(mocks.declared.filter(({ name }) => name.includes("-clients"))).toEqual([]);
  });

  test.each<[Partial<MigrationArgs>, string]>([
    [{ inventory: "no-such-file.yaml" }, 'inventory: "no-such-file.yaml" does not exist; write it with'],
    [{ inventory: undefined as never, clients: {} }, "clients names no users: set inventory"],
    [{ clientPasswords: { x: "hunter2" } }, 'clientPasswords.x is not used: there is no user "x"'],
    [{ clients: false, clientPasswords: { x: "hunter2" } }, "clientPasswords is not used: clients is not set"],
    [
      { clients: { users: [{ name: "a", authentication: "none", quotas: { producerByteRate: 1000.5 } }] } },
      "clients.users.0.quotas.producerByteRate is 1000.5: it has to be a whole number, at least 1",
    ],
    [
      { clients: { users: [{ name: "a", authentication: "none", quotas: { requestPercentage: 0 } }] } },
      "clients.users.0.quotas.requestPercentage is 0: it has to be a number, more than 0",
    ],
    [{ clients: { users: [{ name: "mm2-administrator" }] } }, '"mm2-administrator" is the migration\'s administrator'],
    [
      {
        target: {
          bootstrapServers: "t:1",
          given: { username: "a", password: "b" },
          administrator: { username: "c", password: "d" },
        },
      },
      "clients is set, but the target has neither operator nor kafka",
    ],
    [
      { clients: { narrow: true }, preflight: { everyoneByDefault: { target: true } } },
      "clients.narrow is true, but the target allows everyone",
    ],
  ])("mistakes are reported with the others: %j", (more, says) => {
    const wrong = () => new Migration("m", args(more));
    expect(wrong).toThrow(says);
    try {
      wrong();
    } catch (error) {
      expect((error as Error).message).not.toContain("hunter2");
    }
  });
});

describe("on a target that allows everyone to use resources without ACLs", () => {
  const operator = { cluster: "target", namespace: "target-ns" };
  const asked = (preflight?: MigrationArgs["preflight"]) =>
    clientArgs(
      {
        origin: { bootstrapServers: "o:1" },
        target: { bootstrapServers: "t:1", operator },
        mirror: { topicsPattern: "orders" },
        clients: {},
        ...(preflight === undefined ? {} : { preflight }),
      } as MigrationArgs,
      undefined,
    ).everyoneByDefault;

  test("the users of applications are refused like the administrator, because their ACLs name other resources", () => {
    expect(asked()).toBeUndefined();
    expect(asked({ everyoneByDefault: { target: true } })).toBe(true);
    expect(asked({ everyoneByDefault: { origin: true, target: false } })).toBe(false);
    expect(asked({ accept: ["CLUSTER_OPEN"] })).toBe(false);
    expect(asked({ accept: ["CLUSTER_OPEN_UNKNOWN"] })).toBeUndefined();
  });
});
