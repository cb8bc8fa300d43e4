import { describe, expect, test } from "vitest";
import { aToB, identity, kafkaUser, mirrorMaker, resource } from "../test/policies/manifests";
import { custom, found, type Sketch, stack } from "../test/policies/resources";
import type { AnyResource } from "./read";

const seen = (rule: string, resources: AnyResource[]) => found(rule, resources).map(({ message }) => message);

describe("names that Kubernetes refuses", () => {
  test.each([
    ["Orders", "capital letters"],
    ["my_mirror", "an underscore"],
    ["-mm2", "a hyphen at the start"],
    ["CN=app", "an equals sign"],
    ["a..b", "an empty part"],
    ["x".repeat(254), "more than 253 characters"],
  ])("are reported: %s (%s)", (name) => {
    expect(seen("field-refused", [aToB({}, { name })])).toEqual([expect.stringContaining("metadata.name")]);
    expect(seen("field-refused", [kafkaUser(name, "b", [])])).toEqual([expect.stringContaining("metadata.name")]);
    expect(seen("field-refused", [resource("KafkaTopic", name, {})])).toHaveLength(1);
  });

  test.each(["mm2", "a.b-c.d", "1", "${NAME}", "x".repeat(253)])("are not reported: %s", (name) => {
    expect(seen("field-refused", [aToB({}, { name })])).toEqual([]);
  });

  test("are reported for a namespace, which has no dots", () => {
    expect(seen("field-refused", [aToB({}, { namespace: "my.kafka" })])).toEqual([
      expect.stringContaining('metadata.namespace is "my.kafka"'),
    ]);
  });
});

describe("acks below all, with which the copy loses records", () => {
  test.each([
    [{ source: { "producer.override.acks": 1 } }, {}, "producer.override.acks is 1"],
    [{ source: { "producer.override.acks": "0" } }, {}, "producer.override.acks is 0"],
    [{}, { "producer.acks": "1" }, "producer.acks in clusters[1].config is 1"],
  ])("are reported: %j %j", (flow, config, says) => {
    expect(seen("records-left-out", [aToB(flow, { clusters: { a: {}, b: { config } } })])).toEqual([
      expect.stringContaining(says),
    ]);
  });

  test.each([
    [{ "producer.override.acks": "all" }, {}],
    [{ "producer.override.acks": -1 }, { "producer.acks": 1 }],
    // settings-contradict reports it: such a producer does not start.
    [{ "producer.override.acks": 1, "producer.override.enable.idempotence": true }, {}],
  ])("are not reported: %j %j", (source, config) => {
    expect(seen("records-left-out", [aToB({ source }, { clusters: { a: {}, b: { config } } })])).toEqual([]);
  });
});

describe("ACL rules", () => {
  const user = (...acls: object[]) => [kafkaUser("app", "b", acls)];
  const topic = { type: "topic", name: "orders" };

  test("with one word instead of a list of operations are not called rules without operations", () => {
    const one = user({ resource: topic, operations: "Read" });
    expect(seen("acl-refused", one)).toEqual([expect.stringContaining('acls[0].operations is "Read", not a list')]);
    expect(seen("acl-without-operations", one)).toEqual([]);
  });

  test("with one word instead of the resource's fields are reported as that", () => {
    const one = user({ resource: "topic", operations: ["Read"] });
    expect(seen("acl-refused", one)).toEqual([expect.stringContaining('acls[0].resource is "topic", not a mapping')]);
  });

  test.each([
    ["orders-.*", "orders-"],
    ["orders*", "orders"],
    ["orders.*", "orders"],
  ])("with the pattern %s in a name: the advice is the prefix %s", (name, prefix) => {
    expect(seen("acl-meaningless", user({ resource: { type: "topic", name }, operations: ["Read"] }))).toEqual([
      expect.stringContaining(`write name "${prefix}" with patternType prefix`),
    ]);
  });

  test.each(["10.0.0.0/8", "10.0.0.*", "app.example.org", ""])("for the host %j match no client", (host) => {
    expect(seen("acl-meaningless", user({ host, resource: topic, operations: ["Read"] }))).toHaveLength(1);
  });
  test.each(["10.0.0.1", "2001:db8::1", "*", "${HOST}"])("for the host %j are not reported", (host) => {
    expect(seen("acl-meaningless", user({ host, resource: topic, operations: ["Read"] }))).toEqual([]);
  });
});

test("values that another tool fills in are not judged as names or policy classes", () => {
  const source = { "replication.policy.class": "${POLICY}", "replication.policy.separator": "{{ .Values.separator }}" };
  const template = mirrorMaker({
    clusters: { "${SOURCE}": {}, "<target>": {} },
    connectCluster: "<target>",
    flows: [{ from: "${SOURCE}", to: "<target>", topicsPattern: "${TOPICS}", source, checkpoint: source }],
  });
  for (const rule of ["names-refused", "policy-unknown", "policy-class-exists"])
    expect(seen(rule, [template]), rule).toEqual([]);
});

