import { kafka, stack } from "../resources";
import { pair, type Row } from "./row";

const atSource = { config: { "offset-syncs.topic.location": "source" } };
const syncsOnOrigin = { mirror: { sourceConnector: atSource, checkpointConnector: atSource } };
/** A mirror the other way, which keeps its syncs on what is its target. */
const back = (alias: string) =>
  stack({ mirror: { name: "back", origin: { alias, bootstrapServers: "target-kafka-bootstrap:9093" }, target: { alias: "origin-cluster", bootstrapServers: "origin-kafka-bootstrap:9093", groupId: "g" } } }).slice(0, 1);

export const nameRows: Row[] = [
  {
    rule: "pattern-swallows",
    trips: { mirror: { topicsPattern: "orders,_.*" } },
    passes: { mirror: { topicsPattern: "orders,_.*", topicsExcludePattern: "_schemas" } },
    says: "matches _schemas",
  },
  {
    rule: "pattern-swallows",
    trips: { mirror: { topicsPattern: "connect-orders.*" }, more: [kafka("Topic", { name: "connect-orders-configs" })] },
    // A Streams application's topics go with its group.
    passes: { mirror: { topicsPattern: "connect-orders.*" }, more: [...["connect-orders-configuration", "connect-orders-store-changelog"].map((name) => kafka("Topic", { name })), kafka("Topic", { name: "connect-orders-configs" }, "target-kafka-bootstrap:9093")] },
    says: "matches connect-orders-configs",
  },
  {
    rule: "pattern-swallows",
    trips: { mirror: { topicsPattern: "orders.*", groupsPattern: "orders-aggregate" }, more: [kafka("Topic", { name: "orders-agg-store-changelog" })] },
    passes: { mirror: { topicsPattern: "orders.*", groupsPattern: "orders-agg" }, more: [kafka("Topic", { name: "orders-agg-store-changelog" })] },
    says: "a Streams application's are right only beside its group, and groupsPattern leaves that out",
  },
  {
    rule: "pattern-swallows",
    trips: { mirror: { topicsPattern: "app-.*", groupsPattern: "orders" } },
    passes: { mirror: { topicsPattern: "app-.*", groupsPattern: "orders", topicsExcludePattern: ".*-changelog,.*-repartition" } },
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
    says: 'the configs topic "migration-connect-cluster-configs" on the target is the status topic',
  },
  {
    rule: "storage-topics-unique",
    trips: { more: stack({ mirror: { name: "other" } }).slice(0, 1) },
    passes: {
      more: stack({
        mirror: { name: "other", origin: { alias: "third", bootstrapServers: "x:1" }, target: { groupId: "g", offsetStorageTopic: "a", configStorageTopic: "b", statusStorageTopic: "c", bootstrapServers: "target-kafka-bootstrap:9093" } },
      }).slice(0, 1),
    },
    says: "is used by two mirrors",
  },
  {
    rule: "storage-topics-unique",
    trips: { dialect: "strimzi-v1beta2", mirror: { heartbeatConnector: {} }, more: stack({ dialect: "strimzi-v1beta2", mirror: { name: "other", heartbeatConnector: {} } }).slice(0, 1) },
    passes: {
      dialect: "strimzi-v1beta2",
      mirror: { heartbeatConnector: {} },
      more: stack({
        dialect: "strimzi-v1beta2",
        mirror: { name: "other", heartbeatConnector: {}, origin: { alias: "third", bootstrapServers: "x:1" }, target: { groupId: "g", offsetStorageTopic: "a", configStorageTopic: "b", statusStorageTopic: "c", bootstrapServers: "target-kafka-bootstrap:9093" } },
      }).slice(0, 1),
    },
    says: "is used by two mirrors",
  },
  {
    // Two mirrors away from one origin, to targets that are called alike.
    rule: "storage-topics-unique",
    trips: { ...syncsOnOrigin, more: stack({ mirror: { ...syncsOnOrigin.mirror, name: "other", target: { bootstrapServers: "third:1" } } }).slice(0, 1) },
    passes: { ...syncsOnOrigin, more: stack({ mirror: { ...syncsOnOrigin.mirror, name: "other", target: { bootstrapServers: "third:1", alias: "third" } } }).slice(0, 1) },
    says: 'the offset-syncs topic "mm2-offset-syncs.target-cluster.internal" on the origin is used by two mirrors',
  },
  {
    // There and back: what one keeps on its origin, the other keeps on its target.
    rule: "storage-topics-unique",
    trips: { ...syncsOnOrigin, more: back("target-cluster") },
    passes: { ...syncsOnOrigin, more: back("third") },
    says: 'the offset-syncs topic "mm2-offset-syncs.target-cluster.internal" on the origin is the offset-syncs topic "mm2-offset-syncs.target-cluster.internal" on the target too',
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
    passes: { dialect: "strimzi-v1beta2", mirror: { topicsPattern: "_.*" }, change: (parts) => (pair(parts).topicsBlacklistPattern = "_schemas") },
    says: "matches _schemas",
  },
  {
    rule: "endless-loop",
    trips: { mirror: { topicsPattern: "orders" }, more: back("target-cluster") },
    passes: { mirror: { topicsPattern: "orders", topicsExcludePattern: "orders" }, more: back("target-cluster") },
    says: "origin-cluster -> target-cluster -> origin-cluster copies topic orders back",
  },
  {
    rule: "heartbeats-renamed",
    trips: { mirror: { topicsPattern: "orders,device-heartbeats" } },
    passes: { mirror: { topicsPattern: "orders,device-heartbeats", topicsExcludePattern: ".*heartbeats" } },
    says: "device-heartbeats would become origin-cluster.device-heartbeats",
  },
];
