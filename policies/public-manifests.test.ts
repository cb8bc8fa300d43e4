import { describe, expect, test } from "vitest";
import { aToB, identity, kafkaUser, mirrorMaker, mirrorMakerV1, resource } from "../test/policies/manifests";
import { custom, found } from "../test/policies/resources";

/** Kinds of findings that a review of manifests of other projects showed to be wrong, repeated or missing. */
const seen = (rule: string, resources: ReturnType<typeof aToB>[]) =>
  found(rule, resources).map(({ message }) => message);

describe("groups of sink connectors", () => {
  const connector = (spec: object = {}) => ({
    ...resource("KafkaConnector", "warehouse", {
      class: "org.example.WarehouseSink",
      config: { topics: "orders" },
      ...spec,
    }),
  });
  const labelled = (spec?: object) => {
    const one = connector(spec);
    (one.props as any).metadata.labels = { "strimzi.io/cluster": "pipes" };
    return one;
  };
  const connect = (bootstrapServers: string, namespace?: string) =>
    resource("KafkaConnect", "pipes", { bootstrapServers }, namespace === undefined ? {} : { namespace });
  const moving = aToB({ source: identity, checkpoint: identity, entry: { groupsPattern: ".*" } });
  const count = (...more: ReturnType<typeof aToB>[]) => seen("sink-groups", [moving, ...more]).length;

  test("are reported if the connector reads the origin, or if its Connect cluster is not in the stack", () => {
    expect(count(labelled(), connect("a-kafka-bootstrap:9092"))).toBe(1);
    expect(count(labelled(), connect("a-kafka-bootstrap.ns.svc:9093"))).toBe(1);
    expect(count(labelled())).toBe(1);
    expect(count(labelled(), connect("b-kafka-bootstrap:9092", "elsewhere"))).toBe(1);
  });

  test("are not reported if the connector reads another cluster, or writes to the topics that it names", () => {
    expect(count(labelled(), connect("b-kafka-bootstrap:9092"))).toBe(0);
    expect(count(labelled({ class: "org.example.TimerSourceConnector" }))).toBe(0);
  });

  test.each([
    ["v1beta2", "groupsExcludePattern"],
    ["v1alpha1", "groupsBlacklistPattern"],
  ])("%s: the advice has the field of the API version", (version, field) => {
    const apiVersion = `kafka.strimzi.io/${version}`;
    const left = aToB({ entry: { groupsPattern: "connect-warehouse" } }, { apiVersion });
    expect(seen("sink-groups", [left]).join()).toContain(`; write ${field}: `);
    const excluded = aToB({ entry: { groupsPattern: "connect-warehouse", [field]: "connect-.*" } }, { apiVersion });
    expect(seen("sink-groups", [excluded]).join()).toContain(`, and ${field} "connect-.*" leaves it out`);
  });

  test("beside a mirror that stays, only groups that its pattern names are reported", () => {
    const stays = (groupsPattern: string) => aToB({ entry: { groupsPattern } }, { name: "to-standby" });
    expect(seen("sink-groups", [stays(".*"), labelled()])).toEqual([]);
    expect(seen("sink-groups", [stays("billing,connect-warehouse"), labelled()])).toHaveLength(1);
    expect(seen("sink-groups", [aToB({ entry: { groupsPattern: ".*" } }), labelled()])).toHaveLength(1);
  });
});

test("Azure Event Hubs is recognized by the user name of its clients, whatever its address is", () => {
  const login = (username: string) => ({
    tls: { trustedCertificates: [] },
    authentication: { type: "plain", username, passwordSecret: { secretName: "hub", password: "password" } },
  });
  const to = (username: string) =>
    aToB({ source: { "replication.factor": 1, ...identity } }, { clusters: { a: {}, b: login(username) } });
  const rules = ["tls-without-ca", "data-replication-one"];
  expect(rules.flatMap((rule) => seen(rule, [to("$ConnectionString")]))).toEqual([]);
  expect(rules.flatMap((rule) => seen(rule, [to("mirror")]))).toHaveLength(2);
});

