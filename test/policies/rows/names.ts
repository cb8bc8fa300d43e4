import { kafka, stack } from "../resources";
import { type Row } from "./row";

export const nameRows: Row[] = [
  {
    rule: "pattern-swallows",
    trips: { mirror: { topicsPattern: "orders,_.*" } },
    passes: { mirror: { topicsPattern: "orders,_.*", topicsExcludePattern: "_schemas" } },
    says: "matches _schemas",
  },
  {
    rule: "pattern-swallows",
    trips: { mirror: { topicsPattern: "orders.*" }, more: [kafka("Topic", { name: "orders-agg-store-changelog" })] },
    passes: { mirror: { topicsPattern: "orders.*" }, more: [kafka("Topic", { name: "orders-changelogs" }), kafka("Topic", { name: "orders-x-changelog" }, "target-kafka-bootstrap:9093")] },
    says: "matches orders-agg-store-changelog",
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
    rule: "heartbeats-renamed",
    trips: { mirror: { topicsPattern: "orders,device-heartbeats" } },
    passes: { mirror: { topicsPattern: "orders,device-heartbeats", topicsExcludePattern: ".*heartbeats" } },
    says: "device-heartbeats would become origin-cluster.device-heartbeats",
  },
];
