import { describe, expect, it, test } from "vitest";
import { testMirror } from "../../test/support/models";
import type { Acl, ClientQuota } from "../kafka/port";
import { Connectors } from "../connect-state";
import type { ConnectCluster } from "../connectors";
import { returnMirror } from "../way-back/model";
import { connectClusters, mirrorsIn } from "./connect";
import { clusterOf, kafkaUserOf, topicOf, withoutSecrets } from "./objects";
import { inventoryQuotas } from "./quotas";
import { mirrorsByTopics, registries } from "./read-services";
import { contentOf, isApicurio } from "./storage";
import { ownTopics } from "./own";
import { topicResources } from "./topic-resources";
import { groupFate, streamsFate, topicFates } from "./topics";
import type { Fate } from "./types";
import { inventoryUsers, type UserFacts } from "./users";

const acl = (principal: string, more: Partial<Acl> = {}): Acl => ({
  resourceType: "topic",
  resourceName: "orders",
  patternType: "literal",
  principal,
  host: "*",
  operation: "Read",
  permission: "allow",
  ...more,
});

const kafkaUser = (name: string, type: string | undefined, more: Record<string, unknown> = {}) => ({
  apiVersion: "eventstreams.ibm.com/v1beta2",
  metadata: { name, namespace: "es", labels: { "eventstreams.ibm.com/cluster": "es" }, ...more },
  spec: type === undefined ? {} : { authentication: { type }, quotas: { producerByteRate: 7 } },
});

const users = (facts: Partial<UserFacts>) =>
  new Map(
    inventoryUsers({
      acls: [],
      scram: [],
      quotas: [],
      objects: undefined,
      own: new Set(),
      targetHasOperator: false,
      ...facts,
    }).map((user) => [user.principal, user]),
  );

