import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { describeMirror } from "../../../components/mirror/text";
import { BLOCKS, CLIENTS, read, refusal } from "../../../engine/rules/keys";
import { rules } from "../../../engine/rules";
import { readView } from "../../../policies/read";
import { custom } from "../resources";

const RULES = ["misspelt-key", "misplaced-key", "refused-value", "unit-doubtful", "key-of-another-version"];

/** A mirror with these keys in one of its blocks. */
function mirror(block: string, config: Record<string, unknown>, version = "3.9.0") {
  const own = (name: string) => (name === block ? { config } : { config: {} });
  return custom({
    apiVersion: "kafka.strimzi.io/v1beta2",
    kind: "KafkaMirrorMaker2",
    metadata: { name: "mm2", namespace: "ns" },
    spec: {
      version,
      replicas: 1,
      connectCluster: "b",
      clusters: [
        { alias: "a", bootstrapServers: "a:9092", ...own("origin") },
        { alias: "b", bootstrapServers: "b:9092", ...own("target") },
      ],
      mirrors: [
        {
          sourceCluster: "a",
          targetCluster: "b",
          topicsPattern: "orders",
          sourceConnector: own("source"),
          checkpointConnector: own("checkpoint"),
          heartbeatConnector: own("heartbeat"),
        },
      ],
    },
  });
}

function found(block: string, config: Record<string, unknown>, version?: string): string[] {
  const view = readView([mirror(block, config, version)]);
  return rules
    .filter(({ name }) => RULES.includes(name))
    .flatMap((rule) => rule.check(view))
    .map(({ rule, message }) => `${rule}: ${message}`);
}

describe("a misspelt key is said with the key that is meant", () => {
  test.each([
    ["checkpoint", "sync.group.offests.enabled", "sync.group.offsets.enabled"],
    ["checkpoint", "sync.groups.offset.enabled", "sync.group.offsets.enabled"],
    ["checkpoint", "sync.consumer.offsets.enabled", "sync.group.offsets.enabled"],
    ["checkpoint", "refresh.groups.interval.second", "refresh.groups.interval.seconds"],
    ["checkpoint", "emit.checkpoint.interval.seconds", "emit.checkpoints.interval.seconds"],
    ["checkpoint", "emit.checkpoints.interval.ms", "emit.checkpoints.interval.seconds"],
    ["checkpoint", "checkpoint.topic.replication.factor", "checkpoints.topic.replication.factor"],
    ["heartbeat", "heartbeat.topic.replication.factor", "heartbeats.topic.replication.factor"],
    ["source", "offset.syncs.topic.location", "offset-syncs.topic.location"],
    ["source", "offset-sync.topic.replication.factor", "offset-syncs.topic.replication.factor"],
    ["source", "replication.policy.seperator", "replication.policy.separator"],
    ["source", "Replication.Factor", "replication.factor"],
    ["source", "replicationFactor", "replication.factor"],
    ["source", "refresh.topics.seconds", "refresh.topics.interval.seconds"],
    ["source", "sync.topic.acl.enabled", "sync.topic.acls.enabled"],
    ["source", "topics.exlude", "topics.exclude"],
    ["source", "producer.override.compresion.type", "producer.override.compression.type"],
    ["source", "producer.overide.max.request.size", "producer.override.max.request.size"],
    ["source", "consumer.max.poll.record", "consumer.max.poll.records"],
    ["target", "offset.sotrage.replication.factor", "offset.storage.replication.factor"],
    ["target", "config.storage.replication.facotr", "config.storage.replication.factor"],
    ["target", "ofset.flush.interval.ms", "offset.flush.interval.ms"],
    ["target", "exactly.once.sources.support", "exactly.once.source.support"],
    ["source", "emit.checkpoints.enable", "emit.checkpoints.enabled"],
  ])("%s: %s", (block, key, meant) => {
    const messages = found(block, { [key]: 3 });
    expect(messages).toHaveLength(1);
    expect(messages[0]).toMatch(/^misspelt-key: KafkaMirrorMaker2 ns\/mm2: /);
    expect(messages[0]).toContain(`did you mean "${meant}"?`);
  });

  test("any key with two letters swapped or one letter lost", () => {
    const names = [...BLOCKS.source.keys()].filter(
      (name) =>
        name.length > 12 && /^[a-z.]+$/.test(name) && !/^(ssl|sasl|source\.cluster|target\.cluster)\./.test(name),
    );
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.nat(), fc.boolean(), (name, at, swap) => {
        const i = 1 + (at % (name.length - 2));
        const typo = swap
          ? name.slice(0, i) + name[i + 1]! + name[i]! + name.slice(i + 2)
          : name.slice(0, i) + name.slice(i + 1);
        fc.pre(
          typo !== name &&
            !/^(topic\.creation|transforms|predicates|(key|value|header)\.converter|config\.providers)\./.test(typo),
        );
        // `offsets.storage.topic` without its first s is a worker's key.
        expect(read("source", typo).is, typo).toBe(BLOCKS.target.has(typo) ? "misplaced" : "misspelt");
      }),
      { numRuns: 100 },
    );
  });
});

