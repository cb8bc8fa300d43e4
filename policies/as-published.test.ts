import { describe, expect, test } from "vitest";
import { aToB, identity, kafkaUser, mirrorMaker, mirrorMakerV1, resource } from "../test/policies/manifests";
import { all, found } from "../test/policies/resources";
import type { AnyResource } from "./read";

const seen = (rule: string, resources: AnyResource[]) => found(rule, resources).map(({ message }) => message);
const VERSIONS = ["{{ .Values.kafkaVersion }}", "${KAFKA_VERSION}", "x.y.z", "latest", ""];

describe("a version that another tool fills in", () => {
  const source = {
    "producer.override.compression.type": "lz4",
    "offset-syncs.topic.location": "target",
    "replication.policy.separator": "_",
  };

  test.each(VERSIONS)("is not read as an old version of Kafka: %j", (version) => {
    const one = [aToB({ source, checkpoint: source }, { spec: { version } })];
    for (const rule of ["refused-value", "key-of-another-version", "policy-agreement"])
      expect(seen(rule, one), rule).toEqual([]);
  });

  test("counts if YAML read it as a number", () => {
    const old = { "replication.policy.class": identity["replication.policy.class"] };
    expect(seen("policy-class-exists", [aToB({ source: old }, { spec: { version: 2.8 } })])).toHaveLength(1);
    expect(seen("policy-class-exists", [aToB({ source: old }, { spec: { version: 3.9 } })])).toEqual([]);
  });
});

describe("placeholders", () => {
  test.each(["<rg>.servicebus.windows.net:9093", "kafka-<env>-bootstrap:9092", "$HOST:9092", "<host>:<port>"])(
    "in an address are not refused: %s",
    (bootstrapServers) => {
      expect(seen("address-refused", [aToB({}, { clusters: { a: { bootstrapServers }, b: {} } })])).toEqual([]);
    },
  );

  test.each(["<source|target>", "$LOCATION", "${LOCATION}"])("in a value are not refused: %s", (value) => {
    const source = { "offset-syncs.topic.location": value };
    expect(seen("refused-value", [aToB({ source, checkpoint: source })])).toEqual([]);
  });

  test("do not hide patterns with a named group, or with an end", () => {
    expect(seen("names-refused", [aToB({ topicsPattern: "(?<name>orders" })])).toHaveLength(1);
    expect(seen("names-refused", [aToB({ topicsPattern: "orders[$" })])).toHaveLength(1);
  });
});

describe("the advice for a key in the wrong block", () => {
  test.each([
    ["name", "leave it out: the operator sets it"],
    ["connector.class", "leave it out: the operator sets it"],
    ["tasks.max", "write tasksMax of the connector"],
    ["topics", "write topicsPattern of mirrors[]"],
    ["groups", "write groupsPattern of mirrors[]"],
    ["topics.exclude", "write topicsExcludePattern of mirrors[]"],
  ])("names no place where the operator drops it: %s", (key, advice) => {
    const config = { [key]: "x" };
    for (const clusters of [
      { a: { config }, b: {} },
      { a: {}, b: { config } },
    ]) {
      const [message] = seen("misplaced-key", [aToB({}, { clusters })]);
      expect(message).toContain(advice);
      expect(message).not.toContain("sourceConnector.config");
    }
  });

  test("has the field name of the dialect", () => {
    const clusters = { a: {}, b: { config: { "topics.exclude": "x" } } };
    const apiVersion = "kafka.strimzi.io/v1alpha1";
    expect(seen("misplaced-key", [aToB({}, { clusters, apiVersion })]).join()).toContain("topicsBlacklistPattern");
  });

  test("speaks of several keys in the plural", () => {
    const source = { "emit.checkpoints.interval.seconds": 10, "sync.group.offsets.enabled": true };
    expect(seen("misplaced-key", [aToB({ source })])).toEqual([
      expect.stringContaining("only the checkpoint connector reads them; write them in checkpointConnector.config"),
    ]);
  });
});