describe("rights that the mirror does not need", () => {
  const login = (username: string) => ({
    authentication: { type: "scram-sha-512", username, passwordSecret: { secretName: username, password: "password" } },
  });
  const clusters = { a: login("reader"), b: login("writer") };
  const rule = (operations: string[], type: string, name: string, patternType = "literal") => ({
    operations,
    resource: { type, name, patternType },
  });
  const reader = (...more: object[]) =>
    kafkaUser("reader", "a", [
      rule(["Read", "DescribeConfigs"], "topic", "orders"),
      rule(["Create", "Write"], "topic", "mm2-offset-syncs.b.internal"),
      rule(["Describe"], "group", "*"),
      ...more,
    ]);

  test("DescribeConfigs on the mirror's own topics does no harm", () => {
    const own = reader(rule(["DescribeConfigs"], "topic", "mm2-offset-syncs.b.internal"));
    expect(seen("acl-unneeded", [aToB({}, { clusters }), own])).toEqual([]);
    const other = reader(rule(["DescribeConfigs"], "topic", "invoices"));
    expect(seen("acl-unneeded", [aToB({}, { clusters }), other]).join()).toContain("DescribeConfigs on topic invoices");
  });

  test("a misspelt operation is only reported as misspelt", () => {
    const one = [aToB({}, { clusters }), reader(rule(["Decribe"], "group", "*"))];
    expect(seen("acl-unneeded", one)).toEqual([]);
    expect(seen("acl-refused", one)).toHaveLength(1);
  });

  test("rights for a connector in the wrong place are not reported: the field is", () => {
    const inside = { sourceConnector: { config: {}, checkpointConnector: { config: {} } } };
    const mirror = aToB({ checkpoint: null, entry: inside }, { clusters });
    expect(seen("acl-unneeded", [mirror, reader()])).toEqual([]);
    expect(seen("unknown-field", [mirror])).toHaveLength(1);
    const without = aToB({ checkpoint: null }, { clusters });
    expect(seen("acl-unneeded", [without, reader()]).join()).toContain("Describe on group *");
  });

  test("the advice has the rights of a source connector that was forgotten", () => {
    const wide = kafkaUser("writer", "b", [rule(["All"], "topic", "*"), rule(["Read"], "group", "*")]);
    const [message] = seen("acl-unneeded", [aToB({ source: null }, { clusters }), wide]);
    expect(message).toMatch(
      /write only what is needed: .*Write and Create and Alter and AlterConfigs on topic a\.orders/,
    );
  });
});

test("a pattern that matches other tools' topics and the workers' own is reported once", () => {
  const own = { "offset.storage.topic": "w.offsets", "config.storage.topic": "w.c", "status.storage.topic": "w.s" };
  const mirror = (topicsPattern: string) =>
    aToB({ topicsPattern, source: identity, checkpoint: identity }, { clusters: { a: {}, b: { config: own } } });
  const [message] = seen("pattern-swallows", [mirror(".*")]);
  expect(message).toContain("mirrormaker2-cluster-offsets, w.offsets, w.c, w.s: ");
  expect(message).toContain("a copy of w.offsets would go into the workers' own topic");
  expect(message).toContain(String.raw`mirrormaker2-cluster-.*,w\.offsets,w\.c,w\.s"`);
  expect(seen("storage-topics-in-pattern", [mirror(".*")])).toEqual([]);
  expect(seen("storage-topics-in-pattern", [mirror("w.*")])).toHaveLength(1);
});

