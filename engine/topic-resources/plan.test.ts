import fc from "fast-check";
import { parse } from "yaml";
import { describe, expect, test } from "vitest";
import {
  differences,
  fileState,
  fileText,
  type KafkaTopicFound,
  planTopicResources,
  type TopicPlace,
  type TopicState,
  topicText,
  yamlOf,
} from ".";

const place: TopicPlace = { apiVersion: "kafka.strimzi.io/v1", namespace: "kafka", cluster: "target" };

const state = (name: string, more: Partial<TopicState> = {}): TopicState => ({
  name,
  origin: name,
  partitions: 3,
  replicas: 2,
  own: {},
  effective: { "retention.ms": "604800000", "cleanup.policy": "delete", "min.insync.replicas": "1", ...more.own },
  ...more,
});

const found = (name: string, spec: Record<string, unknown> = {}, metadata: object = {}): KafkaTopicFound => ({
  metadata: { name, labels: { "strimzi.io/cluster": "target" }, ...metadata },
  spec: { partitions: 3, replicas: 2, ...spec },
});

const plan = (
  topics: TopicState[],
  existing: KafkaTopicFound[] = [],
  more: { origin?: KafkaTopicFound[]; ours?: string[] } = {},
) =>
  planTopicResources({
    topics,
    place,
    found: existing,
    origin: more.origin ?? [],
    isOurs: ({ metadata }) => (more.ours ?? []).includes(String(metadata.name)),
  });

describe("the text of a KafkaTopic", () => {
  test("has the topic's own settings only, as whole numbers where the value is one", () => {
    const own = {
      "retention.ms": "-1",
      "cleanup.policy": "compact,delete",
      "min.cleanable.dirty.ratio": "0.0001",
      "segment.bytes": "1073741824",
      "max.compaction.lag.ms": "9223372036854775807",
      "unclean.leader.election.enable": "true",
      "flush.ms": "007",
      "leader.replication.throttled.replicas": "0:1",
    };
    expect(topicText(state("Orders_v1", { own }), "orders-v1---x", place)).toEqual({
      apiVersion: "kafka.strimzi.io/v1",
      kind: "KafkaTopic",
      metadata: { name: "orders-v1---x", namespace: "kafka", labels: { "strimzi.io/cluster": "target" } },
      spec: {
        topicName: "Orders_v1",
        partitions: 3,
        replicas: 2,
        config: {
          "cleanup.policy": "compact,delete",
          "flush.ms": "007",
          "max.compaction.lag.ms": "9223372036854775807",
          "min.cleanable.dirty.ratio": "0.0001",
          "retention.ms": -1,
          "segment.bytes": 1073741824,
          "unclean.leader.election.enable": "true",
        },
      },
    });
  });

  test("leaves out what is not there", () => {
    expect(topicText(state("orders"), "orders", place).spec).toEqual({ partitions: 3, replicas: 2 });
  });

  test("takes labels and annotations of the origin's KafkaTopic, but none that make another tool delete it", () => {
    const origin = found(
      "orders",
      {},
      {
        labels: {
          team: "orders",
          "example.com/tier": "1",
          "strimzi.io/cluster": "origin",
          "app.kubernetes.io/instance": "kafka-topics",
          "app.kubernetes.io/managed-by": "Helm",
          "app.kubernetes.io/name": "orders",
          "kustomize.toolkit.fluxcd.io/name": "topics",
        },
        annotations: {
          contact: "orders@example.com",
          "kubectl.kubernetes.io/last-applied-configuration": "{}",
          "argocd.argoproj.io/tracking-id": "topics:kafka.strimzi.io/KafkaTopic:kafka/orders",
          "meta.helm.sh/release-name": "topics",
          "pulumi.com/patchForce": "true",
          "pulumi-kafka-migration/stack": "a/b/c",
          "strimzi.io/managed": "false",
          "strimzi.io/pause-reconciliation": "true",
        },
      },
    );
    const { metadata } = topicText(state("orders"), "orders", place, origin);
    expect(metadata.labels).toEqual({
      "app.kubernetes.io/name": "orders",
      "example.com/tier": "1",
      "strimzi.io/cluster": "target",
      team: "orders",
    });
    expect(metadata.annotations).toEqual({ contact: "orders@example.com" });
  });

  test("belongs to Event Streams with its label, also from a KafkaTopic of Strimzi", () => {
    const events = { ...place, apiVersion: "eventstreams.ibm.com/v1beta2" };
    const { apiVersion, metadata } = topicText(state("orders"), "orders", events, found("orders"));
    expect(apiVersion).toBe("eventstreams.ibm.com/v1beta2");
    expect(metadata.labels).toEqual({ "eventstreams.ibm.com/cluster": "target" });
  });

  test("is the same for the same topic, in whatever order the brokers and the API server answer", () => {
    const pairs = fc.dictionary(fc.stringMatching(/^[a-z.]{1,12}$/), fc.stringMatching(/^[a-z0-9]{1,6}$/), {
      maxKeys: 8,
    });
    fc.assert(
      fc.property(pairs, pairs, fc.boolean(), (own, labels, reversed) => {
        const turned = (of: Record<string, string>) =>
          Object.fromEntries(reversed ? Object.entries(of).reverse() : Object.entries(of));
        const write = (settings: Record<string, string>, marks: Record<string, string>) =>
          yamlOf(
            topicText(state("t", { own: settings }), "t", place, found("t", {}, { labels: marks, annotations: marks })),
          );
        const text = write(own, labels);
        expect(write(turned(own), turned(labels))).toBe(text);
        expect(parse(text)).toEqual(
          topicText(state("t", { own }), "t", place, found("t", {}, { labels, annotations: labels })),
        );
      }),
    );
  });
});

