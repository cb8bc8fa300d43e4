import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OPERATIONS_OF } from "../acls";
import type { Acl } from "../kafka/port";
import { compareAcls } from "./parity";
import { acl, anyAcls, mayByTheRules } from "../../test/engine/access/samples";
import type { ComparedNames } from "./types";

const named = (names: readonly string[]) =>
  names.map((name) => ({ origin: name, target: name, kind: "exists" as const }));
const names: ComparedNames = {
  topic: named(["a", "ab", "abc", "b", "ba"]),
  group: named(["a", "ab", "b"]),
  transactionalId: named(["a", "b"]),
  cluster: named(["kafka-cluster"]),
};
const HOSTS = ["10.0.0.1", "10.0.0.2", "10.0.0.9"];
const PRINCIPALS = ["User:x", "User:y", "User:CN=z", "User:nobody"];

/** Every question about these names to which the two clusters answer differently. */
function differingQuestions(origin: readonly Acl[], target: readonly Acl[], open: boolean): string[] {
  const found: string[] = [];
  for (const resource of ["topic", "group", "transactionalId", "cluster"] as const)
    for (const { origin: name } of names[resource])
      for (const operation of OPERATIONS_OF[resource])
        for (const principal of PRINCIPALS)
          for (const host of HOSTS) {
            const question = { principal, host, operation, resource, name };
            const here = mayByTheRules(origin, open, question);
            if (here !== mayByTheRules(target, open, question))
              found.push(`${principal} ${here ? "origin" : "target"} ${operation} ${resource} ${name}`);
          }
  return [...new Set(found)];
}

describe("the comparison of two clusters", () => {
  test("finds a difference exactly where some client gets another answer", () => {
    fc.assert(
      fc.property(anyAcls, anyAcls, fc.boolean(), fc.boolean(), (one, more, sameStart, open) => {
        const target = sameStart ? [...one.slice(1), ...more.slice(0, 1)] : more;
        const rules = {
          origin: { acls: one, everyoneByDefault: open },
          target: { acls: target, everyoneByDefault: open },
        };
        const { differences } = compareAcls(rules, names);
        const reported = new Set(
          differences.flatMap((d) =>
            d.names!.flatMap((name) =>
              d.operations!.map((operation) => `${d.principal} ${d.allowedOn} ${operation} ${d.resource} ${name}`),
            ),
          ),
        );
        const differing = differingQuestions(one, target, open);
        // What everybody lacks is reported once, for `User:*`.
        const missed = differing.filter((line) => !reported.has(line) && !reported.has(line.replace(/^\S+/, "User:*")));
        expect(missed).toEqual([]);
        const real = new Set(differing);
        const invented = [...reported].filter((line) =>
          line.startsWith("User:* ") ? !real.has(line.replace("User:*", "User:nobody")) : !real.has(line),
        );
        expect(invented).toEqual([]);
        for (const { causes, text } of differences) {
          expect(causes).not.toEqual([]);
          expect(text).toContain("but not on the");
        }
      }),
      { numRuns: 200 },
    );
  });

  const texts = (origin: readonly Acl[], target: readonly Acl[], rules: object = {}) =>
    compareAcls({ origin: { acls: origin, ...rules }, target: { acls: target, ...rules } }, names).differences.map(
      ({ text }) => text,
    );

  test("names the ACL that is missing", () => {
    expect(texts([acl({ resourceName: "ab", operation: "Write" })], [])).toEqual([
      "`User:billing` may Write and Describe `ab` on the origin but not on the target: " +
        'ACL allow User:billing Write on topic "ab" is missing on the target',
    ]);
  });

  test("names a denial that only one cluster has, and the hosts that it concerns", () => {
    const allowed = acl({ resourceName: "a", patternType: "prefixed" });
    const denial = acl({ resourceName: "ab", permission: "deny", host: "10.0.0.1" });
    expect(texts([allowed], [allowed, denial])).toEqual([
      "`User:billing` may Read `ab` from 10.0.0.1 on the origin but not on the target: " +
        'ACL deny User:billing Read on topic "ab" from 10.0.0.1 is only on the target',
    ]);
    expect(texts([allowed, denial], [allowed])).toEqual([
      "`User:billing` may Read `ab` from 10.0.0.1 on the target but not on the origin: " +
        'ACL deny User:billing Read on topic "ab" from 10.0.0.1 is missing on the target',
    ]);
  });

  test("says once what everybody lacks", () => {
    const others = ["x", "y"].map((user) => acl({ principal: `User:${user}`, operation: "Write" }));
    expect(texts([acl({ principal: "User:*", resourceName: "*" }), ...others], others)).toEqual([
      "Everybody (`User:*`) may Read and Describe `a`, `ab`, `abc`, `b`, `ba` on the origin but not on the target: " +
        'ACL allow User:* Read on topic "*" is missing on the target',
    ]);
  });

  test("explains what follows from allow.everyone.if.no.acl.found", () => {
    const first = acl({ resourceName: "b" });
    expect(texts([], [first], { everyoneByDefault: true })[0]).toBe(
      "Everybody (`User:*`) may Read, Write, Create, Describe, Delete, Alter, DescribeConfigs and AlterConfigs `b` on " +
        'the origin but not on the target: on the target ACL allow User:billing Read on topic "b" covers it, so only ' +
        "ACLs give access",
    );
  });

  test("mentions an ACL that only one cluster has, if it changes nothing", () => {
    const both = acl({ resourceName: "a" });
    const described = acl({ resourceName: "a", operation: "Describe" });
    const { differences, notes } = compareAcls(
      { origin: { acls: [both, described] }, target: { acls: [both] } },
      names,
    );
    expect(differences).toEqual([]);
    expect(notes).toEqual([
      'ACL allow User:billing Describe on topic "a" is only on the origin, and changes nothing there: other ACLs decide',
    ]);
  });
});