describe("one fault is one finding", () => {
  test("keys of one block with the same reason, although the advice names each key", () => {
    const config = { "producer.buffer.memory": 1_000_000, "producer.max.request.size": 5_000_000 };
    expect(seen("misplaced-key", [aToB({ source: config })])).toEqual([
      'KafkaMirrorMaker2 ns/mm2: "producer.buffer.memory", "producer.max.request.size" in sourceConnector.config reach ' +
        "only the producer of offset syncs: the producer that copies the records keeps its default; write " +
        "producer.override.buffer.memory, producer.override.max.request.size [misplaced-key]",
    ]);
  });

  test("the same key in several blocks", () => {
    const config = { "offset.sotrage.replication.factor": 3, "enable.ssl.certificate.verification": "false" };
    const both = [aToB({}, { clusters: { a: { config }, b: { config } } })];
    for (const rule of ["misspelt-key", "misplaced-key"])
      expect(seen(rule, both)).toEqual([expect.stringContaining('" in clusters[0].config and clusters[1].config ')]);
    const beats = { "replication.factor": 3 };
    const connectors = aToB({ checkpoint: beats, entry: { heartbeatConnector: { config: beats } } });
    expect(seen("misplaced-key", [connectors])).toEqual([
      expect.stringContaining('"replication.factor" in checkpointConnector.config and heartbeatConnector.config has'),
    ]);
  });

  test("operations without effect on one resource", () => {
    const user = kafkaUser("app", "a", [{ operations: ["Write", "Create"], resource: { type: "group", name: "app" } }]);
    expect(seen("acl-meaningless", [user])).toEqual([
      expect.stringContaining("user app has Write and Create on group app: "),
    ]);
  });

  test("a resource of v1 that is written as in v1beta2", () => {
    const old = { clusters: [{ alias: "a" }, { alias: "b" }], connectCluster: "b" };
    const aliases = { source: undefined, sourceCluster: "a", targetCluster: "b" };
    const found = seen("dropped-options", [mirrorMakerV1({}, [aliases, aliases], {}, old)]);
    expect(found).toEqual([
      expect.stringContaining("spec.clusters in kafka.strimzi.io/v1"),
      expect.stringContaining("spec.connectCluster in kafka.strimzi.io/v1"),
    ]);
  });

  test("a cluster that several entries share is reported once", () => {
    const config = { "offset.sotrage.replication.factor": 3 };
    const flows = ["a", "b"].map((from) => ({ from, to: "c", topicsPattern: `${from}rders` }));
    const fanIn = mirrorMaker({ clusters: { a: { config }, b: {}, c: { config } }, connectCluster: "c", flows });
    expect(seen("misspelt-key", [fanIn])).toEqual([
      expect.stringContaining(
        'KafkaMirrorMaker2 ns/mm2: "offset.sotrage.replication.factor" in clusters[0].config and clusters[2]',
      ),
    ]);
  });

  test("the same fault in several rules of a user, or in several items of a list", () => {
    const user = kafkaUser("app", "a", [
      { operations: ["read"], resource: { type: "topic", name: "orders" } },
      { operations: ["Read"], resource: { type: "group" } },
      { operations: ["Write", "read"], resource: { type: "topic" } },
    ]);
    expect(seen("acl-refused", [user])).toEqual([
      expect.stringContaining('acls[0].operations[0], acls[2].operations[1] are "read" (did you mean "Read"?): '),
      expect.stringMatching(
        /acls\[1\]\.resource\.name, acls\[2\]\.resource\.name are missing: .* name of the group or topic,/,
      ),
    ]);
    const pool = resource("KafkaNodePool", "pool", { replicas: 3, roles: ["", ""], storage: { type: "ephemeral" } });
    expect(seen("field-refused", [pool])).toEqual([
      expect.stringContaining("KafkaNodePool ns/pool: spec.roles[0], spec.roles[1] are empty: "),
    ]);
  });
});

test.each([
  [
    "v1",
    mirrorMakerV1({}, [{ source: { alias: "a", bootstrapServers: "a:9092", trustedCertificates: [] } }]),
    "mirrors[].source",
  ],
  ["v1beta2", aToB({}, { clusters: { a: { trustedCertificates: [] }, b: {} } }), "clusters[]"],
])("%s: certificates without tls around them are a field that the API server drops", (_version, mirror, cluster) => {
  expect(seen("unknown-field", [mirror])).toEqual([
    expect.stringContaining(`did you mean spec.${cluster}.tls.trustedCertificates?`),
  ]);
  expect(seen("field-not-known", [mirror])).toEqual([]);
  // The target has no tls, and the origin's is only in the wrong place.
  expect(seen("tls-missing", [mirror])).toEqual([expect.stringContaining(": the target has no tls")]);
});