describe("the fate of users", () => {
  it("a KafkaUser moves with its login, whatever it is, and a certificate needs the same clients CA", () => {
    const objects = {
      users: [kafkaUser("billing", "scram-sha-512"), kafkaUser("ledger", "tls"), kafkaUser("open", undefined)],
      topics: [],
      own: [],
    };
    const found = users({ objects, acls: [acl("User:CN=ledger"), acl("User:billing")] });
    expect([...found.keys()].sort()).toEqual(["User:CN=ledger", "User:billing", "User:open"]);
    expect(found.get("User:billing")).toMatchObject({
      moves: "yes",
      name: "billing",
      authentication: "scram-sha-512",
      kafkaUser: { apiVersion: "eventstreams.ibm.com/v1beta2", namespace: "es", name: "billing" },
    });
    expect(found.get("User:billing")).not.toHaveProperty("todo");
    expect(found.get("User:CN=ledger")).toMatchObject({
      moves: "yes",
      name: "ledger",
      authentication: "tls",
      todo: expect.stringContaining("clients CA"),
      acls: [expect.anything()],
    });
    expect(found.get("User:open")).toMatchObject({ moves: "yes", authentication: "none" });
  });

  it("users of the migration, of other migrations and of Event Streams itself do not move", () => {
    const objects = {
      users: [kafkaUser("other-mirror", "scram-sha-512"), kafkaUser("es-ibm-es-kafka-user", "tls")],
      topics: [],
      own: ["other-mirror"],
    };
    const found = users({
      objects,
      own: new Set(["User:mm2"]),
      scram: [{ name: "mm2", mechanisms: ["SCRAM-SHA-512"] }],
    });
    expect([...found.values()].map((u) => u.moves)).toEqual(["no", "no", "no"]);
  });

  it("a SCRAM user without ACLs may be a super user of the brokers", () => {
    const scram = ["admin", "billing"].map((name) => ({ name, mechanisms: ["SCRAM-SHA-512"] }));
    const found = users({ scram, acls: [acl("User:billing")] });
    expect(found.get("User:admin")!.todo).toMatch(/^leave it out \(clients.exclude\) if it is a super user/);
    expect(found.get("User:billing")!.todo).toBe(
      "give its password as a secret, because Kafka does not reveal it: " +
        `pulumi config set --secret --path 'clientPasswords["billing"]'`,
    );
    // Without ACLs on the cluster, nobody has any.
    expect(users({ scram }).get("User:admin")!.todo).toMatch(/^give its password/);
  });

  it("an ACL of everybody stays where a user operator would delete it", () => {
    const acls = [acl("User:*")];
    expect(users({ acls }).get("User:*")).toMatchObject({ moves: "yes" });
    expect(users({ acls, targetHasOperator: true }).get("User:*")).toMatchObject({
      moves: "no",
      why: expect.stringContaining("operator deletes"),
      todo: expect.any(String),
    });
  });

  it("a user that no KafkaUser can be does not move to a target with an operator, and nobody needs its password", () => {
    const scram = ["Billing_App", "billing"].map((name) => ({ name, mechanisms: ["SCRAM-SHA-256"] }));
    const acls = ["User:CN=a,OU=b", "User:CN=Upper", "User:CN=web", "User:ANONYMOUS"].map((p) => acl(p));
    const fates = (targetHasOperator: boolean) =>
      [...users({ acls, scram, targetHasOperator }).values()].map((u) => [u.principal, u.moves]);
    expect(fates(true)).toEqual([
      ["User:Billing_App", "no"],
      ["User:billing", "yes"],
      ["User:CN=a,OU=b", "no"],
      ["User:CN=Upper", "no"],
      ["User:CN=web", "if"],
      ["User:ANONYMOUS", "no"],
    ]);
    expect(fates(false).map(([, moves]) => moves)).toEqual(["yes", "yes", "if", "if", "if", "if"]);
    const found = users({ acls, scram, targetHasOperator: true });
    expect(found.get("User:Billing_App")).toMatchObject({
      why: expect.stringMatching(/^its name has other characters .* which a KafkaUser cannot have/),
      todo: expect.stringContaining("another user"),
    });
    expect(found.get("User:CN=a,OU=b")!.why).toMatch(/^its name has (more than a common name|other characters)/);
    expect(found.get("User:billing")!.todo).toMatch(/clientPasswords\["billing"\].*SCRAM-SHA-512/);
  });

  it("other principals move on a condition, or never", () => {
    const found = users({ acls: ["User:CN=a,OU=b", "User:oauth", "User:ANONYMOUS", "Group:g"].map((p) => acl(p)) });
    expect([...found.values()].map((u) => [u.principal, u.moves, u.authentication])).toEqual([
      ["User:CN=a,OU=b", "if", "tls"],
      ["User:oauth", "if", "unknown"],
      ["User:ANONYMOUS", "if", "unknown"],
      ["Group:g", "no", "unknown"],
    ]);
  });

  it("quotas come from the brokers, or from the KafkaUser if the brokers refuse to show them", () => {
    const objects = { users: [kafkaUser("billing", "scram-sha-512")], topics: [], own: [] };
    expect(users({ objects }).get("User:billing")).not.toHaveProperty("quotas");
    expect(users({ objects, quotas: undefined }).get("User:billing")!.quotas).toEqual({ producerByteRate: 7 });
    const quotas: ClientQuota[] = [
      { user: "CN=x", values: { controller_mutation_rate: 3, request_percentage: 12.5, other: 1 } },
      { user: "CN=x", clientId: "c", values: { consumer_byte_rate: 1 } },
    ];
    expect(users({ quotas }).get("User:CN=x")!.quotas).toEqual({ controllerMutationRate: 3, requestPercentage: 12.5 });
  });
});

test("each quota that is not a user's has the command that sets it on the target", () => {
  const found = inventoryQuotas([
    { user: "a", values: { producer_byte_rate: 1 } },
    { user: null, values: { producer_byte_rate: 2, consumer_byte_rate: 1 } },
    { user: "it's", clientId: null, values: { request_percentage: 2.5 } },
    { ip: "10.0.0.1", values: { connection_creation_rate: 5 } },
  ]);
  const start = "run kafka-configs.sh --bootstrap-server TARGET --alter --add-config";
  expect(found.map((q) => q.todo)).toEqual([
    `${start} consumer_byte_rate=1,producer_byte_rate=2 --entity-type users --entity-default`,
    `${start} request_percentage=2.5 --entity-type users --entity-name 'it'\\''s' --entity-type clients --entity-default`,
    `${start} connection_creation_rate=5 --entity-type ips --entity-name 10.0.0.1`,
  ]);
  expect(found.map(({ user, clientId, ip }) => [user, clientId, ip])).toEqual([
    ["<default>", undefined, undefined],
    ["it's", "<default>", undefined],
    [undefined, undefined, "10.0.0.1"],
  ]);
});

