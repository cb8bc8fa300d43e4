import { custom, kafka, step } from "../resources";
import { checkpoint, source, type Row } from "./row";

const kafkaOf = (kafka: object, side = "target") =>
  custom({
    apiVersion: "kafka.strimzi.io/v1",
    kind: "Kafka",
    metadata: { name: side, namespace: `${side}-ns` },
    spec: { kafka },
  });

/** Three brokers of the target. */
const brokersWith = (config: object) =>
  custom({
    apiVersion: "kafka.strimzi.io/v1",
    kind: "Kafka",
    metadata: { name: "target", namespace: "target-ns" },
    spec: { kafka: { replicas: 3, config } },
  });

export const replicaRows: Row[] = [
  {
    rule: "data-replication-one",
    trips: { mirror: { replicationFactor: 1 } },
    passes: { mirror: { replicationFactor: 1 }, more: [step("Replication", { when: "cutover" })] },
    says: "replication.factor is 1",
  },
  {
    rule: "data-replication-one",
    trips: { more: [kafka("Topic", { name: "orders", replicationFactor: 1 }, "target-kafka-bootstrap:9093")] },
    passes: {
      more: [
        kafka("Topic", { name: "orders", replicationFactor: 1 }),
        kafka("Topic", { name: "__x", replicationFactor: 1 }, "target-kafka-bootstrap:9093", "two"),
      ],
    },
    says: "topic orders on the target has 1 replica",
  },
  {
    rule: "internal-replication-one",
    trips: { change: (parts) => (checkpoint(parts)["checkpoints.topic.replication.factor"] = 1) },
    passes: { change: (parts) => (checkpoint(parts)["checkpoints.topic.replication.factor"] = 2) },
    says: "checkpoints.topic.replication.factor is 1",
  },
  {
    rule: "storage-replication-unset",
    trips: { change: ({ mirror }) => delete mirror.spec.target.config["offset.storage.replication.factor"] },
    passes: {},
    says: "the target has 1 broker, offset.storage.replication.factor is not set, which is 3",
    settings: { targetBrokers: 1 },
  },
  {
    rule: "replication-above-min-isr",
    trips: {
      more: [
        kafka("Topic", { name: "orders", partitions: 3, replicationFactor: 2, config: { "min.insync.replicas": "2" } }),
      ],
    },
    passes: {
      more: [
        kafka("Topic", { name: "orders", partitions: 3, replicationFactor: 3, config: { "min.insync.replicas": "2" } }),
      ],
    },
    says: "topic orders: replicationFactor is 2, min.insync.replicas 2",
  },
  {
    rule: "replication-above-min-isr",
    trips: { mirror: { replicationFactor: 2 } },
    passes: { mirror: { replicationFactor: 3 } },
    says: "one broker that is down or restarted stops all writes",
    settings: { targetMinInsyncReplicas: 2 },
  },
  {
    rule: "replication-above-min-isr",
    trips: { change: ({ mirror }) => (mirror.spec.target.config["status.storage.replication.factor"] = 2) },
    passes: { change: ({ mirror }) => (mirror.spec.target.config["status.storage.replication.factor"] = 3) },
    says: "status.storage.replication.factor in target.config is 2",
    settings: { targetMinInsyncReplicas: 2 },
  },
  {
    // MirrorMaker 2's own defaults are more than one broker takes.
    rule: "replication-above-brokers",
    trips: { change: (parts) => delete source(parts)["replication.factor"] },
    passes: {},
    says: "the target has 1 broker, replication.factor is not set, which is 2",
    settings: { targetBrokers: 1 },
  },
  {
    rule: "replication-above-brokers",
    trips: {
      change: (parts) => (checkpoint(parts)["checkpoints.topic.replication.factor"] = 3),
      more: [kafkaOf({ replicas: 2 })],
    },
    passes: {
      change: (parts) => (checkpoint(parts)["checkpoints.topic.replication.factor"] = 3),
      more: [kafkaOf({ replicas: 3 })],
    },
    says: "the target has 2 brokers, checkpoints.topic.replication.factor is 3",
  },
  {
    rule: "replication-above-min-isr",
    trips: { change: (parts) => delete source(parts)["replication.factor"] },
    passes: {
      change: (parts) => delete source(parts)["replication.factor"],
      more: [step("Replication", { when: "cutover" })],
    },
    says: "replication.factor in sourceConnector.config is not set, which is 2, min.insync.replicas 2",
    settings: { targetMinInsyncReplicas: 2 },
  },
  {
    rule: "replication-above-min-isr",
    trips: { mirror: { replicationFactor: 2 }, more: [kafkaOf({ config: { "min.insync.replicas": 2 } })] },
    passes: { mirror: { replicationFactor: 2 }, more: [kafkaOf({ config: { "min.insync.replicas": 2 } }, "origin")] },
    says: "replication.factor in sourceConnector.config is 2, min.insync.replicas 2",
  },
  {
    rule: "tasks-and-partitions",
    trips: {
      mirror: { tasksMax: 4, topicsPattern: "orders" },
      more: [kafka("Topic", { name: "orders", partitions: 3, replicationFactor: 3 })],
    },
    passes: {
      mirror: { tasksMax: 3, topicsPattern: "orders" },
      more: [kafka("Topic", { name: "orders", partitions: 3, replicationFactor: 3 })],
    },
    says: "tasksMax is 4 for 3 partitions",
  },
  {
    // There may be more than the stack has.
    rule: "tasks-and-partitions",
    trips: {
      mirror: { tasksMax: 4, topicsPattern: "orders, payments" },
      more: ["orders", "payments"].map((name) => kafka("Topic", { name, partitions: 1 }, undefined, name)),
    },
    passes: {
      mirror: { tasksMax: 4, topicsPattern: "orders,payments,x" },
      more: ["orders", "payments"].map((name) => kafka("Topic", { name, partitions: 1 }, undefined, name)),
    },
    says: "tasksMax is 4 for 2 partitions",
  },
  {
    rule: "worker-memory",
    trips: { mirror: { profile: "tuned", tasksMax: 2, jvmOptions: { "-Xmx": "447m" } } },
    passes: { mirror: { profile: "tuned", tasksMax: 2, jvmOptions: { "-Xmx": "448m" } } },
    says: "jvmOptions.-Xmx is 447m, and 2 tasks of a worker may hold 192 MiB",
  },
  {
    // Just above half a region of the collector: each batch takes 1 MiB, until the heap's size makes the regions
    // larger.
    rule: "worker-memory",
    trips: {
      mirror: {
        profile: "tuned",
        jvmOptions: { "-Xmx": "895m" },
        sourceConnector: { config: { "producer.override.batch.size": 524288 } },
      },
    },
    passes: {
      mirror: {
        profile: "tuned",
        jvmOptions: { "-Xmx": "896m" },
        sourceConnector: { config: { "producer.override.batch.size": 524288 } },
      },
    },
    says: "jvmOptions.-Xmx is 895m, and 4 tasks of a worker may hold 640 MiB",
  },
  {
    // The container's limit holds whatever the heap is said to be, and workers share the tasks.
    rule: "worker-memory",
    trips: {
      mirror: { tasksMax: 8, replicas: 2, resources: { limits: { memory: "783Mi" } } },
    },
    passes: {
      mirror: { tasksMax: 8, replicas: 2, resources: { limits: { memory: "784Mi" } } },
    },
    says: "resources.limits.memory is 783Mi, and 4 tasks of a worker may hold 528 MiB",
  },
  {
    rule: "tasks-and-partitions",
    trips: { mirror: { replicas: 3 } },
    passes: { mirror: { replicas: 3, tasksMax: 2 } },
    says: "replicas is 3 for 2 tasks at most",
  },
  {
    // -1 is what the brokers say, and they say 1 where nothing is written.
    rule: "data-replication-one",
    trips: { more: [brokersWith({})] },
    passes: { more: [brokersWith({ "default.replication.factor": 3 })] },
    says: "replication.factor is -1, which the brokers' default.replication.factor makes 1",
  },
  {
    rule: "internal-replication-one",
    trips: { more: [brokersWith({ "default.replication.factor": 1 })] },
    passes: { more: [brokersWith({ "default.replication.factor": 3 })] },
    says: "or -1 where the brokers' default.replication.factor is 1",
  },
];
