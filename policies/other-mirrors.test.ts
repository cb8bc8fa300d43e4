import { expect, test } from "vitest";
import { rules } from "../engine/rules";
import { aToB } from "../test/policies/manifests";
import { readView } from "./read";
import { all, custom, found, kafka, stack, step } from "../test/policies/resources";

const ofFirst = {
  mirror: { originAlias: "origin-cluster", targetAlias: "target-cluster", groupId: "migration-connect-cluster" },
};
const other = (mirror: object = {}, change?: (parts: any) => void) =>
  stack({
    mirror: {
      name: "recovery",
      topicsPattern: "orders",
      origin: { alias: "blue", bootstrapServers: "blue-kafka-bootstrap.blue-ns:9093" },
      target: {
        alias: "green",
        bootstrapServers: "green-kafka-bootstrap.green-ns:9093",
        groupId: "g",
        offsetStorageTopic: "a",
        configStorageTopic: "b",
        statusStorageTopic: "c",
      },
      ...mirror,
    },
    change: (parts) => {
      Object.assign(parts.origin.metadata, { namespace: "blue-ns", labels: { "strimzi.io/cluster": "blue" } });
      Object.assign(parts.target.metadata, { namespace: "green-ns", labels: { "strimzi.io/cluster": "green" } });
      change?.(parts);
    },
  }).filter((r) => !r.type.endsWith(":Gate"));
const migration = (more: string[] = []) => [
  ...stack({ mirror: { topicsPattern: "orders" } }).filter((r) => !r.type.endsWith(":Gate")),
  ...["Gate", "Replication", "ConsumerOffsets", "MirrorGone", ...more].map((kind) =>
    step(kind, { ...ofFirst, phase: "mirror", abandon: false }),
  ),
];
const about = (rule: string, resources: ReturnType<typeof stack>) =>
  found(rule, resources).map((f) => /^KafkaMirrorMaker2 [^:]+/.exec(f.message)?.[0] ?? f.message);

/** The two clusters in the other direction. */
const BACK = { a: { bootstrapServers: "a-kafka-bootstrap:9092" }, b: { bootstrapServers: "b-kafka-bootstrap:9092" } };

test("eight mirrors with long lists of topics are compared in seconds", () => {
  const mirrors = Array.from({ length: 8 }, (_, i) =>
    aToB(
      { topicsPattern: Array.from({ length: 300 }, (_, n) => `team${i}-${n}-.*`).join() },
      { name: `mm${i}`, clusters: i % 2 === 0 ? { a: {}, b: {} } : { a: BACK.b, b: BACK.a } },
    ),
  );
  const view = readView(mirrors);
  const compare = ["copied-twice", "two-origins-one-topic", "endless-loop"].map((name) =>
    rules.find((rule) => rule.name === name)!.check(view),
  );
  expect(compare.flat()).toEqual([]);
}, 10_000);

test("a mirror for disaster recovery beside a migration is not checked like a migration", () => {
  const sync = { checkpointConnector: { config: { "sync.group.offsets.enabled": "true" } } };
  const recovery = other(sync);
  expect(all([...migration(), ...recovery]).filter((f) => f.level === "mandatory")).toEqual([]);
  const without = other({}, (parts) => delete parts.mirror.spec.mirrors[0].checkpointConnector);
  expect(found("checkpoints-kept", [...migration(), ...without])).toEqual([]);
  // The rule still applies to the migration's own mirror.
  const own = stack({ mirror: { topicsPattern: "orders", ...sync } });
  expect(about("group-sync", [...own, ...migration().slice(3), ...recovery])).toEqual([
    "KafkaMirrorMaker2 migration/data-migration",
  ]);
});

test("a migration's steps do not count for another mirror", () => {
  const single = other({ replicationFactor: 1 });
  expect(about("data-replication-one", [...migration(), ...single])).toEqual(["KafkaMirrorMaker2 migration/recovery"]);
  expect(about("gate-missing", [...migration(), ...single])).toEqual(["KafkaMirrorMaker2 migration/recovery"]);
  const ungated = [
    ...migration().filter((r) => !r.type.endsWith(":Gate")),
    step("Gate", { mirror: { originAlias: "blue", targetAlias: "green", groupId: "g" } }),
    ...single,
  ];
  expect(found("deletion-without-gate", ungated)).toHaveLength(1);
});

test("each of two abandoned migrations is reported once", () => {
  const second = { mirror: { originAlias: "blue", targetAlias: "green", groupId: "g" } };
  const steps = [ofFirst, second].flatMap((of) =>
    ["Preflight", "Gate", "InternalTopic"].map((kind) => step(kind, { ...of, abandon: true })),
  );
  const always = [ofFirst, second].map((of) => step("CheckpointsTopic", { ...of, mode: "always" }));
  expect(found("gate-abandoned", steps).map((f) => f.message.split(":")[0])).toEqual([
    "Gate test-Gate",
    "Gate test-Gate",
  ]);
  expect(found("checkpoints-kept", [...steps, ...always])).toEqual([]);
  expect(found("checkpoints-kept", [...steps.slice(0, 3), ...always])).toHaveLength(1);
});

