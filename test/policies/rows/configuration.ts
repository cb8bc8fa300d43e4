import { checkpoint, guide, pair, source, type Row } from "./row";

export const configurationRows: Row[] = [
  {
    rule: "policy-agreement",
    trips: { change: (parts) => (checkpoint(parts)["replication.policy.class"] = "org.apache.kafka.connect.mirror.DefaultReplicationPolicy") },
    passes: { change: (parts) => (checkpoint(parts)["refresh.groups.interval.seconds"] = 1) },
    says: '"replication.policy.class" is "org.apache.kafka.connect.mirror.IdentityReplicationPolicy" in sourceConnector.config',
  },
  {
    rule: "policy-class-exists",
    trips: { change: (parts) => (source(parts)["replication.policy.class"] = "io.strimzi.kafka.connect.mirror.IdentityReplicationPolicy") },
    passes: guide,
    says: "does not exist in the MirrorMaker 2 of Kafka 4.2.0",
  },
  {
    // An operator of that API version that still has the class.
    rule: "policy-class-exists",
    trips: { dialect: "strimzi-v1beta2", mirror: { profile: "guide" }, change: (parts) => (source(parts)["replication.policy.class"] = "io.strimzi.kafka.connect.mirror.IdentityReplicationPolicy"), version: "4.0.0" },
    passes: { dialect: "strimzi-v1beta2", mirror: { profile: "guide" }, change: (parts) => (source(parts)["replication.policy.class"] = "io.strimzi.kafka.connect.mirror.IdentityReplicationPolicy"), version: "3.9.0" },
    says: "(spec.version, or the setting kafkaVersion of this rule)",
  },
  {
    rule: "separator-empty",
    trips: { change: (parts) => (source(parts)["replication.policy.separator"] = "") },
    passes: { change: (parts) => (source(parts)["replication.policy.separator"] = ".") },
    says: "origin-clustercheckpointsinternal",
  },
  { rule: "aliases", trips: { change: ({ mirror }) => (mirror.spec.target.alias = "origin-cluster") }, passes: {}, says: 'both "origin-cluster"' },
  {
    rule: "aliases",
    trips: { dialect: "strimzi-v1beta2", change: (parts) => (pair(parts).sourceCluster = "origin") },
    passes: { dialect: "strimzi-v1beta2" },
    says: 'mirrors[].sourceCluster is "origin"',
  },
  {
    rule: "heartbeat-block",
    trips: { change: (parts) => (pair(parts).heartbeatConnector = {}) },
    passes: { dialect: "strimzi-v1beta2", change: (parts) => (pair(parts).heartbeatConnector = {}) },
    says: "a heartbeat connector in kafka.strimzi.io/v1",
  },
  {
    rule: "dropped-options",
    trips: { change: (parts) => (source(parts)["tasks.max"] = 4) },
    passes: { change: (parts) => (pair(parts).sourceConnector.tasksMax = 4) },
    says: 'sourceConnector.config "tasks.max": the operator drops it',
  },
  {
    rule: "dropped-options",
    trips: { change: ({ mirror }) => (mirror.spec.target.config["ssl.truststore.location"] = "/t") },
    passes: { change: ({ mirror }) => Object.assign(mirror.spec.target.config, { "ssl.protocol": "TLSv1.3", "SSL.cipher.suites": "a", "producer.ssl.protocol": "TLSv1.3" }) },
    says: 'target.config "ssl.truststore.location": the operator drops "ssl." keys',
  },
  {
    rule: "dropped-options",
    trips: { change: ({ mirror }) => (mirror.spec.target.config["consumer.interceptor.classes"] = "a.B") },
    passes: { change: ({ mirror }) => (mirror.spec.target.config["consumer.max.poll.records"] = 10) },
    says: "consumer.interceptor.classes",
  },
  {
    rule: "policy-agreement",
    trips: { change: (parts) => (source(parts)["replication.policy.separator"] = "-") },
    passes: { change: (parts) => (source(parts)["replication.policy.separator"] = ".") },
    says: '"replication.policy.separator" is "-" in sourceConnector.config and not set in checkpointConnector.config',
  },
  {
    rule: "aliases",
    trips: { dialect: "strimzi-v1beta2", change: (parts) => (pair(parts).sourceCluster = pair(parts).targetCluster) },
    passes: { dialect: "strimzi-v1beta2" },
    says: "as sourceCluster and targetCluster",
  },
  {
    rule: "aliases",
    trips: { change: ({ mirror }) => mirror.spec.mirrors.push(structuredClone(mirror.spec.mirrors[0])) },
    passes: {
      change: ({ mirror }) => {
        mirror.spec.mirrors.push(structuredClone(mirror.spec.mirrors[0]));
        mirror.spec.mirrors[1].source.alias = "third";
      },
    },
    says: 'mirrors[] has "origin-cluster" twice as source',
  },
  {
    rule: "exclusions-twice",
    trips: { dialect: "strimzi-v1beta2", change: (parts) => Object.assign(pair(parts), { topicsBlacklistPattern: "a", topicsExcludePattern: "b" }) },
    passes: { dialect: "strimzi-v1beta2", change: (parts) => Object.assign(pair(parts), { topicsExcludePattern: "b" }) },
    says: "topicsBlacklistPattern beside topicsExcludePattern",
  },
  {
    rule: "exactly-once",
    trips: { mirror: { exactlyOnce: true }, change: (parts) => delete source(parts)["consumer.isolation.level"] },
    passes: { mirror: { exactlyOnce: true } },
    says: "MirrorMaker 2 refuses that",
  },
];