describe("a key that nothing reads there is said with its place", () => {
  test.each([
    ["source", "refresh.groups.interval.seconds", "only the checkpoint connector reads it"],
    ["source", "sync.group.offsets.enabled", "only the checkpoint connector reads it"],
    ["source", "heartbeats.topic.replication.factor", "only the heartbeat connector reads it"],
    ["source", "offset.flush.interval.ms", "only the workers read it"],
    ["source", "offset.storage.topic", "only the workers read it"],
    ["source", "compression.type", "write producer.override.compression.type"],
    ["source", "max.poll.records", "write consumer.max.poll.records"],
    ["source", "producer.override.max.poll.records", "it is a setting of a consumer"],
    ["source", "consumer.batch.size", "write producer.override.batch.size"],
    ["source", "producer.max.request.size", "write producer.override.max.request.size"],
    ["source", "target.producer.batch.size", "reaches only the producer of offset syncs"],
    ["source", "consumer.override.max.poll.records", "it is for sink connectors"],
    ["source", "cleanup.policy", "it is a setting of topics"],
    ["source", "auto.create.topics.enable", "it is a setting of brokers"],
    ["source", "topicsPattern", "write it in mirrors[]"],
    ["source", "tasksMax", "write it in the connector, beside config"],
    ["checkpoint", "replication.factor", "only the source connector reads it"],
    ["checkpoint", "sync.topic.acls.enabled", "only the source connector reads it"],
    ["heartbeat", "topics", "only the source and the checkpoint connectors read it"],
    ["target", "sync.topic.configs.enabled", "only the source connector reads it"],
    ["target", "replication.policy.class", "only connectors read it"],
    [
      "target",
      "max.request.size",
      "for the copy write producer.override.max.request.size in the source connector's config",
    ],
    ["target", "consumer.max.poll.records", "write consumer.max.poll.records in sourceConnector.config"],
    ["target", "enable.ssl.certificate.verification", "it is a setting of librdkafka"],
    ["origin", "config.storage.replication.factor", "only the workers read it"],
    ["origin", "max.poll.records", "write consumer.max.poll.records"],
    ["origin", "num.partitions", "it is a setting of brokers"],
  ])("%s: %s", (block, key, says) => {
    const value = /factor|records|size|ms$|seconds/.test(key) ? 65536 : /enable/.test(key) ? "true" : "x";
    const messages = found(block, { [key]: value }).filter((message) => message.startsWith("misplaced-key"));
    expect(messages).toHaveLength(1);
    expect(messages[0]).toContain(says);
  });

  test("a producer's key for offset syncs beside the one for the copy is on purpose", () => {
    expect(found("source", { "producer.batch.size": 1000, "producer.override.batch.size": 500000 })).toEqual([]);
  });
});

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
  ])("%s: %s = %s", (block, key, value, says) => {
    const messages = found(block, { [key]: value });
    expect(messages.join("\n")).toContain(`refused-value: KafkaMirrorMaker2 ns/mm2: "${key}"`);
    expect(messages.join("\n")).toContain(says);
  });

  test("every default is a value that is taken", () => {
    const facts = [...Object.values(BLOCKS), ...Object.values(CLIENTS)].flatMap((block) => [...block.values()]);
    expect(facts.filter((fact) => fact.byDefault !== undefined && refusal(fact, fact.byDefault) !== undefined)).toEqual(
      [],
    );
  });
});

