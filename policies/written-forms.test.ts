import { describe, expect, test } from "vitest";
import { aToB, identity, kafkaUser, mirrorMaker } from "../test/policies/manifests";
import { all, found } from "../test/policies/resources";

/** The same mistake, or the same correct text, in another form than the usual one. */
const seen = (rule: string, resources: ReturnType<typeof aToB>[]) =>
  found(rule, resources).map(({ message }) => message);

describe("spaces and line ends around a value, which Kafka ignores", () => {
  const [IDENTITY] = Object.values(identity);
  const folded = { "replication.policy.class": `${IDENTITY}\n` };

  test("are part of neither the policy's name nor the place of the offset syncs", () => {
    const source = { ...folded, "offset-syncs.topic.location": "target " };
    const checkpoint = { ...identity, "offset-syncs.topic.location": "target" };
    for (const rule of ["policy-agreement", "policy-class-exists", "policy-unknown"])
      expect(seen(rule, [aToB({ source, checkpoint })])).toEqual([]);
  });

  test("do not hide a loop, or turn on what is off", () => {
    const back = { clusters: { a: {}, b: {} }, connectCluster: "a", flows: [{ from: "b", to: "a", source: identity }] };
    expect(seen("endless-loop", [aToB({ source: folded }), mirrorMaker({ name: "back", ...back })])).toHaveLength(1);
    const off = aToB({ source: { "sync.topic.acls.enabled": "false " } });
    expect(seen("acl-sync-with-operator", [off, kafkaUser("app", "b", [])])).toEqual([]);
  });
});

test("a key of Kafka beside config belongs into config", () => {
  const mirror = aToB({ entry: { sourceConnector: { config: {}, "sync.topic.acls.enabled": false } } });
  expect(seen("unknown-field", [mirror])).toEqual([
    "KafkaMirrorMaker2 ns/mm2: spec.mirrors[0].sourceConnector.sync.topic.acls.enabled is not a field of " +
      "kafka.strimzi.io/v1beta2: the API server drops it: the setting keeps its default; did you mean " +
      '"sync.topic.acls.enabled" in spec.mirrors[0].sourceConnector.config? [unknown-field]',
  ]);
});

test("a mapping in place of a list is one finding", () => {
  const mirror = (spec: object) => [aToB({}, { spec })];
  for (const spec of [{ clusters: { a: {}, b: {} } }, { mirrors: { sourceCluster: "a", targetCluster: "b" } }])
    expect(all(mirror(spec)).map(({ rule }) => rule)).toEqual(["field-refused"]);
});

test.each(["strimzi.io/v1beta2", "core.strimzi.io/v1beta2"])("%s has no KafkaMirrorMaker2", (apiVersion) => {
  expect(seen("field-refused", [aToB({}, { apiVersion })])).toEqual([
    expect.stringContaining(`apiVersion is "${apiVersion}", which no version of Strimzi has for KafkaMirrorMaker2`),
  ]);
});
