import { unknownCheckingProxy } from "@pulumi/policy";
import { expect, test } from "vitest";
import { readView } from "./read";
import { all, custom, found, kafka, stack } from "../test/policies/resources";
import { UNKNOWN } from "../test/support/unknown";

const connections = (bootstrap: { origin: string; target: string }) => ({
  origin: { bootstrapServers: bootstrap.origin },
  target: { bootstrapServers: bootstrap.target },
});

test("values that Pulumi knows later count as missing, and the rest is read", () => {
  const resources = stack({
    change: ({ mirror, origin }) => {
      mirror.spec.target.authentication.username = UNKNOWN;
      mirror.spec.target.tls.trustedCertificates[0].secretName = UNKNOWN;
      mirror.spec.mirrors[0].sourceConnector.config["tasks.max"] = 4;
      origin.spec.authorization.acls[0].resource.name = UNKNOWN;
    },
  }).map((resource) => ({ ...resource, props: unknownCheckingProxy(resource.props) }));
  expect(() => String((resources[0]!.props as any).spec.target.authentication.username)).toThrow(
    /can't be known during preview/,
  );
  expect(readView(resources).mirrors[0]!.target.authentication).toMatchObject({ type: "scram-sha-512" });
  expect(found("dropped-options", resources)).toHaveLength(1);
  expect(() => all(resources)).not.toThrow();
});

test.each<[string, { origin: string; target: string }, { cluster?: string; namespace?: string }]>([
  ["the address", { origin: "origin-kafka-bootstrap.a:9093", target: "target-kafka-bootstrap.b:9093" }, {}],
  ["the names, if the address shows nothing", { origin: "10.0.0.1:9093", target: "10.0.0.2:9093" }, {}],
  [
    "the other cluster",
    { origin: "origin-kafka-bootstrap.a:9093", target: "10.0.0.2:9093" },
    { cluster: "blue", namespace: "apps" },
  ],
])("a user's cluster is found by %s", (_what, bootstrap, rename) => {
  const resources = stack({
    mirror: connections(bootstrap),
    change: ({ target }) => {
      if (rename.cluster)
        Object.assign(target.metadata, {
          namespace: rename.namespace,
          labels: { "strimzi.io/cluster": rename.cluster },
        });
    },
  });
  expect(readView(resources).users.map((user) => user.side)).toEqual(["origin", "target"]);
});

test("ACLs of @pulumi/kafka are one user per principal and cluster", () => {
  const acl = (operation: string, servers: string, type = "Topic") =>
    kafka(
      "Acl",
      {
        aclPrincipal: "User:mm2-credentials",
        aclResourceType: type,
        aclResourceName: "*",
        resourcePatternTypeFilter: "Literal",
        aclOperation: operation,
        aclPermissionType: "Allow",
        aclHost: "*",
      },
      servers,
    );
  const [mirror] = stack();
  const resources = [
    mirror!,
    acl("Write", "origin-kafka-bootstrap:9093"),
    acl("Read", "origin-kafka-bootstrap:9093"),
    acl("Write", "target-kafka-bootstrap:9093"),
  ];
  expect(readView(resources).users.map((user) => [user.side, user.ofMirror, user.rules.length])).toEqual([
    ["origin", true, 2],
    ["target", true, 1],
  ]);
  expect(found("origin-write-everything", resources)).toHaveLength(1);
  // A deny rule gives no right.
  const denied = { ...acl("Write", "origin-kafka-bootstrap:9093") };
  denied.props = { ...denied.props, aclPermissionType: "Deny" };
  expect(found("origin-write-everything", [mirror!, denied])).toEqual([]);
});

test.each<[string, { origin: string; target: string }, object, (string | undefined)[]]>([
  [
    "its namespace, if both have the same name",
    { origin: "kafka-kafka-bootstrap.blue.svc:9093", target: "kafka-kafka-bootstrap.green.svc:9093" },
    { cluster: "kafka", origin: "blue", target: "green" },
    ["origin", "target"],
  ],
  [
    "the whole alias rather than its beginning",
    { origin: "10.0.0.1:9093", target: "10.0.0.2:9093" },
    { cluster: "prod", origin: "a", target: "b", aliases: ["prod", "prod-new"] },
    ["origin", "origin"],
  ],
])("a user's cluster is found by %s", (_what, bootstrap, { cluster, origin, target, aliases }: any, sides) => {
  const resources = stack({
    mirror: connections(bootstrap),
    change: (parts) => {
      Object.assign(parts.origin.metadata, { namespace: origin, labels: { "strimzi.io/cluster": cluster } });
      Object.assign(parts.target.metadata, { namespace: target, labels: { "strimzi.io/cluster": cluster } });
      if (aliases) [parts.mirror.spec.mirrors[0].source.alias, parts.mirror.spec.target.alias] = aliases;
    },
  });
  expect(readView(resources).users.map((user) => user.side)).toEqual(sides);
});

