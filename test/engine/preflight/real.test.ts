import { CompressionTypes } from "kafkajs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { uniqueName, withClusters } from "@kafka-migration/sandbox/testing";
import { openKafka } from "../../../engine/kafka/client";
import type { KafkaPort } from "../../../engine/kafka/port";
import type { MigrationModel } from "../../../engine/model";
import { preflight, type PreflightOptions, type PreflightRun } from "../../../engine/preflight";
import { TOPIC_KEYS, valuesAfter } from "../../../engine/preflight/config-sync";
import { readFacts } from "../../../engine/preflight/read";
import { silent } from "../../../engine/progress";
import { application, transaction } from "../kafka/support";
import { eventually, modelFor, produce, type RunningMirror, startMirror } from "../support/mirror";

const clusters = withClusters();
const prefix = uniqueName("pre");
const data = `${prefix}-data`;
const DAY = 86_400_000;

let origin: KafkaPort;
let target: KafkaPort;
let model: MigrationModel;
/** The origin has one broker. */
const options: PreflightOptions = { offsetSyncsReplicationFactor: 1 };

beforeAll(async () => {
  origin = await openKafka(clusters.origin.connection, "origin");
  target = await openKafka(clusters.target.connection, "target");
  model = modelFor(clusters, prefix);
  await origin.createTopic(data, { partitions: 2, replicationFactor: 1 });
  await produce(
    clusters.origin,
    data,
    Array.from({ length: 10 }, (_, i) => ({ value: `v${i}`, partition: i % 2 })),
  );
});

const own = async (port: KafkaPort) => (await port.listTopics()).filter((name) => name.includes(prefix));

afterAll(async () => {
  for (const port of [origin, target]) {
    const names = await own(port);
    if (names.length > 0) await port.deleteTopics(names);
    // A worker that was stopped on a busy machine may still count as a member until its session ends.
    await eventually("the groups are gone", async () => {
      const groups = (await port.listGroups()).map((g) => g.groupId).filter((id) => id.startsWith(prefix));
      const refused =
        groups.length === 0 ? undefined : await port.deleteGroups(groups).catch((error: unknown) => error);
      if (refused !== undefined && !String(refused).includes("KAFKA_GROUP_ACTIVE")) throw refused;
      return refused === undefined;
    });
    await port.close();
  }
}, 120_000);

