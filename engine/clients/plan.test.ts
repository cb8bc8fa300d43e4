import { describe, expect, test } from "vitest";
import { testMirror } from "../../test/support/models";
import type { InventoryUser } from "../inventory/types";
import { narrowingOf } from "./narrow";
import { planClients } from "./plan";
import type { ClientQuestion } from "./types";

const kafkaUser = (name: string) => ({ apiVersion: "eventstreams.ibm.com/v1beta2", namespace: "origin-ns", name });
const user = (name: string, more: Partial<InventoryUser> = {}): InventoryUser => ({
  principal: `User:${name}`,
  name,
  kafkaUser: kafkaUser(name),
  moves: "yes",
  authentication: "scram-sha-512",
  acls: [],
  ...more,
});
const bare = (name: string, more: Partial<InventoryUser> = {}): InventoryUser => {
  const { kafkaUser: _none, ...rest } = user(name, more);
  return rest;
};
const ask = (more: Partial<ClientQuestion>) =>
  planClients({
    own: new Map([["mm2-credentials", "the mirror's user on the origin"]]),
    origin: "operator",
    target: "operator",
    passwords: new Set<string>(),
    ...more,
  });
const acl = { resource: "topic", pattern: "literal", host: "*", permission: "allow" } as const;
const read = { ...acl, operations: ["Read"] };

describe("the users of an inventory that move", () => {
  test("are those with moves: yes, without the mirror's users and those that are excluded", () => {
    const plan = ask({
      inventory: [
        user("billing"),
        user("audit"),
        user("mm2-credentials"),
        user("kafka-admin", { moves: "no", why: "an administrator" }),
        user("legacy"),
      ],
      exclude: ["legacy"],
    });
    expect(plan.users.map(({ name }) => name)).toEqual(["audit", "billing"]);
    expect(plan.notes).toEqual(["user mm2-credentials does not move: it is the mirror's user on the origin"]);
    expect(plan.mistakes).toEqual([]);
  });

  test("keep their labels, without those of the operators and of tools that delete what they do not know", () => {
    const labels = {
      team: "billing",
      "app.kubernetes.io/name": "billing",
      "eventstreams.ibm.com/cluster": "origin",
      "strimzi.io/cluster": "origin",
      "argocd.argoproj.io/instance": "origin",
      "app.kubernetes.io/instance": "origin",
    };
    expect(ask({ inventory: [user("billing", { labels })] }).users[0]!.labels).toEqual({
      team: "billing",
      "app.kubernetes.io/name": "billing",
    });
  });

  test("leave out those whose condition nobody has confirmed, with a line", () => {
    const cert: InventoryUser = {
      principal: "User:CN=a",
      moves: "if",
      when: "the target trusts its CA",
      authentication: "tls",
      acls: [],
    };
    const plan = ask({ inventory: [cert, { ...cert, principal: "User:CN=b", moves: "yes" }] });
    expect(plan.users.map(({ name }) => name)).toEqual(["b"]);
    expect(plan.warnings).toEqual([
      '1 user of the inventory is not declared: a (moves if the target trusts its CA); write moves: "yes" for those ' +
        "that move, or list them in clients.users",
    ]);
  });

  test("are replaced by users of the same name that are written by hand", () => {
    const plan = ask({
      inventory: [user("billing", { quotas: { producerByteRate: 5 } })],
      users: [{ name: "billing", acls: [{ resource: "cluster", name: "x", operations: ["Describe"] }] }],
    });
    expect(plan.users).toHaveLength(1);
    expect(plan.users[0]).toMatchObject({
      acls: [{ resource: "cluster", name: "kafka-cluster", pattern: "literal", host: "*", permission: "allow" }],
    });
    expect(plan.users[0]!.quotas).toBeUndefined();
  });

  test("have the principal that the target gives them", () => {
    const users: InventoryUser[] = [
      user("scram"),
      user("tls", { principal: "User:CN=tls", authentication: "tls" }),
      user("own", { principal: "User:CN=own", authentication: "tls-external" }),
      { principal: "User:CN=bare", moves: "yes", authentication: "unknown", acls: [] },
      { principal: "User:oauth", moves: "yes", authentication: "unknown", acls: [] },
    ];
    const said = (target: "operator" | "kafka") =>
      Object.fromEntries(ask({ inventory: users, target }).users.map((u) => [u.name, [u.login, u.principal]]));
    const expected = {
      scram: ["scram-sha-512", "User:scram"],
      tls: ["tls", "User:CN=tls"],
      own: ["tls-external", "User:CN=own"],
      bare: ["tls-external", "User:CN=bare"],
      oauth: ["none", "User:oauth"],
    };
    expect(said("operator")).toEqual(expected);
    expect(said("kafka")).toEqual(expected);
  });
});

