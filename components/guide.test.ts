import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { DialectName } from "./dialects";
import { describeMirror } from "./mirror/text";
import { describeUser } from "./user/settings";

const fixture = (name: string) =>
  parse(readFileSync(join(__dirname, "../test/fixtures/guide", `${name}.yaml`), "utf8"));

/** Returns the same text for the same content: keys are sorted, lists keep their order. */
function canonical(value: unknown): string {
  const sorted = (v: unknown): unknown =>
    Array.isArray(v)
      ? v.map(sorted)
      : typeof v === "object" && v !== null
        ? Object.fromEntries(
            Object.entries(v)
              .sort(([a], [b]) => (a < b ? -1 : 1))
              .map(([k, inner]) => [k, sorted(inner)]),
          )
        : v;
  return JSON.stringify(sorted(value), null, 1);
}

const bootstrap = (side: string) =>
  `${side}-kafka-bootstrap-${side}-ns.apps.my-${side}-cluster-name.cp.fyre.ibm.com:443`;
const guideUser = (dialect: DialectName, role: "origin" | "target") =>
  describeUser({ dialect, profile: "guide", role, cluster: role, namespace: `${role}-ns` }).text;
const guideMirror = (dialect: DialectName) =>
  describeMirror({
    dialect,
    profile: "guide",
    origin: { bootstrapServers: bootstrap("origin") },
    target: { bootstrapServers: bootstrap("target") },
  }).text;

describe("the guide's own dialect", () => {
  test.each(["origin", "target"] as const)("writes the guide's KafkaUser for the %s", (role) => {
    expect(canonical(guideUser("event-streams-v1beta1", role))).toBe(canonical(fixture(`${role}-user`)));
  });

  test("writes the guide's KafkaMirrorMaker2", () => {
    expect(canonical(guideMirror("event-streams-v1beta1"))).toBe(canonical(fixture("mirror")));
  });
});

describe("the guide's resources in the other dialects", () => {
  const others = [
    ["event-streams-v1beta2", "eventstreams.ibm.com/v1beta2", "eventstreams.ibm.com/cluster"],
    ["strimzi-v1beta2", "kafka.strimzi.io/v1beta2", "strimzi.io/cluster"],
    ["strimzi-v1", "kafka.strimzi.io/v1", "strimzi.io/cluster"],
  ] as const;

  test.each(others)(
    "%s: the same ACLs in the same order, with `operations` instead of `operation`",
    (dialect, apiVersion, label) => {
      for (const role of ["origin", "target"] as const) {
        const expected = fixture(`${role}-user`);
        expected.apiVersion = apiVersion;
        expected.metadata.labels = { [label]: role };
        for (const acl of expected.spec.authorization.acls) {
          acl.operations = [acl.operation];
          delete acl.operation;
        }
        expect(canonical(guideUser(dialect, role))).toBe(canonical(expected));
      }
    },
  );

  /**
   * Sets the policy class that exists in this version and removes the separator. An empty separator would change the
   * names of the internal topics.
   */
  function modernPolicy(connector: { config: Record<string, unknown> }) {
    connector.config["replication.policy.class"] = "org.apache.kafka.connect.mirror.IdentityReplicationPolicy";
    delete connector.config["replication.policy.separator"];
  }

  test.each(others.slice(0, 2))("%s: the guide's mirror except for the policy class", (dialect, apiVersion) => {
    const expected = fixture("mirror");
    expected.apiVersion = apiVersion;
    modernPolicy(expected.spec.mirrors[0].sourceConnector);
    modernPolicy(expected.spec.mirrors[0].checkpointConnector);
    expect(canonical(guideMirror(dialect))).toBe(canonical(expected));
  });

  test("strimzi-v1: the guide's mirror in the v1 form", () => {
    const guide = fixture("mirror").spec;
    const [origin, { config, ...target }] = guide.clusters;
    const { sourceConnector, checkpointConnector, topicsPattern, groupsPattern } = guide.mirrors[0];
    modernPolicy(sourceConnector);
    modernPolicy(checkpointConnector);
    expect(canonical(guideMirror("strimzi-v1"))).toBe(
      canonical({
        apiVersion: "kafka.strimzi.io/v1",
        kind: "KafkaMirrorMaker2",
        metadata: { name: "data-migration", namespace: "migration" },
        spec: {
          replicas: 1,
          target: {
            ...target,
            groupId: "mirrormaker2-cluster",
            offsetStorageTopic: config["offset.storage.topic"],
            configStorageTopic: config["config.storage.topic"],
            statusStorageTopic: config["status.storage.topic"],
          },
          mirrors: [{ source: origin, sourceConnector, checkpointConnector, topicsPattern, groupsPattern }],
        },
      }),
    );
  });
});