describe("keys of connect-mirror-maker's properties file, which operators do not use, are reported", () => {
  test.each([
    ["a->b.enabled", "leave it out"],
    ["a->b.topics", "write topicsPattern of mirrors[]"],
    ["a->b.replication.policy.class", 'write "replication.policy.class" in sourceConnector.config'],
    ["primary->backup.sync.group.offsets.enabled", 'write "sync.group.offsets.enabled" in checkpointConnector.config'],
    ["a.consumer.max.poll.records", 'write "consumer.max.poll.records" in sourceConnector.config'],
    ["a.bootstrap.servers", "write bootstrapServers of the cluster"],
    ["b.offset.storage.replication.factor", `write "offset.storage.replication.factor" in the target's config`],
    ["clusters", "leave it out"],
    ["whitelist", "write topicsPattern of mirrors[]"],
    ["topics.whitelist", "write topicsPattern of mirrors[]"],
  ])("%s", (key, advice) => {
    expect(seen("misplaced-key", [aToB({ source: { [key]: "x" } })])).toEqual([expect.stringContaining(advice)]);
  });

  test.each(["source.consumer.max.poll.records", "target.producer.acks", "source.cluster.alias"])(
    "but not the prefixes that connectors read, if the aliases are called the same: %s",
    (key) => {
      const one = mirrorMaker({
        clusters: { source: {}, target: {} },
        connectCluster: "target",
        flows: [{ from: "source", to: "target", topicsPattern: "x", source: { [key]: "1" } }],
      });
      expect(seen("misplaced-key", [one]).join()).not.toContain("connect-mirror-maker");
    },
  );
});

describe("a field at the wrong level", () => {
  const entry = (fields: object) => seen("unknown-field", [aToB({ entry: fields })]).join("\n");

  test("is reported with the place where it exists", () => {
    expect(entry({ tasksMax: 4 })).toContain("did you mean spec.mirrors[].sourceConnector.tasksMax, ");
    expect(entry({ replicas: 4 })).toContain("did you mean spec.replicas?");
    expect(seen("unknown-field", [aToB({}, { spec: { sourceConnector: {} } })])).toEqual([
      expect.stringContaining("did you mean spec.mirrors[].sourceConnector?"),
    ]);
    const user = kafkaUser("u", "a", []);
    Object.assign(user.props.spec as object, { acls: [] });
    expect(seen("unknown-field", [user])).toEqual([expect.stringContaining("did you mean spec.authorization.acls?")]);
  });

  test("gets no advice if its name exists only far below", () => {
    expect(entry({ enabled: true })).toContain("remove it, or use a field of this version");
  });

  test("of a reference to a Secret is reported with the operators' name, and not as a secret", () => {
    const login = { type: "scram-sha-512", username: "u", passwordSecret: { name: "s", key: "password" } };
    const tls = { trustedCertificates: [{ secret: "ca", certificate: "ca.crt" }] };
    const one = [aToB({}, { clusters: { a: { authentication: login, tls }, b: {} } })];
    expect(seen("unknown-field", one)).toEqual([
      expect.stringMatching(/passwordSecret\.name is .*did you mean secretName\?/),
      expect.stringMatching(/passwordSecret\.key is .*did you mean password\?/),
      expect.stringContaining("tls.trustedCertificates[0].secret"),
    ]);
    expect(seen("plain-text-secret", one)).toEqual([]);
  });
});

describe("ACLs that MirrorMaker 2 would copy", () => {
  const kafka = (name: string, spec: object) =>
    resource("Kafka", name, { kafka: { listeners: [], ...spec }, entityOperator: { userOperator: {} } });
  const rule = (resources: AnyResource[]) => seen("acl-sync-with-operator", resources);

  test("are reported if the target's brokers have an authorizer", () => {
    expect(rule([aToB(), kafka("b", { authorization: { type: "simple" } })])).toHaveLength(1);
  });

  test.each(["a", "b"])("are not there if the brokers of %s have no authorizer", (without) => {
    const clusters = ["a", "b"].map((name) =>
      kafka(name, name === without ? {} : { authorization: { type: "simple" } }),
    );
    expect(rule([aToB(), ...clusters])).toEqual([]);
  });

  test("need a right on the cluster, and a mirror without it still copies records", () => {
    const source = { "sync.topic.acls.enabled": true, "offset-syncs.topic.location": "target" };
    const reading = [
      { operations: ["Read", "DescribeConfigs"], resource: { type: "topic", name: "orders" } },
      { operations: ["Describe"], resource: { type: "group", name: "*" } },
    ];
    const login = { authentication: { type: "scram-sha-512", username: "mm2" } };
    const mirror = aToB({ source, checkpoint: source }, { clusters: { a: login, b: {} } });
    expect(seen("acl-missing", [mirror, kafkaUser("mm2", "a", reading)])).toEqual([
      expect.stringContaining("lacks Describe on cluster: MirrorMaker 2 cannot copy ACLs, but copies everything else"),
    ]);
  });
});