describe("a password", () => {
  test("comes from the origin's Secret, unless the program has it", () => {
    const plan = ask({ inventory: [user("a"), user("b")], passwords: new Set(["b"]) });
    expect(plan.users.map(({ name, password }) => [name, password])).toEqual([
      ["a", "origin"],
      ["b", "given"],
    ]);
    expect(plan.mistakes).toEqual([]);
  });

  test("that nobody knows is missing, and all missing ones are in one message", () => {
    const inventory = [bare("b"), bare("a"), bare("c", { moves: "if", when: "clientPasswords.c is set" })];
    for (const target of ["operator", "kafka"] as const) {
      const { mistakes } = ask({ inventory, origin: "kafka", target });
      expect(mistakes).toEqual([
        expect.stringMatching(/^clientPasswords has no password for 3 users: a, b, c; Kafka never reveals a password/),
      ]);
    }
    expect(ask({ inventory, origin: "kafka", passwords: new Set(["a", "b", "c"]) }).mistakes).toEqual([]);
    // A SCRAM user that the origin's operator did not make has no Secret.
    expect(ask({ inventory: [bare("a")] }).mistakes[0]).toContain("no password for 1 user: a");
  });

  test("that nothing uses is a mistake", () => {
    expect(ask({ inventory: [user("billing")], passwords: new Set(["biling"]) }).mistakes).toEqual([
      'clientPasswords.biling is not used: there is no user "biling" (did you mean "billing"?); remove it',
    ]);
    const web = user("web", { authentication: "none" });
    expect(ask({ inventory: [web], passwords: new Set(["web"]) }).mistakes).toEqual([
      "clientPasswords.web is not used: this user is not declared with a password; remove it",
    ]);
  });

  test("of a name with quotes has a command that a shell and Pulumi read", () => {
    const { mistakes } = ask({ target: "kafka", inventory: [bare(`it's "mine"`)], passwords: new Set() });
    expect(mistakes.join()).toContain(
      String.raw`pulumi config set --secret --path 'clientPasswords["it'\''s \"mine\""]'`,
    );
  });
});

describe("what the target cannot have", () => {
  test("is left out with a line that names it", () => {
    const plan = ask({
      inventory: [
        user("billing", {
          acls: [
            { ...acl, resource: "delegationToken", name: "t", operations: ["Describe"] },
            { ...acl, name: "orders", operations: ["Read", "TwoPhaseCommit"] },
          ],
          quotas: { requestPercentage: 12.5, controllerMutationRate: 0.5 },
        }),
        bare("Billing_App"),
        { principal: "User:*", moves: "yes", authentication: "unknown", acls: [] },
        { principal: "User:CN=a,O=b", moves: "yes", authentication: "unknown", acls: [] },
      ],
      passwords: new Set(),
    });
    expect(plan.users.map(({ name, acls, quotas }) => ({ name, acls, quotas }))).toEqual([
      {
        name: "billing",
        acls: [{ ...read, name: "orders" }],
        quotas: { requestPercentage: 13, controllerMutationRate: 0.5 },
      },
    ]);
    expect(plan.warnings.join("\n")).toContain(
      "allow Describe on delegationToken t, allow TwoPhaseCommit on topic orders",
    );
    expect(plan.warnings.join("\n")).toContain("User:Billing_App is not declared on the target");
    expect(plan.warnings.join("\n")).toContain("User:* is not declared on the target");
    expect(plan.warnings.join("\n")).toContain("User:CN=a,O=b is not declared on the target");
  });

  test("is a mistake for a user that is written by hand", () => {
    const { mistakes } = ask({
      users: [{ name: "Billing_App" }, { name: "mm2-credentials" }, { name: "a" }, { name: "a" }],
    });
    expect(mistakes).toEqual([
      expect.stringContaining('clients.users: "Billing_App" has other characters'),
      'clients.users: "mm2-credentials" is the mirror\'s user on the origin, which does not move; remove it',
      'clients.users: "a" is listed twice; remove one',
    ]);
  });

  test("is a mechanism: an operator makes SCRAM-SHA-512 only", () => {
    const inventory = [bare("a", { authentication: "scram-sha-256" })];
    const passwords = new Set(["a"]);
    const operator = ask({ inventory, origin: "kafka", passwords });
    expect(operator.users[0]!.login).toBe("scram-sha-512");
    expect(operator.warnings[0]).toContain("set sasl.mechanism to SCRAM-SHA-512");
    const { users } = ask({ inventory, origin: "kafka", target: "kafka", passwords });
    expect(users[0]).toMatchObject({ login: "scram-sha-256", mechanisms: ["SCRAM-SHA-256"] });
    const both = [bare("a", { mechanisms: ["SCRAM-SHA-256", "SCRAM-SHA-512"] })];
    expect(ask({ inventory: both, origin: "kafka", target: "kafka", passwords }).users[0]!.mechanisms).toEqual([
      "SCRAM-SHA-256",
      "SCRAM-SHA-512",
    ]);
    expect(ask({ inventory: both, origin: "kafka", passwords }).warnings[0]).toContain("SCRAM-SHA-256 on the origin");
  });
});