async function refusal(m: MigrationModel = model, o: PreflightRun = options): Promise<string> {
  try {
    await preflight(m, o);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("preflight passed");
}

const by = (over: Partial<MigrationModel["mirror"]>): MigrationModel => ({
  ...model,
  mirror: { ...model.mirror, ...over },
});

describe("connections", () => {
  it("report a wrong password and an unreachable broker together, without the password", async () => {
    const { sasl } = clusters.target.connection;
    const message = await refusal({
      ...model,
      origin: { ...clusters.origin.connection, bootstrapServers: "127.0.0.1:1", connectTimeoutMs: 1_000 },
      target: { ...clusters.target.connection, sasl: { ...sasl, password: "not-the-password" } },
    });
    expect(message).toMatch(/^PREFLIGHT_FAILED: 2 findings/);
    expect(message).toMatch(/KAFKA_UNREACHABLE: .*origin cluster at 127.0.0.1:1/);
    expect(message).toMatch(/KAFKA_AUTHENTICATION: .*target cluster.*user "admin"/);
    expect(message).not.toContain("not-the-password");
  });

  it("must not be the same cluster twice", async () => {
    expect(
      await refusal(
        { ...model, target: model.origin },
        { ...options, storageReplicationFactor: 1, checkpointsReplicationFactor: 1 },
      ),
    ).toContain(`SAME_CLUSTER: origin and target are the same cluster (${clusters.origin.clusterId})`);
  });
});

describe("preflight on real clusters", () => {
  afterEach(async () => {
    const names = await own(target);
    if (names.length > 0) await target.deleteTopics(names);
  });

  it("passes if nothing is in the way, and changes nothing", async () => {
    const before = [await own(origin), await own(target)];
    const result = await preflight(model, options);
    expect(result).toMatchObject({ topics: 1, partitions: 2, groups: 0, resumes: false });
    // These depend on the clusters and on what other tests have done there: groups, transactions.
    const elsewhere = ["TARGET_AUTO_CREATES", "NO_GROUP_SELECTED", "MIRROR_COPIES_ABORTED"];
    expect(result.warnings.filter((w) => !elsewhere.includes(w.code))).toEqual([]);
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
    expect([await own(origin), await own(target)]).toEqual(before);
  });

  it("asks the target whether it takes settings, for topics that exist and for others, and changes nothing", async () => {
    const [there, absent, fine] = [`${prefix}-there`, `${prefix}-absent`, `${prefix}-fine`];
    await target.createTopic(there, { partitions: 1, replicationFactor: 1, configs: { "retention.ms": "7" } });
    const small = { "segment.bytes": "1000", "retention.ms": "5" };
    const wanted = [there, absent].map((name) => [name, small] as const);
    const unknown = { "message.format.version": "2.8" };
    const refused = await target.refusedTopicConfigs(
      new Map<string, Record<string, string>>([...wanted, [fine, { "retention.ms": "5" }], [`${absent}-2`, unknown]]),
    );
    expect(Object.fromEntries(refused)).toEqual({
      [there]: expect.stringMatching(/1000.*segment\.bytes/),
      [absent]: expect.stringMatching(/1000.*segment\.bytes/),
      [`${absent}-2`]: expect.stringMatching(/Unknown topic config name: message\.format\.version/),
    });
    const configs = await target.describeTopicConfigs([there]);
    expect(configs.get(there)!.get("retention.ms")!.value).toBe("7");
    expect(await own(target)).toEqual([there]);
  });

  it("stops if the target refuses what MirrorMaker 2 would copy, and asks only for that", async () => {
    const set = (value: string | null) =>
      origin.incrementalAlterConfigs([{ resource: { type: "topic", name: data }, set: { "segment.bytes": value } }]);
    await set("2000000");
    const asked: unknown[] = [];
    const open: typeof openKafka = async (connection, side, more) => {
      const port = await openKafka(connection, side, more);
      const refusedTopicConfigs: KafkaPort["refusedTopicConfigs"] = async (wanted) => {
        asked.push(Object.fromEntries(wanted));
        return new Map([...wanted.keys()].map((name) => [name, "Value must be at least 3000000"]));
      };
      return Object.assign(port, { refusedTopicConfigs });
    };
    try {
      await expect(preflight(model, options, silent, open)).rejects.toThrow(
        `TARGET_REFUSES_SETTINGS: the target refuses settings of topics that it does not have yet`,
      );
      expect(asked[0]).toEqual({ [data]: { "segment.bytes": "2000000" } });
    } finally {
      await set(null);
    }
  });

  it("refuses a pattern that matches nothing", async () => {
    expect(await refusal(by({ topicsPattern: `${prefix}-dat` }))).toMatch(
      new RegExp(`SELECTION_EMPTY: mirror.topicsPattern "${prefix}-dat" selects none`),
    );
  });

  it("refuses a user topic with an internal topic's name, and names the setting that renames it", async () => {
    const name = model.mirror.offsetStorageTopic;
    await target.createTopic(name, { partitions: 1, replicationFactor: 1 });
    await produce(clusters.target, name, [{ value: "an order" }]);
    const message = await refusal();
    expect(message).toMatch(
      new RegExp(
        `INTERNAL_NAME_TAKEN: target topic ${name}.*is not its own: cleanup.policy is delete, not compact; 1 of ` +
          "1 sampled records.*Fix: set target.offsetStorageTopic",
      ),
    );
    // On the origin it would be copied over the mirror's own.
    const clash = `${data}-configs`;
    await origin.createTopic(clash, { partitions: 1, replicationFactor: 1 });
    expect(await refusal(by({ configStorageTopic: clash }))).toMatch(
      new RegExp(`INTERNAL_NAME_SELECTED: origin topic ${clash} would be copied.*Fix: set target.configStorageTopic`),
    );
    await origin.deleteTopics([clash]);
  });

  it("refuses a user topic with an internal topic's default name, on either cluster", async () => {
    const name = "migration-connect-cluster-offsets";
    const named = { offsetStorageTopic: name, topicsPattern: `${data},${name}` };
    await origin.createTopic(name, { partitions: 1, replicationFactor: 1 });
    expect(await refusal(by(named))).toMatch(
      new RegExp(`INTERNAL_NAME_SELECTED: origin topic ${name} would be copied`),
    );
    await origin.deleteTopics([name]);
    await target.createTopic(name, { partitions: 3, replicationFactor: 1, configs: { "cleanup.policy": "compact" } });
    await produce(clusters.target, name, [{ key: "order-17", value: "an order" }]);
    const message = await refusal(by({ offsetStorageTopic: name }));
    expect(message).toMatch(
      new RegExp(
        `INTERNAL_NAME_TAKEN: target topic ${name}.*is not its own: .*1 of 1 sampled records.*Fix: set ` +
          "target.offsetStorageTopic",
      ),
    );
    expect(message).not.toContain("order-17");
    expect(await target.describeTopics([name])).toHaveLength(1);
    await target.deleteTopics([name]);
  });

  it("refuses a target topic with another partition count or with other data", async () => {
    await target.createTopic(data, { partitions: 3, replicationFactor: 1 });
    expect(await refusal()).toMatch(
      new RegExp(`TARGET_TOPIC_PARTITIONS: topic ${data} has 3 partitions on the target and 2 on the origin`),
    );
    await target.deleteTopics([data]);
    await target.createTopic(data, { partitions: 2, replicationFactor: 1 });
    await expect(preflight(model, options)).resolves.toMatchObject({ topics: 1 });
    await produce(clusters.target, data, [{ value: "other", partition: 1 }]);
    expect(await refusal()).toMatch(new RegExp(`TARGET_TOPIC_HAS_DATA: topic ${data} .*partition 1 from 0 to 1`));
  });

  it("refuses more replicas than brokers, for the copy and for the reset", async () => {
    const message = await refusal(by({ replicationFactor: 4 }), {
      offsetSyncsReplicationFactor: 3,
      replication: { rules: [{ pattern: data, factor: 5 }] },
    });
    expect(message).toMatch(
      /the copied topics on the target would get 4 replicas \(replication.factor\), but it has 3 brokers/,
    );
    expect(message).toMatch(
      /on the origin would get 3 replicas \(offset-syncs.topic.replication.factor\), but it has 1 broker/,
    );
    expect(message).toMatch(new RegExp(`REPLICATION_TOO_LARGE: .*topic ${data}: factor 5, but there are 3 brokers`));
  });

  it("finds records that the target would delete or refuse by their timestamps", async () => {
    const aged = `${data}-aged`;
    await origin.createTopic(aged, {
      partitions: 2,
      replicationFactor: 1,
      configs: { "message.timestamp.after.max.ms": String(30 * DAY) },
    });
    await produce(clusters.origin, aged, [
      { value: "old", partition: 0, timestamp: Date.now() - 2 * 3_600_000 },
      { value: "future", partition: 1, timestamp: Date.now() + DAY },
    ]);
    // What was set on the topic would be copied; the records stay when it is taken back.
    await origin.incrementalAlterConfigs([
      { resource: { type: "topic", name: aged }, set: { "message.timestamp.after.max.ms": null } },
    ]);
    await target.createTopic(aged, { partitions: 2, replicationFactor: 1, configs: { "retention.ms": "3600000" } });
    const untouched: PreflightOptions = { ...options, configSync: { enabled: false } };
    const message = await refusal(model, untouched);
    expect(message).toMatch(
      new RegExp(`TARGET_RETENTION_DELETES: .*${aged} has records older than 1 h in 1 partition`),
    );
    expect(message).toMatch(
      new RegExp(`TARGET_REFUSES_FUTURE: .*${aged} has records dated more than 1 h in the future in 1 partition`),
    );
    await expect(
      preflight(model, { ...untouched, accept: ["TARGET_RETENTION_DELETES", "TARGET_REFUSES_FUTURE"] }),
    ).resolves.toMatchObject({ topics: 2 });
    // With its defaults MirrorMaker 2 takes the target's own retention.ms away.
    expect(await refusal()).not.toContain("TARGET_RETENTION_DELETES");
    await origin.deleteTopics([aged]);
  });

  it("finds partitions that are larger than the target keeps", async () => {
    const large = `${data}-large`;
    await origin.createTopic(large, { partitions: 2, replicationFactor: 1 });
    for (let i = 0; i < 3; i++) await produce(clusters.origin, large, [{ value: "x".repeat(900_000), partition: 1 }]);
    // It would keep 1 MB and one segment. Kafka 4.0 and later refuse smaller segments.
    const limits = { "retention.bytes": "1000000", "segment.bytes": "1048576" };
    await target.createTopic(large, { partitions: 2, replicationFactor: 1, configs: limits });
    const untouched: PreflightOptions = { ...options, configSync: { enabled: false } };
    expect(await refusal(model, untouched)).toMatch(
      new RegExp(`TARGET_RETENTION_DELETES: .*larger than the target's limit.*: ${large} 2.7 MB instead of 1 MB`),
    );
    // With its defaults MirrorMaker 2 takes both limits away.
    expect((await preflight(model, options)).warnings.map((w) => w.code)).toContain("TARGET_SETTINGS_LOST");
    await origin.deleteTopics([large]);
  });

  it("finds a record that is too large when uncompressed, and a mirror in the opposite direction", async () => {
    const [packed, configs] = [`${data}-packed`, `${prefix}-fallback-configs`];
    await origin.createTopic(packed, { partitions: 1, replicationFactor: 1 });
    await produce(clusters.origin, packed, [{ value: "x".repeat(3_000_000) }], CompressionTypes.GZIP);
    const { source, ...back } = {
      source: "connector-back->there.MirrorSourceConnector",
      "connector.class": "org.apache.kafka.connect.mirror.MirrorSourceConnector",
      "source.cluster.bootstrap.servers": clusters.target.bootstrapServers,
      "target.cluster.bootstrap.servers": clusters.origin.bootstrapServers,
      "replication.policy.class": model.mirror.policyClass,
      topics: `${prefix}-data.*`,
    };
    await origin.createTopic(configs, {
      partitions: 1,
      replicationFactor: 1,
      configs: { "cleanup.policy": "compact" },
    });
    await produce(clusters.origin, configs, [{ key: source, value: JSON.stringify({ properties: back }) }]);
    const accepting = { ...options, accept: ["RECORD_EXCEEDS_REQUEST", "MIRROR_OPPOSITE"] };
    const { warnings } = await preflight(model, accepting);
    const seen = (code: string) => warnings.find((w) => w.code === code)?.seen;
    expect(seen("RECORD_EXCEEDS_REQUEST")).toMatch(new RegExp(`${packed}-0 has 30000\\d\\d bytes at offset 0`));
    expect(seen("MIRROR_OPPOSITE")).toMatch(
      new RegExp(`connector back->there.MirrorSourceConnector \\(in ${configs} on the origin\\)`),
    );
    await origin.deleteTopics([packed, configs]);
  });

  it("ignores old aborted records at the start of a log if the mirror reads committed", async () => {
    const [marked, dated] = [`${data}-marked`, `${data}-dated`];
    const old = Date.now() - 3 * DAY;
    for (const name of [marked, dated]) {
      await origin.createTopic(name, { partitions: 1, replicationFactor: 1 });
      await target.createTopic(name, { partitions: 1, replicationFactor: 1, configs: { "retention.ms": String(DAY) } });
    }
    await transaction(application(clusters.origin), marked, ["x", "y"], "abort", old);
    await produce(clusters.origin, marked, [{ value: "new" }]);
    await produce(clusters.origin, dated, [{ value: "old", timestamp: old }, { value: "new" }]);
    const committed = by({ isolationLevel: "read_committed", topicsPattern: `${data}-(marked|dated)` });
    const message = await refusal(committed, { ...options, configSync: { enabled: false } });
    expect(message).toMatch(
      new RegExp(`TARGET_RETENTION_DELETES: [^\n]*${dated} has records older than 24 h in 1 partition`),
    );
    expect(message).not.toContain(marked);
    await origin.deleteTopics([marked, dated]);
  });
});

describe("preflight beside a real MirrorMaker 2", () => {
  let mirror: RunningMirror | undefined;
  afterAll(() => mirror?.stop());

  const copied = (offset: bigint) =>
    eventually("all records are copied", async () => {
      if (!(await own(target)).includes(data)) return false;
      const ends = await target.listOffsets(
        [0, 1].map((partition) => ({ topic: data, partition })),
        "latest",
      );
      return ends.every((e) => e.offset === offset);
    });

  it("predicts the target topic's settings after MirrorMaker 2 has run", async () => {
    const old = Date.now() - 2 * DAY;
    await produce(
      clusters.origin,
      data,
      [0, 1].map((partition) => ({ value: "old", partition, timestamp: old })),
    );
    const set: Record<string, string | null> = { "compression.type": "gzip", "max.message.bytes": "900000" };
    await origin.incrementalAlterConfigs([{ resource: { type: "topic", name: data }, set }]);
    await target.createTopic(data, {
      partitions: 2,
      replicationFactor: 1,
      configs: {
        // The first would keep the old records, the second refuse them; neither lasts.
        "retention.ms": "-1",
        "message.timestamp.before.max.ms": "3600000",
        "max.message.bytes": "2000000",
        "delete.retention.ms": "1",
        "min.insync.replicas": "1",
      },
    });
    const { warnings } = await preflight(model, options);
    expect(warnings.find((w) => w.code === "TARGET_SETTINGS_LOST")?.seen).toMatch(
      /retention.ms=-1, then 604800000.*before.max.ms=3600000/,
    );
    const before = await readFacts({ origin, target }, model.mirror, Date.now());
    mirror = await startMirror(clusters, model);
    await copied(6n);
    await eventually("the settings are brought over", async () => {
      const now = (await target.describeTopicConfigs([data])).get(data)!;
      return now.get("retention.ms")!.source !== "dynamic-topic";
    });
    const now = (await target.describeTopicConfigs([data])).get(data)!;
    const keys = TOPIC_KEYS.filter((key) => now.has(key));
    expect(keys.length).toBeGreaterThan(9);
    const foretold = Object.fromEntries(keys.map((key) => [key, valuesAfter(before.selected[0]!, key, before)]));
    expect(foretold).toEqual(Object.fromEntries(keys.map((key) => [key, [now.get(key)!.value]])));
  });

  it("passes while the mirror runs, and finds its leftover offsets if the target was emptied", async () => {
    // Also in the moments before the first flush.
    await expect(preflight(model, options)).resolves.toMatchObject({ topics: 1, resumes: true });
    const group = await target.describeGroups([model.mirror.groupId]);
    expect(group[0]).toMatchObject({ state: "Stable", protocolType: "connect" });
    // Another migration must not join this Connect cluster.
    const other = by({
      offsetStorageTopic: `${prefix}-o2`,
      configStorageTopic: `${prefix}-c2`,
      statusStorageTopic: `${prefix}-s2`,
    });
    expect(await refusal(other)).toMatch(
      new RegExp(
        `CONNECT_GROUP_TAKEN: target group ${prefix}-connect is \\w+ with 1 worker of another Connect cluster`,
      ),
    );
    await mirror!.stop();
    mirror = undefined;
    await expect(preflight(model, options)).resolves.toMatchObject({ resumes: true });
    // Under another name it would remember nothing and copy everything again, though its syncs are there.
    const renamed = by({ offsetStorageTopic: `${prefix}-o3` });
    expect(await refusal(renamed)).toMatch(new RegExp(`TARGET_TOPIC_HAS_DATA: topic ${data} `));
    const message = await refusal(renamed, { ...options, running: model.mirror });
    expect(message).toMatch(/1 finding[^]*MIRROR_RENAMED: target.offsetStorageTopic was/);
    // What clients write after a cutover does not hinder it.
    await produce(clusters.target, data, [{ value: "client", partition: 0 }]);
    await expect(preflight(model, { ...options, running: model.mirror })).resolves.toMatchObject({ resumes: true });
    await target.deleteTopics([data]);
    expect(await refusal()).toMatch(
      new RegExp(
        `OFFSETS_LEFT_OVER: topic ${model.mirror.offsetStorageTopic} .*${data}:[01] mirrored up to 5, but the ` +
          "target has no such topic",
      ),
    );
    // The state is gone, the copy is not: it would be copied a second time.
    await target.createTopic(data, { partitions: 2, replicationFactor: 1 });
    await produce(clusters.target, data, [{ value: "v0", partition: 0 }]);
    await target.deleteTopics([
      model.mirror.offsetStorageTopic,
      model.mirror.configStorageTopic,
      model.mirror.statusStorageTopic,
    ]);
    expect(await refusal()).toMatch(/TARGET_TOPIC_HAS_DATA/);
  });
});
