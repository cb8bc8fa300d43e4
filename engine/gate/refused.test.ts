import { describe, expect, it } from "vitest";
import { findingsOf } from "./findings";
import { refusalOf } from "./refused";
import { testMirror } from "../../test/support/models";
import type { Look } from "./look";

const mirror = testMirror({ topicsPattern: ".*" });
const now = Date.parse("2026-01-01T00:00:00Z");
const callback = (cause: string) =>
  `org.apache.kafka.connect.errors.ConnectException: Unrecoverable exception from producer send callback\n\tat ` +
  `x\nCaused by: org.apache.kafka.common.errors.${cause}`;

type Task = Look["connect"]["assignments"][number];

/** Task 0 copies `orders` and `bills`. `bills` is complete; `orders` is at offset 6 of 10. */
function look(over: Partial<Look> = {}, task: Partial<Task> = {}): Look {
  const topic = (origin: string) => ({
    origin,
    target: origin,
    partitions: [0],
    offline: [],
    targetPartitions: 1,
    targetOffline: [],
  });
  const facts = (mirrored: number) => ({ start: 0, end: 10, stable: 10, mirrored, clearedTo: undefined });
  const partitions = ["orders", "bills"].map((name) => ({ topic: name, partition: 0 }));
  return {
    at: now,
    visibleTopics: ["orders", "bills"],
    topics: [topic("orders"), topic("bills")],
    partitions: new Map([
      ["orders:0", { topic: "orders", partition: 0, facts: facts(5) }],
      ["bills:0", { topic: "bills", partition: 0, facts: facts(9) }],
    ]),
    connect: {
      missingTopics: [],
      offsets: new Map([
        ["orders:0", 5],
        ["bills:0", 9],
      ]),
      source: { config: {}, target: "STARTED", tasks: new Map(), inconsistent: false },
      assignments: [{ task: 0, partitions, status: { state: "RUNNING" }, ...task }],
    },
    isolation: "read_uncommitted",
    hiddenTopics: [],
    gapsRead: 0,
    ...over,
  };
}

const failing = (trace: string, settings: Record<string, string> = {}) =>
  look(
    { targetSettings: new Map(["orders", "bills"].map((t) => [t, new Map(Object.entries(settings))])) },
    { status: { state: "FAILED", trace } },
  );

const options = { acceptTruncation: [], strictConnectors: false };
const against = (l: Look) => findingsOf(l, mirror, options).against;

