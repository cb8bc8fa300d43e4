import { kafka, stack } from "../resources";
import { pair, type Row, source } from "./row";

const atSource = { config: { "offset-syncs.topic.location": "source" } };
const syncsOnOrigin = { mirror: { sourceConnector: atSource, checkpointConnector: atSource } };
/** A mirror the other way, which keeps its syncs on what is its target. */
const back = (alias: string) =>
  stack({
    mirror: {
      name: "back",
      origin: { alias, bootstrapServers: "target-kafka-bootstrap:9093" },
      target: { alias: "origin-cluster", bootstrapServers: "origin-kafka-bootstrap:9093", groupId: "g" },
    },
  }).slice(0, 1);

/** A mirror from another origin to the same target. */
/** A second mirror between the same two clusters, with an alias of its own for the origin. */
const again = (topicsPattern: string, change?: (parts: any) => void) =>
  stack({
    mirror: {
      topicsPattern,
      name: "again",
      origin: { alias: "blue", bootstrapServers: "origin-kafka-bootstrap:9093" },
      target: { groupId: "g", bootstrapServers: "target-kafka-bootstrap:9093" },
    },
    change,
  }).slice(0, 1);

const beside = (mirror: object) =>
  stack({
    mirror: {
      ...mirror,
      name: "beside",
      origin: { alias: "third", bootstrapServers: "third:1" },
      target: { groupId: "g", bootstrapServers: "target-kafka-bootstrap:9093" },
    },
  }).slice(0, 1);

