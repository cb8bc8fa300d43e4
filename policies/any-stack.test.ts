import { describe, expect, test } from "vitest";
import { readView } from "./read";
import { found } from "../test/policies/resources";
import { aToB, identity, mirrorMaker, mirrorMakerV1, resource } from "../test/policies/manifests";

const seen = (rule: string, resources: ReturnType<typeof aToB>[], settings = {}) =>
  found(rule, resources, settings).map(({ message }) => message);

describe("names", () => {
  test.each([
    ["storage-topics-in-pattern", "mirrormaker2-cluster-status"],
    ["pattern-swallows", "_schemas"],
  ])("%s: not reported if the copied topics get other names", (rule, topicsPattern) => {
    const everything = (source: object, checkpoint = source) => [aToB({ topicsPattern: ".*", source, checkpoint })];
    expect(seen(rule, everything({}))).toEqual([]);
    expect(seen(rule, everything({ "replication.policy.separator": "-" }))).toEqual([]);
    expect(seen(rule, everything({ "replication.policy.class": "com.example.OurPolicy" }))).toEqual([]);
    expect(seen(rule, [aToB({ topicsPattern, source: identity })])).toHaveLength(1);
  });

  const west = (address: string, metadata: object = {}) =>
    mirrorMakerV1({ bootstrapServers: address }, [{}], { namespace: "west", ...metadata });
  const east = (address: string) => mirrorMakerV1({ bootstrapServers: address }, [{}], { namespace: "east" });
  test.each([
    [
      "a short service name is another cluster in each namespace",
      "b-kafka-bootstrap:9092",
      "b-kafka-bootstrap:9092",
      0,
    ],
    [
      "a short service name and its full name",
      "b-kafka-bootstrap:9092",
      "b-kafka-bootstrap.west.svc.cluster.local:9093",
      0,
    ],
    [
      "the full name of one cluster, through two listeners",
      "b-kafka-bootstrap.x.svc:9092",
      "b-kafka-tls-bootstrap.x:9093",
      1,
    ],
    [
      "lists with one server in common",
      "k1.example.org:9092,k2.example.org:9092",
      "k3.example.org:9092,k2.example.org:9092",
      1,
    ],
    ["two servers on one host", "k1.example.org:9092", "k1.example.org:9192", 0],
  ])("storage-topics-unique: %s", (_what, one, other, count) => {
    expect(seen("storage-topics-unique", [east(one), west(other)])).toHaveLength(count);
  });

  test("storage-topics-unique: one short name in two Kubernetes clusters means two Kafka clusters", () => {
    const at = (resource: ReturnType<typeof west>, name: string) => ({ ...resource, provider: { name, props: {} } });
    const [one, other] = [west("b-kafka-bootstrap:9092"), west("b-kafka-bootstrap:9092", { name: "other" })];
    expect(seen("storage-topics-unique", [at(one, "blue"), at(other, "green")])).toEqual([]);
    expect(seen("storage-topics-unique", [at(one, "blue"), at(other, "blue")])).toHaveLength(1);
  });

  test("storage-topics-unique: two versions of one resource are one mirror", () => {
    expect(
      seen("storage-topics-unique", [
        west("b-kafka-bootstrap:9092"),
        { ...west("b-kafka-bootstrap:9092"), urn: "second" },
      ]),
    ).toEqual([]);
  });

  test("storage-topics-unique: mirrors between the same two clusters may share their offset syncs", () => {
    const own = { groupId: "g2", configStorageTopic: "c2", statusStorageTopic: "s2", offsetStorageTopic: "o2" };
    const first = mirrorMakerV1({}, [{}]);
    expect(seen("storage-topics-unique", [first, mirrorMakerV1(own, [{}], { name: "second" })])).toEqual([]);
    const elsewhere = mirrorMakerV1({ ...own, bootstrapServers: "third-kafka-bootstrap:9092" }, [{}], {
      name: "second",
    });
    expect(seen("storage-topics-unique", [first, elsewhere])).toEqual([
      expect.stringContaining('"mm2-offset-syncs.b.internal" on the origin is used by two mirrors'),
    ]);
  });

  test("storage-topics-unique: one message lists all that two mirrors share, with the dialect's field names", () => {
    const twice = (make: (name: string) => ReturnType<typeof aToB>) =>
      seen("storage-topics-unique", [make("one"), make("two")]);
    const old = twice((name) => aToB({}, { name }));
    expect(old).toEqual([
      expect.stringMatching(
        /each of these is used by two mirrors: the offsets topic .+Connect's group .+group\.id, .+ in clusters\[1\]\.config/,
      ),
    ]);
    expect(twice((name) => mirrorMakerV1({}, [{}], { name }))).toEqual([
      expect.stringContaining("statusStorageTopic of target"),
    ]);
  });
});

