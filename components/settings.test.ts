import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { internalTopics } from "../engine/naming";
import { heapOfBuffer } from "../engine/rules/memory";
import { dialects } from "./dialects";
import { mirrorModelOf } from "./mirror/resolve";
import type { DialectName, MirrorSettings } from "./settings/mirror";
import { describeMirror } from "./mirror/text";

const connections = { origin: { bootstrapServers: "origin:9093" }, target: { bootstrapServers: "target:9093" } };
const specOf = (settings: MirrorSettings): any =>
  describeMirror({
    ...settings,
    origin: { ...settings.origin, ...connections.origin },
    target: { ...settings.target, ...connections.target },
  }).text.spec;

/** Returns the connector's final configuration, wherever the dialect writes it. */
const sourceConfig = (settings: MirrorSettings) => specOf(settings).mirrors[0].sourceConnector.config;
const workerConfig = (settings: MirrorSettings) => {
  const spec = specOf(settings);
  return (spec.target ?? spec.clusters.find((c: any) => c.alias === spec.connectCluster)).config;
};

describe("profiles", () => {
  test("guide: uses the guide's values and has the guide's model", () => {
    expect(mirrorModelOf({ profile: "guide" })).toEqual({
      originAlias: "origin-cluster",
      targetAlias: "target-cluster",
      groupId: "mirrormaker2-cluster",
      offsetStorageTopic: "migration-connect-cluster-offsets",
      configStorageTopic: "migration-connect-cluster-configs",
      statusStorageTopic: "migration-connect-cluster-status",
      topicsPattern: ".*",
      groupsPattern: ".*",
      offsetSyncsLocation: "source",
      policyClass: "org.apache.kafka.connect.mirror.IdentityReplicationPolicy",
      kafkaVersion: "4.2.0",
      heartbeats: false,
      isolationLevel: "read_uncommitted",
      exactlyOnce: false,
      syncGroupOffsets: false,
      replicationFactor: 1,
      offsetFlushIntervalMs: 60000,
      refreshTopicsIntervalSeconds: 600,
    });
    expect(mirrorModelOf({ profile: "guide", dialect: "event-streams-v1beta1" })).toMatchObject({
      policyClass: "io.strimzi.kafka.connect.mirror.IdentityReplicationPolicy",
      separator: "",
      kafkaVersion: "2.7.0",
    });
  });

  test("least: only reads the origin, skips aborted records, and has no more replicas than brokers", () => {
    expect(mirrorModelOf({})).toMatchObject({
      groupId: "migration-connect-cluster",
      offsetSyncsLocation: "target",
      isolationLevel: "read_committed",
      replicationFactor: -1,
      offsetFlushIntervalMs: 1000,
      refreshTopicsIntervalSeconds: 60,
      syncGroupOffsets: false,
    });
    expect(workerConfig({})).toEqual({
      "offset.storage.replication.factor": -1,
      "config.storage.replication.factor": -1,
      "status.storage.replication.factor": -1,
      "offset.flush.interval.ms": 1000,
    });
    for (const [brokers, factor] of [
      [1, 1],
      [2, 2],
      [3, 3],
      [9, 3],
    ] as const) {
      const settings: MirrorSettings = { target: { brokers } };
      expect(workerConfig(settings)["offset.storage.replication.factor"]).toBe(factor);
      expect(mirrorModelOf(settings).replicationFactor).toBe(factor);
      expect(specOf(settings).mirrors[0].checkpointConnector.config["checkpoints.topic.replication.factor"]).toBe(
        factor,
      );
    }
  });

  test("least before Kafka 3.0: keeps offset syncs on the origin, with its replicas, and allows overrides", () => {
    const settings: MirrorSettings = {
      dialect: "event-streams-v1beta1",
      origin: { brokers: 1 },
      target: { brokers: 3 },
    };
    expect(mirrorModelOf(settings).offsetSyncsLocation).toBe("source");
    expect(sourceConfig(settings)).toMatchObject({
      "offset-syncs.topic.replication.factor": 1,
      "replication.factor": 3,
    });
    expect(workerConfig(settings)["connector.client.config.override.policy"]).toBe("All");
    expect(workerConfig({})["connector.client.config.override.policy"]).toBeUndefined();
  });

  test("tuned: is least with the measured throughput keys", () => {
    const least = sourceConfig({});
    const tuned = sourceConfig({ profile: "tuned" });
    expect(tuned).toMatchObject(least);
    expect(Object.keys(tuned).filter((key) => !(key in least))).toEqual([
      "producer.override.compression.type",
      "producer.override.batch.size",
      "producer.override.linger.ms",
      "producer.override.buffer.memory",
      "producer.override.max.in.flight.requests.per.connection",
      "producer.override.max.request.size",
      "consumer.max.poll.records",
      "consumer.max.partition.fetch.bytes",
      "consumer.fetch.max.bytes",
    ]);
    expect(tuned["producer.override.enable.idempotence"]).toBe(true);
    // KAFKA-15591: if two batches are on their way to a new partition, the first can be lost.
    expect(tuned["producer.override.max.in.flight.requests.per.connection"]).toBe(1);
    // An array larger than half a region (1 MiB in heaps up to 2 GiB) gets a region of its own. The buffer would then
    // take twice its size.
    const { "producer.override.batch.size": batch, "producer.override.buffer.memory": buffer } = tuned;
    expect(heapOfBuffer(Number(buffer), Number(batch), 2 ** 30)).toBe(buffer);
    expect(specOf({ profile: "tuned" }).mirrors[0].sourceConnector.tasksMax).toBe(4);
    expect(specOf({ profile: "tuned", tasksMax: 9 }).mirrors[0].sourceConnector.tasksMax).toBe(9);
    expect(specOf({}).mirrors[0].sourceConnector).not.toHaveProperty("tasksMax");
  });

  test.each([
    ["2.8.1", "io.strimzi.kafka.connect.mirror.IdentityReplicationPolicy"],
    ["3.0.0", "org.apache.kafka.connect.mirror.IdentityReplicationPolicy"],
    ["4.2.0", "org.apache.kafka.connect.mirror.IdentityReplicationPolicy"],
  ])("the policy class exists in the MirrorMaker 2 of Kafka %s", (kafkaVersion, policyClass) => {
    for (const profile of ["guide", "least", "tuned"] as const)
      expect(mirrorModelOf({ profile, dialect: "strimzi-v1beta2", kafkaVersion }).policyClass).toBe(policyClass);
  });
});

