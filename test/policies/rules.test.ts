import { describe, expect, test } from "vitest";
import { allow, topic } from "../../engine/acls/rules";
import { rules } from "../../engine/rules";
import { custom, found, gate, kafka, type Sketch, stack, step } from "./resources";

const source = (parts: any) => parts.mirror.spec.mirrors[0].sourceConnector.config;
const checkpoint = (parts: any) => parts.mirror.spec.mirrors[0].checkpointConnector.config;
const pair = (parts: any) => parts.mirror.spec.mirrors[0];
const acls = (user: any): any[] => user.spec.authorization.acls;
const secret = (data: object, namespace = "migration") => custom({ apiVersion: "v1", kind: "Secret", metadata: { name: "origin-cluster-ca-cert", namespace }, data });
const orders = { topicsPattern: "orders" };
const guide = { dialect: "event-streams-v1beta1", mirror: { profile: "guide" } } as const;

interface Row {
  rule: string;
  trips: Sketch;
  passes: Sketch;
  /** Part of the message. */
  says: string;
  settings?: Record<string, unknown>;
}

const table: Row[] = [
  {
    rule: "origin-write-everything",
    trips: { change: ({ origin }) => acls(origin).push({ host: "*", operations: ["Write"], resource: { type: "topic", name: "*", patternType: "literal" } }) },
    passes: { change: ({ target }) => acls(target).push({ host: "*", operations: ["Write"], resource: { type: "topic", name: "*", patternType: "literal" } }) },
    says: "user mm2-credentials on the origin may Write on topic *",
  },
  {
    rule: "acl-unneeded",
    trips: { change: ({ target }) => acls(target).push({ host: "*", operations: ["Alter"], resource: { type: "cluster" } }) },
    passes: { change: ({ target }) => acls(target).push({ host: "*", operations: ["Write"], resource: { type: "topic", name: "orders", patternType: "literal" } }) },
    says: "Alter on cluster: each right too many",
  },
  {
    rule: "acl-missing",
    trips: { mirror: { checkpointConnector: { config: { "sync.group.offsets.enabled": "true" } } }, change: ({ target }) => acls(target).pop() },
    passes: { mirror: { checkpointConnector: { config: { "sync.group.offsets.enabled": "true" } } } },
    says: "on the target lacks Read on group *",
  },
  {
    rule: "acl-missing",
    trips: { mirror: { exactlyOnce: true }, change: ({ target }) => (target.spec.authorization.acls = acls(target).filter((a) => a.resource.type !== "transactionalId")) },
    passes: { mirror: { exactlyOnce: true } },
    says: "lacks Write on transactionalId connect-cluster-migration-connect-cluster",
  },
  {
    // The origin's own offset-syncs topic: Create on the cluster gives it, as the guide has it.
    rule: "acl-missing",
    trips: { mirror: { sourceConnector: { config: { "offset-syncs.topic.location": "source" } }, checkpointConnector: { config: { "offset-syncs.topic.location": "source" } } }, change: ({ origin }) => acls(origin).splice(1, 1) },
    passes: guide,
    says: "lacks Create and Write on topic mm2-offset-syncs.target-cluster.internal",
  },
  {
    rule: "acl-meaningless",
    trips: { change: ({ origin }) => acls(origin).push({ host: "*", operations: ["Read"], resource: { type: "cluster" } }) },
    passes: { change: ({ origin }) => acls(origin).push({ host: "*", operations: ["Describe"], resource: { type: "cluster" } }) },
    says: "Read on the cluster",
  },
  {
    rule: "acl-operation-singular",
    trips: { change: ({ origin }) => acls(origin).push({ host: "*", operation: "Read", resource: { type: "topic", name: "a", patternType: "literal" } }) },
    passes: guide,
    says: "1 ACL rule of kafka.strimzi.io/v1 with the singular `operation`",
  },
  {
    rule: "principal-of-operator",
    trips: { more: [kafka("UserScramCredential", { username: "app" })] },
    passes: { more: [kafka("UserScramCredential", { username: "app" }, "elsewhere:9093")] },
    says: "principal app on the origin is made through @pulumi/kafka",
  },
  {
    rule: "acl-sync-with-operator",
    trips: { change: (parts) => delete source(parts)["sync.topic.acls.enabled"] },
    passes: {},
    says: "not set, which is true",
  },
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
  {
    rule: "pattern-swallows",
    trips: { mirror: { topicsPattern: "orders,_.*" } },
    passes: { mirror: { topicsPattern: "orders,_.*", topicsExcludePattern: "_schemas" } },
    says: "matches _schemas",
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
    rule: "heartbeats-renamed",
    trips: { mirror: { topicsPattern: "orders,device-heartbeats" } },
    passes: { mirror: { topicsPattern: "orders,device-heartbeats", topicsExcludePattern: ".*heartbeats" } },
    says: "device-heartbeats would become origin-cluster.device-heartbeats",
  },
  {
    rule: "data-replication-one",
    trips: { mirror: { replicationFactor: 1 } },
    passes: { mirror: { replicationFactor: 1 }, more: [step("Replication", { when: "cutover" })] },
    says: "replication.factor is 1",
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
    trips: { more: [kafka("Topic", { name: "orders", partitions: 3, replicationFactor: 2, config: { "min.insync.replicas": "2" } })] },
    passes: { more: [kafka("Topic", { name: "orders", partitions: 3, replicationFactor: 3, config: { "min.insync.replicas": "2" } })] },
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
    rule: "tasks-and-partitions",
    trips: { mirror: { tasksMax: 4 }, more: [kafka("Topic", { name: "orders", partitions: 3, replicationFactor: 3 })] },
    passes: { mirror: { tasksMax: 3 }, more: [kafka("Topic", { name: "orders", partitions: 3, replicationFactor: 3 })] },
    says: "tasksMax is 4 for 3 partitions",
  },
  { rule: "tasks-and-partitions", trips: { mirror: { replicas: 3 } }, passes: { mirror: { replicas: 3, tasksMax: 2 } }, says: "replicas is 3 for 2 tasks at most" },
  {
    rule: "plain-text-secret",
    trips: { change: ({ mirror }) => (mirror.spec.target.config["schema.registry.password"] = "hunter2") },
    passes: { change: ({ mirror }) => (mirror.spec.target.config["schema.registry.password"] = "${secrets:migration/registry:password}") },
    says: "spec.target.config.schema.registry.password holds a secret as plain text",
  },
  {
    rule: "plain-text-secret",
    trips: { change: (parts) => (source(parts)["consumer.sasl.jaas.config"] = 'x required username="a" password="hunter2";') },
    passes: { change: (parts) => (source(parts)["consumer.sasl.jaas.config"] = 'x required username="a" password="${secrets:a/b:c}";') },
    says: "consumer.sasl.jaas.config holds a secret",
  },
  {
    rule: "tls-insecure",
    trips: { change: (parts) => (source(parts)["source.cluster.ssl.endpoint.identification.algorithm"] = "") },
    passes: { change: (parts) => (source(parts)["source.cluster.ssl.endpoint.identification.algorithm"] = "HTTPS") },
    says: 'ssl.endpoint.identification.algorithm is ""',
  },
  {
    rule: "tls-insecure",
    trips: { more: [{ type: "pulumi:providers:kafka", name: "p", urn: "p", props: { skipTlsVerify: "true" } }] },
    passes: { more: [{ type: "pulumi:providers:kafka", name: "p", urn: "p", props: { tlsEnabled: "true" } }] },
    says: "skipTlsVerify",
  },
  { rule: "tls-missing", trips: { change: ({ mirror }) => delete mirror.spec.target.tls }, passes: {}, says: "the target has no tls" },
  {
    rule: "tls-without-ca",
    trips: { change: ({ mirror }) => (mirror.spec.target.tls.trustedCertificates = []) },
    passes: {},
    says: "the target has tls without a trusted certificate",
  },
  {
    rule: "secret-copy-wide",
    trips: { more: [secret({ "ca.crt": "a", "ca.password": "b" })] },
    passes: { more: [secret({ "ca.crt": "a" }), secret({ "ca.crt": "a", "ca.password": "b" }, "origin-ns")] },
    says: "has ca.password beside ca.crt",
  },
  { rule: "gate-abandoned", trips: { more: [gate({ abandon: true })] }, passes: {}, says: "abandon: true" },
  { rule: "checkpoints-kept", trips: { more: [step("CheckpointsTopic", { mode: "always" })] }, passes: { more: [step("CheckpointsTopic", { mode: "when-applied" })] }, says: 'checkpoints is "always"' },
  {
    rule: "checkpoints-kept",
    trips: { change: (parts) => delete pair(parts).checkpointConnector },
    passes: { change: (parts) => (pair(parts).checkpointConnector = {}) },
    says: "there is no checkpointConnector block",
  },
  {
    rule: "group-sync",
    trips: { mirror: { checkpointConnector: { config: { "sync.group.offsets.enabled": "true" } } }, more: [step("ConsumerOffsets")] },
    passes: { mirror: { checkpointConnector: { config: { "sync.group.offsets.enabled": "true" } } } },
    says: "sync.group.offsets.enabled is true",
  },
  { rule: "group-sync", trips: {}, passes: { mirror: { checkpointConnector: { config: { "sync.group.offsets.enabled": "true" } } } }, says: "is not true", settings: { offsets: "sync" } },
  {
    rule: "message-size",
    trips: { more: [kafka("Topic", { name: "big", partitions: 1, replicationFactor: 3, config: { "max.message.bytes": "5000000" } })] },
    passes: {
      mirror: { sourceConnector: { config: { "producer.override.max.request.size": 5000000 } } },
      more: [kafka("Topic", { name: "big", partitions: 1, replicationFactor: 3, config: { "max.message.bytes": "5000000" } })],
    },
    says: "topic big takes records of 5000000 bytes",
  },
  {
    rule: "timestamps",
    trips: { more: [kafka("Topic", { name: "a", config: { "message.timestamp.type": "LogAppendTime" } }, "target-kafka-bootstrap:9093")] },
    passes: { more: [kafka("Topic", { name: "a", config: { "message.timestamp.type": "LogAppendTime" } })] },
    says: "message.timestamp.type LogAppendTime",
  },
  {
    rule: "producer-order",
    trips: { mirror: { profile: "tuned" }, change: (parts) => delete source(parts)["producer.override.enable.idempotence"] },
    passes: { mirror: { profile: "tuned" } },
    says: "is 5 without producer.override.enable.idempotence",
  },
];

