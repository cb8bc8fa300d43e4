import { describe, expect, test } from "vitest";
import { describeMirror } from "../../components/mirror/text";
import { found } from "../../test/policies/keys/found";

describe("client settings that Kafka refuses together", () => {
  test.each([
    ["source", { "producer.override.acks": 1, "producer.override.enable.idempotence": true }, 'write "acks": "all"'],
    [
      "target",
      { "producer.acks": "0", "producer.enable.idempotence": "true" },
      '"producer.acks" in clusters[1].config',
    ],
    [
      "source",
      { "producer.acks": "1", "source.producer.enable.idempotence": true },
      "the source connector cannot start",
    ],
    ["checkpoint", { "producer.override.retries": 0, "producer.override.enable.idempotence": true }, "has to retry"],
    [
      "heartbeat",
      { "producer.override.max.in.flight.requests.per.connection": 6, "producer.override.enable.idempotence": true },
      "the tasks of the heartbeat connector cannot start",
    ],
    ["source", { "producer.override.delivery.timeout.ms": 20000 }, "which is 30000"],
    ["source", { "producer.override.delivery.timeout.ms": 30000, "producer.override.linger.ms": 50 }, "which is 30050"],
    ["target", { "producer.delivery.timeout.ms": 60000, "producer.request.timeout.ms": 90000 }, "which is 90000"],
    ["source", { "source.admin.default.api.timeout.ms": 1000 }, "has to be at least request.timeout.ms"],
    [
      "target",
      { "heartbeat.interval.ms": 10000 },
      "(10000) has to be less than session.timeout.ms (10000): the workers",
    ],
    ["target", { "session.timeout.ms": 3000 }, "heartbeat.interval.ms (3000) has to be less"],
  ])("%s: %o", (block, config, says) => {
    const messages = found(block, config).filter((message) => message.startsWith("settings-contradict"));
    expect(messages).toEqual([expect.stringContaining(says)]);
  });

  test.each([
    ["source", { "producer.override.acks": "1" }],
    ["source", { "producer.override.max.in.flight.requests.per.connection": 6 }],
    // The connector's value wins over the workers'.
    ["source", { "target.producer.acks": "1", "producer.enable.idempotence": true }],
    ["source", { "producer.override.request.timeout.ms": 200000 }],
    ["source", { "consumer.session.timeout.ms": 1000 }],
    ["source", { "producer.override.delivery.timeout.ms": "${env:TIMEOUT}" }],
    ["target", { "session.timeout.ms": 30000, "heartbeat.interval.ms": 10000 }],
    ["target", { "request.timeout.ms": 100000 }],
    // A placeholder is filled in elsewhere, so nobody here knows the number or the word.
    ["target", { "heartbeat.interval.ms": 10000, "session.timeout.ms": "${env:S}" }],
    ["target", { "heartbeat.interval.ms": "${env:H}", "session.timeout.ms": 3000 }],
    ["source", { "producer.override.delivery.timeout.ms": 20000, "producer.override.request.timeout.ms": "${env:R}" }],
    ["source", { "admin.default.api.timeout.ms": 1000, "admin.request.timeout.ms": "${env:R}" }],
    [
      "source",
      { "consumer.group.id": "g", "consumer.session.timeout.ms": 3000, "consumer.heartbeat.interval.ms": "${env:H}" },
    ],
    [
      "source",
      { "consumer.group.id": "g", "consumer.session.timeout.ms": 3000, "consumer.group.protocol": "${env:P}" },
    ],
  ])("accepted: %s: %o", (block, config) => {
    expect(found(block, config).filter((message) => message.startsWith("settings-contradict"))).toEqual([]);
  });

  test("the connector's setting overrides the workers'", () => {
    const both = (source: Record<string, unknown>, target: Record<string, unknown>) =>
      found("source", source, "3.9.0", { target }).filter((message) => message.startsWith("settings-contradict"));
    const worker = { "producer.acks": "1" };
    expect(both({ "producer.override.enable.idempotence": true, "producer.override.acks": "all" }, worker)).toEqual([]);
    expect(both({ "producer.override.enable.idempotence": true }, worker)).toEqual([
      expect.stringContaining(
        '"producer.acks" in clusters[1].config is "1" and "producer.override.enable.idempotence" in ' +
          'sourceConnector.config is "true"',
      ),
    ]);
    const transactions = { "exactly.once.source.support": "enabled" };
    expect(both({ "producer.override.acks": "1" }, transactions).join()).toContain("exactly-once makes it idempotent");
  });

  test("an in-flight limit is not held against a producer whose idempotence is a placeholder", () => {
    const flight = { "producer.max.in.flight.requests.per.connection": 6 };
    const placeholder = found("source", { ...flight, "producer.enable.idempotence": "${env:I}" }, "4.1.0");
    expect(placeholder.join()).not.toContain("settings-contradict");
    expect(found("source", flight, "4.1.0").join()).toContain("at most 5 requests in flight");
  });

  test("exactly-once replaces the transactional.id and the idempotence of the tasks' producers", () => {
    const conflicts = (support: string, source: Record<string, unknown>) =>
      found("source", source, "3.9.0", { target: { "exactly.once.source.support": support } }).filter((message) =>
        message.startsWith("settings-contradict"),
      );
    const own = { "producer.override.transactional.id": "x", "producer.override.enable.idempotence": "false" };
    expect(conflicts("enabled", own)).toEqual([]);
    expect(conflicts("${env:SUPPORT}", own)).toEqual([]);
    expect(conflicts("disabled", own)).toEqual([expect.stringContaining("a transactional producer")]);
    // The producer of offset syncs is not one of a task.
    const syncs = { "producer.transactional.id": "x", "producer.enable.idempotence": "false" };
    expect(conflicts("enabled", syncs)).toEqual([expect.stringContaining("a transactional producer")]);
    const [acks] = conflicts("enabled", { "producer.override.acks": 1, "producer.override.enable.idempotence": true });
    expect(acks).toContain('write "acks": "all"');
    expect(acks).not.toContain('remove "enable.idempotence"');
  });

  test("the default of linger.ms is that of the Kafka version", () => {
    const config = { "producer.override.delivery.timeout.ms": 30000 };
    expect(found("source", config, "4.0.0").join()).toContain("which is 30005");
    expect(found("source", config, "3.9.0")).toEqual([]);
    expect(found("source", { ...config, "producer.override.linger.ms": "${env:L}" }, "4.0.0")).toEqual([]);
  });

  test.each([
    { "producer.override.acks": "1" },
    { "producer.override.retries": 0 },
    { "producer.override.max.in.flight.requests.per.connection": 6 },
    { "producer.override.delivery.timeout.ms": 1000 },
  ] as Record<string, string | number>[])("a component refuses %o together with its profile's settings", (config) => {
    const describing = () =>
      describeMirror({
        profile: "tuned",
        origin: { bootstrapServers: "a:9092" },
        target: { bootstrapServers: "b:9092" },
        sourceConnector: { config },
      });
    expect(describing).toThrow(
      expect.objectContaining({ details: [expect.stringContaining("[settings-contradict]")] }),
    );
  });
});
