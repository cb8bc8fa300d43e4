import { describe, expect, test } from "vitest";
import { describeMirror } from "../../components/mirror/text";
import { BLOCKS, CLIENTS, refusal } from "../../engine/rules/keys";
import { found } from "../../test/policies/keys/found";

describe("a value that Kafka refuses", () => {
  test.each([
    ["source", "replication.factor", "three", "is not a whole number"],
    ["source", "replication.factor", 0, "is neither -1 (the cluster's default) nor 1 or more"],
    ["source", "sync.topic.acls.enabled", "flase", "is neither true nor false"],
    ["source", "offset-syncs.topic.location", "Target", "is none of source, target"],
    ["source", "refresh.topics.interval.seconds", "10s", "is not a whole number"],
    ["source", "refresh.topics.interval.seconds", 1.5, "is not a whole number"],
    ["source", "errors.tolerance", "some", "is none of none, all"],
    ["source", "exactly.once.support", "yes", "is none of REQUIRED, REQUESTED"],
    ["source", "producer.override.compression.type", "lzma", "is none of none, gzip, snappy, lz4, zstd"],
    ["source", "producer.override.acks", "2", "is none of all, -1, 0, 1"],
    ["source", "consumer.max.poll.records", 0, "is less than 1"],
    ["source", "consumer.isolation.level", "READ_COMMITTED", "is none of read_committed, read_uncommitted"],
    ["source", "producer.override.max.request.size", 3000000000, "is more than 2147483647"],
    ["checkpoint", "sync.group.offsets.enabled", "yes", "is neither true nor false"],
    ["target", "offset.flush.interval.ms", "", "is not a whole number"],
    ["target", "config.storage.replication.factor", -2, "is neither -1"],
    ["target", "exactly.once.source.support", "true", "is none of DISABLED, ENABLED, PREPARING"],
    ["target", "producer.acks", "everything", "is none of all, -1, 0, 1"],
    ["target", "offset.storage.partitions", 0, "is neither -1"],
    ["target", "offset.storage.partitions", "-5", "is neither -1"],
    ["target", "status.storage.partitions", -2, "write -1, or a number of partitions; the default is 5"],
    ["source", "consumer.auto.offset.reset", "Earliest", "is none of earliest, latest, none"],
    ["source", "consumer.auto.offset.reset", "by_duration:P1D", "Kafka takes a duration since 4.0"],
    ["source", "consumer.client.dns.lookup", "default", "Kafka took it up to 2.8"],
    ["target", "client.dns.lookup", "use_all", "is none of use_all_dns_ips, resolve_canonical_bootstrap_servers_only"],
    ["source", "producer.override.security.protocol", "SASL", "is none of SASL_SSL, PLAINTEXT, SSL, SASL_PLAINTEXT"],
    ["source", "producer.override.compression.gzip.level", 10, "is none of -1, 1"],
    [
      "source",
      "value.converter",
      "org.apache.kafka.connect.converters.ByteArrayConvertor",
      "did you mean org.apache.kafka.connect.converters.ByteArrayConverter?",
    ],
    [
      "source",
      "key.converter",
      "org.apache.kafka.connect.storage.SimpleHeaderConverter",
      "is not a class of Kafka that",
    ],
    [
      "target",
      "header.converter",
      "org.apache.kafka.connect.SimpleHeaderConverter",
      "did you mean org.apache.kafka.connect.storage.SimpleHeaderConverter?",
    ],
    ["target", "key.converter", "bytearrayconverter", "upper and lower case matter"],
    ["target", "connector.client.config.override.policy", "all", "did you mean All?"],
    ["source", "topic.filter.class", "org.apache.kafka.connect.mirror.TopicFilter", "is not a class of Kafka that"],
  ])("%s: %s = %s", (block, key, value, says) => {
    const messages = found(block, { [key]: value });
    expect(messages.join("\n")).toContain(`refused-value: KafkaMirrorMaker2 ns/mm2: "${key}"`);
    expect(messages.join("\n")).toContain(says);
  });

  test.each([
    ["target", "offset.storage.partitions", -1],
    ["target", "key.converter", "org.apache.kafka.connect.converters.ByteArrayConverter"],
    ["target", "key.converter", "ByteArrayConverter"],
    ["target", "value.converter", "io.confluent.connect.avro.AvroConverter"],
    ["target", "header.converter", "com.example.NoSuchConverter"],
    ["target", "connector.client.config.override.policy", "All"],
    ["target", "connector.client.config.override.policy", "com.example.Policy"],
    ["target", "connect.protocol", "SESSIONED"],
    ["source", "consumer.security.protocol", "sasl_ssl"],
  ])("accepted: %s: %s = %s", (block, key, value) => {
    expect(found(block, { [key]: value }).filter((message) => message.startsWith("refused-value"))).toEqual([]);
  });

  test("a word or class of another version is refused only if no possible version has it", () => {
    const reset = { "consumer.auto.offset.reset": "by_duration:P1D" };
    const refused = (config: Record<string, unknown>, version: string | undefined) =>
      found("source", config, version).filter((message) => message.startsWith("refused-value"));
    expect(refused(reset, "4.0.0")).toEqual([]);
    expect(refused({ "consumer.client.dns.lookup": "default" }, "2.8.1")).toEqual([]);
    expect(refused({ "key.converter": "org.apache.kafka.connect.converters.BooleanConverter" }, "3.6.0")).toHaveLength(
      1,
    );
    expect(refused({ "key.converter": "org.apache.kafka.connect.converters.BooleanConverter" }, "3.7.0")).toEqual([]);
  });

  test("workers whose policy allows only logins refuse a connector's producer overrides", () => {
    const policy = (own: Record<string, unknown>, name: string) =>
      found("target", { "connector.client.config.override.policy": name }, "3.9.0", { source: own });
    const batches = { "producer.override.batch.size": 100000 };
    expect(policy(batches, "Principal").join()).toContain("is an override, which");
    expect(policy({ "producer.override.sasl.mechanism": "PLAIN" }, "Principal")).toEqual([]);
    expect(policy(batches, "All")).toEqual([]);
  });

  test("every default is accepted", () => {
    const facts = [...Object.values(BLOCKS), ...Object.values(CLIENTS)].flatMap((block) => [...block.values()]);
    expect(facts.filter((fact) => fact.byDefault !== undefined && refusal(fact, fact.byDefault) !== undefined)).toEqual(
      [],
    );
  });
});

