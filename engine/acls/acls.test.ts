import { describe, expect, test } from "vitest";
import { aclBindings, type AclRule, administratorAcls, guideAcls, leastAcls } from ".";
import type { MirrorModel } from "../model";
import { testMirror } from "../../test/support/models";

const guide: MirrorModel = testMirror();

/** `topic orders- prefix: Read, Write` */
const say = (rules: readonly AclRule[]) =>
  rules.map(
    ({ resource: r, operations }) =>
      [r.type, r.name, r.patternType === "prefix" ? "prefix" : undefined].filter(Boolean).join(" ") +
      `: ${operations.join(", ")}`,
  );

describe("the guide's ACLs", () => {
  test("are 9 bindings on the origin and 11 on the target, one operation per rule", () => {
    for (const [role, count] of [
      ["origin", 9],
      ["target", 11],
    ] as const) {
      const rules = guideAcls(role);
      expect(rules.every((r) => r.operations.length === 1)).toBe(true);
      expect(aclBindings(rules, "User:mm2-credentials")).toHaveLength(count);
    }
  });

  test("become the bindings that the User Operator creates, without duplicates", () => {
    const bindings = aclBindings(guideAcls("origin"), "User:mm2-credentials");
    expect(bindings[3]).toEqual({
      resourceType: "cluster",
      resourceName: "kafka-cluster",
      patternType: "literal",
      principal: "User:mm2-credentials",
      host: "*",
      operation: "Create",
      permission: "allow",
    });
    expect(aclBindings([...guideAcls("origin"), ...guideAcls("origin")], "User:x")).toHaveLength(9);
  });
});

describe("the least-privilege ACLs", () => {
  test("grant only what the guide's configuration needs", () => {
    expect(say(leastAcls("origin", guide))).toEqual([
      "topic *: Read, DescribeConfigs",
      "topic mm2-offset-syncs.target-cluster.internal: Create, Write",
      "group *: Describe",
    ]);
    expect(say(leastAcls("target", guide))).toEqual([
      "topic *: Write, Create, Alter, AlterConfigs",
      "topic migration-connect-cluster-offsets: Read",
      "topic migration-connect-cluster-configs: Read",
      "topic migration-connect-cluster-status: Read",
      "topic origin-cluster.checkpoints.internal: Read",
      "group mirrormaker2-cluster: Read",
    ]);
  });

  test("only read the origin if the offset syncs are on the target", () => {
    const mirror: MirrorModel = { ...guide, offsetSyncsLocation: "target", syncGroupOffsets: true };
    expect(say(leastAcls("origin", mirror))).toEqual(["topic *: Read, DescribeConfigs", "group *: Describe"]);
    expect(say(leastAcls("target", mirror))).toEqual([
      "topic *: Read, Write, Create, Alter, AlterConfigs",
      "group *: Read",
    ]);
  });

  test("include the two transactional ids for exactly-once", () => {
    const mirror: MirrorModel = { ...guide, offsetSyncsLocation: "target", exactlyOnce: true };
    expect(say(leastAcls("target", mirror)).slice(-2)).toEqual([
      "transactionalId connect-cluster-mirrormaker2-cluster: Write",
      "transactionalId mirrormaker2-cluster- prefix: Write",
    ]);
  });

  test("keep separate rules for internal topics if topics and groups are narrowed", () => {
    const mirror: MirrorModel = {
      ...guide,
      topicsPattern: "orders,payments-.*",
      groupsPattern: "billing-.*",
      syncGroupOffsets: true,
      heartbeats: true,
    };
    expect(say(leastAcls("origin", mirror))).toEqual([
      "topic orders: Read, DescribeConfigs",
      "topic payments- prefix: Read, DescribeConfigs",
      "topic mm2-offset-syncs.target-cluster.internal: Create, Write, Read",
      "group billing- prefix: Describe",
    ]);
    const data = "Read, Write, Create, Alter, AlterConfigs";
    expect(say(leastAcls("target", mirror))).toEqual([
      `topic orders: ${data}`,
      `topic payments- prefix: ${data}`,
      // Apache's identity policy gives this name to `payments-heartbeats`.
      `topic origin-cluster.payments- prefix: ${data}`,
      "topic migration-connect-cluster-offsets: Read, Write, Create",
      "topic migration-connect-cluster-configs: Read, Write, Create",
      "topic migration-connect-cluster-status: Read, Write, Create",
      "topic origin-cluster.checkpoints.internal: Read, Write, Create",
      "topic heartbeats: Write, Create",
      "group billing- prefix: Read",
      "group mirrormaker2-cluster: Read",
    ]);
  });

  test("use the renamed topics of the default replication policy", () => {
    const mirror: MirrorModel = {
      ...guide,
      policyClass: "org.apache.kafka.connect.mirror.DefaultReplicationPolicy",
      topicsPattern: "orders,payments-.*",
    };
    expect(say(leastAcls("target", mirror)).slice(0, 3)).toEqual([
      "topic origin-cluster.orders: Write, Create, Alter, AlterConfigs",
      "topic origin-cluster.payments- prefix: Write, Create, Alter, AlterConfigs",
      "topic migration-connect-cluster-offsets: Read, Write, Create",
    ]);
  });

  test("cover all topics by their name prefix if the policy renames topics", () => {
    const renaming: MirrorModel = {
      ...guide,
      policyClass: "org.apache.kafka.connect.mirror.DefaultReplicationPolicy",
    };
    const target = (more: Partial<MirrorModel> = {}) => say(leastAcls("target", { ...renaming, ...more }));
    expect(target()).toEqual([
      "topic origin-cluster. prefix: Write, Create, Alter, AlterConfigs",
      "topic migration-connect-cluster-offsets: Read, Write, Create",
      "topic migration-connect-cluster-configs: Read, Write, Create",
      "topic migration-connect-cluster-status: Read, Write, Create",
      // The prefix gives the other rights to it.
      "topic origin-cluster.checkpoints.internal: Read",
      "group mirrormaker2-cluster: Read",
    ]);
    expect(say(leastAcls("origin", renaming))[0]).toBe("topic *: Read, DescribeConfigs");
    expect(target({ separator: "_", topicsPattern: "orders,.*" })[0]).toContain("topic origin-cluster_ prefix");
    expect(say(administratorAcls("target", renaming))[0]).toBe("topic origin-cluster. prefix: Read, AlterConfigs");
    // Nobody here knows the names that another class gives.
    for (const topicsPattern of [".*", "orders", "orders-.*"])
      expect(target({ policyClass: "com.example.Policy", topicsPattern })[0]).toContain("topic *:");
  });

  test("keep `*` with `narrow: false`", () => {
    const mirror: MirrorModel = { ...guide, topicsPattern: "orders", groupsPattern: "billing" };
    expect(leastAcls("origin", mirror, { narrow: false })).toEqual(leastAcls("origin", guide));
    expect(leastAcls("target", mirror, { narrow: false })).toEqual(leastAcls("target", guide));
  });

  test("include the cluster only to copy ACLs", () => {
    expect(say(leastAcls("origin", guide, { syncTopicAcls: true }))).toContain("cluster: Describe");
    expect(say(leastAcls("target", guide, { syncTopicAcls: true }))).toContain("cluster: Alter");
    expect(
      [...leastAcls("origin", guide), ...leastAcls("target", guide)].filter((r) => r.resource.type === "cluster"),
    ).toEqual([]);
  });
});

