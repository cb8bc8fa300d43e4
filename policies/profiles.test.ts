import { describe, expect, test } from "vitest";
import { dialects, type DialectName } from "../components/dialects";
import { allow, group, topic } from "../engine/acls/rules";
import { aclBindings, leastAcls } from "../engine/acls";
import { describeMirror } from "../components/mirror/text";
import { all, gate, kafka, stack, step } from "../test/policies/resources";

const lifecycle = [
  "Preflight",
  "CheckpointsTopic",
  "Replication",
  "InternalTopic",
  "MirrorGone",
  "Verification",
  "ConsumerOffsets",
].map((kind) =>
  step(kind, { phase: "mirror", abandon: false, mode: kind === "CheckpointsTopic" ? "when-applied" : undefined }),
);

describe("the recommended profiles", () => {
  const combinations = (Object.keys(dialects) as DialectName[]).flatMap((dialect) =>
    (["least", "tuned"] as const).map((profile) => [dialect, profile] as const),
  );

  test.each(combinations)("%s %s: no mandatory finding, with and without the lifecycle", (dialect, profile) => {
    const choices = [
      {},
      { exactlyOnce: dialect !== "event-streams-v1beta1" },
      { topicsPattern: "orders,payments-.*", groupsPattern: "app-.*" },
    ];
    // A target with one broker has one replica of everything. Only the steps that reset it later make that safe.
    const small = stack({
      dialect,
      mirror: { profile, target: { brokers: 1, bootstrapServers: "target-kafka-bootstrap:9093" } },
    });
    const sets = choices.map((settings) => stack({ dialect, mirror: { profile, ...settings } }));
    for (const set of [...sets, ...[...sets, small].map((resources) => [...resources, ...lifecycle])]) {
      expect(
        all(set)
          .filter((f) => f.level === "mandatory")
          .map((f) => f.message),
      ).toEqual([]);
    }
  });

  test("have no finding if the patterns name topics", () => {
    expect(all(stack({ mirror: { topicsPattern: "orders,payments-.*", groupsPattern: "app-.*" } }))).toEqual([]);
  });

  const made = { topicsPattern: "orders,payments-.*", groupsPattern: "app-.*" };

  test.each([
    ["by address", "origin-kafka-bootstrap:9093", "there"],
    ["by the provider's name, with another listener's address", "10.0.0.1:9094", "origin-kafka"],
  ])(
    "users that are created through @pulumi/kafka on the origin, whose cluster is known %s",
    (_how, servers, provider) => {
      const [mirror, , target] = stack({ mirror: { ...made, exactlyOnce: true } });
      const model = describeMirror({
        ...made,
        exactlyOnce: true,
        origin: { bootstrapServers: "o:1" },
        target: { bootstrapServers: "t:1" },
      }).model;
      const principal = "User:mm2-credentials";
      const rights = aclBindings(leastAcls("origin", model), principal).map((acl, i) =>
        kafka(
          "Acl",
          {
            aclPrincipal: principal,
            aclResourceType:
              acl.resourceType === "transactionalId"
                ? "TransactionalID"
                : acl.resourceType.replace(/^./, (c) => c.toUpperCase()),
            aclResourceName: acl.resourceName,
            resourcePatternTypeFilter: acl.patternType === "prefixed" ? "Prefixed" : "Literal",
            aclHost: acl.host,
            aclOperation: acl.operation,
            aclPermissionType: "Allow",
          },
          servers,
          `right-${i}`,
        ),
      );
      const origin = [...rights, kafka("UserScramCredential", { username: "mm2-credentials" }, servers)].map((r) => ({
        ...r,
        provider: { ...r.provider!, name: provider },
      }));
      expect(rights.length).toBeGreaterThan(3);
      expect(all([mirror!, target!, ...origin, ...lifecycle, gate()])).toEqual([]);
      // This shows that the rules check these resources: one right less is reported.
      expect(all([mirror!, target!, ...origin.slice(1), ...lifecycle, gate()]).map((f) => f.rule)).toEqual([
        "acl-missing",
      ]);
    },
  );

  test("rights for everything are enough for patterns that name topics", () => {
    const everything = [
      allow(topic("*"), "Read", "DescribeConfigs", "Create", "Write", "Alter", "AlterConfigs"),
      allow(group("*"), "Read"),
    ];
    const resources = stack({
      mirror: { topicsPattern: "orders,payments-.*" },
      change: ({ origin, target }) => {
        for (const user of [origin, target]) user.spec.authorization.acls = everything;
      },
    });
    expect(all(resources).filter((f) => f.rule === "acl-missing")).toEqual([]);
  });
});
