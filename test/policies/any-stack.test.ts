import { describe, expect, test } from "vitest";
import { readView } from "../../policies/read";
import { all, found, step } from "./resources";
import { aToB, type Flow, identity, kafkaUser, mirrorMaker, mirrorMakerV1, resource } from "./manifests";

const seen = (rule: string, resources: ReturnType<typeof aToB>[], settings = {}) => found(rule, resources, settings).map(({ message }) => message);

describe("names", () => {
  test.each(["storage-topics-in-pattern", "pattern-swallows"])("%s: a copy that gets another name is read by nobody", (rule) => {
    const everything = (source: object, checkpoint = source) => [aToB({ topicsPattern: ".*", source, checkpoint })];
    expect(seen(rule, everything({}))).toEqual([]);
    expect(seen(rule, everything({ "replication.policy.separator": "-" }))).toEqual([]);
    expect(seen(rule, everything({ "replication.policy.class": "com.example.OurPolicy" }))).toEqual([]);
    expect(seen(rule, everything(identity))).toHaveLength(1);
  });

  const west = (address: string, metadata: object = {}) => mirrorMakerV1({ bootstrapServers: address }, [{}], { namespace: "west", ...metadata });
  const east = (address: string) => mirrorMakerV1({ bootstrapServers: address }, [{}], { namespace: "east" });
  test.each([
    ["a short service name is another cluster in each namespace", "b-kafka-bootstrap:9092", "b-kafka-bootstrap:9092", 0],
    ["a short service name and the whole one", "b-kafka-bootstrap:9092", "b-kafka-bootstrap.west.svc.cluster.local:9093", 0],
    ["the whole name of one cluster, through two listeners", "b-kafka-bootstrap.x.svc:9092", "b-kafka-tls-bootstrap.x:9093", 1],
    ["lists with one server in common", "k1.example.org:9092,k2.example.org:9092", "k3.example.org:9092,k2.example.org:9092", 1],
    ["two servers of one host", "k1.example.org:9092", "k1.example.org:9192", 0],
  ])("storage-topics-unique: %s", (_what, one, other, count) => {
    expect(seen("storage-topics-unique", [east(one), west(other)])).toHaveLength(count);
  });

  test("storage-topics-unique: the same short name in two Kubernetes clusters", () => {
    const at = (resource: ReturnType<typeof west>, name: string) => ({ ...resource, provider: { name, props: {} } });
    const [one, other] = [west("b-kafka-bootstrap:9092"), west("b-kafka-bootstrap:9092", { name: "other" })];
    expect(seen("storage-topics-unique", [at(one, "blue"), at(other, "green")])).toEqual([]);
    expect(seen("storage-topics-unique", [at(one, "blue"), at(other, "blue")])).toHaveLength(1);
  });

  test("storage-topics-unique: two versions of one resource are not two mirrors", () => {
    expect(seen("storage-topics-unique", [west("b-kafka-bootstrap:9092"), { ...west("b-kafka-bootstrap:9092"), urn: "second" }])).toEqual([]);
  });

  test("storage-topics-unique: mirrors of one pair of clusters keep their offset syncs side by side", () => {
    const own = { groupId: "g2", configStorageTopic: "c2", statusStorageTopic: "s2", offsetStorageTopic: "o2" };
    const first = mirrorMakerV1({}, [{}]);
    expect(seen("storage-topics-unique", [first, mirrorMakerV1(own, [{}], { name: "second" })])).toEqual([]);
    const elsewhere = mirrorMakerV1({ ...own, bootstrapServers: "third-kafka-bootstrap:9092" }, [{}], { name: "second" });
    expect(seen("storage-topics-unique", [first, elsewhere])).toEqual([expect.stringContaining('"mm2-offset-syncs.b.internal" on the origin is used by two mirrors')]);
  });

  test("storage-topics-unique: one message for all that two mirrors share, with the dialect's field names", () => {
    const twice = (make: (name: string) => ReturnType<typeof aToB>) => seen("storage-topics-unique", [make("one"), make("two")]);
    const old = twice((name) => aToB({}, { name }));
    expect(old).toEqual([expect.stringMatching(/each of these is used by two mirrors: the offsets topic .+Connect's group .+group\.id, .+ in clusters\[1\]\.config/)]);
    expect(twice((name) => mirrorMakerV1({}, [{}], { name }))).toEqual([expect.stringContaining("statusStorageTopic of target")]);
  });
});

describe("several entries of one resource", () => {
  const three = (third: object = {}) =>
    mirrorMaker({
      clusters: { a: {}, b: {}, c: {}, hub: {} },
      connectCluster: "hub",
      flows: ["a", "b", "c"].map((from) => ({ from, to: "hub", topicsPattern: ".*", source: { ...identity, ...(from === "c" ? third : {}) }, checkpoint: { ...identity, ...(from === "c" ? third : {}) } })),
    });

  test("the same about all of them is said once, about the resource", () => {
    expect(seen("pattern-swallows", [three()])).toEqual([expect.stringMatching(/^KafkaMirrorMaker2 ns\/mm2: topicsPattern/)]);
  });

  test("the same about some of them is said once, with the list of them", () => {
    const different = three({ "replication.policy.class": "com.example.OurPolicy" });
    expect(seen("pattern-swallows", [different])).toEqual([expect.stringMatching(/^KafkaMirrorMaker2 ns\/mm2 mirrors\[0\], mirrors\[1\]: topicsPattern/)]);
  });
});

describe("rights", () => {
  const login = (username: string) => ({ authentication: { type: "scram-sha-512", username, passwordSecret: { secretName: username, password: "password" } } });
  const storage = { config: { "group.id": "g", "status.storage.topic": "s", "offset.storage.topic": "o", "config.storage.topic": "c" } };
  const mirror = (flow: Partial<Flow> = {}) => aToB({ checkpoint: null, source: { "sync.topic.acls.enabled": "false" }, ...flow }, { clusters: { a: login("reader"), b: { ...login("writer"), ...storage } } });
  const rule = (type: string, name: string, ...operations: string[]) => ({ operations, resource: { type, name } });
  const reads = [rule("topic", "orders", "Read", "DescribeConfigs"), rule("topic", "mm2-offset-syncs.b.internal", "Create", "Write")];
  const state = ["c", "o", "s"].map((name) => rule("topic", name, "Read", "Write", "Create"));
  const writes = [...state, rule("group", "g", "Read"), rule("topic", "a.orders", "Write", "Create", "Alter", "AlterConfigs")];
  const reader = (...more: object[]) => kafkaUser("reader", "a", [...reads, ...more]);
  const writer = (acls: object[] = writes, ...more: object[]) => kafkaUser("writer", "b", [...acls, ...more]);
  const both = (...resources: ReturnType<typeof mirror>[]) => [...seen("acl-missing", resources), ...seen("acl-unneeded", resources)];

  test("the least for what is configured is neither too little nor too much", () => {
    expect(both(mirror(), reader(), writer())).toEqual([]);
  });

  test.each<[string, object[], object[]]>([
    ["Describe beside Read, Write or Alter", [rule("topic", "orders", "Describe"), rule("topic", "mm2-offset-syncs.b.internal", "Describe")], [rule("topic", "c", "Describe"), rule("group", "g", "Describe")]],
    ["DescribeConfigs beside AlterConfigs, and to check the storage topics", [], [rule("topic", "a.orders", "DescribeConfigs"), rule("topic", "o", "DescribeConfigs")]],
    ["IdempotentWrite beside Write", [rule("cluster", "kafka-cluster", "IdempotentWrite")], [rule("cluster", "kafka-cluster", "IdempotentWrite")]],
    ["Read on the offset syncs, before a checkpoint connector is there", [rule("topic", "mm2-offset-syncs.b.internal", "Read")], []],
  ])("what a needed right implies is not called unneeded: %s", (_what, atOrigin, atTarget) => {
    expect(both(mirror(), reader(...atOrigin), writer(writes, ...atTarget))).toEqual([]);
  });

  test("what is unneeded is listed alone, and what is needed is recommended for the connectors that are there", () => {
    const [message, ...others] = seen("acl-unneeded", [mirror(), reader(rule("topic", "orders", "Describe", "Delete")), writer()]);
    expect(others).toEqual([]);
    expect(message).toContain("has what the mirror does not need: Delete on topic orders: ");
    expect(message).toContain("write what is needed: Read and DescribeConfigs on topic orders, Create and Write on topic mm2-offset-syncs.b.internal [");
  });

  test.each<[string, Partial<Flow>, object[]]>([
    ["AlterConfigs while settings are not copied", { source: { "sync.topic.acls.enabled": "false", "sync.topic.configs.enabled": "false" } }, [...writes.slice(0, 4), rule("topic", "a.orders", "Write", "Create", "Alter")]],
    ["anything for groups while no checkpoints are emitted", { checkpoint: { "emit.checkpoints.enabled": "false", "sync.group.offsets.enabled": "true" } }, writes],
    ["the topic of heartbeats while none are emitted", { entry: { heartbeatConnector: { config: { "emit.heartbeats.enabled": false } } } }, writes],
    ["rights for the copies without a source connector", { source: null }, writes.slice(0, 4)],
  ])("a right for what is off is not missed: %s", (_what, flow, acls) => {
    expect(seen("acl-missing", [mirror(flow), reader(), writer(acls)])).toEqual([]);
  });

  test("rights for what is on are missed", () => {
    expect(seen("acl-missing", [mirror(), reader(), writer([...writes.slice(0, 4), rule("topic", "a.orders", "Write", "Create", "Alter")])])).toEqual([expect.stringContaining("lacks AlterConfigs on topic a.orders")]);
    expect(seen("acl-missing", [mirror({ checkpoint: {} }), reader(), writer()])).toHaveLength(2);
    const quiet = { source: { "sync.topic.acls.enabled": "false", "emit.offset-syncs.enabled": "false" } };
    expect(seen("acl-missing", [mirror(), kafkaUser("reader", "a", reads.slice(0, 1))])).toHaveLength(1);
    expect(seen("acl-missing", [mirror(quiet), kafkaUser("reader", "a", reads.slice(0, 1))])).toEqual([]);
  });

  test.each<[string, string, object, number]>([
    ["a KafkaConnect", "KafkaConnect", { bootstrapServers: "b-kafka-bootstrap:9093", ...login("writer") }, 0],
    ["a KafkaBridge with a certificate", "KafkaBridge", { bootstrapServers: "kafka.example.org:9093", authentication: { type: "tls", certificateAndKey: { secretName: "writer" } } }, 0],
    ["a KafkaMirrorMaker", "KafkaMirrorMaker", { consumer: {}, producer: { bootstrapServers: "b-kafka-bootstrap.ns.svc:9093", ...login("writer") } }, 0],
    ["a KafkaConnect on another cluster", "KafkaConnect", { bootstrapServers: "third-kafka-bootstrap:9093", ...login("writer") }, 1],
    ["a KafkaConnect of another user", "KafkaConnect", { bootstrapServers: "b-kafka-bootstrap:9093", ...login("sink") }, 1],
  ])("a user that also serves %s", (_what, kind, spec, count) => {
    const wide = writer(writes, rule("topic", "invoices", "Read"));
    expect(seen("acl-unneeded", [mirror(), reader(), wide, resource(kind, "other", spec)])).toHaveLength(count);
  });

  test("a super user lacks nothing", () => {
    const kafkaOf = (superUsers: string[]) => resource("Kafka", "b", { kafka: { authorization: { type: "simple", superUsers } } });
    expect(seen("acl-missing", [mirror(), reader(), writer([]), kafkaOf(["CN=someone"])])).toHaveLength(1);
    expect(seen("acl-missing", [mirror(), reader(), writer([]), kafkaOf(["CN=writer"])])).toEqual([]);
  });

  const singular = [{ operation: "Read", resource: { type: "topic", name: "orders" } }];
  test.each<[string, string, ReturnType<typeof resource>[], number]>([
    ["v1beta1", "kafka.strimzi.io/v1beta1", [], 0],
    ["v1beta2, of operators that nothing tells", "kafka.strimzi.io/v1beta2", [], 1],
    ["v1beta2 beside Kafka 2.8", "kafka.strimzi.io/v1beta2", [resource("Kafka", "a", { kafka: { version: "2.8.0" } })], 0],
    ["v1beta2 beside Kafka 4.2", "kafka.strimzi.io/v1beta2", [resource("Kafka", "a", { kafka: { version: "4.2.0" } })], 1],
    ["v1beta2 beside ZooKeeper", "kafka.strimzi.io/v1beta2", [resource("Kafka", "a", { kafka: {}, zookeeper: { replicas: 3 } })], 0],
    ["v1beta2 beside a mirror of Kafka 3.9", "kafka.strimzi.io/v1beta2", [aToB()], 0],
    ["v1 beside Kafka 3.9", "kafka.strimzi.io/v1", [aToB()], 1],
  ])("the singular `operation` in %s", (_what, apiVersion, more, count) => {
    expect(seen("acl-operation-singular", [kafkaUser("app", "a", singular, { apiVersion }), ...more])).toHaveLength(count);
  });
});

describe("one replica, and workers", () => {
  const one = { "replication.factor": 1, "offset-syncs.topic.replication.factor": 1 };
  const storage = { config: Object.fromEntries(["config", "offset", "status"].map((what) => [`${what}.storage.replication.factor`, 1])) };
  const REPLICATION = ["data-replication-one", "internal-replication-one", "storage-replication-unset", "replication-above-brokers", "replication-above-min-isr"];

  test.each([
    ["Azure Event Hubs", "orders.servicebus.windows.net:9093"],
    ["Confluent Cloud", "SASL_SSL://pkc-0abc1.eu-central-1.aws.confluent.cloud:9092"],
    ["IBM Event Streams on IBM Cloud", "broker-0-abc.kafka.svc01.eu-de.eventstreams.cloud.ibm.com:9093"],
    ["MSK Serverless", "boot-abc.c1.kafka-serverless.eu-west-1.amazonaws.com:9098"],
  ])("nothing about replication on %s, which chooses it", (_what, bootstrapServers) => {
    const to = (servers: string) => aToB({ source: { ...identity, ...one, "offset-syncs.topic.location": "target" }, checkpoint: { ...identity, "offset-syncs.topic.location": "target" } }, { clusters: { a: {}, b: { bootstrapServers: servers, ...storage } } });
    const all = (servers: string) => REPLICATION.flatMap((rule) => seen(rule, [to(servers)], { targetMinInsyncReplicas: 2, targetBrokers: 2 }));
    expect(all(bootstrapServers)).toEqual([]);
    expect(all("b.example.org:9092").length).toBeGreaterThan(3);
  });

  test("offset syncs on an origin that chooses its replicas", () => {
    const from = (bootstrapServers: string) => aToB({ source: { ...one, "replication.factor": 3 } }, { clusters: { a: { bootstrapServers }, b: {} } });
    expect(seen("internal-replication-one", [from("a.servicebus.windows.net:9093")])).toEqual([]);
    expect(seen("internal-replication-one", [from("a.example.org:9093")])).toHaveLength(1);
  });

  const small = (apiVersion: string, tasksMax: number, spec: object = {}) =>
    aToB({ entry: { sourceConnector: { tasksMax, config: {} } } }, { apiVersion, spec: { replicas: undefined, jvmOptions: { "-Xmx": "512m" }, ...spec } });
  test("replicas that are not written are three before v1", () => {
    for (const version of ["v1beta2", "v1alpha1"]) {
      expect(seen("worker-memory", [small(`kafka.strimzi.io/${version}`, 3)])).toEqual([]);
      expect(seen("worker-memory", [small(`kafka.strimzi.io/${version}`, 6)])).toEqual([expect.stringContaining("2 tasks of a worker")]);
      expect(seen("tasks-and-partitions", [small(`kafka.strimzi.io/${version}`, 1)])).toEqual([]);
    }
    expect(seen("worker-memory", [small("kafka.strimzi.io/v1beta2", 3, { replicas: 1 })])).toHaveLength(1);
  });

  test("the workers of a resource share the tasks of all its entries", () => {
    const flows = ["a", "b", "c"].map((from) => ({ from, to: "hub", topicsPattern: "x", checkpoint: null }));
    const of = (spec: object) => [mirrorMaker({ clusters: { a: {}, b: {}, c: {}, hub: {} }, connectCluster: "hub", flows, spec })];
    expect(seen("tasks-and-partitions", of({ replicas: 3 }))).toEqual([]);
    expect(seen("tasks-and-partitions", of({ replicas: 4 }))).toEqual([expect.stringMatching(/^KafkaMirrorMaker2 ns\/mm2: replicas is 4 for 3 tasks/)]);
    expect(seen("worker-memory", of({ replicas: 3, jvmOptions: { "-Xmx": "400m" } }))).toEqual([]);
    expect(seen("worker-memory", of({ replicas: 1, jvmOptions: { "-Xmx": "400m" } }))).toEqual([expect.stringMatching(/ns\/mm2: .+ 3 tasks of a worker/)]);
  });
});

describe("what the connectors have to agree on", () => {
  const apart = (version: string | undefined, source: object, checkpoint: object = {}) => seen("policy-agreement", [aToB({ source, checkpoint }, { spec: { version } })]).length;
  test.each<[string, string | undefined, object, object, number]>([
    ["the separator before Kafka 3.1, under the identity policy", "3.0.1", { ...identity, "replication.policy.separator": "" }, identity, 0],
    ["the separator before Kafka 3.1, under the default policy", "3.0.1", { "replication.policy.separator": "-" }, {}, 1],
    ["the separator since Kafka 3.1", "3.1.0", { ...identity, "replication.policy.separator": "" }, identity, 1],
    ["the separator where internal names keep their dots", "3.6.0", { ...identity, "replication.policy.separator": "", "replication.policy.internal.topic.separator.enabled": "false" }, { ...identity, "replication.policy.internal.topic.separator.enabled": "false" }, 0],
    ["a separator whose version is not known", undefined, { ...identity, "replication.policy.separator": "" }, identity, 0],
    ["the place of offset syncs before Kafka 3.0", "2.8.0", { "offset-syncs.topic.location": "target" }, {}, 0],
    ["the place of offset syncs since Kafka 3.0", "3.0.0", { "offset-syncs.topic.location": "target" }, {}, 1],
    ["the class, in any version", "2.8.0", { "replication.policy.class": "com.example.A" }, {}, 1],
    ["anything, while no checkpoints are emitted", "3.9.0", identity, { "emit.checkpoints.enabled": "false" }, 0],
  ])("%s", (_what, version, source, checkpoint, count) => {
    expect(apart(version, source, checkpoint)).toBe(count);
  });

  test("the heartbeat connector makes its topic under every policy", () => {
    expect(seen("policy-agreement", [aToB({ source: identity, checkpoint: identity, entry: { heartbeatConnector: { config: { "replication.policy.class": "com.example.A" } } } })])).toEqual([]);
  });
});

describe("the target", () => {
  const there = { from: "a", to: "b", topicsPattern: "orders" };
  const bothWays = (spec: object = {}) => mirrorMaker({ clusters: { a: {}, b: { tls: { trustedCertificates: [{ secretName: "ca", certificate: "ca.crt" }] } } }, connectCluster: "b", flows: [there, { from: "b", to: "a", topicsPattern: "orders" }], spec });

  test("is the targetCluster of an entry, whatever connectCluster is", () => {
    const { mirrors } = readView([bothWays()]);
    expect(mirrors.map(({ target }) => target.bootstrapServers)).toEqual(["b-kafka-bootstrap:9092", "a-kafka-bootstrap:9092"]);
    expect(seen("tls-missing", [bothWays()])).toEqual([
      expect.stringMatching(/mirrors\[0\]: the origin has no tls and no authentication: .+ in clusters\[0\]/),
      expect.stringMatching(/mirrors\[1\]: the target has no tls and no authentication: .+ in clusters\[0\]/),
    ]);
  });

  test("is the targetCluster, where brokers and replicas are counted", () => {
    const kafkaOf = (name: string) => resource("Kafka", name, { kafka: { replicas: 1 } });
    const crossed = aToB({ source: { "replication.factor": 3 }, checkpoint: null }, { connectCluster: "a" });
    expect(seen("replication-above-brokers", [crossed, kafkaOf("a")])).toEqual([]);
    expect(seen("replication-above-brokers", [crossed, kafkaOf("b")])).toHaveLength(1);
  });
});

describe("a mirror that stays is not judged as a migration", () => {
  const single = { ...identity, "replication.factor": 1 };
  const flow = (from: string, to: string, config: object = single): Flow => ({ from, to, topicsPattern: "orders", source: config, checkpoint: identity });
  const one = (name: string, from: string, to: string, config?: object) => mirrorMaker({ name, clusters: { [from]: {}, [to]: {} }, connectCluster: to, flows: [flow(from, to, config)] });
  const judged = (resources: ReturnType<typeof one>[], settings = {}) => ["gate-missing", "data-replication-one"].map((rule) => seen(rule, resources, settings).length);

  test("one way, under the same names: a migration", () => {
    expect(judged([one("mm2", "a", "b")])).toEqual([1, 1]);
    expect(seen("internal-replication-one", [one("mm2", "a", "b")])).toEqual([]);
  });

  test.each<[string, ReturnType<typeof one>[]]>([
    ["new names", [aToB({ source: { "replication.factor": 1 } })]],
    ["both directions, in two resources", [one("there", "a", "b"), one("back", "b", "a")]],
    ["both directions, in one resource", [mirrorMaker({ clusters: { a: {}, b: {} }, connectCluster: "b", flows: [flow("a", "b"), flow("b", "a")] })]],
    ["fan-in, in two resources", [one("north", "a", "hub"), one("south", "b", "hub")]],
    ["fan-in, in one resource", [mirrorMaker({ clusters: { a: {}, b: {}, hub: {} }, connectCluster: "hub", flows: [flow("a", "hub"), flow("b", "hub")] })]],
    ["fan-out", [one("north", "hub", "a"), one("south", "hub", "b")]],
    ["a cluster for disasters, by its alias", [one("mm2", "live", "live-dr")]],
    ["a backup, by the mirror's name", [one("nightly-backup", "a", "b")]],
  ])("%s", (_what, resources) => {
    expect(judged(resources)).toEqual([0, 0]);
    // One replica of what it copies is still worth a word, and no more than that.
    expect(seen("internal-replication-one", resources).join()).toContain("replication.factor is 1: one broker that fails stops the mirror, or loses its offsets and checkpoints, or what it copied");
  });

  test("the setting and the names decide where the stack does not, and steps of this package always", () => {
    expect(judged([one("mm2", "a", "b")], { purpose: "replication" })).toEqual([0, 0]);
    expect(judged([aToB({ source: { "replication.factor": 1 } })], { purpose: "migration" })).toEqual([1, 1]);
    expect(judged([one("migration-to-new", "a", "b-backup")])).toEqual([1, 1]);
    const fanIn = [one("north", "a", "hub"), one("south", "b", "hub")];
    expect(judged([...fanIn, step("Preflight")], { purpose: "replication" })).toEqual([2, 2]);
  });
});

describe("messages", () => {
  const v1 = () => mirrorMakerV1({ config: { "ssl.provider": "x" } }, [{ source: { alias: "a", bootstrapServers: "a:1", config: { "sasl.mechanism": "PLAIN" } } }]);
  const v1beta2 = () => aToB({}, { clusters: { a: { config: { "sasl.mechanism": "PLAIN" } }, b: { config: { "ssl.provider": "x" } } } });
  const topic = resource("KafkaTopic", "orders", { replicas: 2, config: { "min.insync.replicas": 2 } });

  test("use the field names of the dialect at hand", () => {
    expect(seen("dropped-options", [v1()])).toEqual([expect.stringContaining('mirrors[0].source.config "sasl.mechanism"'), expect.stringContaining('target.config "ssl.provider"')]);
    expect(seen("dropped-options", [v1beta2()])).toEqual([expect.stringContaining('clusters[0].config "sasl.mechanism"'), expect.stringContaining('clusters[1].config "ssl.provider"')]);
    const swallows = (apiVersion: string) => seen("pattern-swallows", [aToB({ topicsPattern: ".*", source: identity }, { apiVersion })]).join();
    expect(swallows("kafka.strimzi.io/v1alpha1")).toContain("topicsBlacklistPattern");
    expect(swallows("kafka.strimzi.io/v1beta2")).toContain("topicsExcludePattern");
    expect(seen("replication-above-min-isr", [topic]).join()).toContain("topic orders: replicas is 2");
    expect(seen("exactly-once", [aToB({ source: { "exactly.once.support": "required" } })]).join()).toContain("clusters[1].config has no");
  });

  test("never contain what is not there", () => {
    const holes: object[] = [
      { replicas: undefined, mirrors: [{ sourceCluster: "a", targetCluster: "b" }] },
      { clusters: null, connectCluster: null },
      { clusters: [{ alias: null }, {}], mirrors: [{ sourceCluster: null, targetCluster: null, sourceConnector: { tasksMax: null, config: { "replication.factor": null } } }] },
      { mirrors: [{ sourceConnector: { tasksMax: "many", config: { "replication.factor": "x", "producer.override.max.request.size": "big" } }, heartbeatConnector: null }] },
      { version: null, jvmOptions: { "-Xmx": null }, resources: null },
    ];
    const users = [kafkaUser("app", "a", [{ operations: [null, "Read"], resource: { type: "cluster" } }, { operation: null, resource: { type: "topic", name: null } }])];
    const said = holes.flatMap((spec) => ["kafka.strimzi.io/v1beta2", "kafka.strimzi.io/v1alpha1"].flatMap((apiVersion) => all([aToB({}, { apiVersion, spec }), ...users, topic]))).map(({ message }) => message);
    expect(said.length).toBeGreaterThan(20);
    expect(said.filter((message) => /\b(undefined|null|NaN)\b|\[object|""(?! |:)/.test(message))).toEqual([]);
  });
});