describe("the Topic Operator finds nothing to change", () => {
  test("in a topic whose KafkaTopic was written from it", () => {
    const value = fc.oneof(
      fc.integer().map(String),
      fc.double().map(String),
      fc.constantFrom("true", "compact", "compact,delete", "-1", "9223372036854775807", "1e3", ""),
    );
    const settings = fc.dictionary(fc.stringMatching(/^[a-z]{1,6}([.][a-z]{1,6})?$/), value, { maxKeys: 6 });
    fc.assert(
      fc.property(
        settings,
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 1, max: 5 }),
        (own, partitions, replicas) => {
          const topic = state("t", { own, partitions, replicas, effective: { "segment.ms": "1", ...own } });
          // The API server and YAML give numbers and text back as they were.
          for (const text of [
            JSON.parse(JSON.stringify(topicText(topic, "t", place))),
            parse(yamlOf(topicText(topic, "t", place))),
          ])
            expect(differences(topic, text as KafkaTopicFound)).toEqual([]);
        },
      ),
    );
  });

  test.each<[string, Record<string, unknown>, Partial<TopicState>, string[]]>([
    ["more partitions", { partitions: 4 }, {}, ["partitions 3 -> 4"]],
    ["another number of replicas", { replicas: 3 }, {}, ["replicas 2 -> 3"]],
    ["the brokers' default", { partitions: -1, replicas: -1 }, {}, []],
    ["no counts", { partitions: undefined, replicas: undefined }, {}, []],
    ["a setting that the topic lacks", { config: { "retention.ms": 1 } }, {}, ["retention.ms 604800000 -> 1"]],
    ["a setting that is the default", { config: { "retention.ms": 604800000 } }, {}, []],
    ["no setting that the topic has", {}, { own: { "retention.ms": "5" } }, ["retention.ms 5 -> removed"]],
    [
      "a list",
      { config: { "cleanup.policy": ["compact", "delete"] } },
      { own: { "cleanup.policy": "compact,delete" } },
      [],
    ],
    ["a passing throttle", {}, { own: { "follower.replication.throttled.replicas": "0:1" } }, []],
  ])("or says what: %s", (_title, spec, topic, expected) => {
    expect(differences(state("orders", topic), found("orders", spec))).toEqual(expected);
  });
});

describe("a KafkaTopic that exists", () => {
  test("is left alone if it says what the topic is, whatever its own name is", () => {
    const existing = found("my-orders", { topicName: "Orders" });
    expect(plan([state("Orders")], [existing])).toEqual({ write: [], equal: ["Orders"], differ: [] });
  });

  test("is named and left alone if it differs", () => {
    expect(plan([state("orders")], [found("orders", { replicas: 3 })])).toEqual({
      write: [],
      equal: [],
      differ: [{ topic: "orders", resource: "kafka/orders", differences: ["replicas 2 -> 3"] }],
    });
  });

  test("is written again if this migration wrote it", () => {
    const { write } = plan([state("orders")], [found("orders", { replicas: 3 })], { ours: ["orders"] });
    expect(write).toMatchObject([{ topic: "orders", exists: true, text: { spec: { replicas: 2 } } }]);
  });

  test("is taken back from the mirror after a roll-back", () => {
    const unmanaged = found("orders", {}, { annotations: { "strimzi.io/managed": "false" } });
    expect(plan([state("orders")], [unmanaged], { ours: ["orders"] }).write).toHaveLength(1);
    expect(plan([state("orders")], [unmanaged])).toMatchObject({ write: [], equal: ["orders"] });
  });

  test("is named if it is being deleted, also if this migration wrote it", () => {
    const going = found("orders", {}, { deletionTimestamp: "2026-01-01T00:00:00Z" });
    expect(plan([state("orders")], [going], { ours: ["orders"] }).differ).toHaveLength(1);
  });

  test("of another cluster or another topic keeps its name: the new one gets a hash", () => {
    const others = [
      found("orders", {}, { labels: { "strimzi.io/cluster": "other" } }),
      found("billing", { topicName: "Billing" }),
    ];
    const { write } = plan([state("billing"), state("orders")], others);
    expect(write.map(({ topic, text }) => [topic, text.metadata.name, text.spec.topicName])).toEqual([
      ["billing", expect.stringMatching(/^billing---[0-9a-f]{40}$/), "billing"],
      ["orders", expect.stringMatching(/^orders---[0-9a-f]{40}$/), "orders"],
    ]);
  });

  test("of the origin is found by the topic's name there", () => {
    const origin = [
      found("x", { topicName: "Orders" }, { labels: { team: "a" }, creationTimestamp: "2026-01-01T00:00:00Z" }),
    ];
    const { write } = plan([state("origin.Orders", { origin: "Orders" })], [], { origin });
    expect(write[0]!.text.metadata.labels).toEqual({ "strimzi.io/cluster": "target", team: "a" });
  });
});

describe("a file", () => {
  const [one, other] = [{ a: 1 }, { a: 2 }];
  test.each([
    ["new", undefined, one],
    ["equal", fileText(one), one],
    ["equal", fileText(one).replaceAll("\n", "\r\n"), one],
    ["equal", yamlOf(one), one],
    ["outdated", fileText(one), other],
    ["edited", fileText(one).replace("a: 1", "a: 3"), other],
    ["edited", `${fileText(one)}b: 1\n`, other],
    ["edited", yamlOf(one), other],
    ["edited", "", one],
    ["equal", fileText(one).replace("a: 1", "a: 2"), other],
  ] as const)("is %s", (expected, content, object) => {
    expect(fileState(content, object)).toBe(expected);
  });
});
