import { unknownCheckingProxy } from "@pulumi/policy";
import { describe, expect, test } from "vitest";
import { readView } from "./read";
import type { AnyResource } from "./read";
import { all, custom, found, gate, stack } from "../test/policies/resources";
import { UNKNOWN } from "../test/support/unknown";

const certificate = (secretName: string) => ({
  type: "tls",
  certificateAndKey: { secretName, certificate: "user.crt", key: "user.key" },
});
const WRITES = { operations: ["Write"], resource: { type: "topic", name: "*" } };

interface Case {
  /** Secrets that the mirror names. */
  secrets?: { origin: string; target: string };
  /** KafkaUsers of the mirror. */
  users?: { origin: string; target: string };
  change?: (parts: any) => void;
  more?: AnyResource[];
}

/**
 * The components' users and mirror. They log in with certificates under custom names, and the Secrets do not show whose
 * certificates they contain.
 */
function withCertificates({
  secrets = { origin: "one", target: "two" },
  users = { origin: "reader", target: "writer" },
  change,
  more = [],
}: Case = {}): AnyResource[] {
  return stack({
    mirror: { topicsPattern: "orders", groupsPattern: "app-.*" },
    change: (parts) => {
      parts.mirror.spec.mirrors[0].source.authentication = certificate(secrets.origin);
      parts.mirror.spec.target.authentication = certificate(secrets.target);
      for (const side of ["origin", "target"] as const) {
        parts[side].metadata.name = users[side];
        parts[side].spec.authentication = { type: "tls" };
      }
      change?.(parts);
    },
    more,
  });
}

const user = (side: string, name: string, ...acls: [operations: string[], type: string, name: string][]) =>
  custom({
    apiVersion: "kafka.strimzi.io/v1",
    kind: "KafkaUser",
    metadata: { name, namespace: `${side}-ns`, labels: { "strimzi.io/cluster": side } },
    spec: {
      authentication: { type: "tls" },
      authorization: {
        type: "simple",
        acls: acls.map(([operations, type, of]) => ({ operations, resource: { type, name: of } })),
      },
    },
  });
const OF_MIRROR = (resources: AnyResource[]) =>
  readView(resources)
    .users.filter((u) => u.ofMirror)
    .map((u) => `${u.name} on the ${u.side}`);

describe("the user of a mirror's client certificate", () => {
  test("is found by its rules, and its extra and missing rights are reported", () => {
    expect(OF_MIRROR(withCertificates())).toEqual(["reader on the origin", "writer on the target"]);
    expect(all(withCertificates()).map((f) => f.message)).toEqual([]);
    const wrong = withCertificates({
      change: ({ origin, target }) => {
        origin.spec.authorization.acls.push(WRITES);
        target.spec.authorization.acls.pop();
      },
    });
    expect(all(wrong).map((f) => f.rule)).toEqual(["origin-write-everything", "acl-unneeded", "acl-missing"]);
    expect(found("acl-missing", wrong)[0]!.message).toContain(
      "user writer on the target lacks Read on group migration-connect-cluster",
    );
  });

  test("is found by the Secret's name, however few rights it has", () => {
    const few = (name: string, secret: string) =>
      withCertificates({
        users: { origin: name, target: "writer" },
        secrets: { origin: secret, target: "two" },
        change: ({ origin }) => (origin.spec.authorization.acls = []),
      });
    expect(found("acl-missing", few("reader", "origin-reader-cert"))).toHaveLength(1);
    expect(found("acl-missing", few("reader", "origin.reader"))).toHaveLength(1);
    // A part of a word does not count as the name.
    expect(found("acl-missing", few("read", "origin-reader-cert"))).toEqual([]);
  });

  test("is found first of all by the source of the Secret's contents", () => {
    const resources = withCertificates({
      change: ({ origin }) => (origin.spec.authorization.acls = []),
      more: [user("origin", "mm2-credentials", [["Write"], "topic", "*"])],
    });
    const source: AnyResource = {
      ...custom({ apiVersion: "v1", kind: "Secret", metadata: { name: "reader", namespace: "origin-ns" } }),
      dependencies: [
        { ...gate(), dependencies: [resources[1]!, { ...gate(), urn: "wait", dependencies: [resources[2]!] }] },
      ],
    };
    const copy = (metadata: object): AnyResource => ({
      ...custom({ apiVersion: "v1", kind: "Secret", metadata }, "copy"),
      propertyDependencies: { data: [source], metadata: [resources[2]!] },
    });
    expect(
      found("acl-missing", [...resources, source, copy({ name: "one", namespace: "migration" })])[0]!.message,
    ).toContain("user reader on the origin lacks Read");
    // For another Secret, or a Secret with that name in another namespace, the usual name applies.
    for (const metadata of [
      { name: "other", namespace: "migration" },
      { name: "one", namespace: "elsewhere" },
    ]) {
      expect(OF_MIRROR([...resources, source, copy(metadata)])).toEqual([
        "writer on the target",
        "mm2-credentials on the origin",
      ]);
    }
  });

  test.each<[string, Case]>([
    [
      "applications, one of them with wide rights",
      {
        users: { origin: "mm2-credentials", target: "two" },
        more: [
          user("origin", "producer", [["Write", "Read", "DescribeConfigs"], "topic", "*"]),
          user("target", "loader", [["Write", "AlterConfigs"], "topic", "*"]),
        ],
      },
    ],
    [
      "a consumer",
      {
        change: ({ origin }) =>
          (origin.spec.authorization.acls = [
            { ...WRITES, operations: ["Read", "Write", "DescribeConfigs"] },
            { operations: ["Read"], resource: { type: "group", name: "app" } },
          ]),
      },
    ],
    [
      "the migration's administrator",
      {
        change: ({ origin }) =>
          (origin.spec.authorization.acls = [
            { operations: ["Read", "DescribeConfigs", "Delete", "Write"], resource: { type: "topic", name: "*" } },
          ]),
      },
    ],
    [
      "one of two similar users",
      {
        change: ({ origin }) => origin.spec.authorization.acls.push(WRITES),
        more: [user("origin", "second", [["Read", "DescribeConfigs"], "topic", "*"])],
      },
    ],
    [
      "a user of another cluster",
      {
        change: ({ origin }) => (
          Object.assign(origin.metadata, { namespace: "x", labels: { "strimzi.io/cluster": "third" } }),
          origin.spec.authorization.acls.push(WRITES)
        ),
      },
    ],
    [
      "a user with a password",
      {
        change: ({ origin }) => (
          (origin.spec.authentication = { type: "scram-sha-512" }), origin.spec.authorization.acls.push(WRITES)
        ),
      },
    ],
  ])("is not %s", (_who, settings) => {
    expect(all(withCertificates(settings)).filter((f) => f.level === "mandatory")).toEqual([]);
  });

  test("is nobody while an unknown name could be the one", () => {
    const later = { ...user("origin", UNKNOWN, [["Read"], "topic", "*"]), name: "later" };
    const resources = withCertificates({
      change: ({ origin }) => origin.spec.authorization.acls.push(WRITES),
      more: [later],
    }).map((r) => ({ ...r, props: unknownCheckingProxy(r.props) }));
    expect(found("origin-write-everything", resources)).toEqual([]);
    expect(found("origin-write-everything", resources.slice(0, -1))).toHaveLength(1);
  });
});
