import { describe, expect, test } from "vitest";
import { aToB, kafkaUser, mirrorMaker, resource } from "../test/policies/manifests";
import { all, custom, found } from "../test/policies/resources";
import type { AnyResource } from "./read";

const seen = (rule: string, resources: AnyResource[]) => found(rule, resources).map(({ message }) => message);
const messages = (resources: AnyResource[]) => all(resources).map(({ message }) => message);

describe("a secret at a place where it does not belong is not repeated in any message", () => {
  const login = (authentication: object) => aToB({}, { clusters: { a: { authentication }, b: {} } });
  const user = kafkaUser("u", "a", []);
  Object.assign(user.props.spec as object, { authentication: { type: "scram-sha-512", password: "hunter2" } });

  test.each<[string, AnyResource]>([
    ["a KafkaUser's password", user],
    ["a mirror's password", login({ type: "scram-sha-512", username: "u", passwordSecret: "hunter2" })],
    [
      "a password instead of its key",
      login({ type: "plain", username: "u", passwordSecret: { password: ["hunter2"] } }),
    ],
    ["an OAuth secret", login({ type: "oauth", clientSecret: "hunter2", accessToken: "hunter2" })],
    ["a property", aToB({}, { spec: { jvmOptions: { javaSystemProperties: "hunter2" } } })],
    ["an address", aToB({}, { clusters: { a: { bootstrapServers: "sasl://u:hunter2@kafka" }, b: {} } })],
    ["an address without a scheme", aToB({}, { clusters: { a: { bootstrapServers: "u:hunter2@kafka:9092" }, b: {} } })],
  ])("%s", (_what, one) => {
    const said = messages([one]);
    expect(said.length).toBeGreaterThan(0);
    expect(said.join("\n")).not.toContain("hunter2");
  });

  test("but other values are", () => {
    expect(seen("field-refused", [aToB({}, { spec: { replicas: "three" } })]).join()).toContain('is "three"');
  });
});

describe("a value that no configuration of Kafka has", () => {
  test.each([
    [{ source: { topics: ["orders", "payments"] } }, 'sourceConnector.config "topics" is a list'],
    [{ source: { replication: { factor: 3 } } }, 'write keys with dots, such as "replication.factor"'],
    [{ checkpoint: { sync: { group: { offsets: true } } } }, 'checkpointConnector.config "sync" is a mapping'],
  ])("is reported: %j", (flow, says) => {
    expect(seen("field-refused", [aToB(flow)])).toEqual([expect.stringContaining(says)]);
  });

  test("is reported in the config of a cluster", () => {
    const clusters = { a: {}, b: { config: { "offset.storage": { topic: "x" } } } };
    expect(seen("field-refused", [aToB({}, { clusters })])).toEqual([
      expect.stringContaining('spec.clusters[1].config "offset.storage" is a mapping'),
    ]);
  });

  test.each([{ topics: null }, { topics: { "{ topics }": null } }, { topics: "a,b" }])(
    "is not what a placeholder or an absent value looks like: %j",
    (source) => expect(seen("field-refused", [aToB({ source })])).toEqual([]),
  );
});

describe("an amount of memory or CPU", () => {
  const limits = (memory: unknown, cpu: unknown = 1) =>
    seen("field-refused", [aToB({}, { spec: { resources: { limits: { memory, cpu } } } })]);

  test.each([
    ["2Gb", "write 2G"],
    ["512MB", "write 512M"],
    ["512mb", "write 512M"],
    ["1gi", "write 1Gi"],
    ["1.5 GiB", "write 1.5Gi"],
    ["lots", "such as 512Mi"],
  ])("in another notation is reported: %s", (memory, says) => {
    expect(limits(memory)).toEqual([expect.stringContaining(says)]);
  });
  test.each(["512Mi", "2G", "1073741824", 1073741824, "1.5Gi", "2e9", "${MEMORY}", "{{ .Values.memory }}"])(
    "of Kubernetes is not: %s",
    (memory) => expect(limits(memory)).toEqual([]),
  );
  test("of CPU", () => {
    expect(limits("1Gi", "500mm")).toHaveLength(1);
    expect(limits("1Gi", "500m")).toEqual([]);
  });
});

describe("one field that needs another", () => {
  const withCertificate = (authentication: object) =>
    seen("field-refused", [
      custom({
        apiVersion: "kafka.strimzi.io/v1",
        kind: "KafkaUser",
        metadata: { name: "u", labels: { "strimzi.io/cluster": "a" } },
        spec: { authentication },
      }),
    ]);

  test("days of a certificate", () => {
    expect(withCertificate({ type: "tls", validityDays: 30, renewalDays: 30 })).toHaveLength(1);
    expect(withCertificate({ type: "tls", validityDays: 30 })).toEqual([
      expect.stringContaining("authentication.renewalDays is missing"),
    ]);
    expect(withCertificate({ type: "scram-sha-512", validityDays: 30, renewalDays: 3 })).toHaveLength(2);
    expect(withCertificate({ type: "tls", validityDays: 30, renewalDays: 3 })).toEqual([]);
  });

  test("metrics and racks", () => {
    const mirror = (spec: object) => seen("field-refused", [aToB({}, { spec })]);
    expect(mirror({ metricsConfig: { type: "jmxPrometheusExporter" } })).toHaveLength(1);
    expect(mirror({ metricsConfig: { type: "strimziMetricsReporter" } })).toEqual([]);
    expect(mirror({ rack: {} })).toEqual([expect.stringContaining("rack.topologyKey is missing")]);
    expect(mirror({ rack: { type: "environment-variable" } })).toEqual([
      expect.stringContaining("rack.envVarName is missing"),
    ]);
    expect(mirror({ rack: { topologyKey: "zone" } })).toEqual([]);
  });
});