describe("overrides", () => {
  test("replace the profile's values, and null removes one", () => {
    const settings: MirrorSettings = {
      sourceConnector: {
        config: {
          "offset.lag.max": 0,
          "refresh.topics.interval.seconds": "30",
          "producer.override.enable.idempotence": null,
        },
      },
      target: { config: { "offset.flush.interval.ms": "10000" }, groupId: "g" },
    };
    expect(sourceConfig(settings)).toMatchObject({ "offset.lag.max": 0, "refresh.topics.interval.seconds": "30" });
    expect(sourceConfig(settings)).not.toHaveProperty("producer.override.enable.idempotence");
    expect(mirrorModelOf(settings)).toMatchObject({
      refreshTopicsIntervalSeconds: 30,
      offsetFlushIntervalMs: 10000,
      groupId: "g",
    });
    expect(mirrorModelOf({ target: { config: { "offset.flush.interval.ms": null } } }).offsetFlushIntervalMs).toBe(
      60000,
    );
  });

  test("exactlyOnce sets all settings that it needs", () => {
    expect(sourceConfig({ profile: "guide", exactlyOnce: true })).toMatchObject({
      "exactly.once.support": "required",
      "consumer.isolation.level": "read_committed",
    });
    expect(workerConfig({ profile: "guide", exactlyOnce: true })).toEqual({ "exactly.once.source.support": "enabled" });
    expect(mirrorModelOf({ exactlyOnce: true })).toMatchObject({ exactlyOnce: true, isolationLevel: "read_committed" });
  });

  test("exclusions, states, pods and placement use the dialect's field names", () => {
    const settings: MirrorSettings = {
      topicsExcludePattern: "secret-.*",
      groupsExcludePattern: "x",
      sourceConnector: { state: "paused" },
      tolerations: [{ key: "k", operator: "Exists" }],
      template: { pod: { priorityClassName: "high" } },
      resources: { limits: { memory: "2Gi" } },
    };
    const modern = specOf(settings);
    expect(modern.mirrors[0]).toMatchObject({
      topicsExcludePattern: "secret-.*",
      groupsExcludePattern: "x",
      sourceConnector: { state: "paused" },
    });
    expect(modern.template.pod).toEqual({ priorityClassName: "high", tolerations: [{ key: "k", operator: "Exists" }] });
    expect(modern.resources).toEqual({ limits: { memory: "2Gi" } });
    const old = specOf({ ...settings, dialect: "event-streams-v1beta1" });
    expect(old.mirrors[0]).toMatchObject({
      topicsBlacklistPattern: "secret-.*",
      groupsBlacklistPattern: "x",
      sourceConnector: { pause: true },
    });
    expect(old.mirrors[0]).not.toHaveProperty("topicsExcludePattern");
    expect(old.tolerations).toEqual([{ key: "k", operator: "Exists" }]);
    expect(old.template.pod).toEqual({ priorityClassName: "high" });
  });

  /**
   * Sets everything that can be overridden and shows in the model. A different reader checks that the text has the same
   * values.
   */
  test("the model and the resource always agree", () => {
    const maybe = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined });
    const settings = fc.record({
      dialect: fc.constantFrom<DialectName>("event-streams-v1beta2", "strimzi-v1beta2", "strimzi-v1"),
      profile: fc.constantFrom("guide" as const, "tuned" as const, "least" as const),
      exactlyOnce: maybe(fc.boolean()),
      replicationFactor: maybe(fc.constantFrom(-1, 1, 3)),
      offsetFlushIntervalMs: maybe(fc.integer({ min: 100, max: 60000 })),
      isolation: maybe(fc.constantFrom("read_committed", "read_uncommitted")),
      location: maybe(fc.constantFrom("source", "target")),
      separator: maybe(fc.constantFrom("", ".", "_")),
      sync: maybe(fc.constantFrom(true, false, "true", "false")),
    });
    fc.assert(
      fc.property(settings, ({ isolation, location, separator, sync, exactlyOnce, ...rest }) => {
        const shared = {
          ...(location && { "offset-syncs.topic.location": location }),
          ...(separator !== undefined && { "replication.policy.separator": separator }),
        };
        const once = exactlyOnce === true && isolation !== "read_uncommitted";
        const given: MirrorSettings = {
          ...rest,
          exactlyOnce: once,
          sourceConnector: { config: { ...shared, ...(isolation && { "consumer.isolation.level": isolation }) } },
          checkpointConnector: {
            config: { ...shared, ...(sync !== undefined && { "sync.group.offsets.enabled": sync }) },
          },
        };
        const model = mirrorModelOf(given);
        const spec = specOf(given);
        const [pair] = spec.mirrors;
        const worker = workerConfig(given) ?? {};
        expect(String(pair.sourceConnector.config["replication.factor"])).toBe(String(model.replicationFactor));
        expect(pair.sourceConnector.config["offset-syncs.topic.location"] ?? "source").toBe(model.offsetSyncsLocation);
        expect(pair.sourceConnector.config["replication.policy.separator"]).toBe(model.separator);
        expect(pair.sourceConnector.config["consumer.isolation.level"] ?? "read_uncommitted").toBe(
          model.isolationLevel,
        );
        expect(String(pair.checkpointConnector.config["sync.group.offsets.enabled"] ?? false)).toBe(
          String(model.syncGroupOffsets),
        );
        expect(Number(worker["offset.flush.interval.ms"] ?? 60000)).toBe(model.offsetFlushIntervalMs);
        expect(worker["exactly.once.source.support"] === "enabled").toBe(model.exactlyOnce);
        expect(spec.target?.groupId ?? worker["group.id"] ?? "mirrormaker2-cluster").toBe(model.groupId);
        expect(spec.target?.offsetStorageTopic ?? worker["offset.storage.topic"]).toBe(internalTopics(model)[0]!.name);
      }),
    );
  });
});