test("facts about one mirror's clusters do not count for another mirror", () => {
  const kafkaAt = (side: string, brokers: number) =>
    custom({
      apiVersion: "kafka.strimzi.io/v1",
      kind: "Kafka",
      metadata: { name: side, namespace: `${side}-ns` },
      spec: { kafka: { replicas: brokers, config: { "min.insync.replicas": 2 } } },
    });
  const plain = (parts: any) => (parts.mirror.spec.target.config = {});
  const two = [...migration(), ...other({}, plain)];
  expect(about("storage-replication-unset", [...two, kafkaAt("green", 1)])).toEqual([
    "KafkaMirrorMaker2 migration/recovery",
  ]);
  expect(about("storage-replication-unset", [...two, kafkaAt("target", 1)])).toEqual([]);
  const narrow = [...migration(), ...other({ replicationFactor: 2 })];
  expect(about("replication-above-min-isr", [...narrow, kafkaAt("green", 3)])).toEqual([
    "KafkaMirrorMaker2 migration/recovery",
  ]);
  expect(about("replication-above-min-isr", [...narrow, kafkaAt("target", 3)])).toEqual([]);
  const big = (cluster: string) =>
    custom({
      apiVersion: "kafka.strimzi.io/v1",
      kind: "KafkaTopic",
      metadata: { name: "orders", namespace: `${cluster}-ns`, labels: { "strimzi.io/cluster": cluster } },
      spec: { replicas: 1, config: { "max.message.bytes": 9000000 } },
    });
  expect(about("message-size", [...two, big("origin")])).toEqual(["KafkaMirrorMaker2 migration/data-migration"]);
  expect(about("message-size", [...two, big("blue")])).toEqual(["KafkaMirrorMaker2 migration/recovery"]);
  expect(about("data-replication-one", [...two, big("green")])).toEqual([
    expect.stringContaining("KafkaTopic orders: topic orders on the target has 1 replica"),
  ]);
  expect(about("data-replication-one", [...two, big("target"), big("origin")])).toEqual([]);
});

test("a topic on the cluster of no mirror is not treated as the origin's", () => {
  const elsewhere = {
    ...kafka("Topic", { name: "orders", config: { "max.message.bytes": "9000000" } }, "analytics.example:9092"),
    name: "analytics",
  };
  expect(about("message-size", [...migration(), elsewhere])).toEqual([]);
  expect(about("message-size", [...migration(), { ...elsewhere, name: "origin" }])).toHaveLength(1);
});

test("users of two mirrors need only the rights for their own mirror", () => {
  const recovery = other({
    topicsPattern: "payments",
    checkpointConnector: { config: { "sync.group.offsets.enabled": "true" } },
  });
  expect(found("acl-missing", [...migration(), ...recovery])).toEqual([]);
  const short = other(
    { topicsPattern: "payments" },
    ({ origin }) =>
      (origin.spec.authorization.acls = origin.spec.authorization.acls.filter((a: any) => a.resource.type !== "group")),
  );
  expect(found("acl-missing", [...migration(), ...short]).map((f) => f.message.split(":")[0])).toEqual([
    "KafkaUser blue-ns/mm2-credentials",
  ]);
  const wide = other({ topicsPattern: "payments" }, ({ origin }) =>
    origin.spec.authorization.acls.push({ operations: ["Write"], resource: { type: "topic", name: "*" } }),
  );
  expect(found("origin-write-everything", [...migration(), ...wide]).map((f) => f.message.split(":")[0])).toEqual([
    "KafkaUser blue-ns/mm2-credentials",
  ]);
});

test("two mirrors between the same clusters share one user, which needs the rights for both", () => {
  const [second] = stack({
    mirror: {
      name: "second",
      topicsPattern: "payments",
      origin: { alias: "o2", bootstrapServers: "origin-kafka-bootstrap:9093" },
      target: {
        groupId: "g",
        offsetStorageTopic: "a",
        configStorageTopic: "b",
        statusStorageTopic: "c",
        bootstrapServers: "target-kafka-bootstrap:9093",
      },
    },
  });
  const [finding] = found("acl-missing", [...migration(), second!]);
  expect(finding!.message).toContain(
    "user mm2-credentials on the origin lacks Read and DescribeConfigs on topic payments",
  );
  expect(found("acl-unneeded", [...migration(), second!])).toEqual([]);
});