export const nameRows: Row[] = [
  {
    rule: "pattern-swallows",
    trips: { mirror: { topicsPattern: "orders,_.*" } },
    passes: { mirror: { topicsPattern: "orders,_.*", topicsExcludePattern: "_schemas" } },
    says: "matches _schemas",
  },
  {
    rule: "pattern-swallows",
    trips: {
      mirror: { topicsPattern: "connect-orders.*" },
      more: [kafka("Topic", { name: "connect-orders-configs" })],
    },
    // A Streams application's topics go with its group.
    passes: {
      mirror: { topicsPattern: "connect-orders.*" },
      more: [
        ...["connect-orders-configuration", "connect-orders-store-changelog"].map((name) => kafka("Topic", { name })),
        kafka("Topic", { name: "connect-orders-configs" }, "target-kafka-bootstrap:9093"),
      ],
    },
    says: "matches connect-orders-configs",
  },
  {
    rule: "pattern-swallows",
    trips: {
      mirror: { topicsPattern: "orders.*", groupsPattern: "orders-aggregate" },
      more: [kafka("Topic", { name: "orders-agg-store-changelog" })],
    },
    passes: {
      mirror: { topicsPattern: "orders.*", groupsPattern: "orders-agg" },
      more: [kafka("Topic", { name: "orders-agg-store-changelog" })],
    },
    says:
      "a Streams application's internal topics are only valid together with its group, which groupsPattern " +
      "does not select",
  },
  {
    rule: "pattern-swallows",
    trips: { mirror: { topicsPattern: "app-.*", groupsPattern: "orders" } },
    passes: {
      mirror: { topicsPattern: "app-.*", groupsPattern: "orders", topicsExcludePattern: ".*-changelog,.*-repartition" },
    },
    says: "matches app-store-changelog, app-key-repartition",
  },
  {
    rule: "storage-topics-in-pattern",
    trips: { mirror: { topicsPattern: "migration-.*" } },
    passes: { mirror: { topicsPattern: "migrations-.*" } },
    says: "matches migration-connect-cluster-offsets",
  },
  {
    rule: "storage-topics-unique",
    trips: { change: ({ mirror }) => (mirror.spec.target.statusStorageTopic = mirror.spec.target.configStorageTopic) },
    passes: {},
    says: 'the configs topic "migration-connect-cluster-configs" on the target is also the status topic',
  },
  {
    rule: "storage-topics-unique",
    trips: { more: stack({ mirror: { name: "other" } }).slice(0, 1) },
    passes: {
      more: stack({
        mirror: {
          name: "other",
          origin: { alias: "third", bootstrapServers: "x:1" },
          target: {
            groupId: "g",
            offsetStorageTopic: "a",
            configStorageTopic: "b",
            statusStorageTopic: "c",
            bootstrapServers: "target-kafka-bootstrap:9093",
          },
        },
      }).slice(0, 1),
    },
    says: "is used by two mirrors",
  },
  {
    rule: "storage-topics-unique",
    trips: {
      dialect: "strimzi-v1beta2",
      mirror: { heartbeatConnector: {} },
      more: stack({ dialect: "strimzi-v1beta2", mirror: { name: "other", heartbeatConnector: {} } }).slice(0, 1),
    },
    passes: {
      dialect: "strimzi-v1beta2",
      mirror: { heartbeatConnector: {} },
      more: stack({
        dialect: "strimzi-v1beta2",
        mirror: {
          name: "other",
          heartbeatConnector: {},
          origin: { alias: "third", bootstrapServers: "x:1" },
          target: {
            groupId: "g",
            offsetStorageTopic: "a",
            configStorageTopic: "b",
            statusStorageTopic: "c",
            bootstrapServers: "target-kafka-bootstrap:9093",
          },
        },
      }).slice(0, 1),
    },
    says: "is used by two mirrors",
  },
  {
    // Two mirrors away from one origin, to targets that are called alike.
    rule: "storage-topics-unique",
    trips: {
      ...syncsOnOrigin,
      more: stack({
        mirror: { ...syncsOnOrigin.mirror, name: "other", target: { bootstrapServers: "third:1" } },
      }).slice(0, 1),
    },
    passes: {
      ...syncsOnOrigin,
      more: stack({
        mirror: { ...syncsOnOrigin.mirror, name: "other", target: { bootstrapServers: "third:1", alias: "third" } },
      }).slice(0, 1),
    },
    says: 'the offset-syncs topic "mm2-offset-syncs.target-cluster.internal" on the origin is used by two mirrors',
  },
  {
    // There and back: what one keeps on its origin, the other keeps on its target.
    rule: "storage-topics-unique",
    trips: { ...syncsOnOrigin, more: back("target-cluster") },
    passes: { ...syncsOnOrigin, more: back("third") },
    says:
      'the offset-syncs topic "mm2-offset-syncs.target-cluster.internal" on the origin is also the ' +
      'offset-syncs topic "mm2-offset-syncs.target-cluster.internal" on the target',
  },
  {
    rule: "pattern-swallows",
    trips: { mirror: { topicsPattern: "mirrormaker2-.*" } },
    passes: { mirror: { topicsPattern: "mirrormaker-.*" } },
    says: "matches mirrormaker2-cluster-offsets",
  },
  {
    // The old name of an exclusion counts where the API version has it.
    rule: "pattern-swallows",
    trips: { mirror: { topicsPattern: "_.*" }, change: (parts) => (pair(parts).topicsBlacklistPattern = "_schemas") },
    passes: {
      dialect: "strimzi-v1beta2",
      mirror: { topicsPattern: "_.*" },
      change: (parts) => (pair(parts).topicsBlacklistPattern = "_schemas"),
    },
    says: "matches _schemas",
  },
  {
    rule: "endless-loop",
    trips: { mirror: { topicsPattern: "orders" }, more: back("target-cluster") },
    passes: {
      mirror: { topicsPattern: "orders" },
      change: (parts) => (pair(parts).sourceConnector.state = "stopped"),
      more: back("target-cluster"),
    },
    says: "origin-cluster -> target-cluster -> origin-cluster copies topic orders back",
  },
  {
    rule: "heartbeats-renamed",
    trips: { mirror: { topicsPattern: "orders,device-heartbeats" } },
    passes: { mirror: { topicsPattern: "orders,device-heartbeats", topicsExcludePattern: ".*heartbeats" } },
    says: "device-heartbeats would become origin-cluster.device-heartbeats",
  },
  {
    rule: "nothing-copied",
    trips: { change: (parts) => delete pair(parts).sourceConnector },
    passes: {},
    says: "there is no sourceConnector",
  },
  {
    rule: "nothing-copied",
    trips: { change: ({ mirror }) => (mirror.spec.mirrors = []) },
    passes: {},
    says: "no entry in mirrors",
  },
  {
    rule: "nothing-copied",
    trips: { change: (parts) => (pair(parts).topicsPattern = " , ") },
    passes: { change: (parts) => (pair(parts).topicsPattern = "orders") },
    says: "topicsPattern is empty",
  },
  {
    rule: "nothing-copied",
    trips: { change: (parts) => (pair(parts).groupsPattern = "") },
    passes: { change: (parts) => Object.assign(pair(parts), { groupsPattern: "", checkpointConnector: undefined }) },
    says: "groupsPattern is empty",
  },
  {
    rule: "nothing-copied",
    trips: {
      change: (parts) => Object.assign(pair(parts), { topicsPattern: "orders,payments", topicsExcludePattern: ".*" }),
    },
    passes: {
      change: (parts) =>
        Object.assign(pair(parts), { topicsPattern: "orders,payments", topicsExcludePattern: "orders" }),
    },
    says: 'topicsExcludePattern leaves out all of topicsPattern "orders,payments"',
  },
  {
    rule: "pattern-doubtful",
    trips: { change: (parts) => (pair(parts).topicsPattern = "orders-*,payments.*") },
    passes: { change: (parts) => (pair(parts).topicsPattern = "orders-.*,payments.*,x(-)*") },
    says: '"orders-*" in topicsPattern looks like a shell pattern',
  },
  {
    rule: "cluster-label",
    trips: { change: ({ target }) => delete target.metadata.labels },
    passes: {},
    says: "metadata.labels has no strimzi.io/cluster",
  },
  {
    rule: "two-origins-one-topic",
    trips: { mirror: { topicsPattern: "orders" }, more: beside({ topicsPattern: "orders.*" }) },
    passes: { mirror: { topicsPattern: "orders" }, more: beside({ topicsPattern: "invoices" }) },
    says: 'topic orders of "origin-cluster" and "third" get the same name on the target',
  },
  {
    rule: "copied-twice",
    trips: { mirror: { topicsPattern: "orders,payments" }, more: again("pay.*") },
    passes: { mirror: { topicsPattern: "orders,payments" }, more: again("pay-.*") },
    says: 'topic payments of "blue" is copied to "target-cluster" by KafkaMirrorMaker2 migration/data-migration, too',
  },
  {
    rule: "copied-twice",
    trips: { mirror: { topicsPattern: "orders" }, more: again("orders") },
    passes: {
      mirror: { topicsPattern: "orders" },
      more: again("orders", (parts) => (pair(parts).sourceConnector.state = "stopped")),
    },
    says: "each record arrives on the target twice",
  },
  {
    // Under the default policy the alias of the origin is in the name of the copy.
    rule: "copied-twice",
    trips: {
      mirror: { topicsPattern: "orders", profile: "guide" },
      more: again("orders"),
    },
    passes: {
      mirror: { topicsPattern: "orders" },
      more: again("orders", (parts) => {
        for (const name of ["sourceConnector", "checkpointConnector"])
          delete pair(parts)[name].config["replication.policy.class"];
      }),
    },
    says: "topic orders",
  },
  {
    rule: "nothing-copied",
    trips: {
      change: (parts) => Object.assign(pair(parts), { topicsPattern: "orders.v1", topicsExcludePattern: "orders.*" }),
    },
    passes: {
      change: (parts) =>
        Object.assign(pair(parts), { topicsPattern: "orders.v1,pay", topicsExcludePattern: "orders\\..*" }),
    },
    says: 'leaves out all of topicsPattern "orders.v1"',
  },
  {
    rule: "nothing-copied",
    trips: {
      change: (parts) =>
        Object.assign(pair(parts), { topicsPattern: "orders-.*,pay\\.v[12]", topicsExcludePattern: "orders.*,pay.+" }),
    },
    passes: {
      change: (parts) =>
        Object.assign(pair(parts), { topicsPattern: "orders.*", topicsExcludePattern: "orders-.*,orders_.*" }),
    },
    says: "no topic is left",
  },
  {
    rule: "nothing-copied",
    trips: { change: (parts) => (pair(parts).topicsPattern = "orders.replica") },
    passes: {
      change: (parts) => Object.assign(pair(parts), { topicsPattern: "orders.replica", topicsExcludePattern: "__.*" }),
    },
    says: "the default of topicsExcludePattern (mm2",
  },
  {
    rule: "records-left-out",
    trips: { change: (parts) => (source(parts)["value.converter"] = "org.apache.kafka.connect.json.JsonConverter") },
    passes: { change: (parts) => (source(parts)["value.converter"] = "ByteArrayConverter") },
    says: "any other converter writes something else than it read",
  },
  {
    rule: "records-left-out",
    trips: { change: ({ mirror }) => (mirror.spec.target.config["header.converter"] = "SimpleHeaderConverter") },
    passes: {
      change: (parts) => {
        parts.mirror.spec.target.config["header.converter"] = "SimpleHeaderConverter";
        source(parts)["header.converter"] = "org.apache.kafka.connect.converters.ByteArrayConverter";
      },
    },
    says: '"header.converter" in target.config is "SimpleHeaderConverter"',
  },
  {
    rule: "names-refused",
    trips: { change: (parts) => (pair(parts).source.alias = "a".repeat(101)) },
    passes: { change: (parts) => (pair(parts).source.alias = "a".repeat(100)) },
    says: "the API server takes at most 100 characters",
  },
  {
    rule: "names-refused",
    trips: { change: (parts) => (pair(parts).source.alias = "east/one") },
    passes: { change: (parts) => (pair(parts).source.alias = "east-one") },
    says: 'mirrors[0].source.alias is "east/one": the alias becomes part of topic names',
  },
  {
    rule: "names-refused",
    trips: { change: (parts) => (parts.mirror.spec.target.offsetStorageTopic = "x".repeat(250)) },
    passes: { change: (parts) => (parts.mirror.spec.target.offsetStorageTopic = "x".repeat(249)) },
    says: "the offsets topic would be called",
  },
  {
    rule: "names-refused",
    trips: { change: (parts) => (pair(parts).topicsPattern = "orders[") },
    passes: { change: (parts) => (pair(parts).topicsPattern = "orders[0-9]") },
    says: "the connector does not run",
  },
  ...(
    [
      ["errors.tolerance", "all", "none", "some records would not be copied, without an error"],
      ["transforms", "route", "", "a changed copy is complete"],
      ["consumer.auto.offset.reset", "latest", "earliest", "would not be copied"],
      [
        "topic.filter.class",
        "com.example.Filter",
        "org.apache.kafka.connect.mirror.DefaultTopicFilter",
        "the class decides what is copied",
      ],
    ] as const
  ).map(
    ([key, bad, good, says]): Row => ({
      rule: "records-left-out",
      trips: { change: (parts) => (source(parts)[key] = bad) },
      passes: { change: (parts) => (source(parts)[key] = good) },
      says,
    }),
  ),
];