describe("mistakes", () => {
  const mistakes = (settings: object): string => {
    try {
      specOf(settings as MirrorSettings);
      return "none";
    } catch (error) {
      return (error as Error).message;
    }
  };

  test("are all reported together", () => {
    const text = mistakes({
      profile: "tuend",
      dialect: "strimzi-v1",
      replica: 3,
      tasksMax: "4",
      kafkaVersion: "new",
      topicsPattern: "a(",
      origin: { alias: "x y", config: { "ssl.truststore.location": "/x" } },
      heartbeatConnector: {},
      target: { config: { "group.id": "g" } },
    });
    expect(text).toMatch(/^MIRROR_SETTINGS: the mirror's settings have 9 mistakes/);
    for (const part of [
      'replica is not a setting (did you mean "replicas"?)',
      'profile is "tuend" (did you mean "tuned"?)',
      'tasksMax is "4": it has to be a whole number',
      'kafkaVersion is "new"',
      'topicsPattern: "a(" has a "(" without its ")"',
      'origin.alias is "x y"',
      'only the connectors get "ssl." keys of the origin, in place of what its other fields say; use tls, ',
      'target.config "group.id": say it as target.groupId',
      "a heartbeat connector in kafka.strimzi.io/v1: that version has no such field and drops it",
    ]) {
      expect(text).toContain(part);
    }
  });

  test.each([
    [
      "a misspelt field of the pods",
      { resources: { limit: {} } },
      "dialect strimzi-v1: spec.resources.limit is not a field that this package version knows (Strimzi up to " +
        "1.2); did you mean spec.resources.limits?",
    ],
    [
      "a misspelt field of a nested object",
      { template: { pod: { afinity: {} } } },
      "spec.template.pod.afinity is not a field that this package version knows (Strimzi up to 1.2); did you " +
        "mean spec.template.pod.affinity?",
    ],
    [
      "a field of another API version",
      { dialect: "event-streams-v1beta1", template: { podSet: {} } },
      "spec.template.podSet is not a field",
    ],
    [
      "rack in the guide's dialect",
      { dialect: "event-streams-v1beta1", rack: { topologyKey: "zone" } },
      "spec.rack is not a field",
    ],
    [
      "stop in the guide's dialect",
      { dialect: "event-streams-v1beta1", sourceConnector: { state: "stopped" } },
      'can\'t stop sourceConnector: use state "paused", or use a newer dialect',
    ],
    [
      "autoRestart in the guide's dialect",
      { dialect: "event-streams-v1beta1", checkpointConnector: { autoRestart: { enabled: true } } },
      "has no autoRestart for checkpointConnector",
    ],
    [
      "oauth in v1",
      { origin: { authentication: { type: "oauth", tokenEndpointUri: "x" } } },
      'no authentication "oauth" (origin): use "custom"',
    ],
    [
      "scram-sha-256 in the guide's dialect",
      { dialect: "event-streams-v1beta1", target: { authentication: { type: "scram-sha-256" } } },
      'no authentication "scram-sha-256" (target): use scram-sha-512',
    ],
    [
      "connectors with different locations of offset syncs",
      {
        sourceConnector: { config: { "offset-syncs.topic.location": "target" } },
        checkpointConnector: { config: { "offset-syncs.topic.location": "source" } },
      },
      '"offset-syncs.topic.location" is "target" in sourceConnector.config and "source" in checkpointConnector.config',
    ],
    [
      "a class that does not exist",
      {
        kafkaVersion: "4.0.0",
        sourceConnector: {
          config: { "replication.policy.class": "io.strimzi.kafka.connect.mirror.IdentityReplicationPolicy" },
        },
      },
      "does not exist in the MirrorMaker 2 of Kafka 4.0.0: Connect refuses the connector, and nothing is copied; " +
        "use org.apache",
    ],
    [
      "a custom class",
      { sourceConnector: { config: { "replication.policy.class": "com.example.Policy" } } },
      "com.example.Policy is not known, so the names of its topics can't be computed",
    ],
    [
      "an error tolerance that leaves records out",
      { sourceConnector: { config: { "errors.tolerance": "all" } } },
      "some records would not be copied, without an error",
    ],
    [
      "a mirror that starts at the end of the logs",
      { sourceConnector: { config: { "consumer.auto.offset.reset": "latest" } } },
      "would not be copied",
    ],
    [
      "`topics` in the configuration",
      { sourceConnector: { config: { topics: "x" } } },
      'sourceConnector.config "topics" can\'t be set: say it as topicsPattern',
    ],
    ["`tasks.max` in the configuration", { sourceConnector: { config: { "tasks.max": 3 } } }, "set tasksMax instead"],
    [
      "exactly-once with read_uncommitted",
      { exactlyOnce: true, sourceConnector: { config: { "consumer.isolation.level": "read_uncommitted" } } },
      "MirrorMaker 2 refuses that",
    ],
    [
      "exactly-once on an old Kafka version",
      { exactlyOnce: true, kafkaVersion: "3.3.0" },
      "enabled on Kafka 3.3.0: exactly-once needs the MirrorMaker 2 of Kafka 3.5 or later",
    ],
    [
      "the same alias for both clusters",
      { origin: { alias: "same" }, target: { alias: "same" } },
      'origin and target are both "same"',
    ],
    [
      "the same topic for two purposes",
      { target: { statusStorageTopic: "migration-connect-cluster-configs" } },
      'the configs topic "migration-connect-cluster-configs" on the target is also the status topic',
    ],
    [
      "a topic name that Kafka refuses",
      { target: { statusStorageTopic: "a b" } },
      'the status topic would be called "a b"',
    ],
    [
      "replicas that are not a whole number",
      { replicas: 1.5 },
      "replicas is 1.5: it has to be a whole number, at least 0",
    ],
  ])("%s", (_name, settings, expected) => expect(mistakes(settings)).toContain(expected));

  test("include missing addresses", () => {
    expect(() => describeMirror({ origin: {}, target: {} } as never)).toThrow(
      /origin.bootstrapServers is missing[^]*target.bootstrapServers is missing/,
    );
  });

  test("include unknown fields in every dialect", () => {
    const spots = [
      "resources",
      "jvmOptions",
      "logging",
      "metricsConfig",
      "template",
      "livenessProbe",
      "tracing",
    ] as const;
    fc.assert(
      fc.property(
        fc.constantFrom(...(Object.keys(dialects) as DialectName[])),
        fc.constantFrom(...spots),
        fc.stringMatching(/^zz[a-z]{3,8}$/),
        (dialect, spot, field) => {
          expect(mistakes({ dialect, [spot]: { [field]: 1 } })).toContain(`spec.${spot}.${field} is not a field`);
        },
      ),
    );
  });
});