describe("a number in the wrong unit", () => {
  test.each([
    ["source", "refresh.topics.interval.seconds", 600000, "which is 7 days"],
    ["checkpoint", "emit.checkpoints.interval.seconds", 60000, "which is 16.7 hours"],
    ["checkpoint", "refresh.groups.interval.seconds", 3600000, "which is 42 days"],
    ["checkpoint", "refresh.groups.interval.seconds", 86400000, "which is 1000 days"],
    ["checkpoint", "refresh.groups.interval.seconds", 10800000, "which is 125 days"],
    ["target", "offset.flush.interval.ms", 10, "which is 10 milliseconds"],
    ["target", "offset.flush.interval.ms", 60, "write 60000 if you mean seconds"],
    ["source", "consumer.request.timeout.ms", 30, "write 30000 if you mean seconds"],
    ["source", "producer.override.max.request.size", 10, "write 10485760 if you mean MiB"],
  ])("%s: %s = %s", (block, key, value, says) => {
    expect(found(block, { [key]: value }).join("\n")).toMatch(new RegExp(`^unit-doubtful: .*${says}`));
  });

  test.each([
    ["source", "refresh.topics.interval.seconds", 86400],
    ["checkpoint", "refresh.groups.interval.seconds", 2592000],
    ["source", "sync.topic.acls.interval.seconds", 31536000],
    ["checkpoint", "emit.checkpoints.interval.seconds", 1],
    ["target", "offset.flush.interval.ms", 1000],
    ["source", "producer.override.linger.ms", 50],
    ["source", "consumer.fetch.max.wait.ms", 10],
    ["source", "producer.override.batch.size", 500],
  ])("accepted: %s: %s = %s", (block, key, value) => {
    expect(found(block, { [key]: value })).toEqual([]);
  });
});

