import fc from "fast-check";
import { expect, test } from "vitest";
import { testInventory } from "../../test/support/inventories";
import { testMirror } from "../../test/support/models";
import { compareAcls } from "../access/parity";
import { counterpartsOn, namesToCompare } from "../access/names";
import { aclKey, OPERATIONS_OF } from "../acls";
import { parseInventory, printInventory, type Inventory } from "../inventory";
import { inventoryUsers } from "../inventory/users";
import type { Acl } from "../kafka/port";
import type { MirrorModel } from "../model";
import { targetTopicName } from "../naming";
import { narrowingOf } from "./narrow";
import { clientBindings, planClients } from ".";

/** From the origin's ACLs through the file to the ACLs on the target. */

const name = fc.constantFrom(
  "orders",
  "orders-eu",
  "orders.archive",
  "or",
  "pay ments",
  "__x",
  "x:y",
  'q"#',
  "*",
  "yes",
);
const principal = fc.constantFrom(
  "User:billing",
  "User:CN=billing",
  "User:CN=a b,OU=c\\,d",
  "User:Ü#1",
  "User:*",
  "User:no",
);
const type = fc.constantFrom<Acl["resourceType"]>("topic", "topic", "group", "cluster", "transactionalId");
const host = fc.constantFrom("*", "*", "10.0.0.1", "0:0:0:0:0:0:0:1", "fe80:0:0:0:0:0:0:1%eth0");

const anyAcl: fc.Arbitrary<Acl> = type.chain((resourceType) =>
  fc.record({
    resourceType: fc.constant(resourceType),
    resourceName: resourceType === "cluster" ? fc.constant("kafka-cluster") : name,
    patternType:
      resourceType === "cluster"
        ? fc.constant("literal" as const)
        : fc.constantFrom<Acl["patternType"]>("literal", "literal", "prefixed"),
    principal,
    host,
    operation: fc.constantFrom(...OPERATIONS_OF[resourceType].filter((one) => one !== "TwoPhaseCommit"), "All"),
    permission: fc.constantFrom<Acl["permission"]>("allow", "allow", "deny"),
  }),
);
const anyAcls = fc
  .array(anyAcl, { maxLength: 12 })
  .map((acls) => [...new Map(acls.map((acl) => [aclKey(acl), acl])).values()]);

/** Writes and reads the file. Somebody has confirmed every condition. */
function throughTheFile(acls: readonly Acl[]): Inventory {
  const facts = { acls, scram: [], quotas: [], objects: undefined, own: new Set<string>(), targetHasOperator: false };
  const users = inventoryUsers(facts).map((user) => ({ ...user, moves: "yes" as const }));
  return parseInventory(printInventory(testInventory({ users })));
}

function declared(acls: readonly Acl[], more: Partial<Parameters<typeof planClients>[0]> = {}): Acl[] {
  const plan = planClients({
    inventory: throughTheFile(acls).users,
    own: new Map(),
    origin: "kafka",
    target: "kafka",
    passwords: new Set(),
    ...more,
  });
  expect(plan.mistakes.filter((one) => !one.startsWith("clients names no users"))).toEqual([]);
  expect(plan.warnings).toEqual([]);
  return plan.users.flatMap((user) => clientBindings(user));
}

const existing = {
  topics: ["orders", "orders-eu", "orders.archive", "pay ments"],
  groups: ["orders"],
  transactionalIds: [],
};
function differences(mirror: MirrorModel, origin: readonly Acl[], target: readonly Acl[]) {
  const names = namesToCompare(mirror, existing, { origin, target });
  return compareAcls({ origin: { acls: origin }, target: { acls: target } }, names, counterpartsOn(mirror)).differences;
}

test("every ACL of the origin is declared on a target without an operator, and no other", () => {
  fc.assert(
    fc.property(anyAcls, (acls) => {
      expect(declared(acls).map(aclKey).sort()).toEqual(acls.map(aclKey).sort());
    }),
    { numRuns: 60 },
  );
});

test("narrowed ACLs decide the same about everything that migrates", () => {
  const mirror = testMirror({ topicsPattern: "orders.*", groupsPattern: "orders" });
  fc.assert(
    fc.property(anyAcls, (acls) => {
      expect(differences(mirror, acls, declared(acls, { narrowing: narrowingOf(mirror) }))).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

test("ACLs on topics that get other names decide the same about the copies", () => {
  const mirror = testMirror({ policyClass: "org.apache.kafka.connect.mirror.DefaultReplicationPolicy" });
  const copyOf = (topic: string) => targetTopicName(mirror, topic);
  fc.assert(
    fc.property(anyAcls, (acls) => {
      expect(differences(mirror, acls, declared(acls, { copyOf }))).toEqual([]);
    }),
    { numRuns: 60 },
  );
});