describe("several entries of one resource", () => {
  const three = (third: object = {}) =>
    mirrorMaker({
      clusters: { a: {}, b: {}, c: {}, hub: {} },
      connectCluster: "hub",
      flows: ["a", "b", "c"].map((from) => ({
        from,
        to: "hub",
        topicsPattern: ".*",
        source: { ...identity, ...(from === "c" ? third : {}) },
        checkpoint: { ...identity, ...(from === "c" ? third : {}) },
      })),
    });

  test("get one message about the resource if all have the same finding", () => {
    expect(seen("pattern-swallows", [three()])).toEqual([
      expect.stringMatching(/^KafkaMirrorMaker2 ns\/mm2: topicsPattern/),
    ]);
  });

  test("get one message that lists them if some have the same finding", () => {
    const different = three({ "replication.policy.class": "com.example.OurPolicy" });
    expect(seen("pattern-swallows", [different])).toEqual([
      expect.stringMatching(/^KafkaMirrorMaker2 ns\/mm2 mirrors\[0\], mirrors\[1\]: topicsPattern/),
    ]);
  });
});

describe("replicas and workers", () => {
  const one = { "replication.factor": 1, "offset-syncs.topic.replication.factor": 1 };
  const storage = {
    config: Object.fromEntries(["config", "offset", "status"].map((what) => [`${what}.storage.replication.factor`, 1])),
  };
  const REPLICATION = [
    "data-replication-one",
    "internal-replication-one",
    "storage-replication-unset",
    "replication-above-brokers",
    "replication-above-min-isr",
  ];

  test.each([
    ["Azure Event Hubs", "orders.servicebus.windows.net:9093"],
    ["Confluent Cloud", "SASL_SSL://pkc-0abc1.eu-central-1.aws.confluent.cloud:9092"],
    ["IBM Event Streams on IBM Cloud", "broker-0-abc.kafka.svc01.eu-de.eventstreams.cloud.ibm.com:9093"],
    ["MSK Serverless", "boot-abc.c1.kafka-serverless.eu-west-1.amazonaws.com:9098"],
  ])("replication is not reported on %s, which chooses it itself", (_what, bootstrapServers) => {
    const to = (servers: string) =>
      aToB(
        {
          source: { ...identity, ...one, "offset-syncs.topic.location": "target" },
          checkpoint: { ...identity, "offset-syncs.topic.location": "target" },
        },
        { clusters: { a: {}, b: { bootstrapServers: servers, ...storage } } },
      );
    const all = (servers: string) =>
      REPLICATION.flatMap((rule) => seen(rule, [to(servers)], { targetMinInsyncReplicas: 2, targetBrokers: 2 }));
    expect(all(bootstrapServers)).toEqual([]);
    expect(all("b.example.org:9092").length).toBeGreaterThan(3);
  });

  test("one replica of offset syncs is not reported on an origin that chooses its replicas", () => {
    const from = (bootstrapServers: string) =>
      aToB({ source: { ...one, "replication.factor": 3 } }, { clusters: { a: { bootstrapServers }, b: {} } });
    expect(seen("internal-replication-one", [from("a.servicebus.windows.net:9093")])).toEqual([]);
    expect(seen("internal-replication-one", [from("a.example.org:9093")])).toHaveLength(1);
  });

  const small = (apiVersion: string, tasksMax: number, spec: object = {}) =>
    aToB(
      { entry: { sourceConnector: { tasksMax, config: {} } } },
      { apiVersion, spec: { replicas: undefined, jvmOptions: { "-Xmx": "512m" }, ...spec } },
    );
  test("without spec.replicas there are three workers before v1", () => {
    for (const version of ["v1beta2", "v1alpha1"]) {
      expect(seen("worker-memory", [small(`kafka.strimzi.io/${version}`, 3)])).toEqual([]);
      expect(seen("worker-memory", [small(`kafka.strimzi.io/${version}`, 6)])).toEqual([
        expect.stringContaining("2 tasks of a worker"),
      ]);
      expect(seen("tasks-and-partitions", [small(`kafka.strimzi.io/${version}`, 1)])).toEqual([]);
    }
    expect(seen("worker-memory", [small("kafka.strimzi.io/v1beta2", 3, { replicas: 1 })])).toHaveLength(1);
  });

  test("the workers of a resource share the tasks of all its entries", () => {
    const flows = ["a", "b", "c"].map((from) => ({ from, to: "hub", topicsPattern: "x", checkpoint: null }));
    const of = (spec: object) => [
      mirrorMaker({ clusters: { a: {}, b: {}, c: {}, hub: {} }, connectCluster: "hub", flows, spec }),
    ];
    expect(seen("tasks-and-partitions", of({ replicas: 3 }))).toEqual([]);
    expect(seen("tasks-and-partitions", of({ replicas: 4 }))).toEqual([
      expect.stringMatching(/^KafkaMirrorMaker2 ns\/mm2: replicas is 4 for 3 tasks/),
    ]);
    expect(seen("worker-memory", of({ replicas: 3, jvmOptions: { "-Xmx": "400m" } }))).toEqual([]);
    expect(seen("worker-memory", of({ replicas: 1, jvmOptions: { "-Xmx": "400m" } }))).toEqual([
      expect.stringMatching(/ns\/mm2: .+ 3 tasks of a worker/),
    ]);
  });
});

