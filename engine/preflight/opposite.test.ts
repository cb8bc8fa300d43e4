import { describe, expect, it } from "vitest";
import type { PreflightFacts } from "./facts";
import { checkLarge, checkUncompressed } from "./large";
import { checkOpposite, readOtherMirrors } from "./opposite";
import type { Clusters } from "../clusters";
import type { KafkaPort } from "../kafka/port";
import { facts, mirror, selected, topic } from "../../test/engine/preflight/facts";
import { type MemoryTopic, memoryPort, put, puts } from "../../test/engine/verify/memory-cluster";
import type { LargeRecord } from "./facts";
import type { OtherMirror } from "./facts";

const identity = "org.apache.kafka.connect.mirror.IdentityReplicationPolicy";
const renames = "org.apache.kafka.connect.mirror.DefaultReplicationPolicy";
const addresses = { origin: ["origin:9092", "10.0.0.1:9092"], target: ["target:9092"] };

function other(config: Record<string, string> = {}, over: Partial<OtherMirror> = {}): OtherMirror {
  const back = {
    "source.cluster.alias": "new",
    "target.cluster.alias": "old",
    topics: "orders.*",
    "replication.policy.class": identity,
    "source.cluster.bootstrap.servers": "Target:9092",
    "target.cluster.bootstrap.servers": "other:1,10.0.0.1:9092",
  };
  return {
    side: "origin",
    configTopic: "fallback-configs",
    connector: "new->old.MirrorSourceConnector",
    config: { ...back, ...config },
    target: "STARTED",
    alive: true,
    ...over,
  };
}

const found = (o: OtherMirror, over: Parameters<typeof facts>[0] = {}) =>
  checkOpposite(facts({ others: [o], addresses, ...over })).map((f) => f.severity);

