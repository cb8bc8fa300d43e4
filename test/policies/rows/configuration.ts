import type { DialectName } from "../../../components/dialects";
import { checkpoint, guide, pair, source, type Row } from "./row";

/** The workers' cluster under an alias of its own. */
const otherConnect =
  (bootstrapServers: string) =>
  ({ mirror }: any) => {
    mirror.spec.clusters.push({ ...mirror.spec.clusters[1], alias: "workers", bootstrapServers });
    mirror.spec.connectCluster = "workers";
  };

export const configurationRows: Row[] = [
  {
    rule: "policy-agreement",
    trips: {
      change: (parts) =>
        (checkpoint(parts)["replication.policy.class"] = "org.apache.kafka.connect.mirror.DefaultReplicationPolicy"),
    },
    passes: { change: (parts) => (checkpoint(parts)["refresh.groups.interval.seconds"] = 1) },
    says:
      '"replication.policy.class" is "org.apache.kafka.connect.mirror.IdentityReplicationPolicy" in ' +
      "sourceConnector.config",
  },
  {
    rule: "policy-class-exists",
    trips: {
      change: (parts) =>
        (source(parts)["replication.policy.class"] = "io.strimzi.kafka.connect.mirror.IdentityReplicationPolicy"),
    },
    passes: guide,
    says: "does not exist in the MirrorMaker 2 of Kafka 4.2.0",
  },
  {
    // An operator of that API version that still has the class.
    rule: "policy-class-exists",
    trips: {
      dialect: "strimzi-v1beta2",
      mirror: { profile: "guide" },
      change: (parts) =>
        (source(parts)["replication.policy.class"] = "io.strimzi.kafka.connect.mirror.IdentityReplicationPolicy"),
      version: "4.0.0",
    },
    passes: {
      dialect: "strimzi-v1beta2",
      mirror: { profile: "guide" },
      change: (parts) =>
        (source(parts)["replication.policy.class"] = "io.strimzi.kafka.connect.mirror.IdentityReplicationPolicy"),
      version: "3.9.0",
    },
    says: "(spec.version, or the setting kafkaVersion of this rule)",
  },
  {
    rule: "policy-class-exists",
    trips: {
      change: (parts) =>
        (checkpoint(parts)["replication.policy.class"] = "org.apache.kafka.connect.mirror.IdentityPolicy"),
    },
    passes: { change: (parts) => (checkpoint(parts)["replication.policy.class"] = "com.example.IdentityPolicy") },
    says: "replication.policy.class org.apache.kafka.connect.mirror.IdentityPolicy does not exist",
  },
  {
    rule: "policy-unknown",
    trips: { change: (parts) => (source(parts)["replication.policy.class"] = "com.example.Policy") },
    passes: {},
    says: "com.example.Policy, which this package does not know: that class decides the names of the copies",
  },
  {
    rule: "aliases",
    trips: {
      dialect: "strimzi-v1beta2",
      change: ({ mirror }) => mirror.spec.clusters.push({ ...mirror.spec.clusters[0] }),
    },
    passes: {
      dialect: "strimzi-v1beta2",
      change: ({ mirror }) => mirror.spec.clusters.push({ ...mirror.spec.clusters[0], alias: "third" }),
    },
    says: 'clusters has the alias "origin-cluster" twice',
  },
  {
    rule: "aliases",
    trips: { dialect: "strimzi-v1beta2", change: otherConnect("elsewhere:9093") },
    passes: { dialect: "strimzi-v1beta2", change: otherConnect("target-kafka-bootstrap:9093") },
    says: 'connectCluster is "workers" and targetCluster "target-cluster"',
  },
  ...(
    [
      [
        "strimzi-v1",
        (p) => (pair(p).topicsBlacklistPattern = "secret-.*"),
        "mirrors[0].topicsBlacklistPattern in kafka.strimzi.io/v1",
      ],
      [
        "event-streams-v1beta1",
        (p) => (pair(p).topicsExcludePattern = "secret-.*"),
        "mirrors[0].topicsExcludePattern in eventstreams.ibm.com/v1alpha1",
      ],
      [
        "strimzi-v1",
        (p) => (pair(p).sourceConnector.pause = true),
        "mirrors[0].sourceConnector.pause in kafka.strimzi.io/v1: that version has no such field and drops " +
          'it; write state: "paused"',
      ],
      ["strimzi-v1", (p) => (p.mirror.spec.tolerations = []), "spec.tolerations in kafka.strimzi.io/v1"],
    ] as [DialectName, (parts: any) => unknown, string][]
  ).map(
    ([dialect, change, says]): Row => ({
      rule: "dropped-options",
      trips: { dialect, change: (p) => void change(p) },
      passes: { dialect: "strimzi-v1beta2", change: (p) => void change(p) },
      says,
    }),
  ),
  {
    rule: "exactly-once",
    trips: {
      mirror: { exactlyOnce: true },
      change: (parts) => (source(parts)["producer.override.enable.idempotence"] = "false"),
    },
    passes: { change: (parts) => (source(parts)["producer.override.enable.idempotence"] = "false") },
    says: "producer.override.enable.idempotence is false with exactly-once",
  },
  {
    // Connect takes the words in any case.
    rule: "exactly-once",
    trips: {
      change: (parts) => {
        source(parts)["exactly.once.support"] = "REQUIRED";
        source(parts)["consumer.isolation.level"] = "read_uncommitted";
      },
    },
    passes: {
      mirror: { exactlyOnce: true },
      change: (parts) => {
        source(parts)["exactly.once.support"] = "REQUIRED";
        parts.mirror.spec.target.config["exactly.once.source.support"] = "Enabled";
      },
    },
    says: "with consumer.isolation.level read_uncommitted",
  },
  {
    // What the connector asks for goes before what its workers have.
    rule: "exactly-once",
    trips: {
      mirror: { exactlyOnce: true },
      change: (parts) => {
        delete source(parts)["producer.override.enable.idempotence"];
        parts.mirror.spec.target.config["producer.enable.idempotence"] = false;
      },
    },
    passes: {
      mirror: { exactlyOnce: true },
      change: ({ mirror }) => (mirror.spec.target.config["producer.enable.idempotence"] = false),
    },
    says: "producer.enable.idempotence in target.config is false with exactly-once",
  },
  {
    rule: "separator-empty",
    trips: { change: (parts) => (source(parts)["replication.policy.separator"] = "") },
    passes: { change: (parts) => (source(parts)["replication.policy.separator"] = ".") },
    says: "origin-clustercheckpointsinternal",
  },
  {
    rule: "aliases",
    trips: { change: ({ mirror }) => (mirror.spec.target.alias = "origin-cluster") },
    passes: {},
    says: 'both "origin-cluster"',
  },
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
    passes: {
      change: ({ mirror }) =>
        Object.assign(mirror.spec.target.config, {
          "ssl.protocol": "TLSv1.3",
          "SSL.cipher.suites": "a",
          "producer.ssl.protocol": "TLSv1.3",
        }),
    },
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
    trips: {
      dialect: "strimzi-v1beta2",
      change: (parts) => Object.assign(pair(parts), { topicsBlacklistPattern: "a", topicsExcludePattern: "b" }),
    },
    passes: {
      dialect: "strimzi-v1beta2",
      change: (parts) => Object.assign(pair(parts), { topicsExcludePattern: "b" }),
    },
    says: "topicsBlacklistPattern next to topicsExcludePattern",
  },
  {
    rule: "exactly-once",
    trips: { mirror: { exactlyOnce: true }, change: (parts) => delete source(parts)["consumer.isolation.level"] },
    passes: { mirror: { exactlyOnce: true } },
    says: "MirrorMaker 2 refuses that",
  },
  {
    rule: "misspelt-key",
    trips: { change: (parts) => (checkpoint(parts)["sync.group.offests.enabled"] = "true") },
    passes: { change: (parts) => (checkpoint(parts)["com.example.offests.enabled"] = "true") },
    says: 'did you mean "sync.group.offsets.enabled"?',
  },
  {
    rule: "misplaced-key",
    trips: { change: (parts) => (source(parts)["producer.max.request.size"] = 2000000) },
    passes: { change: (parts) => (source(parts)["producer.override.max.request.size"] = 2000000) },
    says: "reaches only the producer of offset syncs",
  },
  {
    rule: "refused-value",
    trips: { change: (parts) => (source(parts)["sync.topic.configs.enabled"] = "flase") },
    passes: { change: (parts) => (source(parts)["sync.topic.configs.enabled"] = "FALSE") },
    says: "which is neither true nor false",
  },
  {
    rule: "unit-doubtful",
    trips: { change: (parts) => (source(parts)["refresh.topics.interval.seconds"] = 600000) },
    passes: { change: (parts) => (source(parts)["refresh.topics.interval.seconds"] = 86400) },
    says: "write 600 if you mean milliseconds",
  },
  {
    rule: "time-negative",
    trips: { change: (parts) => (source(parts)["refresh.topics.interval.seconds"] = -1) },
    passes: { change: (parts) => (source(parts)["refresh.topics.interval.seconds"] = 1) },
    says: '"refresh.topics.enabled": "false" if you want that',
  },
  {
    rule: "key-of-another-version",
    trips: { change: (parts) => (source(parts)["emit.offset-syncs.enabled"] = "false"), version: "3.8.1" },
    passes: { change: (parts) => (source(parts)["emit.offset-syncs.enabled"] = "false") },
    says: "Kafka has it since 3.9",
  },
  {
    rule: "unknown-field",
    trips: { dialect: "strimzi-v1beta2", change: (parts) => (pair(parts).topics = "orders") },
    passes: { dialect: "strimzi-v1beta2", change: (parts) => (pair(parts).topicsPattern = "orders") },
    says: "mirrors[0].topics is not a field of kafka.strimzi.io/v1beta2",
  },
  {
    rule: "field-not-known",
    trips: { change: (parts) => (parts.mirror.spec.quickStart = true) },
    passes: { change: (parts) => (parts.mirror.spec.image = "x") },
    says: "spec.quickStart is not a field that this version of the package knows",
  },
  {
    rule: "field-refused",
    trips: { change: (parts) => (pair(parts).sourceConnector.state = "stop") },
    passes: { change: (parts) => (pair(parts).sourceConnector.state = "stopped") },
    says: 'spec.mirrors[0].sourceConnector.state is "stop"',
  },
  {
    rule: "field-refused-later",
    trips: { change: ({ mirror }) => (mirror.spec.tracing = { type: "jaeger" }) },
    passes: { change: ({ mirror }) => (mirror.spec.tracing = { type: "opentelemetry" }) },
    says: 'spec.tracing.type is "jaeger": with Strimzi 1.0 and later',
  },
];
