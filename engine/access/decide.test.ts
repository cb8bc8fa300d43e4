import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Acl } from "../kafka/port";
import { decide } from "./decide";
import {
  acl,
  anyAcls,
  anyHost,
  anyName,
  anyOperation,
  anyPrincipal,
  anyResource,
  mayByTheRules,
} from "../../test/engine/access/samples";

const question = {
  principal: "User:billing",
  host: "10.0.0.1",
  operation: "Read",
  resource: "topic" as const,
  name: "invoices",
};
const may = (acls: readonly Acl[], over: Partial<typeof question> = {}, rules = {}) =>
  decide({ acls, ...rules }, { ...question, ...over });

describe("an authorizer's decision", () => {
  test("refuses what no ACL allows, and allows what no ACL covers only where the cluster says so", () => {
    expect(may([])).toEqual({ allowed: false, by: "default" });
    expect(may([], {}, { everyoneByDefault: true })).toEqual({ allowed: true, by: "default" });
    const ofAnother = acl({ principal: "User:other" });
    expect(may([ofAnother], {}, { everyoneByDefault: true })).toEqual({ allowed: false, by: "nothing" });
    const elsewhere = acl({ resourceName: "orders", principal: "User:other" });
    expect(may([elsewhere], {}, { everyoneByDefault: true }).allowed).toBe(true);
  });

  test("lets a denial win over every permission, also a wider denial over a narrower permission", () => {
    const allowed = acl({});
    for (const over of [{}, { resourceName: "*" }, { resourceName: "inv", patternType: "prefixed" as const }]) {
      const denial = acl({ ...over, permission: "deny", principal: "User:*" });
      expect(may([allowed, denial])).toEqual({ allowed: false, by: "acl", acl: denial });
    }
  });

  test("counts implied operations for permissions, never for denials", () => {
    expect(may([acl({ operation: "Read" })], { operation: "Describe" }).allowed).toBe(true);
    expect(may([acl({ operation: "AlterConfigs" })], { operation: "DescribeConfigs" }).allowed).toBe(true);
    expect(may([acl({ operation: "Describe" })], { operation: "Read" }).allowed).toBe(false);
    expect(may([acl({ operation: "Create" })], { operation: "Describe" }).allowed).toBe(false);
    const readDenied = [acl({ operation: "Describe" }), acl({ operation: "Read", permission: "deny" })];
    expect(may(readDenied, { operation: "Describe" }).allowed).toBe(true);
    const allDenied = [acl({ operation: "All" }), acl({ operation: "All", permission: "deny" })];
    expect(may(allDenied, { operation: "Describe" }).allowed).toBe(false);
  });

  test("compares hosts as they are written, and knows super users", () => {
    expect(may([acl({ host: "10.0.0.1" })]).allowed).toBe(true);
    expect(may([acl({ host: "10.0.0.2" })]).allowed).toBe(false);
    const denied = [acl({ permission: "deny", operation: "All" })];
    expect(may(denied, {}, { superUsers: ["User:billing"] })).toEqual({ allowed: true, by: "super user" });
  });

  test("is that of the rules, for random ACLs", () => {
    fc.assert(
      fc.property(
        anyAcls,
        anyPrincipal,
        anyHost,
        anyResource,
        anyOperation,
        anyName,
        fc.boolean(),
        (acls, principal, host, resource, operation, name, open) => {
          const asked = { principal, host, resource, operation, name };
          const { allowed, by, acl: found } = decide({ acls, everyoneByDefault: open }, asked);
          expect(allowed).toBe(mayByTheRules(acls, open, asked));
          expect(by === "acl").toBe(found !== undefined);
        },
      ),
      { numRuns: 1500 },
    );
  });
});