describe("labels and settings", () => {
  it("keep what a person wrote, without the marks of operators and delivery tools", () => {
    const labels = {
      "strimzi.io/cluster": "x",
      "eventstreams.ibm.com/cluster": "x",
      "argocd.argoproj.io/instance": "x",
      "app.kubernetes.io/instance": "x",
      "app.kubernetes.io/managed-by": "x",
      "kustomize.toolkit.fluxcd.io/name": "x",
      "app.kubernetes.io/part-of": "billing",
      team: "payments",
      "acme.io/cost": "7",
    };
    expect(kafkaUserOf(kafkaUser("a", "tls", { labels })).labels).toEqual({
      "app.kubernetes.io/part-of": "billing",
      team: "payments",
      "acme.io/cost": "7",
    });
    expect(clusterOf({ metadata: { labels } })).toBe("x");
  });

  it("have no secrets", () => {
    const token = "eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.abc";
    const labels = { "db-password": "hunter2", token, team: "a", url: "https://u:hunter2@host" };
    expect(kafkaUserOf(kafkaUser("a", "tls", { labels })).labels).toEqual({ team: "a" });
    expect(
      withoutSecrets("settings", [
        ["some.api.key", "x"],
        ["retention.ms", "1"],
      ]),
    ).toEqual([["retention.ms", "1"]]);
  });

  it("a KafkaTopic names its topic in spec, or by its own name", () => {
    expect(topicOf({ metadata: { name: "a" } })).toBe("a");
    expect(topicOf({ metadata: { name: "a---hash" }, spec: { topicName: "A_b" } })).toBe("A_b");
  });
});

describe("the fate of topics and groups", () => {
  const mirror = testMirror({ topicsPattern: "orders.*", groupsPattern: "orders.*" });
  const fateOf = topicFates(mirror);

  it("a topic that the patterns leave out has the setting with which it moves", () => {
    expect(fateOf("orders.new")).toEqual({ moves: "yes" });
    expect(fateOf("a.b")).toEqual({ moves: "if", when: 'mirror.topicsPattern: "orders.*,a\\.b"' });
    const narrow = testMirror({ topicsPattern: ".*", topicsExcludePattern: "tmp.*,.*-old" });
    expect(topicFates(narrow)("orders-old")).toEqual({ moves: "if", when: 'mirror.topicsExcludePattern: "tmp.*"' });
    // What is pasted does what it says.
    expect(topicFates(testMirror({ ...mirror, topicsPattern: "orders.*,a\\.b" }))("a.b")).toEqual({ moves: "yes" });
    expect(topicFates(testMirror({ ...narrow, topicsExcludePattern: "tmp.*" }))("orders-old")).toEqual({
      moves: "yes",
    });
  });

  it("a mirror's own topics and heartbeats do not move", () => {
    const all = topicFates(testMirror({ topicsPattern: ".*" }));
    for (const topic of [
      "heartbeats",
      "mm2-offset-syncs.target-cluster.internal",
      "x.checkpoints.internal",
      "__consumer_offsets",
    ])
      for (const one of [all, fateOf]) expect(one(topic)).toMatchObject({ moves: "no", why: expect.any(String) });
  });

  it("the state of this migration's mirrors is known as such, also that of a way back", () => {
    const isOwn = ownTopics(mirror);
    const back = returnMirror({ ...mirror, scope: { wave: "late", topics: "x" } });
    for (const topic of [
      "mm2-offset-syncs.target-cluster.internal",
      returnMirror(mirror).configStorageTopic,
      back.offsetStorageTopic,
      back.statusStorageTopic,
    ])
      expect([topic, isOwn(topic)]).toEqual([topic, true]);
    for (const topic of ["orders", "mm2-offset-syncs.dr.internal", "mm2-offsets.another-return.internal"])
      expect([topic, isOwn(topic)]).toEqual([topic, false]);
  });

  const group = (more: object) => ({
    name: "g",
    protocol: "consumer",
    type: "classic",
    topics: ["orders"],
    chosen: true,
    ...more,
  });

  it("a group moves with one of its topics, by its patterns or by name", () => {
    expect(groupFate(group({}), fateOf)).toEqual({ moves: "yes" });
    expect(groupFate(group({ topics: ["a", "orders"] }), fateOf)).toEqual({ moves: "yes" });
    expect(groupFate(group({ topics: ["a"] }), fateOf)).toMatchObject({
      moves: "if",
      when: expect.stringContaining("(a)"),
    });
    expect(groupFate(group({ chosen: false }), fateOf)).toEqual({ moves: "if", when: 'offsets.groups: ["g"]' });
  });

  it("share groups and the groups of services never move", () => {
    for (const more of [{ type: "share" }, { protocol: "connect" }, { protocol: "sr" }, { protocol: "own" }])
      expect(groupFate(group(more), fateOf)).toMatchObject({ moves: "no", why: expect.any(String) });
  });

  it("a Streams application moves only with all its topics", () => {
    const topic = { name: "app-x-changelog", moves: "yes" } as const;
    expect(streamsFate({ moves: "yes" }, [topic])).toEqual({ moves: "yes" });
    expect(streamsFate({ moves: "yes" }, [{ ...topic, moves: "if" }])).toMatchObject({
      moves: "if",
      when: expect.stringContaining("app-x-changelog"),
    });
  });
});