test("a component does not accept an alias that another tool should have filled in", () => {
  const sketch: Sketch = { mirror: { origin: { alias: "${SOURCE}", bootstrapServers: "a:9092" } } };
  expect(() => stack(sketch)).toThrow(/SOURCE/);
});

test("a mirror with replicas: 0 copies nothing, and the reviewer sees it once", () => {
  expect(seen("tasks-and-partitions", [aToB({}, { spec: { replicas: 0 } })])).toEqual([
    expect.stringContaining("replicas is 0"),
  ]);
});

test("two mirrors in both directions stay, even if each names the clusters by other addresses", () => {
  const far = { bootstrapServers: "kafka.example.org:9094" };
  const near = { bootstrapServers: "kafka-kafka-bootstrap:9092" };
  const flow = { source: identity, checkpoint: identity, topicsPattern: "orders" };
  const one = mirrorMaker({
    name: "one",
    namespace: "green",
    clusters: { blue: far, green: near },
    connectCluster: "green",
    flows: [{ from: "blue", to: "green", ...flow }],
  });
  const back = mirrorMaker({
    name: "back",
    namespace: "blue",
    clusters: { blue: near, green: { bootstrapServers: "kafka.example.com:9094" } },
    connectCluster: "blue",
    flows: [{ from: "green", to: "blue", ...flow }],
  });
  expect(seen("gate-missing", [one])).toHaveLength(1);
  expect(seen("gate-missing", [one, back])).toEqual([]);
});

describe("patterns that are not meant as regular expressions", () => {
  const topics = (topicsPattern: string) => seen("pattern-doubtful", [aToB({ topicsPattern })]);
  test.each([
    ["orders-*", '"orders-.*"'],
    ["orders.*,payments*", '"payments.*"'],
    ["prod.orders*", '"prod.orders.*"'],
    ["(eu,us)-orders-*", '"-orders-.*"'],
    ["[orders, payments]", '"orders,payments"'],
    [`["orders", 'payments']`, '"orders,payments"'],
  ])("are reported with the right one: %s", (pattern, instead) => {
    expect(topics(pattern)).toEqual([expect.stringContaining(`write ${instead}`)]);
  });

  test.each([
    ".*",
    "orders-.*",
    "orders.*",
    "orders(-)*",
    "orders-*.*",
    "part-0*1",
    "[a-z],[0-9]",
    "[a-z]*",
    "\\d*",
    "orders?",
    "orders-(eu,us)",
    "(?i)orders.*",
    "${TOPICS}",
  ])("are not seen in %s", (pattern) => expect(topics(pattern)).toEqual([]));

  test("are reported in each of the four fields, and refused by the components", () => {
    const entry = { topicsExcludePattern: "a-*", groupsPattern: "b-*", groupsExcludePattern: "c-*" };
    expect(seen("pattern-doubtful", [aToB({ entry })])).toHaveLength(3);
    expect(() => stack({ mirror: { topicsPattern: "orders-*" } })).toThrow(/looks like a shell pattern/);
  });
});

describe("a resource that no operator selects", () => {
  const unlabelled = (kind: string, labels?: object, group = "kafka.strimzi.io") =>
    custom({
      apiVersion: `${group}/v1beta2`,
      kind,
      metadata: { name: "app", namespace: "ns", ...(labels && { labels }) },
    });

  test.each([
    ["KafkaUser", undefined, "its Secret or its ACLs"],
    ["KafkaTopic", {}, "this topic"],
    ["KafkaConnector", { app: "x" }, "no Connect cluster"],
    ["KafkaUser", { "strimzi.io/cluster": "" }, "no strimzi.io/cluster:"],
    ["KafkaUser", { "strimzi.io/Cluster": "b" }, "but strimzi.io/Cluster"],
    ["KafkaUser", { cluster: "b" }, "but cluster"],
  ])("is reported: %s with %j", (kind, labels, says) => {
    expect(seen("cluster-label", [unlabelled(kind, labels)])).toEqual([expect.stringContaining(says)]);
  });

  test("is reported with the label of its operator", () => {
    expect(seen("cluster-label", [unlabelled("KafkaUser", {}, "eventstreams.ibm.com")])).toEqual([
      expect.stringContaining("no eventstreams.ibm.com/cluster"),
    ]);
  });

  test("is not reported if a label names a cluster, or for kinds without one", () => {
    expect(seen("cluster-label", [unlabelled("KafkaUser", { "strimzi.io/cluster": "b" }), aToB()])).toEqual([]);
  });
});
