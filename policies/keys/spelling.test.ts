import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { describeMirror } from "../../components/mirror/text";
import { BLOCKS, read } from "../../engine/rules/keys";
import { rules } from "../../engine/rules";
import { readView } from "../read";
import { found, mirror } from "../../test/policies/keys/found";

describe("a misspelt key is reported with the correct key", () => {
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
    ["heartbeat", "heartbeat.interval.seconds", "emit.heartbeats.interval.seconds"],
    ["checkpoint", "group.offsets.enabled", "sync.group.offsets.enabled"],
    ["checkpoint", "checkpoints.interval.seconds", "emit.checkpoints.interval.seconds"],
    ["source", "topic.configs.interval.seconds", "sync.topic.configs.interval.seconds"],
  ])("%s: %s", (block, key, meant) => {
    const messages = found(block, { [key]: 3 });
    expect(messages).toHaveLength(1);
    expect(messages[0]).toMatch(/^misspelt-key: KafkaMirrorMaker2 ns\/mm2: /);
    expect(messages[0]).toContain(`did you mean "${meant}"?`);
  });

  test("any key with two letters swapped or one letter missing", () => {
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
        // One typing mistake gives a valid worker key: `offsets.storage.topic` without the first s.
        expect(read("source", typo).is, typo).toBe(BLOCKS.target.has(typo) ? "misplaced" : "misspelt");
      }),
      { numRuns: 100 },
    );
  });
});

describe("a key that nothing reads there is reported with the right place", () => {
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
    ["source", "errors.deadletterqueue.topic.name", "only sink connectors read it"],
    ["target", "offset.storage.file.filename", "only Connect's standalone mode reads it"],
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

  test("a producer key for offset syncs beside the one for the copy is not reported", () => {
    expect(found("source", { "producer.batch.size": 1000, "producer.override.batch.size": 500000 })).toEqual([]);
  });
});

describe("keys below source.cluster. and target.cluster. are spell-checked", () => {
  test.each([
    ["source.cluster.bootstrap.server", 'did you mean "source.cluster.bootstrap.servers"?'],
    ["source.cluster.security.protocoll", 'did you mean "source.cluster.security.protocol"?'],
    ["target.cluster.sasl.mechanisim", 'did you mean "target.cluster.sasl.mechanism"?'],
    ["target.cluster.ssl.truststore.locaton", 'did you mean "target.cluster.ssl.truststore.location"?'],
    ["source.cluster.sasl.jaas.cofnig", 'did you mean "source.cluster.sasl.jaas.config"?'],
    ["ssl.endpoint.identification.algoritm", 'did you mean "ssl.endpoint.identification.algorithm"?'],
  ])("misspelt: %s", (key, says) => {
    const messages = found("source", { [key]: "x" });
    expect(messages).toEqual([expect.stringMatching(/^misspelt-key: /)]);
    expect(messages[0]).toContain(says);
  });

  test.each([
    ["source.cluster.max.poll.records", "write consumer.max.poll.records in the source connector's config"],
    ["source.cluster.consumer.fetch.max.bytes", "write consumer.fetch.max.bytes in the source connector's config"],
    ["target.cluster.producer.batch.size", "write producer.override.batch.size in the source connector's config"],
    ["target.cluster.offset.flush.interval.ms", "write offset.flush.interval.ms in the target's config"],
    ["source.cluster.replication.factor", "write replication.factor in sourceConnector.config"],
  ])("misplaced: %s", (key, says) => {
    const messages = found("source", { [key]: 65536 });
    expect(messages).toEqual([expect.stringMatching(/^misplaced-key: /)]);
    expect(messages[0]).toContain(says);
  });

  test.each([
    "source.cluster.alias",
    "target.cluster.bootstrap.servers",
    "source.cluster.aws.region",
    "sasl.my.module",
  ])("correct, or for a plugin: %s", (key) => {
    expect(found("source", { [key]: "x" })).toEqual([]);
  });

  test("a value that clients refuse is reported", () => {
    const [message] = found("source", { "target.cluster.security.protocol": "TLS" });
    expect(message).toMatch(/^refused-value: .*"TLS", which is none of .*no client of that cluster is created/);
  });
});

test("a misspelt key of another block is reported with the block that reads it", () => {
  const [message, ...others] = found("origin", { "offset.sotrage.replication.factor": 3 });
  expect(message).toContain('did you mean "offset.storage.replication.factor"? only the workers read it: write it in');
  expect(others).toEqual([]);
});

describe("a key that is correct or for a plugin is not reported", () => {
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

  test("messages never contain a secret's value", () => {
    expect(
      found("source", { "consumer.ssl.key.pasword": "hunter2", "consumer.batch.size": "hunter2" }).join(),
    ).not.toContain("hunter2");
  });
});

test("a finding that several entries of a resource share is reported once", () => {
  const resource = mirror("target", { "offset.sotrage.topic": "x" }) as any;
  const [first] = resource.props.spec.mirrors;
  resource.props.spec.clusters.push({ alias: "c", bootstrapServers: "c:9092" });
  resource.props.spec.mirrors.push({ ...first, sourceCluster: "c" });
  const view = readView([resource]);
  expect(rules.find(({ name }) => name === "misspelt-key")!.check(view)).toHaveLength(1);
});

describe("the components refuse the same keys with the same message", () => {
  const side = { bootstrapServers: "x:9093" };
  test.each([
    ["misspelt-key", { checkpointConnector: { config: { "sync.group.offests.enabled": "true" } } }],
    ["misspelt-key", { sourceConnector: { config: { "source.cluster.sasl.mechanisim": "PLAIN" } } }],
    ["misplaced-key", { checkpointConnector: { config: { "replication.factor": 3 } } }],
    ["misplaced-key", { sourceConnector: { config: { "producer.linger.ms": 50 } } }],
  ])("%s: %o", (rule, settings) => {
    expect(() =>
      describeMirror({ dialect: "strimzi-v1beta2", origin: side, target: side, ...settings } as never),
    ).toThrow(`[${rule}]`);
  });
});