describe("an inventory that is not complete", () => {
  const inventory = [user("billing")];
  const unread = ["the topics: x", "the ACLs: grant Describe on the cluster", "the quotas: grant DescribeConfigs"];

  test("is refused if its ACLs or KafkaUsers are missing, because users would be made without them", () => {
    const plan = ask({ inventory, unread });
    expect(plan.mistakes).toEqual([
      "the inventory was written without the ACLs: grant Describe on the cluster; write it again when the administrator " +
        "may read them",
    ]);
    expect(ask({ inventory, unread: ["the KafkaUsers: grant list"] }).mistakes).toHaveLength(1);
    expect(ask({ users: [{ name: "a" }], inventory: [user("b", { moves: "no" })], unread }).mistakes).toEqual([]);
  });

  test("is a warning if quotas or SCRAM users may be missing, and nothing if the rest is", () => {
    const plan = ask({ inventory, unread: [unread[0]!, unread[2]!, "the SCRAM users: x"] });
    expect(plan.mistakes).toEqual([]);
    expect(plan.warnings).toEqual([
      expect.stringMatching(/without the quotas: grant DescribeConfigs; without the SCRAM users: x; write it again/),
    ]);
    expect(ask({ inventory, unread: [unread[0]!] })).toMatchObject({ mistakes: [], warnings: [] });
  });
});

test("a SCRAM user and a certificate of the same name are two users in Kafka, and one KafkaUser", () => {
  const inventory: InventoryUser[] = [
    { principal: "User:CN=billing", moves: "yes", authentication: "tls", acls: [{ ...read, name: "a" }] },
    bare("billing", { acls: [{ ...read, name: "b" }] }),
  ];
  const passwords = new Set(["billing"]);
  const said = (target: "operator" | "kafka") => ask({ inventory, origin: "kafka", target, passwords });
  expect(said("kafka").users.map(({ name, principal, login }) => [name, principal, login])).toEqual([
    ["CN=billing", "User:CN=billing", "tls-external"],
    ["billing", "User:billing", "scram-sha-512"],
  ]);
  expect(said("kafka").warnings).toEqual([]);
  expect(said("operator").users.map(({ principal }) => principal)).toEqual(["User:billing"]);
  expect(said("operator").warnings).toEqual([
    "User:CN=billing is not declared on the target: another user of that name is declared already",
  ]);
});

test("ACLs on topics that get other names on the target are declared for both names, unless written by hand", () => {
  const acls = [
    { ...read, name: "orders" },
    { ...read, name: "pay", pattern: "prefixed" as const, permission: "deny" as const },
    { ...read, name: "*" },
    { ...read, resource: "group" as const, name: "orders" },
  ];
  const plan = ask({
    inventory: [user("a", { acls })],
    users: [{ name: "b", acls: [{ ...read, name: "origin.orders" }] }],
    copyOf: (topic) => `origin.${topic}`,
  });
  expect(plan.users.map(({ acls: found }) => found.map(({ resource, name }) => `${resource} ${name}`))).toEqual([
    ["group orders", "topic *", "topic orders", "topic origin.orders", "topic origin.pay", "topic pay"],
    ["topic origin.orders"],
  ]);
  expect(plan.users[0]!.acls.find(({ name }) => name === "origin.pay")).toMatchObject({
    pattern: "prefixed",
    permission: "deny",
  });
  expect(plan.notes).toEqual([
    "topic a is called origin.a on the target: the topic ACLs of 1 user are declared for both names: a",
  ]);
});

test("with narrow, ACLs that cover nothing that migrates are left out and named", () => {
  const plan = ask({
    inventory: [
      user("a", {
        acls: [
          { ...read, name: "orders" },
          { ...read, name: "returns" },
        ],
      }),
    ],
    narrowing: narrowingOf(testMirror({ topicsPattern: "orders" })),
  });
  expect(plan.users[0]!.acls.map(({ name }) => name)).toEqual(["orders"]);
  expect(plan.notes).toEqual([
    "user a: 1 ACL left out, because nothing that they cover migrates: allow Read on topic returns",
  ]);
});

test("no users at all, or an excluded user that does not exist, is a mistake", () => {
  expect(ask({}).mistakes[0]).toContain("clients names no users: set inventory");
  expect(ask({ inventory: [user("billing")], exclude: ["biling"] }).mistakes).toEqual([
    'clients.exclude: the inventory has no user "biling" (did you mean "billing"?); remove it',
  ]);
});