describe("a mirror in the opposite direction", () => {
  it("is reported with its connector and the topics that it copies back", () => {
    const [finding] = checkOpposite(facts({ others: [other()], addresses }));
    expect(finding).toMatchObject({ code: "MIRROR_OPPOSITE", severity: "error" });
    expect(finding!.seen).toMatch(
      /connector new->old.MirrorSourceConnector \(in fallback-configs on the origin\) copies migrated topics back .*: orders;/,
    );
    expect(finding!.fix).toContain("mirror.topicsExcludePattern");
  });

  it("is found by its addresses or by its aliases", () => {
    expect(found(other({ "source.cluster.bootstrap.servers": "lb:1" }))).toEqual([]);
    const aliases = {
      "source.cluster.bootstrap.servers": "lb:1",
      "source.cluster.alias": mirror.targetAlias,
      "target.cluster.alias": mirror.originAlias,
    };
    expect(found(other(aliases))).toEqual(["error"]);
    // The other mirror's Connect cluster stores its configuration on the target.
    expect(found(other({}, { side: "target" }))).toEqual(["error"]);
    expect(found(other({ "target.cluster.bootstrap.servers": "third:1" }, { side: "target" }))).toEqual([]);
  });

  it("causes only a warning while it does not run", () => {
    expect(found(other({}, { target: "STOPPED" }))).toEqual(["warning"]);
    expect(found(other({}, { alive: false }))).toEqual(["warning"]);
  });

  it("is no loop if it copies other topics or the policies recognise their own copies", () => {
    expect(found(other({ topics: "payments" }))).toEqual([]);
    expect(found(other({ "topics.exclude": "orders" }))).toEqual([]);
    const policyClass = "org.apache.kafka.connect.mirror.DefaultReplicationPolicy";
    const renaming = { ...mirror, policyClass };
    const back = {
      "replication.policy.class": policyClass,
      topics: ".*",
      "source.cluster.alias": mirror.targetAlias,
      "target.cluster.alias": mirror.originAlias,
    };
    const copied = { ...facts().selected[0]!, targetName: `${mirror.originAlias}.orders` };
    expect(found(other(back), { mirror: renaming, selected: [copied] })).toEqual([]);
  });

  it("is a loop if the policies do not recognise each other's copies, because names grow forever", () => {
    const back = { "replication.policy.class": renames };
    expect(found(other(back), { mirror: { ...mirror, topicsPattern: "orders" } })).toEqual([]);
    expect(found(other({ ...back, topics: ".*" }), { mirror: { ...mirror, topicsPattern: ".*" } })).toEqual(["error"]);
    const renaming = { ...mirror, policyClass: renames, topicsPattern: ".*" };
    const same = { "source.cluster.alias": mirror.targetAlias, "target.cluster.alias": mirror.originAlias };
    const all = { ...back, topics: ".*" };
    // Active/active: each recognises the copies of the other.
    expect(found(other({ ...all, ...same }), { mirror: renaming })).toEqual([]);
    expect(found(other({ ...all, "replication.policy.class": identity }), { mirror: renaming })).toEqual(["error"]);
    const [finding] = checkOpposite(facts({ others: [other(all)], addresses, mirror: renaming }));
    expect(finding!.seen).toMatch(/longer names without end.*aliases origin-cluster->target-cluster and new->old/);
    expect(finding!.fix).toContain("the same two aliases");
    expect(found(other({ ...all, ...same, "replication.policy.separator": "_" }), { mirror: renaming })).toEqual([
      "error",
    ]);
    // The copy has another name, which this mirror does not take.
    expect(found(other(all), { mirror: { ...renaming, topicsPattern: "orders.*" } })).toEqual([]);
  });

  it("causes only a warning if its policy, filter or exclusions cannot be evaluated", () => {
    expect(found(other({ "replication.policy.class": "com.example.Policy" }))).toEqual(["warning"]);
    expect(found(other({ "replication.policy.class": "com.example.Policy", topics: "payments" }))).toEqual([]);
    expect(found(other({ "topic.filter.class": "com.example.Filter" }))).toEqual(["warning"]);
    expect(found(other({ "topics.blacklist": "orders" }))).toEqual(["warning"]);
    expect(found(other({ "topics.blacklist": "payments" }))).toEqual(["error"]);
    expect(found(other({ "topics.blacklist": "payments", "topics.exclude": "orders" }))).toEqual([]);
  });

  it("is found for any spelling of the addresses", () => {
    const own = { origin: ["blue-kafka-bootstrap.blue.svc:9093"], target: ["kafka.green.svc:9092", "10.0.0.9:9092"] };
    const at = (source: string, target = "blue-kafka-external-bootstrap.blue:9094") =>
      found(
        other(
          { "source.cluster.bootstrap.servers": source, "target.cluster.bootstrap.servers": target },
          { side: "target" },
        ),
        { addresses: own },
      );
    for (const source of [
      "kafka.green.svc.cluster.local:9092",
      "KAFKA.green:9092",
      "kafka-0.kafka.green.svc.cluster.local:9092",
      "SASL_SSL://kafka.green.svc:9092",
      "elsewhere:1, 10.0.0.9:9092",
    ])
      expect(at(source), source).toEqual(["error"]);
    for (const source of [
      "kafka.red.svc:9092",
      "zookeeper.green.svc:9092",
      "kafka.green.svc:9094",
      "10.0.0.9:9093",
      "kafka.green.example.com:9092",
    ])
      expect(at(source), source).toEqual([]);
    expect(at("kafka.green:9092", "blue-kafka-bootstrap.red.svc:9093")).toEqual([]);
  });
});