test("a user's cluster is found by the mirror's login", () => {
  const resources = stack({
    mirror: connections({ origin: "10.0.0.1:9093", target: "10.0.0.2:9093" }),
    change: ({ mirror, origin, target }) => {
      mirror.spec.mirrors[0].source.authentication.username = "reader";
      mirror.spec.target.authentication.username = "writer";
      Object.assign(origin.metadata, { name: "writer", namespace: "apps", labels: { "strimzi.io/cluster": "blue" } });
      Object.assign(target.metadata, { name: "reader", namespace: "apps", labels: { "strimzi.io/cluster": "green" } });
    },
  });
  for (const [i, resource] of resources.entries()) if (i > 0) resource.name = `user-${i}`;
  expect(readView(resources).users.map((user) => user.side)).toEqual(["target", "origin"]);
  expect(readView(resources.slice(1)).users.map((user) => user.side)).toEqual([undefined, undefined]);
});

test("a name does not identify a cluster if there are two mirrors with unknown addresses", () => {
  const resources = stack({
    change: ({ mirror }) =>
      (mirror.spec.target.bootstrapServers = mirror.spec.mirrors[0].source.bootstrapServers = UNKNOWN),
  });
  const [mirror, ...users] = resources.map((resource) => ({
    ...resource,
    props: unknownCheckingProxy(resource.props),
  }));
  const blue = users.map((user) => ({
    ...user,
    props: { ...user.props, metadata: { name: "x", namespace: "target-ns", labels: { "strimzi.io/cluster": "blue" } } },
  }));
  expect(readView([mirror!, ...blue]).users[0]!.side).toBe("target");
  expect(readView([mirror!, mirror!, ...blue]).users[0]!.side).toBeUndefined();
});

test("connectors get the target's alias, even if the workers have another alias for it", () => {
  const resources = stack({
    dialect: "strimzi-v1beta2",
    change: ({ mirror }) => {
      mirror.spec.clusters.push({ ...mirror.spec.clusters[1], alias: "workers", config: { "group.id": "theirs" } });
      mirror.spec.connectCluster = "workers";
    },
  });
  expect(readView(resources).mirrors[0]!.target).toMatchObject({ alias: "target-cluster", groupId: "theirs" });
});

test("a client of another address belongs to the cluster that its name identifies, if any", () => {
  const topic = (name: string, provider: string) => ({
    ...kafka("Topic", { name: "orders" }, "10.1.1.1:9094", name),
    provider: { name: provider, props: { bootstrapServers: '["10.1.1.1:9094"]' } },
  });
  expect(
    readView([...stack(), topic("orders", "target"), topic("orders", "third"), topic("orders", "origin")]).topics.map(
      (t) => t.side,
    ),
  ).toEqual(["target", undefined, "origin"]);
});

test("brokers of node pools are not counted twice, and those of two targets are not added up", () => {
  const of = (kind: string, name: string, spec: object, namespace = "target-ns") =>
    custom({
      apiVersion: "kafka.strimzi.io/v1",
      kind,
      metadata: { name, namespace, labels: { "strimzi.io/cluster": "target" } },
      spec,
    });
  const pools = [
    of("KafkaNodePool", "brokers", { replicas: 2, roles: ["broker"] }),
    of("KafkaNodePool", "controllers", { replicas: 3, roles: ["controller"] }),
  ];
  expect(
    readView([...stack(), ...pools, of("Kafka", "target", { kafka: { replicas: 3 } })]).mirrors[0]!.targetBrokers,
  ).toBe(2);
  expect(readView([...stack(), of("Kafka", "target", { kafka: { replicas: 3 } })]).mirrors[0]!.targetBrokers).toBe(3);
  expect(
    readView([
      ...stack(),
      of("Kafka", "target", { kafka: { replicas: 1 } }),
      of("Kafka", "target", { kafka: { replicas: 3 } }, "other"),
    ]).mirrors[0]!.targetBrokers,
  ).toBeUndefined();
});