describe("the administrator's ACLs", () => {
  test("allow deletion only of internal topics and the journal of moved offsets", () => {
    const deletable = (["origin", "target"] as const).flatMap((role) =>
      administratorAcls(role, guide)
        .filter((r) => r.resource.type === "topic" && r.operations.includes("Delete"))
        .map((r) => r.resource.name),
    );
    expect(deletable).toEqual([
      "mm2-offset-syncs.target-cluster.internal",
      "migration-connect-cluster-offsets",
      "migration-connect-cluster-configs",
      "migration-connect-cluster-status",
      "origin-cluster.checkpoints.internal",
      "mirrormaker2-cluster.moved-offsets.internal",
    ]);
  });

  test("allow writes only to the journal, and changes of the origin's cluster only for the fence", () => {
    for (const role of ["origin", "target"] as const) {
      const writable = administratorAcls(role, guide).filter(
        (r) => r.operations.includes("Write") || r.operations.includes("Create"),
      );
      expect(writable.map((r) => r.resource.name)).toEqual(
        role === "origin" ? [] : ["mirrormaker2-cluster.moved-offsets.internal"],
      );
    }
    expect(say(administratorAcls("origin", guide))).toContain("cluster: Describe");
    expect(say(administratorAcls("origin", guide, { fence: true }))).toContain("cluster: Alter");
  });

  test("are narrowed to the patterns", () => {
    const mirror: MirrorModel = { ...guide, topicsPattern: "orders", groupsPattern: "billing" };
    const beside = { groups: ["billing", "orders-1"] };
    expect(say(administratorAcls("origin", mirror, beside))).toEqual(
      expect.arrayContaining(["group billing: Describe", "group orders-1: Describe"]),
    );
    expect(say(administratorAcls("target", mirror, beside))).toEqual(
      expect.arrayContaining(["group billing: Read, Delete", "group orders-1: Read, Delete"]),
    );
    expect(say(administratorAcls("target", mirror))).toEqual([
      "topic orders: Read, AlterConfigs",
      "topic migration-connect-cluster-offsets: Read, DescribeConfigs, Delete",
      "topic migration-connect-cluster-configs: Read, DescribeConfigs, Delete",
      "topic migration-connect-cluster-status: Read, DescribeConfigs, Delete",
      "topic origin-cluster.checkpoints.internal: Read, DescribeConfigs, Delete",
      "topic mirrormaker2-cluster.moved-offsets.internal: Create, Write, Read, Delete",
      "group billing: Read, Delete",
      "group mirrormaker2-cluster: Read, Delete",
      "cluster: Alter, AlterConfigs",
    ]);
  });
});
