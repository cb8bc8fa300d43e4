import { expect, test } from "vitest";
import { modelFrom } from "../engine/mirror-configuration";
import { rules } from "../engine/rules";
import { aToB, identity } from "../test/policies/manifests";
import { readView } from "./read";

const messages = (rule: string, flow: Parameters<typeof aToB>[0], rest: Parameters<typeof aToB>[1] = {}) =>
  rules
    .find(({ name }) => name === rule)!
    .check(readView([aToB(flow, rest)]))
    .map(({ message }) => message);
const model = (flow: Parameters<typeof aToB>[0], spec: object = {}) =>
  modelFrom(readView([aToB({ topicsPattern: undefined, ...flow }, { spec })]).mirrors[0]!);

test("the exclusion that is suggested for other tools' topics keeps what is excluded already", () => {
  const suggested = (more: object) =>
    messages("pattern-swallows", { topicsPattern: ".*", source: identity, checkpoint: identity, ...more }).join();
  expect(suggested({})).toContain('"mm2.*\\.internal,.*\\.replica,__.*,_schemas,connect-.*,');
  expect(suggested({ entry: { topicsExcludePattern: "secret-.*, _schemas" } })).toContain(
    '"secret-.*,_schemas,connect-.*,mirrormaker2-cluster-.*"',
  );
});

test("topics and groups in a connector's config count unless a field of the mirror replaces them", () => {
  const flow = {
    source: { topics: "orders", "topics.exclude": "orders-old" },
    checkpoint: { groups: "billing", "groups.blacklist": "x" },
  };
  expect(model(flow)).toMatchObject({
    topicsPattern: "orders",
    topicsExcludePattern: "orders-old",
    groupsPattern: "billing",
    groupsExcludePattern: "x",
  });
  expect(messages("pattern-swallows", { ...flow, topicsPattern: undefined })).toEqual([]);
  expect(model({ ...flow, topicsPattern: "pay", entry: { groupsExcludePattern: "y" } })).toMatchObject({
    topicsPattern: "pay",
    topicsExcludePattern: "orders-old",
    groupsExcludePattern: "y",
  });
});

test("Kafka 4 does not read topics.blacklist and groups.blacklist", () => {
  const flow = { source: { "topics.blacklist": "orders" }, checkpoint: { "groups.blacklist": "billing" } };
  const excludes = (version: string | undefined) => {
    const { topicsExcludePattern, groupsExcludePattern } = model(flow, { version });
    return [topicsExcludePattern, groupsExcludePattern];
  };
  expect(excludes("3.9.0")).toEqual(["orders", "billing"]);
  expect(excludes("4.1.0")).toEqual([undefined, undefined]);
  // Operators of v1beta2 also run Kafka 3, so nobody here knows whether it is read.
  expect(excludes(undefined)).toEqual(["orders", "billing"]);
  const nothing = (version: string) =>
    messages("nothing-copied", { source: { "topics.blacklist": "ord.*" } }, { spec: { version } });
  expect([nothing("3.9.0").length, nothing("4.1.0").length]).toEqual([1, 0]);
  const sinks = (version: string) =>
    messages(
      "sink-groups",
      { entry: { groupsPattern: "connect-.*" }, checkpoint: { "groups.blacklist": "x" } },
      { spec: { version } },
    );
  expect([sinks("3.9.0").length, sinks("4.1.0").length]).toEqual([0, 1]);
  const refused = (version: string) =>
    messages("names-refused", { source: { "topics.blacklist": "a(" } }, { spec: { version } });
  expect([refused("3.9.0").length, refused("4.1.0").length]).toEqual([1, 0]);
});

test("a key that the operator overwrites is reported with the field that replaces it", () => {
  const entry = { groupsPattern: "app", topicsBlacklistPattern: "x" };
  const source = { topics: "payments", "topics.exclude": "y" };
  const found = messages("misplaced-key", { source, checkpoint: { groups: "billing" }, entry });
  expect(found).toEqual([
    expect.stringContaining('"topics" in sourceConnector.config has no effect: the operator writes topicsPattern'),
    expect.stringContaining("the operator writes topicsBlacklistPattern of mirrors[] over it"),
    expect.stringContaining('"groups" in checkpointConnector.config has no effect: the operator writes groupsPattern'),
  ]);
  expect(messages("misplaced-key", { source: { topics: "orders" } })).toEqual([]);
});

test("topics of the checkpoint connector alone do not limit the copy", () => {
  const checkpoint = { topics: "orders" };
  expect(messages("misplaced-key", { topicsPattern: undefined, checkpoint })).toEqual([
    expect.stringContaining('"topics" in checkpointConnector.config has no effect on the copy'),
  ]);
  expect(messages("misplaced-key", { topicsPattern: undefined, checkpoint, source: checkpoint })).toEqual([]);
});

test.each([
  "connect.+",
  "connect.*",
  "connect-.+",
  "connect[-_].*",
  "(app|connect).*",
  ".*connect.*",
  "connect-?\\w+",
  "conn.*",
  "app,connect-s3.*",
])("groupsPattern %s selects groups of sink connectors", (groupsPattern) => {
  expect(messages("sink-groups", { entry: { groupsPattern } })).toEqual([
    expect.stringMatching(/selects connect-.+, and the default of groups.exclude leaves out connect-/),
  ]);
  expect(messages("sink-groups", { entry: { groupsPattern, groupsExcludePattern: "__.*" } })).toEqual([]);
});

test.each([".*", "app.*", "c.*", "[a-z].*", "connector", "connections-.*", "kafka-connect"])(
  "groupsPattern %s selects no groups of sink connectors",
  (groupsPattern) => {
    expect(messages("sink-groups", { entry: { groupsPattern } })).toEqual([]);
  },
);

test.each(["com.example.Policy", "com.acme.IdentityReplicationPolicy", "DefaultReplicationPolicy"])(
  "all entries of a resource are compared with each other, except those with a custom policy such as %s",
  (policy) => {
    const flows = ["a", "c"].map((from) => ({ from, to: "b", topicsPattern: "orders" }));
    const identity = { "replication.policy.class": "org.apache.kafka.connect.mirror.IdentityReplicationPolicy" };
    const custom = { "replication.policy.class": policy };
    const rest = {
      clusters: { a: {}, b: {}, c: { bootstrapServers: "a-kafka-bootstrap:9092" } },
      flows: flows.map((flow, i) => ({ ...flow, source: i === 0 ? identity : custom })),
    };
    expect(messages("policy-unknown", {}, rest)).toEqual([
      expect.stringMatching(/^KafkaMirrorMaker2 ns\/mm2 mirrors\[1\]: /),
    ]);
    expect(messages("copied-twice", {}, rest)).toEqual([]);
    expect(
      messages("copied-twice", {}, { ...rest, flows: flows.map((flow) => ({ ...flow, source: identity })) }),
    ).toEqual([expect.stringContaining('mirrors[1]: topic orders of "c" is copied to "b" by mirrors[0], too')]);
  },
);
