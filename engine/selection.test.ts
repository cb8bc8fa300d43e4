import { describe, expect, it } from "vitest";
import type { MirrorModel } from "./model";
import { nothingSelected, selectGroups, selectPairs, selectTopics, topicRule } from "./selection";
import { testMirror } from "../test/support/models";

const strimzi = "io.strimzi.kafka.connect.mirror.IdentityReplicationPolicy";

function mirror(changes: Partial<MirrorModel> = {}): MirrorModel {
  return testMirror({
    offsetStorageTopic: "offsets",
    configStorageTopic: "configs",
    statusStorageTopic: "status",
    ...changes,
  });
}

const estate = [
  "orders",
  "orders.dlq",
  "stuff-internal",
  "stuff.internal",
  "myinternal",
  "orders.replica",
  "__consumer_offsets",
  ".hidden",
  "mm2-offset-syncs.target-cluster.internal",
  "other.checkpoints.internal",
  "device-heartbeats",
  "_schemas",
];

describe("the topics that a mirror copies", () => {
  it("include user topics that end in internal, on Kafka 4", () => {
    expect(selectTopics(estate, mirror())).toEqual([
      "_schemas",
      "device-heartbeats",
      "myinternal",
      "orders",
      "orders.dlq",
      "stuff-internal",
      "stuff.internal",
    ]);
  });

  it("exclude names that end in -internal or .internal, on Kafka 3.9 and older", () => {
    const old = ["_schemas", "device-heartbeats", "myinternal", "orders", "orders.dlq"];
    for (const kafkaVersion of ["2.8.2", "3.9.1"]) expect(selectTopics(estate, mirror({ kafkaVersion }))).toEqual(old);
    // The policy's rule also applies if the user sets an exclusion.
    expect(selectTopics(estate, mirror({ kafkaVersion: "3.9.1", topicsExcludePattern: "nothing" }))).toEqual([
      ...old.slice(0, 4),
      "orders.dlq",
      "orders.replica",
    ]);
  });

  it("exclude every name that ends in internal, with the empty separator of Kafka 3.1 to 3.9", () => {
    expect(selectTopics(["myinternal", "orders"], mirror({ kafkaVersion: "3.9.1", separator: "" }))).toEqual([
      "orders",
    ]);
    expect(selectTopics(["myinternal", "orders"], mirror({ kafkaVersion: "3.0.2", separator: "" }))).toEqual([
      "myinternal",
      "orders",
    ]);
    expect(
      selectTopics(
        ["mm2-offset-syncstarget-clusterinternal", "xcheckpointsinternal", "orders"],
        mirror({ separator: "" }),
      ),
    ).toEqual(["orders"]);
  });

  it("match whole names and are not excluded", () => {
    expect(selectTopics(["orders", "orders-2", "my-orders"], mirror({ topicsPattern: "orders" }))).toEqual(["orders"]);
    expect(selectTopics(["orders", "orders-2"], mirror({ topicsExcludePattern: "orders-.*" }))).toEqual(["orders"]);
    expect(selectTopics(["a", "b", "c"], mirror({ topicsPattern: "a, b" }))).toEqual(["a", "b"]);
  });

  it("include heartbeats for any patterns, with the name that the policy gives", () => {
    const pairs = selectPairs(
      ["heartbeats", "x.heartbeats", "orders", "device-heartbeats"],
      mirror({ topicsPattern: "orders|device.*" }),
    );
    expect(pairs).toEqual([
      { origin: "device-heartbeats", target: "origin-cluster.device-heartbeats" },
      { origin: "heartbeats", target: "origin-cluster.heartbeats" },
      { origin: "orders", target: "orders" },
      { origin: "x.heartbeats", target: "origin-cluster.x.heartbeats" },
    ]);
    expect(selectPairs(["heartbeats"], mirror({ policyClass: strimzi }))).toEqual([
      { origin: "heartbeats", target: "heartbeats" },
    ]);
  });

  it("exclude topics that came from the target", () => {
    const policyClass = "org.apache.kafka.connect.mirror.DefaultReplicationPolicy";
    expect(
      selectTopics(
        ["target-cluster.orders", "third.target-cluster.orders", "orders", "target-cluster"],
        mirror({ policyClass }),
      ),
    ).toEqual(["orders", "target-cluster"]);
    expect(selectTopics(["target-cluster.orders"], mirror())).toEqual(["target-cluster.orders"]);
  });

  it("exclude the mirror's offset-syncs topic, but not a user topic with a target-side name", () => {
    expect(selectTopics(["offsets", "mm2-offset-syncs.target-cluster.internal"], mirror())).toEqual(["offsets"]);
  });
});

describe("the groups that a mirror covers", () => {
  it("exclude what MirrorMaker 2 excludes", () => {
    expect(selectGroups(["a", "connect-x", "console-consumer-1", "__x", "connector"], mirror())).toEqual([
      "a",
      "connector",
    ]);
    expect(selectGroups(["a", "connect-x"], mirror({ groupsExcludePattern: "a" }))).toEqual(["connect-x"]);
  });
});

describe("one part of a mirror", () => {
  const topics = ["orders", "orders-eu", "payments", "secret"];
  const groups = ["orders-app", "payments-app", "audit"];
  const wave = { wave: "orders", topics: "orders.*", groups: "orders-.*" };
  const rest = { withoutTopics: [wave.topics], withoutGroups: [wave.groups] };
  const copied = { topicsPattern: "orders.*,payments", groupsPattern: ".*-app" };

  it("each topic and group belongs either to the wave or to what is outside, and only if the mirror copies it", () => {
    const inWave = mirror({ ...copied, scope: wave });
    const outside = mirror({ ...copied, scope: rest });
    expect([selectTopics(topics, inWave), selectGroups(groups, inWave)]).toEqual([
      ["orders", "orders-eu"],
      ["orders-app"],
    ]);
    expect([selectTopics(topics, outside), selectGroups(groups, outside)]).toEqual([["payments"], ["payments-app"]]);
    expect(topicRule(inWave)("payments")).toBe("out of scope");
    expect(topicRule(inWave)("secret")).toBe("not matched");
  });

  it("a wave without groups moves none, and an accepted group belongs to every part", () => {
    expect(selectGroups(groups, mirror({ ...copied, scope: { ...wave, groups: "" } }))).toEqual([]);
    const split = { splitGroups: ["orders-app"] };
    expect(selectGroups(groups, mirror({ ...copied, scope: { ...rest, ...split } }))).toEqual([
      "orders-app",
      "payments-app",
    ]);
  });
});

describe("a pattern that selects nothing", () => {
  const hint = (topicsPattern: string, topics: string[]) => nothingSelected(topics, mirror({ topicsPattern })).message;

  it.each([
    ["order", ["orders-eu"], 'did you mean ".*order.*" (1 topics)'],
    ["orders*", ["orders-eu", "orders-us"], 'did you mean "orders.*" (2 topics)'],
    ["oredrs", ["orders", "payments"], 'did you mean "orders"'],
    ["Orders", ["orders"], 'did you mean "orders"'],
    [".*replica", ["a.replica"], 'topic "a.replica" matches, but is excluded'],
  ])("%s", (pattern, topics, expected) => {
    const message = hint(pattern, topics);
    expect(message).toContain("SELECTION_EMPTY");
    expect(message).toContain(expected);
  });

  it("suggests no unrelated name", () => {
    expect(hint("zebra", ["orders"])).not.toContain("did you mean");
    expect(hint("x", [])).toContain("check that this is the right origin");
  });
});