test("one prefix for the workers' storage topics is as good as their three names", () => {
  const login = { authentication: { type: "scram-sha-512", username: "mm2" } };
  const quiet = { "sync.topic.acls.enabled": false };
  const mirror = aToB({ source: quiet, checkpoint: null }, { clusters: { a: {}, b: login } });
  const rules = (name: string) => [
    { operations: ["Read", "Write", "Create"], resource: { type: "topic", name, patternType: "prefix" } },
    { operations: ["Write", "Create", "Alter", "AlterConfigs"], resource: { type: "topic", name: "a.orders" } },
    { operations: ["Read"], resource: { type: "group", name: "mirrormaker2-cluster" } },
  ];
  expect(seen("acl-unneeded", [mirror, kafkaUser("mm2", "b", rules("mirrormaker2-cluster"))])).toEqual([]);
  expect(seen("acl-unneeded", [mirror, kafkaUser("mm2", "b", rules("mirrormaker2-clus"))])).toHaveLength(1);
  expect(seen("acl-unneeded", [mirror, kafkaUser("mm2", "b", rules("mi"))])).toHaveLength(1);
});

describe("both directions in two resources that reach the clusters by different addresses", () => {
  const one = (name: string, from: string, to: string, servers: Record<string, string>) =>
    mirrorMaker({
      name,
      namespace: name,
      clusters: { east: { bootstrapServers: servers.east }, west: { bootstrapServers: servers.west } },
      connectCluster: to,
      flows: [{ from, to, topicsPattern: "orders", source: identity, checkpoint: identity }],
    });
  const inside = (cluster: string) => `${cluster}-kafka-bootstrap:9093`;
  const outside = (cluster: string) => `kafka.${cluster}.example.com:9094`;

  test("are an endless loop if each is inside one of them", () => {
    const there = one("in-east", "west", "east", { east: inside("east"), west: outside("west") });
    const back = one("in-west", "east", "west", { east: outside("east"), west: inside("west") });
    expect(seen("endless-loop", [there, back])).toHaveLength(1);
  });

  test("are none if their addresses show that the clusters are others", () => {
    const there = one("there", "west", "east", { east: inside("east"), west: inside("west") });
    const back = one("back", "east", "west", { east: inside("east"), west: inside("west") });
    const far = one("back", "east", "west", { east: "k.other.example.com:9094", west: "l.other.example.com:9094" });
    const outer = one("there", "west", "east", { east: outside("east"), west: outside("west") });
    expect(seen("endless-loop", [there, back])).toEqual([]);
    expect(seen("endless-loop", [outer, far])).toEqual([]);
  });
});

describe("a mirror between two places stays", () => {
  const judged = (from: string, to: string) =>
    seen("gate-missing", [
      mirrorMaker({
        clusters: { [from]: {}, [to]: {} },
        connectCluster: to,
        flows: [{ from, to, topicsPattern: "orders", source: identity, checkpoint: identity }],
      }),
    ]).length;

  test.each([
    ["dc1", "dc2"],
    ["us-east-1", "us-west-2"],
    ["eu-west-1", "eu-west-2"],
    ["europe", "northamerica"],
    ["prod-east", "prod-west"],
    ["site-a", "edge"],
  ])("%s to %s", (from, to) => expect(judged(from, to)).toBe(0));

  test.each([
    ["old", "new"],
    ["us-old", "us-new"],
    ["dc1-blue", "dc1-green"],
    ["onprem", "eu-west-1"],
    ["kafka1", "kafka2"],
  ])("but not one from %s to %s", (from, to) => expect(judged(from, to)).toBe(1));
});

describe("memory", () => {
  const memory = (heap: string, limit: string) =>
    seen("worker-memory", [
      aToB({}, { spec: { jvmOptions: { "-Xmx": heap }, resources: { limits: { memory: limit } } } }),
    ]);

  test("a heap that fills its container is reported", () => {
    expect(memory("2g", "2Gi")).toEqual([expect.stringContaining("-Xmx is 2g and resources.limits.memory is 2Gi")]);
    expect(memory("4g", "2Gi")).toHaveLength(1);
    expect(memory("2g", "3Gi")).toEqual([]);
  });
});

test("none of these texts gets a message with a missing value", () => {
  const texts = [
    ...VERSIONS.map((version) => aToB({ topicsPattern: ".*", source: identity }, { spec: { version } })),
    mirrorMakerV1({ bootstrapServers: undefined, alias: undefined }, [{ source: undefined }], {}, { version: 4 }),
    aToB({ entry: { tasksMax: 3, config: {}, source: null } }, { spec: { version: null, config: { x: 1 } } }),
  ];
  const said = texts.flatMap((one) => all([one])).map(({ message }) => message);
  expect(said.length).toBeGreaterThan(10);
  expect(said.filter((message) => /\b(undefined|null|NaN)\b|\[object/.test(message))).toEqual([]);
});