describe("the finding for a record that the target refuses", () => {
  const says = (trace: string, settings: Record<string, string> = {}) =>
    against(failing(trace, settings)).find((f) => f.subject === "source task 0")!;

  it("names topic, setting and timestamp if the record is too old", () => {
    const trace = callback(
      "InvalidTimestampException: Timestamp 1000 of message with offset 0 is out of range. The timestamp should " +
        "be within [1, 2]",
    );
    const found = says(trace, { "message.timestamp.before.max.ms": "3600000" });
    expect(found).toMatchObject({ kind: "record refused", hopeless: true });
    expect(found.text).toMatch(
      /its time 1970-01-01T00:00:01.000Z, in one of orders-0 from offset 6 \(message.timestamp.before.max.ms=3600000 on the target\): raise/,
    );
    expect(found.text).not.toContain("bills");
  });

  it("names the setting to raise if the record is from the future", () => {
    const trace = callback(`InvalidTimestampException: Timestamp ${now + 1} of message with offset 0 is out of range.`);
    expect(says(trace).text).toMatch(/raise message.timestamp.after.max.ms: set it on the origin's topic/);
  });

  it("names the partition from the trace if the topic is compacted and the record has no key", () => {
    const message =
      "One or more records have been rejected due to 1 record errors in total: [RecordError(batchIndex=0, " +
      "message='Compacted topic cannot accept message without key in topic partition orders-0.')]";
    const found = says(callback(`InvalidRecordException: ${message}`), { "cleanup.policy": "compact" });
    expect(found.text).toMatch(/a record without a key, in orders-0 \(cleanup.policy=compact on the target\)/);
  });

  it("names the limit if the record is too large for the topic or for the producer", () => {
    const atBroker = says(
      callback(
        "RecordTooLargeException: The request included a message larger than the max message size the server " +
          "will accept.",
      ),
      { "max.message.bytes": "1000" },
    );
    expect(atBroker.text).toMatch(
      /orders-0 from offset 6 \(max.message.bytes=1000 on the target\): raise max.message.bytes/,
    );
    const message =
      "The message is 3000085 bytes when serialized which is larger than 1048576, which is the value of the " +
      "max.request.size configuration.";
    const atProducer = says(callback(`RecordTooLargeException: ${message}`));
    expect(atProducer).toMatchObject({ kind: "record too large" });
    expect(atProducer.text).toMatch(
      /its size of 3000085 bytes, in one of orders-0 from offset 6: set producer.override.max.request.size above 3000085/,
    );
  });

  it("leaves any other trace unchanged", () => {
    expect(refusalOf(callback("TopicAuthorizationException: no"), now)).toBeUndefined();
    expect(says(callback("TopicAuthorizationException: no"))).toMatchObject({ kind: "task failed" });
  });
});

describe("topics that cannot be copied", () => {
  const missing = (target: string, collidesWith?: string) =>
    look({
      topics: [
        {
          origin: "orders",
          target,
          partitions: [0],
          offline: [],
          targetOffline: [],
          ...(collidesWith === undefined ? {} : { collidesWith }),
        },
      ],
    });

  it("include a name that collides with another topic, which is not a missing right", () => {
    expect(against(missing("a.b", "a_b"))).toContainEqual(
      expect.objectContaining({
        kind: "topic name",
        hopeless: true,
        text: expect.stringMatching(/a\.b.*a_b/) as string,
      }),
    );
    expect(against(missing("a.b"))).toContainEqual(expect.objectContaining({ kind: "no target topic" }));
  });

  it("include a name that is too long", () => {
    expect(against(missing("x".repeat(250)))[0]).toMatchObject({
      kind: "topic name",
      text: expect.stringContaining("250 characters") as string,
    });
    expect(against(missing("x".repeat(249)))[0]).toMatchObject({ kind: "no target topic" });
  });

  it("do not include a topic that was deleted on the origin: it is only a warning", () => {
    const gone = look();
    (gone.connect.offsets as Map<string, number>).set("gone:0", 3);
    const { warnings, against: found } = findingsOf(gone, mirror, options);
    expect(warnings).toEqual([
      expect.stringMatching(/^topic gone was copied .* exclude it with mirror.topicsExcludePattern$/) as string,
    ]);
    expect(found.map((f) => f.subject)).not.toContain("gone");
  });
});

describe("the checkpoint connector's tasks", () => {
  const withTask = (groups: string) => {
    const trace = "java.util.concurrent.ExecutionException: org.apache.kafka.common.errors.InvalidGroupIdException";
    const checkpoint = {
      config: {},
      target: "STARTED",
      taskCount: 1,
      inconsistent: false,
      tasks: new Map([[0, { config: { "task.assigned.groups": groups }, status: { state: "FAILED", trace } }]]),
    };
    const l = look();
    return { ...l, connect: { ...l.connect, checkpoint } };
  };

  it("cause a warning if they fail, and it explains a group with an empty or blank name", () => {
    const { warnings } = findingsOf(withTask("a,,b"), mirror, options);
    expect(warnings[0]).toMatch(
      /^checkpoint connector's task 0 is FAILED: .*InvalidGroupIdException.*empty or blank name.*mirror.groupsExcludePattern/,
    );
    expect(warnings[0]).toMatch(/"\\s\*" matches an empty or blank name/);
    expect(findingsOf(withTask("a,b"), mirror, options).warnings[0]).not.toContain("blank name");
  });

  it("keep the gate closed if one has failed, with strictConnectors", () => {
    expect(findingsOf(withTask("a"), mirror, { ...options, strictConnectors: true }).against).toContainEqual(
      expect.objectContaining({ kind: "task failed", subject: "checkpoint connector's task 0" }),
    );
  });
});
