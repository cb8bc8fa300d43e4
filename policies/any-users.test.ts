import { describe, expect, test } from "vitest";
import { aToB, type Flow, kafkaUser, resource } from "../test/policies/manifests";
import { found } from "../test/policies/resources";

const seen = (rule: string, resources: ReturnType<typeof aToB>[], settings = {}) =>
  found(rule, resources, settings).map(({ message }) => message);

describe("rights", () => {
  const login = (username: string) => ({
    authentication: { type: "scram-sha-512", username, passwordSecret: { secretName: username, password: "password" } },
  });
  const storage = {
    config: { "group.id": "g", "status.storage.topic": "s", "offset.storage.topic": "o", "config.storage.topic": "c" },
  };
  const mirror = (flow: Partial<Flow> = {}) =>
    aToB(
      { checkpoint: null, source: { "sync.topic.acls.enabled": "false" }, ...flow },
      { clusters: { a: login("reader"), b: { ...login("writer"), ...storage } } },
    );
  const rule = (type: string, name: string, ...operations: string[]) => ({ operations, resource: { type, name } });
  const reads = [
    rule("topic", "orders", "Read", "DescribeConfigs"),
    rule("topic", "mm2-offset-syncs.b.internal", "Create", "Write"),
  ];
  const state = ["c", "o", "s"].map((name) => rule("topic", name, "Read", "Write", "Create"));
  const writes = [
    ...state,
    rule("group", "g", "Read"),
    rule("topic", "a.orders", "Write", "Create", "Alter", "AlterConfigs"),
  ];
  const reader = (...more: object[]) => kafkaUser("reader", "a", [...reads, ...more]);
  const writer = (acls: object[] = writes, ...more: object[]) => kafkaUser("writer", "b", [...acls, ...more]);
  const both = (...resources: ReturnType<typeof mirror>[]) => [
    ...seen("acl-missing", resources),
    ...seen("acl-unneeded", resources),
  ];

  test("that are the least for the configuration are neither too few nor too many", () => {
    expect(both(mirror(), reader(), writer())).toEqual([]);
  });

  test.each<[string, object[], object[]]>([
    [
      "Describe in addition to Read, Write or Alter",
      [rule("topic", "orders", "Describe"), rule("topic", "mm2-offset-syncs.b.internal", "Describe")],
      [rule("topic", "c", "Describe"), rule("group", "g", "Describe")],
    ],
    [
      "DescribeConfigs in addition to AlterConfigs, and for the check of the storage topics",
      [],
      [rule("topic", "a.orders", "DescribeConfigs"), rule("topic", "o", "DescribeConfigs")],
    ],
    [
      "IdempotentWrite in addition to Write",
      [rule("cluster", "kafka-cluster", "IdempotentWrite")],
      [rule("cluster", "kafka-cluster", "IdempotentWrite")],
    ],
    [
      "Read on the offset syncs before a checkpoint connector exists",
      [rule("topic", "mm2-offset-syncs.b.internal", "Read")],
      [],
    ],
  ])("that a needed right implies are not reported as unneeded: %s", (_what, atOrigin, atTarget) => {
    expect(both(mirror(), reader(...atOrigin), writer(writes, ...atTarget))).toEqual([]);
  });

  test("that are not needed are reported alone, and the fix lists those that the connectors need", () => {
    const [message, ...others] = seen("acl-unneeded", [
      mirror(),
      reader(rule("topic", "orders", "Describe", "Delete")),
      writer(),
    ]);
    expect(others).toEqual([]);
    expect(message).toContain("has ACLs that the mirror does not need: Delete on topic orders: ");
    expect(message).toContain(
      "write only what is needed: Read and DescribeConfigs on topic orders, Create and Write on topic " +
        "mm2-offset-syncs.b.internal [",
    );
  });

  test("with one prefix instead of several names are not too many", () => {
    const topics = (pattern: string, name: string) => {
      const wide = [
        ...reads.slice(1),
        { operations: ["Read", "DescribeConfigs"], resource: { type: "topic", name, patternType: "prefix" } },
      ];
      return seen("acl-unneeded", [mirror({ topicsPattern: pattern }), kafkaUser("reader", "a", wide)]);
    };
    expect(topics("prod\\.orders|prod\\.payments-.*", "prod.")).toEqual([]);
    expect(topics("prod-orders,prod-payments", "prod-")).toEqual([]);
    // A prefix with only one needed name, a prefix that ends inside a word, and a prefix that no needed name begins
    // with.
    expect(topics("prod\\.orders", "prod.")).toHaveLength(1);
    expect(topics("orders,ordinals", "ord")).toHaveLength(1);
    expect(topics("prod\\.orders|prod\\.payments-.*", "test.")).toHaveLength(1);
  });

  test.each<[string, Partial<Flow>, object[]]>([
    [
      "AlterConfigs while settings are not copied",
      { source: { "sync.topic.acls.enabled": "false", "sync.topic.configs.enabled": "false" } },
      [...writes.slice(0, 4), rule("topic", "a.orders", "Write", "Create", "Alter")],
    ],
    [
      "every right on groups while no checkpoints are emitted",
      { checkpoint: { "emit.checkpoints.enabled": "false", "sync.group.offsets.enabled": "true" } },
      writes,
    ],
    [
      "the topic of heartbeats while none are emitted",
      { entry: { heartbeatConnector: { config: { "emit.heartbeats.enabled": false } } } },
      writes,
    ],
    ["rights for the copies without a source connector", { source: null }, writes.slice(0, 4)],
  ])("for a disabled feature are not missing: %s", (_what, flow, acls) => {
    expect(seen("acl-missing", [mirror(flow), reader(), writer(acls)])).toEqual([]);
  });

  test("for an enabled feature are missing", () => {
    expect(
      seen("acl-missing", [
        mirror(),
        reader(),
        writer([...writes.slice(0, 4), rule("topic", "a.orders", "Write", "Create", "Alter")]),
      ]),
    ).toEqual([expect.stringContaining("lacks AlterConfigs on topic a.orders")]);
    expect(seen("acl-missing", [mirror({ checkpoint: {} }), reader(), writer()])).toHaveLength(2);
    const quiet = { source: { "sync.topic.acls.enabled": "false", "emit.offset-syncs.enabled": "false" } };
    expect(seen("acl-missing", [mirror(), kafkaUser("reader", "a", reads.slice(0, 1))])).toHaveLength(1);
    expect(seen("acl-missing", [mirror(quiet), kafkaUser("reader", "a", reads.slice(0, 1))])).toEqual([]);
  });

  test.each<[string, string, object, number]>([
    ["a KafkaConnect", "KafkaConnect", { bootstrapServers: "b-kafka-bootstrap:9093", ...login("writer") }, 0],
    [
      "a KafkaBridge with a certificate",
      "KafkaBridge",
      {
        bootstrapServers: "kafka.example.org:9093",
        authentication: { type: "tls", certificateAndKey: { secretName: "writer" } },
      },
      0,
    ],
    [
      "a KafkaMirrorMaker",
      "KafkaMirrorMaker",
      { consumer: {}, producer: { bootstrapServers: "b-kafka-bootstrap.ns.svc:9093", ...login("writer") } },
      0,
    ],
    [
      "a KafkaConnect on another cluster",
      "KafkaConnect",
      { bootstrapServers: "third-kafka-bootstrap:9093", ...login("writer") },
      1,
    ],
    [
      "a KafkaConnect of another user",
      "KafkaConnect",
      { bootstrapServers: "b-kafka-bootstrap:9093", ...login("sink") },
      1,
    ],
  ])(
    "beyond the mirror's are unneeded, unless the user also serves the same cluster: %s",
    (_what, kind, spec, count) => {
      const wide = writer(writes, rule("topic", "invoices", "Read"));
      expect(seen("acl-unneeded", [mirror(), reader(), wide, resource(kind, "other", spec)])).toHaveLength(count);
    },
  );

  test("are never missing for a super user", () => {
    const kafkaOf = (superUsers: string[]) =>
      resource("Kafka", "b", { kafka: { authorization: { type: "simple", superUsers } } });
    expect(seen("acl-missing", [mirror(), reader(), writer([]), kafkaOf(["CN=someone"])])).toHaveLength(1);
    expect(seen("acl-missing", [mirror(), reader(), writer([]), kafkaOf(["CN=writer"])])).toEqual([]);
  });

  const singular = [{ operation: "Read", resource: { type: "topic", name: "orders" } }];
  const kafkaOf = (version: string) => resource("Kafka", "a", { kafka: { version } });
  const target = { alias: "b", bootstrapServers: "b:9092" };
  // The level of the finding: none, the advisory rule, or the mandatory rule.
  test.each<[string, string, ReturnType<typeof resource>[], string[]]>([
    ["v1beta1", "kafka.strimzi.io/v1beta1", [], []],
    ["v1beta2, of operators that no resource shows", "kafka.strimzi.io/v1beta2", [], ["advisory"]],
    ["v1beta2 of Event Streams", "eventstreams.ibm.com/v1beta2", [], ["advisory"]],
    ["v1beta2 beside Kafka 2.8", "kafka.strimzi.io/v1beta2", [kafkaOf("2.8.0")], []],
    [
      "v1beta2 beside Kafka 4.1, of old and new operators",
      "kafka.strimzi.io/v1beta2",
      [kafkaOf("4.1.0")],
      ["advisory"],
    ],
    ["v1beta2 beside Kafka 4.2", "kafka.strimzi.io/v1beta2", [kafkaOf("4.2.0")], ["mandatory"]],
    [
      "v1beta2 beside a resource of v1",
      "kafka.strimzi.io/v1beta2",
      [resource("KafkaTopic", "t", {}, { apiVersion: "kafka.strimzi.io/v1" })],
      ["mandatory"],
    ],
    [
      "v1beta2 beside a mirror with the newer form of v1beta2",
      "kafka.strimzi.io/v1beta2",
      [resource("KafkaMirrorMaker2", "m", { target, mirrors: [] })],
      ["mandatory"],
    ],
    [
      "v1beta2 beside ZooKeeper",
      "kafka.strimzi.io/v1beta2",
      [resource("Kafka", "a", { kafka: {}, zookeeper: { replicas: 3 } })],
      [],
    ],
    ["v1beta2 beside a mirror of Kafka 3.9", "kafka.strimzi.io/v1beta2", [aToB()], []],
    ["v1beta2 between an old and a new operator", "kafka.strimzi.io/v1beta2", [aToB(), kafkaOf("4.2.0")], ["advisory"]],
    ["v1 beside Kafka 3.9", "kafka.strimzi.io/v1", [aToB()], ["mandatory"]],
  ])(
    "with the singular `operation` are an error only if the operator drops it: %s",
    (_what, apiVersion, more, levels) => {
      const stack = [kafkaUser("app", "a", singular, { apiVersion }), ...more];
      const both = ["acl-operation-singular", "acl-operation-old"].flatMap((rule) => found(rule, stack));
      expect(both.map(({ level }) => level)).toEqual(levels);
      expect(both.map(({ message }) => message).join()).not.toMatch(/undefined|null\b/);
    },
  );

  test("are checked for the operator version that fits the setting kafkaVersion", () => {
    const stack = [kafkaUser("app", "a", singular)];
    const levels = (kafkaVersion: string) =>
      ["acl-operation-singular", "acl-operation-old"]
        .flatMap((rule) => found(rule, stack, { kafkaVersion }))
        .map(({ level }) => level);
    expect(levels("3.9.0")).toEqual([]);
    expect(levels("4.1.0")).toEqual(["advisory"]);
    expect(levels("4.2.0")).toEqual(["mandatory"]);
  });
});

test.each(["v1beta2", "v1"])("a rule with both operation and operations is reported in %s", (version) => {
  const rule = { operation: "Read", operations: ["Write"], resource: { type: "topic", name: "orders" } };
  const user = kafkaUser("app", "a", [rule], { apiVersion: `kafka.strimzi.io/${version}` });
  expect(found("acl-refused", [user]).map(({ message }) => message)).toEqual([
    expect.stringContaining("user app: acls[0] has both operation and operations"),
  ]);
});