describe("a negative time is reported with what it disables", () => {
  test.each([
    ["source", "refresh.topics.interval.seconds", -1, "new topics and partitions are not found"],
    ["source", "sync.topic.configs.interval.seconds", "-60", "settings of topics are not copied"],
    ["checkpoint", "emit.checkpoints.interval.seconds", -1, "no checkpoint is written"],
    ["checkpoint", "refresh.groups.interval.seconds", -5, '"refresh.groups.enabled": "false" if you want that'],
    ["heartbeat", "emit.heartbeats.interval.seconds", -1, "no heartbeat is written"],
    ["target", "offset.flush.interval.ms", -1, "a time cannot be negative"],
    ["target", "session.timeout.ms", -1, "a time cannot be negative"],
  ])("%s: %s = %s", (block, key, value, says) => {
    const messages = found(block, { [key]: value });
    expect(messages).toEqual([expect.stringMatching(/^time-negative: /)]);
    expect(messages[0]).toContain(says);
  });

  test.each([
    ["source", { "refresh.topics.interval.seconds": -1, "refresh.topics.enabled": "false" }],
    ["checkpoint", { "sync.group.offsets.interval.seconds": -1 }],
    ["source", { "consumer.connections.max.idle.ms": -1 }],
    ["source", { "consumer.receive.buffer.bytes": -1 }],
  ])("accepted: %s: %o", (block, config) => {
    expect(found(block, config)).toEqual([]);
  });
});

describe("an interval of 0, which the connector cannot schedule", () => {
  test.each([
    ["source", "refresh.topics.interval.seconds", {}],
    ["source", "sync.topic.acls.interval.seconds", {}],
    ["checkpoint", "refresh.groups.interval.seconds", {}],
    ["checkpoint", "sync.group.offsets.interval.seconds", { "sync.group.offsets.enabled": true }],
  ])("%s: %s", (block, key, more) => {
    expect(found(block, { [key]: 0, ...more })).toEqual([
      expect.stringMatching(
        /^refused-value: .*is "0", which is not an interval .*: the connector or its task fails .*; write at least 1/,
      ),
    ]);
  });

  test("is accepted if the feature is disabled", () => {
    expect(found("source", { "refresh.topics.interval.seconds": 0, "refresh.topics.enabled": false })).toEqual([]);
    expect(found("checkpoint", { "sync.group.offsets.interval.seconds": 0 })).toEqual([]);
    expect(found("checkpoint", { "emit.checkpoints.interval.seconds": 0 })).toEqual([]);
  });
});

describe("a key that the version does not have", () => {
  test.each([
    ["source", "offset-syncs.topic.location", "target", "2.8.0", "Kafka has it since 3.0"],
    ["target", "exactly.once.source.support", "enabled", "3.2.0", "Kafka has it since 3.3"],
    ["source", "producer.override.compression.zstd.level", 3, "3.7.0", "Kafka has it since 3.8"],
    ["source", "topics.blacklist", "x", "4.0.0", "write topics.exclude"],
    ["source", "emit.offset-syncs.enabled", "false", "3.8.1", "Kafka has it since 3.9"],
    ["source", "replication.policy.internal.topic.separator.enabled", "false", "3.5.1", "Kafka has it since 3.6"],
  ])("%s: %s = %s on %s%s", (block, key, value, version, says) => {
    const messages = found(block, { [key]: value }, version);
    expect(messages).toHaveLength(1);
    expect(messages[0]).toMatch(/^key-of-another-version: /);
    expect(messages[0]).toContain(says);
    expect(found(block, { [key]: value }, key.endsWith("blacklist") ? "3.9.0" : "4.2.0")).toEqual([]);
  });
});

describe("the components refuse the same values with the same message", () => {
  const side = { bootstrapServers: "x:9093" };
  test.each([
    ["refused-value", { sourceConnector: { config: { "sync.topic.configs.enabled": "flase" } } }],
    ["refused-value", { target: { ...side, config: { "offset.flush.interval.ms": "5s" } } }],
    ["unit-doubtful", { sourceConnector: { config: { "refresh.topics.interval.seconds": 600000 } } }],
    ["unit-doubtful", { target: { ...side, config: { "offset.flush.interval.ms": 10 } } }],
    ["time-negative", { checkpointConnector: { config: { "emit.checkpoints.interval.seconds": -1 } } }],
    [
      "key-of-another-version",
      { kafkaVersion: "3.6.0", sourceConnector: { config: { "emit.offset-syncs.enabled": false } } },
    ],
  ])("%s: %o", (rule, settings) => {
    expect(() =>
      describeMirror({ dialect: "strimzi-v1beta2", origin: side, target: side, ...settings } as never),
    ).toThrow(`[${rule}]`);
  });
});
