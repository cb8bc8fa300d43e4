import { testAcl } from "../../test/support/acls";
import { expect, it } from "vitest";
import { parseInventory } from "../inventory";
import type { Acl } from "../kafka/port";
import { compareInventory } from "./inventory";

const inventory = parseInventory(`format: 1
origin: c1
target: c2
users:
  - principal: User:billing
    moves: yes
    authentication: scram-sha-512
    acls:
      - { resource: topic, name: orders, pattern: literal, host: "*", permission: allow, operations: [Read, Write] }
`);
const seen = (acls: Acl[], scram: string[], clusterId = "c1") =>
  compareInventory(
    { file: "estate.yaml", inventory },
    { clusterId, acls, scram: scram.map((name) => ({ name, mechanisms: [] })) },
    new Set(["User:mm2"]),
  ).map((finding) => {
    expect(finding).toMatchObject({ code: "INVENTORY_OLD", severity: "warning" });
    return finding.seen;
  });

it("preflight says nothing if the inventory has every user and ACL of the origin", () => {
  expect(seen([testAcl(), testAcl({ operation: "Write" })], ["billing", "mm2"])).toEqual([]);
  expect(seen([testAcl({ principal: "User:mm2", resourceName: "x" })], [])).toEqual([]);
  expect(seen([], [])).toEqual([]);
});

it("preflight names users and ACLs that were added to the origin after the inventory", () => {
  expect(seen([testAcl({ principal: "User:CN=new" })], ["reports"])).toEqual([
    "the origin has 2 users that estate.yaml lacks: User:CN=new, User:reports",
  ]);
  for (const [more, text] of [
    [{ resourceName: "invoices" }, "User:billing may Read topic invoices"],
    [{ patternType: "prefixed" }, "User:billing may Read topics orders*"],
    [{ permission: "deny" }, "User:billing may not Read topic orders"],
    [{ host: "10.0.0.1" }, "User:billing may Read topic orders from 10.0.0.1"],
    [{ operation: "Delete" }, "User:billing may Delete topic orders"],
    [{ resourceType: "group" }, "User:billing may Read group orders"],
  ] satisfies [Partial<Acl>, string][])
    expect(seen([testAcl(), testAcl(more)], [])).toEqual([
      `the origin has 1 ACL of known users that estate.yaml lacks: ${text}`,
    ]);
});

it("preflight does not take the ACLs of a fence for new ones", () => {
  const fence = { principal: "User:*", permission: "deny" } as const;
  const marker = "kafka-migration-fence:a>b:orders";
  expect(
    seen(
      [
        testAcl({ ...fence, operation: "Write" }),
        testAcl({ ...fence, resourceType: "transactionalId", resourceName: marker, operation: "Describe" }),
      ],
      [],
    ),
  ).toEqual([]);
});

it("preflight says that an inventory is of another cluster", () => {
  expect(seen([], [], "c9")).toEqual(["estate.yaml is the inventory of cluster c1, and the origin is c9"]);
});
