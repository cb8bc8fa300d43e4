import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { testMirror } from "../../test/support/models";
import { implies, type AclOperation } from "../acls/rules";
import type { InventoryAcl } from "../inventory/types";
import { narrowAcls, narrowingOf } from "./narrow";
import { aclText } from "./words";

const acl = (more: Partial<InventoryAcl>): InventoryAcl => ({
  resource: "topic",
  name: "orders",
  pattern: "literal",
  host: "*",
  permission: "allow",
  operations: ["Read"],
  ...more,
});
const narrowing = narrowingOf(
  testMirror({
    topicsPattern: "orders,payments-.*,eu-(a|b)",
    topicsExcludePattern: "payments-old",
    groupsPattern: "billing-.*",
  }),
  { groups: ["audit"], excludeGroups: ["billing-test"] },
);
const names = (acls: readonly InventoryAcl[]) => acls.map(aclText);

describe("ACLs that are narrowed to what migrates", () => {
  test.each<[Partial<InventoryAcl>, string[]]>([
    [{ name: "orders" }, ["allow Read on topic orders"]],
    [{ name: "returns" }, []],
    [{ name: "payments-old" }, []],
    [{ name: "payments-eu" }, ["allow Read on topic payments-eu"]],
    [{ name: "pay", pattern: "prefixed" }, ["allow Read on topic payments-*"]],
    [{ name: "payments-eu-", pattern: "prefixed" }, ["allow Read on topic payments-eu-*"]],
    [{ name: "orders", pattern: "prefixed" }, ["allow Read on topic orders"]],
    [{ name: "x", pattern: "prefixed" }, []],
    [{ name: "*" }, ["allow Read on topic orders", "allow Read on topic payments-*", "allow Read on topic eu-*"]],
    [{ resource: "group", name: "*" }, ["allow Read on group billing-*", "allow Read on group audit"]],
    [{ resource: "group", name: "billing-test" }, []],
    [{ resource: "group", name: "audit" }, ["allow Read on group audit"]],
    [{ resource: "transactionalId", name: "x" }, ["allow Read on transactionalId x"]],
    [{ resource: "cluster", name: "kafka-cluster" }, ["allow Read on the cluster"]],
    [{ name: "returns", permission: "deny" }, ["deny Read on topic returns"]],
  ])("%j", (more, expected) => {
    const { acls, leftOut } = narrowAcls([acl(more)], narrowing);
    expect(names(acls)).toEqual(expected);
    expect(leftOut).toHaveLength(expected.length === 0 ? 1 : 0);
  });
});

const OPERATIONS: AclOperation[] = ["All", "Read", "Write", "Describe", "Alter"];
const NAMES = ["a", "ab", "abc", "b", "bc", "ca", "cab", "abca"];

/** What the standard authorizer decides for one principal, closed by default. */
function decides(acls: readonly InventoryAcl[], of: { resource: string; name: string; host: string }, wanted: string) {
  const here = acls.filter(
    (one) =>
      one.resource === of.resource &&
      (one.host === "*" || one.host === of.host) &&
      (one.pattern === "prefixed" ? of.name.startsWith(one.name) : one.name === of.name || one.name === "*"),
  );
  if (here.some((one) => one.permission === "deny" && one.operations.some((o) => o === wanted || o === "All")))
    return false;
  return here.some(
    (one) => one.permission === "allow" && one.operations.some((o) => implies(o, wanted as AclOperation)),
  );
}

const anyAcl = fc.record<InventoryAcl>({
  resource: fc.constantFrom("topic", "group"),
  name: fc.constantFrom("*", ...NAMES),
  pattern: fc.constantFrom("literal", "prefixed"),
  host: fc.constantFrom("*", "10.0.0.1"),
  permission: fc.constantFrom("allow", "allow", "deny"),
  operations: fc.uniqueArray(fc.constantFrom(...OPERATIONS), { minLength: 1, maxLength: 2 }),
});
const anyPattern = fc
  .array(fc.constantFrom("a.*", "ab", "abc?", "b.+", "(ca|b)", "c[ab]b", ".*", "ab|bc"), {
    minLength: 1,
    maxLength: 3,
  })
  .map((list) => list.join(","));

test("narrowed ACLs grant nothing new, and everything that migrates stays as it was", () => {
  fc.assert(
    fc.property(
      fc.array(anyAcl, { maxLength: 6 }),
      anyPattern,
      anyPattern,
      fc.constantFrom(undefined, "ab", "a.*"),
      (acls, topicsPattern, groupsPattern, topicsExcludePattern) => {
        const what = narrowingOf(
          testMirror({ topicsPattern, groupsPattern, ...(topicsExcludePattern && { topicsExcludePattern }) }),
        );
        const { acls: narrower } = narrowAcls(acls, what);
        const wrong: string[] = [];
        for (const resource of ["topic", "group"] as const)
          for (const name of NAMES)
            for (const host of ["10.0.0.1", "10.0.0.2"])
              for (const operation of OPERATIONS) {
                const of = { resource, name, host };
                const [before, now] = [decides(acls, of, operation), decides(narrower, of, operation)];
                const moves = (resource === "topic" ? what.topics : what.groups).moves(name);
                if (moves ? now !== before : now && !before) wrong.push(`${operation} ${JSON.stringify(of)}`);
              }
        expect(wrong).toEqual([]);
      },
    ),
    { numRuns: 150 },
  );
});