describe("a number in another unit", () => {
  test.each([
    ["source", "refresh.topics.interval.seconds", 600000, "which is 7 days"],
    ["checkpoint", "emit.checkpoints.interval.seconds", 60000, "which is 16.7 hours"],
    ["target", "offset.flush.interval.ms", 10, "which is 10 milliseconds"],
    ["target", "offset.flush.interval.ms", 60, "write 60000 if seconds are meant"],
    ["source", "consumer.request.timeout.ms", 30, "write 30000 if seconds are meant"],
    ["source", "producer.override.max.request.size", 10, "write 10485760 if MiB are meant"],
  ])("%s: %s = %s", (block, key, value, says) => {
    expect(found(block, { [key]: value }).join("\n")).toMatch(new RegExp(`^unit-doubtful: .*${says}`));
  });

  test.each([
    ["source", "refresh.topics.interval.seconds", 86400],
    ["checkpoint", "emit.checkpoints.interval.seconds", 1],
    ["target", "offset.flush.interval.ms", 1000],
    ["source", "producer.override.linger.ms", 50],
    ["source", "consumer.fetch.max.wait.ms", 10],
    ["source", "producer.override.batch.size", 500],
    ["source", "refresh.topics.interval.seconds", -1],
  ])("not %s: %s = %s", (block, key, value) => {
    expect(found(block, { [key]: value })).toEqual([]);
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

describe("what is right, or may be a plugin's, is passed over", () => {
  test.each([
    [
      "source",
      {
        "replication.factor": "-1",
        "offset-syncs.topic.replication.factor": 3,
        "sync.topic.acls.enabled": "false",
        "replication.policy.separator": "",
      },
    ],
    [
      "source",
      {
        "replication.policy.class": "com.example.Policy",
        "replication.policy.prefix": "x",
        "replication.policies.renames": "a:b",
      },
    ],
    [
      "source",
      {
        "confluent.topic.replication.factor": 3,
        "confluent.license": "",
        "io.example.flag": "x",
        "my.topics.list": "a",
      },
    ],
    [
      "source",
      {
        transforms: "route",
        "transforms.route.type": "x",
        "topic.creation.default.replication.factor": 3,
        "key.converter.schemas.enable": "false",
      },
    ],
    [
      "source",
      {
        "config.providers": "env",
        "config.providers.env.class": "x.Y",
        "metrics.context.cluster": "a",
        "consumer.sasl.jaas.config": "${env:JAAS}",
      },
    ],
    [
      "source",
      {
        "source.cluster.ssl.protocol": "TLSv1.3",
        "target.cluster.alias": "b",
        "consumer.interceptor.thing": "x",
        "admin.retries": 3,
      },
    ],
    ["source", { "replication.factor": "${env:FACTOR}", "refresh.topics.interval.seconds": "{{ interval }}" }],
    [
      "checkpoint",
      {
        "checkpoints.topic.replication.factor": 3,
        "topic.filter.class": "com.example.Filter",
        topics: "orders",
        "groups.exclude": "x",
      },
    ],
    [
      "target",
      {
        "config.storage.cleanup.policy": "compact",
        "offset.storage.segment.bytes": 1000000,
        "config.providers.vault.param.address": "x",
        "ssl.protocol": "TLSv1.3",
      },
    ],
    [
      "target",
      {
        "key.converter": "x.Y",
        "key.converter.schemas.enable": false,
        "producer.compression.type": "lz4",
        "client.id": "x",
        "plugin.discovery": "hybrid_warn",
      },
    ],
    ["origin", { "ssl.endpoint.identification.algorithm": "", "ssl.protocol": "TLSv1.3" }],
  ])("%s: %o", (block, config) => {
    expect(found(block, config)).toEqual([]);
  });

  test("no secret's value is repeated", () => {
    expect(
      found("source", { "consumer.ssl.key.pasword": "hunter2", "consumer.batch.size": "hunter2" }).join(),
    ).not.toContain("hunter2");
  });
});

test("what several entries of one resource share is said once", () => {
  const resource = mirror("target", { "offset.sotrage.topic": "x" }) as any;
  const [first] = resource.props.spec.mirrors;
  resource.props.spec.clusters.push({ alias: "c", bootstrapServers: "c:9092" });
  resource.props.spec.mirrors.push({ ...first, sourceCluster: "c" });
  const view = readView([resource]);
  expect(rules.find(({ name }) => name === "misspelt-key")!.check(view)).toHaveLength(1);
});

describe("the components refuse it with the same message", () => {
  const side = { bootstrapServers: "x:9093" };
  test.each([
    ["misspelt-key", { checkpointConnector: { config: { "sync.group.offests.enabled": "true" } } }],
    ["misplaced-key", { checkpointConnector: { config: { "replication.factor": 3 } } }],
    ["misplaced-key", { sourceConnector: { config: { "producer.linger.ms": 50 } } }],
    ["refused-value", { sourceConnector: { config: { "sync.topic.configs.enabled": "flase" } } }],
    ["refused-value", { target: { ...side, config: { "offset.flush.interval.ms": "5s" } } }],
    [
      "key-of-another-version",
      { kafkaVersion: "3.6.0", sourceConnector: { config: { "emit.offset-syncs.enabled": false } } },
    ],
  ])("%s", (rule, settings) => {
    expect(() =>
      describeMirror({ dialect: "strimzi-v1beta2", origin: side, target: side, ...settings } as never),
    ).toThrow(`[${rule}]`);
  });
});
