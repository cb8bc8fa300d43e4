import { describe, expect, test } from "vitest";
import { aToB, mirrorMakerV1 } from "../test/policies/manifests";
import { all, found } from "../test/policies/resources";
import { describeMirror } from "../components/mirror/text";

const seen = (rule: string, config: object) =>
  found(rule, [aToB({}, { clusters: { a: { config }, b: {} } })]).map(({ message }) => message);

describe("the origin's config, which the operator gives to the connectors as it is", () => {
  const IAM = {
    "security.protocol": "SASL_SSL",
    "sasl.mechanism": "AWS_MSK_IAM",
    "sasl.jaas.config": "software.amazon.msk.auth.iam.IAMLoginModule required;",
    "sasl.client.callback.handler.class": "software.amazon.msk.auth.iam.IAMClientCallbackHandler",
  };

  test.each([IAM, { "ssl.truststore.type": "PEM" }, { "bootstrap.servers": "a:9092" }])(
    "is not dropped: %j",
    (config) => {
      expect(seen("dropped-options", config)).toEqual([]);
      expect(seen("misplaced-key", config)).toEqual([]);
      const v1 = mirrorMakerV1({}, [{ source: { alias: "a", bootstrapServers: "a:1", config } }]);
      expect(found("dropped-options", [v1])).toEqual([]);
    },
  );

  test("sets TLS and the login", () => {
    expect(seen("tls-missing", IAM)).toEqual([expect.stringContaining("the target has no tls and no authentication")]);
    expect(seen("tls-missing", { "security.protocol": "SSL" })).toEqual([expect.stringContaining("the target has no")]);
    expect(seen("tls-missing", { "security.protocol": "SASL_PLAINTEXT" })).toEqual([
      expect.stringContaining("the origin and the target have no tls, and the target has no authentication"),
    ]);
    expect(seen("login-missing", { "security.protocol": "SSL" }).join()).toContain("does not log in on the origin");
    expect(seen("login-missing", IAM)).toEqual([]);
  });

  test("is dropped by the workers if they keep their state there", () => {
    const mirror = aToB({}, { connectCluster: "a", clusters: { a: { config: IAM }, b: {} } });
    expect(found("dropped-options", [mirror]).length).toBeGreaterThan(0);
  });

  test("of a component is refused, because the component has fields for it", () => {
    const origin = { bootstrapServers: "a:9093", config: { "sasl.mechanism": "PLAIN" } };
    expect(() => describeMirror({ origin, target: { bootstrapServers: "b:9093" } })).toThrow(
      /origin\.config "sasl\.mechanism": only the connectors get .*use tls, authentication or bootstrapServers of origin/,
    );
  });

  test.each([
    ["producer.max.request.size", "write producer.override.max.request.size in the source connector's config"],
    ["consumer.max.poll.records", "write consumer.max.poll.records in the source connector's config"],
    ["admin.request.timeout.ms", "write admin.request.timeout.ms"],
    ["source.consumer.fetch.min.bytes", "write consumer.fetch.min.bytes in the source connector's config"],
    ["consumer.auto.offset.reset", "leave it out"],
    ["consumer.acks", "write producer.override.acks"],
  ])("has no place for a client's key: %s", (key, advice) => {
    const [message] = seen("misplaced-key", { [key]: "1" });
    expect(message).toContain(`"${key}" in clusters[0].config has no effect on the copy: of the origin's config`);
    expect(message).toContain(advice);
  });

  test("gets the advice for a client's key that is also misspelt", () => {
    expect(seen("misspelt-key", { "producer.max.request.sise": "1" }).join()).toMatch(
      /did you mean "producer\.max\.request\.size"\? of the origin's config .*write producer\.override\.max\.request\.size/,
    );
    expect(seen("misplaced-key", { "consumer.own.plugin": "1" })).toEqual([]);
  });
});

test("a value of a key that the version does not read is reported once, and not as refused", () => {
  const source = { "heartbeats.replication.enabled": "no", "offset-syncs.topic.location": "Target" };
  const rules = (version: string) =>
    all([aToB({ source }, { spec: { version } })])
      .filter(({ message }) => /heartbeats\.replication|location/.test(message))
      .map(({ rule }) => rule);
  expect(rules("2.8.1")).toEqual(["key-of-another-version", "key-of-another-version"]);
  expect(rules("3.9.0")).toEqual(["refused-value", "key-of-another-version"]);
  expect(rules("4.1.0")).toEqual(["refused-value", "refused-value"]);
});

test("a value of errors.tolerance that Kafka refuses leaves no record out", () => {
  const rules = (value: string) => all([aToB({ source: { "errors.tolerance": value } })]).map(({ rule }) => rule);
  expect(rules("ALL")).toContain("refused-value");
  expect(rules("ALL")).not.toContain("records-left-out");
  expect(rules("all")).toContain("records-left-out");
});

test("a key of the old form in v1 gets the advice of v1", () => {
  const spec = {
    target: undefined,
    connectCluster: "b",
    clusters: [
      { alias: "a", bootstrapServers: "a:1" },
      { alias: "b", bootstrapServers: "b:1", config: { "group.id": "g" } },
    ],
    mirrors: [{ sourceCluster: "a", targetCluster: "b", sourceConnector: {} }],
  };
  const messages = found("dropped-options", [mirrorMakerV1({}, [], {}, spec)]).map(({ message }) => message);
  expect(messages).toContainEqual(expect.stringMatching(/"group\.id".*write target\.groupId \[/));
});
