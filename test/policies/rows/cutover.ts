import { custom, gate, kafka, step } from "../resources";
import { pair, source, type Row } from "./row";

/** The same topic on both clusters. */
const twice = (...sizes: string[]) =>
  sizes.map((bytes, i) =>
    kafka(
      "Topic",
      { name: "orders", config: { "max.message.bytes": bytes } },
      `${i === 0 ? "origin" : "target"}-kafka-bootstrap:9093`,
      `orders-${i}`,
    ),
  );

const sink = (topics: string) =>
  custom({
    apiVersion: "kafka.strimzi.io/v1beta2",
    kind: "KafkaConnector",
    metadata: { name: "warehouse", namespace: "ns" },
    spec: { class: "JdbcSinkConnector", config: { topics } },
  });

export const cutoverRows: Row[] = [
  { rule: "gate-abandoned", trips: { more: [gate({ abandon: true })] }, passes: {}, says: "abandon: true" },
  {
    rule: "gate-abandoned",
    trips: { more: [step("InternalTopic", { phase: "cleanup", abandon: true })] },
    passes: { more: [step("InternalTopic", { phase: "cleanup", abandon: false })] },
    says: "abandon: true",
  },
  {
    rule: "checkpoints-kept",
    trips: { more: [step("CheckpointsTopic", { mode: "always" })] },
    passes: { more: [step("CheckpointsTopic", { mode: "when-applied" })] },
    says: 'checkpoints is "always"',
  },
  {
    rule: "checkpoints-kept",
    trips: { change: (parts) => delete pair(parts).checkpointConnector },
    passes: { change: (parts) => (pair(parts).checkpointConnector = {}) },
    says: "there is no checkpointConnector block",
  },
  {
    rule: "group-sync",
    trips: {
      mirror: { checkpointConnector: { config: { "sync.group.offsets.enabled": "true" } } },
      more: [step("ConsumerOffsets")],
    },
    passes: { mirror: { checkpointConnector: { config: { "sync.group.offsets.enabled": "true" } } } },
    says: "sync.group.offsets.enabled is true",
  },
  {
    rule: "group-sync",
    trips: {},
    passes: { mirror: { checkpointConnector: { config: { "sync.group.offsets.enabled": "true" } } } },
    says: "is not true",
    settings: { offsets: "sync" },
  },
  {
    rule: "sink-groups",
    trips: { mirror: { groupsPattern: "billing,connect-warehouse" } },
    passes: { mirror: { groupsPattern: "billing,connect-warehouse", groupsExcludePattern: "console-consumer-.*" } },
    says: "groupsPattern selects connect-warehouse, and the default of groups.exclude leaves out connect-.*",
  },
  {
    rule: "sink-groups",
    trips: { mirror: { groupsPattern: "billing,connect-warehouse", groupsExcludePattern: "__.*,connect-.*" } },
    passes: { mirror: { groupsPattern: "billing,connect-.*", groupsExcludePattern: "__.*,connect-warehouse" } },
    says: 'names connect-warehouse, and groupsExcludePattern "__.*,connect-.*" leaves it out',
  },
  {
    rule: "sink-groups",
    trips: { mirror: { topicsPattern: "orders", groupsPattern: ".*" }, more: [sink("orders,others")] },
    passes: { mirror: { topicsPattern: "orders", groupsPattern: ".*" }, more: [sink("others")] },
    says: "selects connect-warehouse",
  },
  {
    rule: "message-size",
    trips: {
      more: [
        kafka("Topic", {
          name: "big",
          partitions: 1,
          replicationFactor: 3,
          config: { "max.message.bytes": "5000000" },
        }),
      ],
    },
    passes: {
      mirror: { sourceConnector: { config: { "producer.override.max.request.size": 5000000 } } },
      more: [
        kafka("Topic", {
          name: "big",
          partitions: 1,
          replicationFactor: 3,
          config: { "max.message.bytes": "5000000" },
        }),
      ],
    },
    says: "topic big accepts records of 5000000 bytes",
  },
  {
    rule: "message-size",
    trips: {
      change: ({ mirror }) => (mirror.spec.target.config["producer.max.request.size"] = 2000000),
      more: [kafka("Topic", { name: "big", config: { "max.message.bytes": "5000000" } })],
    },
    passes: {
      change: ({ mirror }) => (mirror.spec.target.config["producer.max.request.size"] = 5000000),
      more: [kafka("Topic", { name: "big", config: { "max.message.bytes": "5000000" } })],
    },
    says: "producer.max.request.size in target.config is 2000000",
  },
  {
    rule: "settings-contradict",
    trips: { change: (parts) => (source(parts)["producer.override.acks"] = "1") },
    passes: { change: (parts) => (source(parts)["producer.override.acks"] = "all") },
    says: '"producer.override.acks" in sourceConnector.config is "1" and "producer.override.enable.idempotence"',
  },
  {
    rule: "producer-order",
    trips: {
      change: (parts) => {
        delete source(parts)["producer.override.enable.idempotence"];
        parts.mirror.spec.target.config["producer.max.in.flight.requests.per.connection"] = 5;
      },
    },
    passes: {
      change: (parts) => {
        delete source(parts)["producer.override.enable.idempotence"];
        Object.assign(parts.mirror.spec.target.config, {
          "producer.max.in.flight.requests.per.connection": 5,
          "producer.enable.idempotence": true,
        });
      },
    },
    says: "is 5 without",
  },
  {
    rule: "message-size",
    trips: {
      change: (parts) => (source(parts)["sync.topic.configs.enabled"] = "false"),
      more: twice("900000", "500000"),
    },
    passes: { more: twice("900000", "500000") },
    says: "accepts records of 900000 bytes on the origin and of 500000 on the target",
  },
  {
    rule: "message-size",
    trips: {
      mirror: { sourceConnector: { config: { "sync.topic.configs.enabled": false } } },
      more: twice("900000", "899999"),
    },
    passes: {
      mirror: { sourceConnector: { config: { "sync.topic.configs.enabled": false } } },
      more: twice("900000", "900000"),
    },
    says: "write max.message.bytes: 900000 on the target",
  },
  {
    rule: "timestamps",
    trips: {
      more: [
        kafka(
          "Topic",
          { name: "a", config: { "message.timestamp.before.max.ms": "86400000" } },
          "target-kafka-bootstrap:9093",
        ),
      ],
    },
    passes: {
      more: [
        kafka(
          "Topic",
          { name: "a", config: { "message.timestamp.before.max.ms": "9223372036854775807" } },
          "target-kafka-bootstrap:9093",
        ),
      ],
    },
    says: "has message.timestamp.before.max.ms 86400000",
  },
  {
    rule: "timestamps",
    trips: {
      more: [
        kafka(
          "Topic",
          { name: "a", config: { "message.timestamp.type": "LogAppendTime" } },
          "target-kafka-bootstrap:9093",
        ),
      ],
    },
    passes: { more: [kafka("Topic", { name: "a", config: { "message.timestamp.type": "LogAppendTime" } })] },
    says: "message.timestamp.type LogAppendTime",
  },
  {
    rule: "producer-order",
    trips: {
      mirror: { profile: "tuned" },
      change: (parts) =>
        Object.assign(source(parts), {
          "producer.override.max.in.flight.requests.per.connection": 5,
          "producer.override.enable.idempotence": false,
        }),
    },
    passes: {
      mirror: { profile: "tuned" },
      change: (parts) => Object.assign(source(parts), { "producer.override.max.in.flight.requests.per.connection": 5 }),
    },
    says: "is 5 without producer.override.enable.idempotence",
  },
];
