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
  test("are 9 bindings on the origin and 11 on the target, one rule each", () => {
    for (const [role, count] of [
      ["origin", 9],
      ["target", 11],
    ] as const) {
      const rules = guideAcls(role);
      expect(rules.every((r) => r.operations.length === 1)).toBe(true);
      expect(aclBindings(rules, "User:mm2-credentials")).toHaveLength(count);
    }
  });

  test("become bindings as the user operator writes them", () => {
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

describe("the least ACLs", () => {
  test("for the guide's configuration", () => {
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

  test("with offset syncs on the target the origin is only read", () => {
    const mirror: MirrorModel = { ...guide, offsetSyncsLocation: "target", syncGroupOffsets: true };
    expect(say(leastAcls("origin", mirror))).toEqual(["topic *: Read, DescribeConfigs", "group *: Describe"]);
    expect(say(leastAcls("target", mirror))).toEqual([
      "topic *: Read, Write, Create, Alter, AlterConfigs",
      "group *: Read",
    ]);
  });

  test("exactly-once adds the two transactional ids", () => {
    const mirror: MirrorModel = { ...guide, offsetSyncsLocation: "target", exactlyOnce: true };
    expect(say(leastAcls("target", mirror)).slice(-2)).toEqual([
      "transactionalId connect-cluster-mirrormaker2-cluster: Write",
      "transactionalId mirrormaker2-cluster- prefix: Write",
    ]);
  });

  test("narrowed topics and groups leave the internal topics their own rules", () => {
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

  test("the default policy's names are the renamed ones", () => {
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

  test("a policy that renames needs only the prefix of its names for every topic", () => {
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

  test("`narrow: false` keeps `*`", () => {
    const mirror: MirrorModel = { ...guide, topicsPattern: "orders", groupsPattern: "billing" };
    expect(leastAcls("origin", mirror, { narrow: false })).toEqual(leastAcls("origin", guide));
    expect(leastAcls("target", mirror, { narrow: false })).toEqual(leastAcls("target", guide));
  });

  test("copying ACLs is what needs the cluster", () => {
    expect(say(leastAcls("origin", guide, { syncTopicAcls: true }))).toContain("cluster: Describe");
    expect(say(leastAcls("target", guide, { syncTopicAcls: true }))).toContain("cluster: Alter");
    expect(
      [...leastAcls("origin", guide), ...leastAcls("target", guide)].filter((r) => r.resource.type === "cluster"),
    ).toEqual([]);
  });
});

describe("the administrator's ACLs", () => {
  test("delete internal topics and the own note of moved offsets, and nothing else", () => {
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

  test("write no record but the own note of moved offsets, and change the origin's cluster for the fence only", () => {
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

  test("narrowed to the patterns", () => {
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