describe("settings that the connectors must share", () => {
  const apart = (version: string | undefined, source: object, checkpoint: object = {}) =>
    seen("policy-agreement", [aToB({ source, checkpoint }, { spec: { version } })]).length;
  test.each<[string, string | undefined, object, object, number]>([
    [
      "the separator before Kafka 3.1, under the identity policy",
      "3.0.1",
      { ...identity, "replication.policy.separator": "" },
      identity,
      0,
    ],
    [
      "the separator before Kafka 3.1, under the default policy",
      "3.0.1",
      { "replication.policy.separator": "-" },
      {},
      1,
    ],
    ["the separator since Kafka 3.1", "3.1.0", { ...identity, "replication.policy.separator": "" }, identity, 1],
    [
      "the separator if internal names keep their dots",
      "3.6.0",
      {
        ...identity,
        "replication.policy.separator": "",
        "replication.policy.internal.topic.separator.enabled": "false",
      },
      { ...identity, "replication.policy.internal.topic.separator.enabled": "false" },
      0,
    ],
    [
      "a separator whose version is not known",
      undefined,
      { ...identity, "replication.policy.separator": "" },
      identity,
      0,
    ],
    ["the location of offset syncs before Kafka 3.0", "2.8.0", { "offset-syncs.topic.location": "target" }, {}, 0],
    ["the location of offset syncs since Kafka 3.0", "3.0.0", { "offset-syncs.topic.location": "target" }, {}, 1],
    ["the class, in any version", "2.8.0", { "replication.policy.class": "com.example.A" }, {}, 1],
    [
      "only the class, if the separator does not matter once the classes agree",
      "2.8.0",
      { "replication.policy.separator": "." },
      { ...identity, "replication.policy.separator": "" },
      1,
    ],
    ["any key while no checkpoints are emitted", "3.9.0", identity, { "emit.checkpoints.enabled": "false" }, 0],
  ])("%s", (_what, version, source, checkpoint, count) => {
    expect(apart(version, source, checkpoint)).toBe(count);
  });

  test("the heartbeat connector may have any policy", () => {
    expect(
      seen("policy-agreement", [
        aToB({
          source: identity,
          checkpoint: identity,
          entry: { heartbeatConnector: { config: { "replication.policy.class": "com.example.A" } } },
        }),
      ]),
    ).toEqual([]);
  });
});

describe("the target", () => {
  const there = { from: "a", to: "b", topicsPattern: "orders" };
  const bothWays = (spec: object = {}) =>
    mirrorMaker({
      clusters: { a: {}, b: { tls: { trustedCertificates: [{ secretName: "ca", certificate: "ca.crt" }] } } },
      connectCluster: "b",
      flows: [there, { from: "b", to: "a", topicsPattern: "orders" }],
      spec,
    });

  test("is the targetCluster of an entry, not the connectCluster", () => {
    const { mirrors } = readView([bothWays()]);
    expect(mirrors.map(({ target }) => target.bootstrapServers)).toEqual([
      "b-kafka-bootstrap:9092",
      "a-kafka-bootstrap:9092",
    ]);
    expect(seen("tls-missing", [bothWays()])).toEqual([
      expect.stringMatching(/mirrors\[0\]: the origin has no tls and no authentication: .+ in clusters\[0\]/),
      expect.stringMatching(/mirrors\[1\]: the target has no tls and no authentication: .+ in clusters\[0\]/),
    ]);
  });

  test("and the origin without TLS are reported once for all entries of a resource", () => {
    const fanIn = mirrorMaker({
      clusters: { a: {}, b: {}, hub: {} },
      connectCluster: "hub",
      flows: [
        { from: "a", to: "hub" },
        { from: "b", to: "hub" },
      ],
    });
    expect(seen("tls-missing", [fanIn])).toEqual([
      expect.stringMatching(
        /mm2: the origin and the target have no tls .+ in clusters\[0\] and clusters\[2\] and clusters\[1\]/,
      ),
    ]);
  });

  test("is the targetCluster when brokers and replicas are counted", () => {
    const kafkaOf = (name: string) => resource("Kafka", name, { kafka: { replicas: 1 } });
    const crossed = aToB({ source: { "replication.factor": 3 }, checkpoint: null }, { connectCluster: "a" });
    expect(seen("replication-above-brokers", [crossed, kafkaOf("a")])).toEqual([]);
    expect(seen("replication-above-brokers", [crossed, kafkaOf("b")])).toHaveLength(1);
  });
});