describe("each rule", () => {
  test.each(table.map((row, i) => [i, row.rule, row.says, row] as const))("%i %s: %s", (_i, rule, says, { trips, passes, settings }) => {
    const bad = found(rule, stack(trips), settings);
    expect(bad.map((f) => f.message).join("\n")).toContain(says);
    expect(found(rule, stack(passes), settings)).toEqual([]);
    for (const finding of bad) expect(finding.message).toMatch(new RegExp(`: .+; .+ \\[${rule}\\]$`, "s"));
  });

  test("the gate's presence", () => {
    const [mirror, ...rest] = stack({ mirror: orders });
    const without = [mirror!, ...rest.filter((r) => !r.type.endsWith(":Gate"))];
    expect(found("gate-missing", without)).toHaveLength(1);
    expect(found("gate-missing", [...without, gate()])).toEqual([]);
    expect(found("deletion-without-gate", [...without, step("InternalTopic")])).toHaveLength(1);
    expect(found("deletion-without-gate", [...without, step("InternalTopic"), gate()])).toEqual([]);
    // Clean-up: the mirror and its gate are gone from the program.
    expect(found("deletion-without-gate", [step("CheckpointsTopic")])).toEqual([]);
  });

  test("has a row in this table", () => {
    const covered = new Set([...table.map((row) => row.rule), "gate-missing", "deletion-without-gate"]);
    expect(rules.map((rule) => rule.name).filter((name) => !covered.has(name))).toEqual([]);
    expect(new Set(rules.map((rule) => rule.name)).size).toBe(rules.length);
  });
});

test("no message shows a secret's value", () => {
  const bad = stack({ change: ({ mirror }) => (mirror.spec.target.config["schema.registry.password"] = "hunter2"), more: [secret({ "ca.crt": "hunter2", other: "hunter2" })] });
  expect(JSON.stringify(rules.flatMap((rule) => found(rule.name, bad)))).not.toContain("hunter2");
});

test("the administrator's own user is not taken for the mirror's", () => {
  const administrator = stack({
    user: { name: "mm2-administrator" },
    change: ({ origin }) => (origin.spec.authorization.acls = [allow(topic("*"), "Write", "Delete")]),
  })[1]!;
  expect(found("acl-unneeded", [...stack(), administrator])).toEqual([]);
  expect(found("origin-write-everything", [...stack(), administrator])).toEqual([]);
});