describe("a checkpoint connector that does nothing", () => {
  const off = { "emit.checkpoints.enabled": false };

  test("because the groups' offsets are only written with checkpoints", () => {
    expect(seen("nothing-copied", [aToB({ checkpoint: { ...off, "sync.group.offsets.enabled": true } })])).toEqual([
      expect.stringContaining("it writes no group's offsets either"),
    ]);
  });

  test("because there are no offset syncs", () => {
    const flow = { source: { "emit.offset-syncs.enabled": false } };
    expect(seen("nothing-copied", [aToB(flow)])).toHaveLength(1);
    expect(seen("nothing-copied", [aToB(flow, { spec: { version: "3.6.0" } })])).toEqual([]);
    expect(seen("nothing-copied", [aToB({ ...flow, checkpoint: null })])).toEqual([]);
  });

  test("is refused since Kafka 3.9", () => {
    expect(seen("settings-contradict", [aToB({ checkpoint: off })])).toHaveLength(1);
    expect(seen("settings-contradict", [aToB({ checkpoint: { "emit.offset-syncs.enabled": false } })])).toHaveLength(1);
    expect(seen("settings-contradict", [aToB({ checkpoint: off }, { spec: { version: "3.8.0" } })])).toEqual([]);
    expect(seen("settings-contradict", [aToB({ checkpoint: off }, { spec: { version: undefined } })])).toEqual([]);
  });
});

test("factors with the same fault are one finding", () => {
  const two = { "replication.factor": 2 };
  const kafka = resource("Kafka", "b", { kafka: { replicas: 3, config: { "min.insync.replicas": 2 } } });
  const [message, ...others] = seen("replication-above-min-isr", [
    aToB({ source: two, checkpoint: { "checkpoints.topic.replication.factor": 2 } }),
    kafka,
  ]);
  expect(others).toEqual([]);
  expect(message).toContain(
    "replication.factor in sourceConnector.config is 2, checkpoints.topic.replication.factor in " +
      "checkpointConnector.config is 2, min.insync.replicas 2: one broker",
  );
});

test("a rule with the singular operation is reported with that field", () => {
  const topic = { type: "topic", name: "orders" };
  const old = { apiVersion: "kafka.strimzi.io/v1beta1" };
  const user = (acl: object) => seen("acl-refused", [kafkaUser("u", "b", [{ resource: topic, ...acl }], old)]);
  expect(user({ operation: "read" })).toEqual([expect.stringContaining('acls[0].operation is "read"')]);
  expect(user({ operation: ["Read", "Write"] })).toEqual([
    expect.stringMatching(/acls\[0\]\.operation is a list, .*write operations: \[Read, Write\]/),
  ]);
  expect(user({ operation: "Read" })).toEqual([]);
});

test("a KafkaUser of Strimzi with the label of Event Streams is selected by no operator", () => {
  const labelled = (apiVersion: string, label: string) =>
    seen("cluster-label", [
      custom({ apiVersion, kind: "KafkaUser", metadata: { name: "u", labels: { [label]: "x" } }, spec: {} }),
    ]).length;
  expect(labelled("kafka.strimzi.io/v1beta2", "eventstreams.ibm.com/cluster")).toBe(1);
  expect(labelled("kafka.strimzi.io/v1beta2", "strimzi.io/cluster")).toBe(0);
  expect(labelled("eventstreams.ibm.com/v1beta2", "eventstreams.ibm.com/cluster")).toBe(0);
});

test("settings of pods beside the template are reported with their place in it", () => {
  const said = seen("unknown-field", [aToB({}, { spec: { tolerations: [], imagePullSecrets: [], env: [] } })]);
  expect(said).toEqual([
    expect.stringContaining("did you mean spec.template.pod.tolerations?"),
    expect.stringContaining("did you mean spec.template.pod.imagePullSecrets?"),
    expect.stringContaining("did you mean spec.template.connectContainer.env?"),
  ]);
});

test("a key is named once if both sides of an entry are the same cluster", () => {
  const one = mirrorMaker({
    clusters: { a: { config: { name: "x" } } },
    connectCluster: "a",
    flows: [{ from: "a", to: "a", topicsPattern: "orders" }],
  });
  expect(seen("misplaced-key", [one]).join()).not.toContain('"name", "name"');
});
