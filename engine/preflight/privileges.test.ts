import { testAcl } from "../../test/support/acls";
import { describe, expect, it } from "vitest";
import { administratorAcls, allows, byAcls, leastAcls, PROBE } from "../acls";
import type { Acl } from "../kafka/port";
import type { Side } from "../model";
import { offsetsJournalTopic } from "../naming";
import { administratorEffect, mirrorEffect } from "./effects";
import { type Answers, missingOf, type Need, needsOf, needText } from "./privileges";
import { mirror } from "../../test/engine/preflight/facts";

const universe = { topics: ["orders", "orders-eu", "payments"], groups: ["billing"], existing: new Set(["orders"]) };
const rule = (
  type: "topic" | "group",
  name: string,
  patternType: "literal" | "prefix",
  ...operations: Need["operation"][]
) => ({ type: "allow" as const, resource: { type, name, patternType }, operations, host: "*" });
const nothing: Answers = { topics: new Map(), groups: new Map(), cluster: [], acls: [] };
const acl = (over: Partial<Acl>): Acl => testAcl({ principal: "User:m", ...over });

describe("ACL rules as questions", () => {
  it.each([
    ["a name unchanged", rule("topic", "audit", "literal", "Read"), ["audit"]],
    ["a prefix as the names in use that it covers", rule("topic", "orders", "prefix", "Read"), ["orders", "orders-eu"]],
    ["every name as all names in use", rule("topic", "*", "literal", "Read"), ["orders", "orders-eu", "payments"]],
    ["a prefix without a name in use as an invented name", rule("topic", "zoo-", "prefix", "Read"), [`zoo-${PROBE}`]],
    ["groups in the same way", rule("group", "*", "literal", "Describe"), ["billing"]],
    ["Create only on topics that do not exist yet", rule("topic", "orders", "prefix", "Create"), ["orders-eu"]],
  ])("%s", (_, r, names) =>
    expect(needsOf([r], universe)).toEqual([{ type: r.resource.type, operation: r.operations[0], names }]),
  );

  it("ask nothing about Create if all topics exist", () => {
    expect(needsOf([rule("topic", "orders", "literal", "Create", "Write")], universe)).toEqual([
      { type: "topic", operation: "Write", names: ["orders"] },
    ]);
  });
});

describe("answers to the questions", () => {
  const need = (operation: Need["operation"], over: Partial<Need> = {}): Need => ({
    type: "topic",
    operation,
    names: ["orders"],
    ...over,
  });

  it("imply Describe or DescribeConfigs as in Kafka, and nothing else", () => {
    for (const o of ["Read", "Write", "Delete", "Alter"]) expect(allows([o], "Describe")).toBe(true);
    expect(allows(["AlterConfigs"], "DescribeConfigs")).toBe(true);
    expect(allows(["Create"], "Describe")).toBe(false);
    expect(allows(["Describe", "Write"], "Read")).toBe(false);
  });

  it("name the topics that lack a right, including hidden ones", () => {
    const topics = new Map([
      ["orders", ["Read", "Describe"]],
      ["orders-eu", null],
      ["payments", ["Describe"]],
    ]);
    expect(missingOf([need("Read", { names: ["orders", "orders-eu", "payments"] })], { ...nothing, topics })).toEqual([
      { ...need("Read"), names: ["orders-eu", "payments"], unknown: false },
    ]);
  });

  it("include Create on any topic if the cluster allows Create", () => {
    expect(missingOf([need("Create")], nothing)).toHaveLength(1);
    expect(missingOf([need("Create")], { ...nothing, cluster: ["Create", "Describe"] })).toEqual([]);
    expect(
      missingOf([need("Create")], {
        ...nothing,
        acls: [acl({ resourceType: "cluster", resourceName: "kafka-cluster", operation: "Create" })],
      }),
    ).toEqual([]);
  });

  it("come from the ACLs if a hidden topic does not show the right", () => {
    const hidden = { ...nothing, topics: new Map([["orders", null]]) };
    expect(missingOf([need("DescribeConfigs")], { ...hidden, acls: [acl({ operation: "DescribeConfigs" })] })).toEqual(
      [],
    );
    expect(missingOf([need("DescribeConfigs")], hidden)).toHaveLength(1);
    expect(missingOf([need("Write")], { ...hidden, acls: [acl({ operation: "Write" })] })).toHaveLength(1);
  });

  it("come from the ACLs for transactional ids, and are unknown without ACLs", () => {
    const tx = need("Write", { type: "transactionalId", names: ["connect-cluster-c"] });
    const own = acl({ resourceType: "transactionalId", resourceName: "connect-cluster-c", operation: "Write" });
    expect(missingOf([tx], { ...nothing, acls: [own] })).toEqual([]);
    expect(missingOf([tx], nothing)).toEqual([{ ...tx, unknown: false }]);
    expect(missingOf([tx], { ...nothing, acls: undefined })).toEqual([{ ...tx, unknown: true }]);
  });

  it.each<[string, Partial<Acl>[], boolean]>([
    ["a literal name", [{}], true],
    ["another name", [{ resourceName: "order" }], false],
    ["every name", [{ resourceName: "*" }], true],
    ["a prefix", [{ resourceName: "ord", patternType: "prefixed" }], true],
    ["an asterisk that is only a prefix", [{ resourceName: "*", patternType: "prefixed" }], false],
    ["All", [{ operation: "All" }], true],
    ["a deny beside it", [{}, { permission: "deny" }], false],
    ["a deny of something else", [{}, { permission: "deny", operation: "Write" }], true],
    ["a deny of All", [{}, { permission: "deny", operation: "All" }], false],
  ])("follow the ACLs as the authorizer does: %s", (_, acls, allowed) =>
    expect(byAcls(acls.map(acl), "topic", "orders", "Read")).toBe(allowed),
  );
});

describe("effects of missing rights", () => {
  const JOURNAL = offsetsJournalTopic(mirror);

  it("mention the journal if a right is missing only there", () => {
    const read = (...names: string[]) =>
      administratorEffect("target", { type: "topic", operation: "Read", names }, JOURNAL);
    expect(read(JOURNAL)).toMatch(/can't keep what the groups' offsets were/);
    expect(read(JOURNAL, "orders")).toMatch(/can't read the records/);
  });

  const other = { topics: ["orders"], groups: ["billing"], existing: new Set<string>() };
  const sides: Side[] = ["origin", "target"];

  it("have their own text for each right of the mirror's least-privilege set", () => {
    const all = [
      mirror,
      {
        ...mirror,
        offsetSyncsLocation: "target" as const,
        syncGroupOffsets: true,
        exactlyOnce: true,
        heartbeats: true,
      },
    ];
    for (const m of all) {
      for (const side of sides) {
        for (const need of needsOf(leastAcls(side, m), other)) {
          for (const name of need.names)
            expect(mirrorEffect(side, { ...need, names: [name] }, m), `${side} ${needText(need)}`).not.toMatch(
              /can't do its work/,
            );
        }
      }
    }
  });

  it("have their own text for each right of the administrator", () => {
    for (const side of sides) {
      for (const need of needsOf(administratorAcls(side, mirror, { fence: true }), other)) {
        expect(administratorEffect(side, need, JOURNAL), `${side} ${needText(need)}`).not.toMatch(/later step/);
      }
    }
  });
});