test("a KafkaTopic moves with its topic, if the migration writes KafkaTopics", () => {
  const fates: Record<string, Fate> = {
    orders: { moves: "yes" },
    Audit: { moves: "if", when: "x" },
    __state: { moves: "no", why: "it is internal" },
  };
  const found = [
    ...["orders", "gone"].map((name) => ({ metadata: { name } })),
    ...["Audit", "__state"].map((topicName, i) => ({ metadata: { name: `t${i}` }, spec: { topicName } })),
  ];
  const of = (isOwned: boolean) =>
    topicResources(found, { fateOf: (topic) => fates[topic]!, names: new Set(Object.keys(fates)), isOwned }).map(
      ({ topic, moves, when, why }) => [topic, moves, when ?? why],
    );
  const no = "its topic does not move: it is internal";
  expect(of(true)).toEqual([
    ["orders", "yes", undefined],
    ["gone", "no", "the origin has no such topic"],
    ["Audit", "if", "its topic moves (x)"],
    ["__state", "no", no],
  ]);
  expect(of(false).map(([, moves, why]) => [moves, why?.replace(/topics: resources.*/, "SETTING")])).toEqual([
    ["if", "SETTING"],
    ["no", "the origin has no such topic"],
    ["if", "its topic moves (x), and SETTING"],
    ["no", no],
  ]);
});

const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const record = (key: string | object, value: unknown) => ({
  key: typeof key === "string" ? Buffer.from(key) : json(key),
  value: value === null ? null : json(value),
});

describe("topics of services", () => {
  it("are recognized by their records, whatever they are called", () => {
    const configs = [record("connector-a", { properties: {} }), record("session-key", { key: "k", algorithm: "a" })];
    expect(contentOf("x", configs)).toEqual({ kind: "configs" });
    expect(contentOf("x", [record(["a", { p: 1 }], { o: 1 })])).toEqual({ kind: "offsets" });
    expect(contentOf("x", [record("status-connector-a", { state: "RUNNING", worker_id: "w" })])).toEqual({
      kind: "status",
    });
    expect(contentOf("x", [record({ keytype: "NOOP", magic: 0 }, null)])).toEqual({ kind: "schemas" });
  });

  it("are not recognized if one record is something else, or if there are none", () => {
    expect(contentOf("connect-configs", [])).toBeUndefined();
    expect(
      contentOf("connect-configs", [record("connector-a", { properties: {} }), record("order-1", {})]),
    ).toBeUndefined();
    expect(contentOf("x", [{ key: null, value: json({}) }])).toBeUndefined();
  });

  it("of Apicurio are recognized by name", () => {
    for (const topic of ["kafkasql-journal", "eventstreams-apicurio-registry-kafkasql-topic"])
      expect(isApicurio(topic)).toBe(true);
    expect(isApicurio("my-kafkasql-journals")).toBe(false);
    const fateOf = (): Fate => ({ moves: "yes" });
    expect(
      registries(["kafkasql-journal", "_schemas", "orders"], new Map(), fateOf).map((r) => [r.kind, r.topic]),
    ).toEqual([
      ["Apicurio", "kafkasql-journal"],
      ["Confluent", "_schemas"],
    ]);
  });

  it("show mirrors that copy from the origin and into it", () => {
    const contents = new Map([
      ["mm2-offset-syncs.dr.internal", { kind: "offset-syncs" } as const],
      ["edge.checkpoints.internal", { kind: "checkpoints" } as const],
      ["heartbeats", { kind: "heartbeats", beat: { sourceAlias: "lab", targetAlias: "o", timestamp: 1n } } as const],
    ]);
    const found = mirrorsByTopics(contents, []);
    expect(found.map((m) => [m.from, m.to, m.moves])).toEqual([
      [undefined, "dr", "no"],
      ["edge", undefined, "no"],
      ["lab", "o", "no"],
    ]);
  });
});