test("settings of topic.creation are reported where nothing reads them", () => {
  const groups = { "topic.creation.default.partitions": 3 };
  const source = { "topic.creation.enable": "false", ...groups };
  expect(seen("misplaced-key", [aToB({ source })])).toEqual([
    expect.stringMatching(/"topic\.creation\.enable" in sourceConnector\.config .* only the workers read it/),
  ]);
  const clusters = { a: {}, b: { config: source } };
  expect(seen("misplaced-key", [aToB({}, { clusters })])).toEqual([
    expect.stringMatching(/"topic\.creation\.default\.partitions" in clusters\[1\]\.config .* only connectors read it/),
  ]);
});

test("the word for a migration is known in other languages", () => {
  const one = (name: string) => seen("gate-missing", [aToB({}, { name })]);
  expect(one("migracion-de-pagos")).toHaveLength(1);
  expect(one("migrazione")).toHaveLength(1);
  expect(one("pagos-a-dr")).toEqual([]);
});

describe("different policies of the source and the checkpoint connector", () => {
  const strimzi = { "replication.policy.class": "io.strimzi.kafka.connect.mirror.IdentityReplicationPolicy" };
  const spec = { version: "3.2.0" };
  const messages = (source: object, checkpoint: object) =>
    seen("policy-agreement", [aToB({ source, checkpoint }, { spec })]);

  test("another class gives checkpoints for topics that are not the copies", () => {
    expect(messages(identity, {})).toEqual([
      expect.stringContaining("the checkpoints would name topics that are not the copies"),
    ]);
  });

  test("two classes that give the same names do not differ", () => {
    expect(messages(identity, strimzi)).toEqual([]);
  });

  test("another place of the offset syncs gives no checkpoints; several keys are one finding", () => {
    const place = { "offset-syncs.topic.location": "target", "replication.policy.separator": "_" };
    expect(messages(place, {})).toEqual([
      expect.stringMatching(
        /separator" is "_" .* "offset-syncs\.topic\.location" is .* no checkpoint would be written; set each /,
      ),
    ]);
  });
});

test("a copied Secret of a user may have the password in both forms in which operators write it", () => {
  const login = {
    authentication: { type: "scram-sha-512", username: "m", passwordSecret: { secretName: "m", password: "password" } },
  };
  const mirror = aToB({}, { clusters: { a: login, b: {} } });
  const copy = (keys: string[]) =>
    custom({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "m", namespace: "ns" },
      data: Object.fromEntries(keys.map((key) => [key, "eA=="])),
    });
  expect(seen("secret-copy-wide", [mirror, copy(["password", "sasl.jaas.config"])])).toEqual([]);
  expect(seen("secret-copy-wide", [mirror, copy(["password", "user.key"])])).toHaveLength(1);
});

describe("a user that is not written as the API server reads it", () => {
  const refused = (resource: unknown) =>
    seen("acl-refused", [kafkaUser("app", "a", [{ operations: ["Read"], resource }])]).join("\n");

  test("a name that YAML reads as a number is no missing name", () => {
    expect(refused({ type: "topic", name: 2024 })).toMatch(
      /^KafkaUser ns\/app: user app: acls\[0\]\.resource\.name is 2024, not a text: the API server refuses .* write "2024", in quotes/,
    );
    expect(refused({ type: "topic", name: true })).toContain("resource.name is true, not a text");
  });

  test("a list of resources is no missing type", () => {
    const message = refused([{ type: "topic", name: "orders" }]);
    expect(message).toContain("acls[0].resource is a list, not a mapping");
    expect(message).not.toContain("missing");
  });

  test("a label that is nearly right is named", () => {
    const user = kafkaUser("app", "a", []);
    (user.props as any).metadata.labels = { "strimzi.io/clusters": "a" };
    expect(seen("cluster-label", [user])).toEqual([expect.stringContaining("but strimzi.io/clusters:")]);
  });
});