describe("a record that the mirror's producer would refuse", () => {
  const record: LargeRecord = { topic: "orders", partition: 2, offset: 17, bytes: 3_000_000 };

  it("is reported with its place and uncompressed size, and the fix names the setting and value", () => {
    const [finding] = checkLarge({ large: [record] });
    expect(finding).toMatchObject({ code: "RECORD_EXCEEDS_REQUEST", severity: "error" });
    expect(finding!.seen).toMatch(/at most 1048576 bytes.*orders-2 has 3000000 bytes at offset 17/);
    expect(finding!.fix).toMatch(/producer.override.max.request.size .* to 3000082 or more/);
  });

  it("is accepted if the producer's own limit is larger", () => {
    expect(checkLarge({ large: [record] }, 3_000_082)).toEqual([]);
    expect(checkLarge({ large: [record] }, 3_000_081)).toHaveLength(1);
    expect(checkLarge({})).toEqual([]);
  });

  it("is also compared with what the target takes, unless the producer compresses", () => {
    const orders = topic("orders", [[0, 20]]);
    const world = (more: Partial<PreflightFacts> = {}) =>
      facts({ large: [record], selected: [selected(orders)], ...more });
    const [finding] = checkUncompressed(world());
    expect(finding).toMatchObject({ code: "RECORD_EXCEEDS_REQUEST", severity: "error" });
    expect(finding!.seen).toMatch(/orders-2 has 3000000 bytes at offset 17, the target takes 1048588$/);
    expect(finding!.fix).toMatch(/compression.type.* to lz4, or max.message.bytes to 3000082 or more/);
    expect(checkUncompressed(world(), "lz4")).toEqual([]);
    const takes = topic("orders", [[0, 20]], { "max.message.bytes": "4000000" });
    expect(checkUncompressed(world({ selected: [selected(takes)] }))).toEqual([]);
    expect(checkUncompressed(world({ large: [{ ...record, bytes: 1_048_520 }] }))).toEqual([]);
  });
});

describe("the configuration of another mirror", () => {
  const compacted = { "cleanup.policy": "compact" };
  const connector = put(
    0,
    "connector-back->there.MirrorSourceConnector",
    JSON.stringify({ properties: { "connector.class": "org.apache.kafka.connect.mirror.MirrorSourceConnector" } }),
  );
  const read = async (origin: Record<string, MemoryTopic>) => {
    let fetched = 0;
    const port = (side: "origin" | "target", topics: Record<string, MemoryTopic>): KafkaPort => {
      const memory = memoryPort(side, topics);
      const fetch: KafkaPort["fetch"] = (requests, options) => {
        fetched++;
        return memory.fetch(requests, { ...options, maxBytes: 4096 });
      };
      return { ...memory, fetch, listGroups: async () => [] };
    };
    const clusters = { origin: port("origin", origin), target: port("target", {}) } as Clusters;
    return { found: (await readOtherMirrors(clusters, mirror)).map((o) => o.configTopic), fetched };
  };
  const many = (count: number, topic: MemoryTopic) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`app-config-${i}`, topic]));

  it("is found among many topics of applications with config in their names", async () => {
    const delivery = many(30, { logs: [{ records: puts(0, 1) }] });
    const state = many(30, { logs: [{ records: puts(0, 1) }], configs: compacted });
    const two = many(30, { logs: [{ records: [] }, { records: [] }], configs: compacted });
    for (const others of [delivery, state, two]) {
      const found = await read({ ...others, "z-configs": { logs: [{ records: [connector] }], configs: compacted } });
      expect(found.found).toEqual(["z-configs"]);
    }
    const odd = { ...delivery, "z-config-of-mine": { logs: [{ records: [connector] }], configs: compacted } };
    expect((await read(odd)).found).toEqual(["z-config-of-mine"]);
  });

  it("is not searched in the whole of a large topic of an application", async () => {
    const records = puts(0, 2000);
    const large = await read({ "customer-config": { logs: [{ records }], configs: compacted } });
    expect(large.found).toEqual([]);
    expect(large.fetched).toBeLessThan(5);
    // A Connect cluster of a version that writes more kinds of records.
    const newer = [...puts(0, 10), { ...connector, offset: 10 }];
    expect((await read({ "z-configs": { logs: [{ records: newer }], configs: compacted } })).found).toEqual([
      "z-configs",
    ]);
  });
});