describe("Connect clusters", () => {
  const connectors = (...entries: [string, Record<string, string>][]) => {
    const all = new Connectors();
    for (const [name, properties] of entries) all.addConfig(Buffer.from(`connector-${name}`), json({ properties }));
    return all.byName;
  };
  const state = (topic: string, names: string[], positions = 0, workers: string[] = []) => ({
    topic,
    connectors: new Map(names.map((name) => [name, positions])),
    workers: new Set(workers),
  });
  const facts = {
    configs: [
      { topic: "a-configs", connectors: connectors(["s3", { "connector.class": "S3SinkConnector", topics: "x" }]) },
      { topic: "b-configs", connectors: connectors(["db", { "connector.class": "PostgresConnector" }]) },
    ],
    offsets: [state("positions", ["db"], 3)],
    status: [state("b-state", ["db"], 0, ["10.0.0.2:8083"]), state("a-status", ["s3"], 0, ["10.0.0.1:8083"])],
    groups: [
      { name: "second", hosts: ["10.0.0.2"] },
      { name: "first", hosts: ["10.0.0.1"] },
    ],
    topics: new Set(["a-configs", "a-offsets", "a-status", "b-configs", "b-state", "positions"]),
    copied: [],
    groupFate: (group: string): Fate | undefined => (group === "connect-s3" ? { moves: "yes" } : undefined),
  };

  it("are put together from their connectors, their workers' hosts and their names", () => {
    expect(
      connectClusters(facts).map(({ group, configTopic, offsetTopic, statusTopic }) => [
        group,
        configTopic,
        offsetTopic,
        statusTopic,
      ]),
    ).toEqual([
      ["first", "a-configs", "a-offsets", "a-status"],
      ["second", "b-configs", "positions", "b-state"],
    ]);
  });

  it("list each connector: a sink with its group, a source with the setting that copies its positions", () => {
    const [sink, source] = connectClusters(facts).flatMap((c) => c.connectors);
    expect(sink).toEqual({ name: "s3", type: "sink", class: "S3SinkConnector", group: "connect-s3", moves: "yes" });
    expect(source).toMatchObject({ name: "db", type: "source", positions: 3, moves: "if" });
    expect(JSON.parse(source!.when!.replace("connectors: ", ""))).toEqual([
      {
        name: "second",
        origin: {
          offsetStorageTopic: "positions",
          configStorageTopic: "b-configs",
          statusStorageTopic: "b-state",
          groupId: "second",
        },
      },
    ]);
  });

  it("move their positions with the settings that copy them", () => {
    const fateWith = (more: Partial<ConnectCluster>, offsetStorageTopic = "positions") =>
      connectClusters({ ...facts, copied: [{ name: "c", origin: { offsetStorageTopic }, ...more }] })[1]!.connectors[0]!
        .moves;
    expect([fateWith({}), fateWith({ include: ["db"], wave: "orders" })]).toEqual(["yes", "yes"]);
    expect([fateWith({ include: ["a"] }), fateWith({ exclude: ["db"] }), fateWith({}, "a-offsets")]).toEqual(
      Array(3).fill("if"),
    );
  });

  it("a class that does not say it is a source's if it has positions, and else a sink's if it reads topics", () => {
    const typeOf = (properties: Record<string, string>, positions: number) =>
      connectClusters({
        ...facts,
        configs: [{ topic: "c-configs", connectors: connectors(["c", properties]) }],
        offsets: positions === 0 ? [] : [state("c-offsets", ["c"], positions)],
      })[0]!.connectors[0]!.type;
    const own = { "connector.class": "com.acme.Shipments" };
    expect([typeOf({ ...own, topics: "x" }, 2), typeOf({ ...own, topics: "x" }, 0), typeOf(own, 0)]).toEqual([
      "source",
      "sink",
      "unknown",
    ]);
  });

  it("whose connectors are MirrorMaker's are mirrors", () => {
    const heartbeat = {
      "connector.class": "org.apache.kafka.connect.mirror.MirrorHeartbeatConnector",
      "source.cluster.alias": "edge",
      "target.cluster.alias": "o",
    };
    const configs = [{ topic: "__eventstreams_georeplicator_configs", connectors: connectors(["h", heartbeat]) }];
    expect(mirrorsIn({ configs })).toEqual([
      expect.objectContaining({ kind: "geo-replicator", from: "edge", to: "o", moves: "no" }),
    ]);
    expect(connectClusters({ ...facts, configs })[0]!.connectors[0]).toMatchObject({ type: "source", moves: "no" });
  });
});
