import { describe, expect, test } from "vitest";
import { allow, topic } from "../engine/acls/rules";
import { rules } from "../engine/rules";
import { found, gate, type Sketch, stack, step } from "../test/policies/resources";
import { aclRows } from "../test/policies/rows/acls";
import { configurationRows } from "../test/policies/rows/configuration";
import { cutoverRows } from "../test/policies/rows/cutover";
import { nameRows } from "../test/policies/rows/names";
import { replicaRows } from "../test/policies/rows/replicas";
import { pair, type Row, secret } from "../test/policies/rows/row";
import { securityRows } from "../test/policies/rows/security";

const table: Row[] = [...aclRows, ...configurationRows, ...nameRows, ...replicaRows, ...securityRows, ...cutoverRows];

describe("each rule", () => {
  test.each(table.map((row, i) => [i, row.rule, row.says, row] as const))(
    "%i %s: %s",
    (_i, rule, says, { trips, passes, settings }) => {
      const given = ({ version }: Sketch) => ({
        ...settings,
        ...(version === undefined ? {} : { kafkaVersion: version }),
      });
      const bad = found(rule, stack(trips), given(trips));
      expect(bad.map((f) => f.message).join("\n")).toContain(says);
      expect(found(rule, stack(passes), given(passes))).toEqual([]);
      for (const finding of bad) expect(finding.message).toMatch(new RegExp(`: .+; .+ \\[${rule}\\]$`, "s"));
    },
  );

  test("about the gate finds whether there is one", () => {
    const [mirror, ...rest] = stack({ mirror: { topicsPattern: "orders" } });
    const without = [mirror!, ...rest.filter((r) => !r.type.endsWith(":Gate"))];
    expect(found("gate-missing", without)).toHaveLength(1);
    expect(found("gate-missing", [...without, gate()])).toEqual([]);
    expect(found("deletion-without-gate", [...without, step("InternalTopic")])).toHaveLength(1);
    expect(found("deletion-without-gate", [...without, step("InternalTopic"), gate()])).toEqual([]);
    // In the clean-up, the mirror and its gate are no longer in the program.
    expect(found("deletion-without-gate", [step("CheckpointsTopic")])).toEqual([]);
  });

  test("has a row in this table", () => {
    const covered = new Set([...table.map((row) => row.rule), "gate-missing", "deletion-without-gate"]);
    expect(rules.map((rule) => rule.name).filter((name) => !covered.has(name))).toEqual([]);
    expect(new Set(rules.map((rule) => rule.name)).size).toBe(rules.length);
  });
});

test("a mirror without checkpoints is accepted if it is not part of a migration", () => {
  const alone = stack({ change: (parts) => delete pair(parts).checkpointConnector }).filter(
    (r) => !r.type.endsWith(":Gate"),
  );
  expect(found("checkpoints-kept", alone)).toEqual([]);
});

test("messages never contain a secret's value", () => {
  const bad = stack({
    change: ({ mirror }) => (mirror.spec.target.config["schema.registry.password"] = "hunter2"),
    more: [secret({ "ca.crt": "hunter2", other: "hunter2" })],
  });
  expect(JSON.stringify(rules.flatMap((rule) => found(rule.name, bad)))).not.toContain("hunter2");
});

test("the administrator's user is not treated as the mirror's", () => {
  const administrator = stack({
    user: { name: "mm2-administrator" },
    change: ({ origin }) => (origin.spec.authorization.acls = [allow(topic("*"), "Write", "Delete")]),
  })[1]!;
  expect(found("acl-unneeded", [...stack(), administrator])).toEqual([]);
  expect(found("origin-write-everything", [...stack(), administrator])).toEqual([]);
});
