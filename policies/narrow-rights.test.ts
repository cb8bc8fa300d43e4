import { describe, expect, test } from "vitest";
import { aToB, identity, kafkaUser, resource } from "../test/policies/manifests";
import { found } from "../test/policies/resources";

const rule = (type: string, name: string, operations: string[], patternType = "prefix") => ({
  operations,
  resource: { type, name, patternType },
});
const SYNCS = rule("topic", "mm2-offset-syncs.b.internal", ["Create", "Write", "Read"], "literal");

describe("a user of the origin who may see only a part of what the patterns select", () => {
  const said = (...rules: object[]) => {
    const login = { authentication: { type: "scram-sha-512", username: "mm2" } };
    const quiet = { source: { "sync.topic.acls.enabled": false }, checkpoint: {} };
    const entry = { topicsPattern: ".*", entry: { groupsPattern: ".*" } };
    const mirror = aToB({ ...quiet, ...entry }, { clusters: { a: login, b: {} } });
    return found("acl-missing", [mirror, kafkaUser("mm2", "a", [SYNCS, ...rules])]).map(({ message }) => message);
  };
  const PART = "brokers show the mirror only the topics and groups of its other rules";
  const orders = rule("topic", "orders.", ["Read", "DescribeConfigs"]);
  const groups = rule("group", "orders-", ["Describe"]);
  const everyGroup = rule("group", "*", ["Describe"], "literal");

  test("is told that the rest is left out", () => {
    expect(said(orders, groups)).toEqual([expect.stringContaining(PART)]);
    expect(said(orders, everyGroup)).toEqual([expect.stringContaining(PART)]);
    expect(said(orders, groups).join()).toContain("write patterns that select only what the user may read");
  });

  test("is told that nothing is copied, if something is seen that cannot be read", () => {
    const nothing = [expect.stringContaining("RUNNING but copies nothing, or writes no checkpoints")];
    expect(said(orders, rule("topic", "*", ["Describe"], "literal"), groups)).toEqual(nothing);
    expect(said(rule("topic", "orders.", ["Read"]), groups)).toEqual(nothing);
    expect(said(orders)).toEqual(nothing);
    expect(said(orders, groups, { operations: ["Describe"], resource: { type: "cluster" } })).toEqual(nothing);
  });
});

describe("a user of the target without rights on groups", () => {
  const said = (...rules: object[]) => {
    const login = { authentication: { type: "scram-sha-512", username: "mm2" } };
    const checkpoint = { "sync.group.offsets.enabled": true };
    const mirror = aToB(
      { source: {}, checkpoint, entry: { groupsPattern: "orders" } },
      { clusters: { a: {}, b: login } },
    );
    return found("acl-missing", [mirror, kafkaUser("mm2", "b", rules)]).map(({ message }) => message);
  };
  const everything = [
    rule("topic", "*", ["All"], "literal"),
    rule("cluster", "", ["All"], "literal"),
    rule("group", "b-mm2", ["Read"], "literal"),
  ];
  const workers = (name: string) => rule("group", name, ["Read"], "literal");

  test("is told that only the sync of the groups fails, if the workers have their own group", () => {
    expect(said(...everything, workers("mirrormaker2-cluster"))).toEqual([
      expect.stringContaining("cannot sync the groups' offsets, but copies everything else"),
    ]);
    expect(said(...everything)).toEqual([expect.stringContaining("RUNNING but copies nothing")]);
    expect(said(...everything, workers("mirrormaker2-cluster"), workers("orders"))).toEqual([]);
  });
});

describe("a topic of the target that takes the time of the copy is reported under the name of the copy", () => {
  const topic = (name: string) => {
    const one = resource("KafkaTopic", name, { config: { "message.timestamp.type": "LogAppendTime" } });
    Object.assign(one.props.metadata as object, { labels: { "strimzi.io/cluster": "b" } });
    return one;
  };
  const seen = (name: string, source: object) =>
    found("timestamps", [aToB({ source, checkpoint: source }), topic(name)]);

  test("default policy", () => {
    expect(seen("a.orders", {})).toHaveLength(1);
    expect(seen("orders", {})).toEqual([]);
  });
  test("only a migration waits for its cutover", () => {
    expect(seen("a.orders", {})[0]!.message).not.toContain("cutover");
    expect(seen("orders", identity)[0]!.message).toContain("use CreateTime until the cutover is finished");
  });
  test("identity policy", () => {
    expect(seen("orders", identity)).toHaveLength(1);
    expect(seen("a.orders", identity)).toEqual([]);
  });
});

test("the value of a field that the API server refuses says nothing about certificates", () => {
  const tls = (value: unknown) => found("tls-without-ca", [aToB({}, { clusters: { a: { tls: value }, b: {} } })]);
  expect(tls(true)).toEqual([]);
  expect(tls({ trustedCertificates: { secretName: "ca", certificate: "ca.crt" } })).toEqual([]);
  expect(tls({})).toHaveLength(1);
  expect(tls({ trustedCertificates: [] })).toHaveLength(1);
});

test("a class that chooses settings of topics is not said to choose topics", () => {
  const source = { "config.property.filter.class": "com.example.Filter" };
  expect(found("records-left-out", [aToB({ source })]).map(({ message }) => message)).toEqual([
    expect.stringMatching(/decides which settings the topics keep .*use config\.properties\.exclude/),
  ]);
});
