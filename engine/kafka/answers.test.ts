import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openKafka, type CountingPort } from "./client";
import type { OpenOptions } from "./port";
import { In } from "./wire";
import { ALL_APIS, type FakeBroker, fetched, metadata, startFakeBroker } from "../../test/engine/kafka/fake-broker";

let broker: FakeBroker;
let port: CountingPort;

const open = async (options: OpenOptions = {}) =>
  (port = await openKafka({ bootstrapServers: `127.0.0.1:${broker.port}` }, "origin", options));

beforeEach(async () => {
  broker = await startFakeBroker();
});
afterEach(async () => {
  await port.close();
  await broker.stop();
});

const of = (name: string) => broker.asked.filter((a) => a.api.name === name);

const ASK = [{ topic: "t", partition: 0, offset: 7n }];

describe("a broker that throttles this client (KIP-219)", () => {
  beforeEach(() => {
    broker.answer.Metadata = () => metadata(broker, [{ name: "t" }]);
  });

  it("the throttle time of every response is read, for all requests", async () => {
    await open();
    expect(ALL_APIS.length).toBeGreaterThan(30);
    for (const api of ALL_APIS) {
      const bytes = Buffer.alloc(600);
      // OffsetDelete has the error code before the throttle time, Produce the list of topics.
      bytes.writeInt32BE(1234, { OffsetDelete: 2, Produce: 4 }[api.name] ?? 0);
      const body = new In(bytes, api.flexible);
      try {
        api.read(body);
      } catch {
        // Some readers cannot read zeros.
      }
      expect([api.name, api.version, body.throttleMs]).toEqual([api.name, api.version, 1234]);
    }
  });

  it("a response without partitions is requested again after the throttle time, and the wait is shown", async () => {
    const lines: string[] = [];
    await open({ progress: { info: (line) => lines.push(line), warn: () => {} } });
    broker.answer.Fetch = (before) => fetched(before === 0 ? 1600 : 0, before > 0);
    expect((await port.fetch(ASK)).get("t:0")).toMatchObject({ highWatermark: 7n });
    const [first, second] = of("Fetch");
    expect(second!.at - first!.at).toBeGreaterThanOrEqual(1590);
    expect(lines).toEqual([expect.stringMatching(/^origin throttles this client: waiting 1\.[0-9] s$/)]);
  });

  it("many short throttle times in a row are shown, too", async () => {
    const lines: string[] = [];
    await open({ progress: { info: (line) => lines.push(line), warn: () => {} } });
    broker.answer.Fetch = (before) => fetched(before < 4 ? 400 : 0, before % 2 === 1);
    for (let i = 0; i < 3; i++) await port.fetch(ASK);
    // On a slow machine the earlier waits may already add up to 1 s.
    expect(lines).toEqual([
      expect.stringMatching(/^origin throttles this client: waiting 0\.[0-9] s(, [12](\.[0-9])? s so far)?$/),
    ]);
  });

  it("a broker that throttles each request again is asked less often, until its quota has recovered", async () => {
    await open();
    // With a low request_percentage each request uses up what the quota got back during the throttle time.
    broker.answer.Fetch = () => {
      const [last, now] = of("Fetch").slice(-2);
      return fetched(100, now !== undefined && now.at - last!.at > 1500);
    };
    const started = Date.now();
    await port.fetch(ASK);
    expect(Date.now() - started).toBeLessThan(8000);
    expect(of("Fetch").length).toBeLessThan(6);
  });

  it("the broker gets no other request before the throttle time ends", async () => {
    await open();
    broker.answer.Fetch = () => fetched(500, true);
    await port.fetch(ASK);
    const answered = Date.now();
    await port.describeTopics(["t"]);
    expect(of("Metadata").at(-1)!.at - answered).toBeGreaterThanOrEqual(490);
  });

  it("a call ends at its limit and names the quota", async () => {
    await open({ throttledUntil: Date.now() + 300 });
    broker.answer.Fetch = () => fetched(60_000, false);
    const started = Date.now();
    await expect(port.fetch(ASK)).rejects.toMatchObject({
      code: "KAFKA_THROTTLED",
      fix: expect.stringContaining("consumer_byte_rate"),
    });
    expect(Date.now() - started).toBeLessThan(3000);
  });

  it("an interruption ends the wait at once", async () => {
    const interrupt = new AbortController();
    await open({ signal: interrupt.signal });
    broker.answer.Fetch = () => {
      setTimeout(() => interrupt.abort(), 50);
      return fetched(60_000, false);
    };
    const started = Date.now();
    await expect(port.fetch(ASK)).rejects.toMatchObject({ name: "AbortError" });
    expect(Date.now() - started).toBeLessThan(3000);
  });
});

describe("a broker that is too old", () => {
  it("returns no list of SCRAM users and no list of quotas, which is not an empty list", async () => {
    broker.newest = { DescribeUserScramCredentials: -1, DescribeClientQuotas: -1 };
    await open();
    expect(await port.scramUsers()).toBeUndefined();
    expect(await port.clientQuotas()).toBeUndefined();
  });

  it("returns quotas with the older version of the request (Kafka 2.6)", async () => {
    broker.newest = { DescribeClientQuotas: 0 };
    broker.answer.DescribeClientQuotas = (before) => (out) => {
      // NOT_CONTROLLER is a temporary error.
      out
        .int32(0)
        .int16(before === 0 ? 41 : 0)
        .string(null);
      out.list(["user", "tenant"], (type) => {
        out.list([type], (t) => out.string(t).string(null));
        out.list(["consumer_byte_rate"], (key) => out.string(key).int64(0x4093480000000000n));
      });
    };
    await open();
    // The type "tenant" does not exist (yet). Without it the quota would look like one for everybody.
    expect(await port.clientQuotas()).toEqual([{ user: null, values: { consumer_byte_rate: 1234 } }]);
    expect(of("DescribeClientQuotas")).toHaveLength(2);
  });

  it("changes a quota with the older version of the request, and again after a temporary error", async () => {
    broker.newest = { AlterClientQuotas: 0 };
    broker.answer.Metadata = () => metadata(broker, []);
    broker.answer.AlterClientQuotas = (before) => (out) => {
      out.int32(0).list(["mm2"], (user) => {
        out.int16(before === 0 ? 41 : 0).string(null);
        out.list([user], (name) => out.string("user").string(name));
      });
    };
    await open();
    await port.alterUserQuota("mm2", "producer_byte_rate", 1234);
    expect(of("AlterClientQuotas")).toHaveLength(2);
    broker.newest = { AlterClientQuotas: -1 };
    await port.close();
    await open();
    await expect(port.alterUserQuota("mm2", "producer_byte_rate", null)).rejects.toThrow(/KAFKA_UNSUPPORTED/);
  });
});

describe("a record that is appended", () => {
  it.each([19, 20])("is sent again after error %i: too few replicas are in sync for a moment", async (errorCode) => {
    broker.answer.Metadata = () => metadata(broker, [{ name: "t" }]);
    broker.answer.Produce = (before) => (out) => {
      out.list(["t"], (topic) => {
        out.string(topic).list([0], (partition) => {
          out.int32(partition).int16(before === 0 ? errorCode : 0);
          out
            .int64(0n)
            .int64(-1n)
            .int64(0n)
            .list([], () => {});
          out.string(null);
        });
      });
      out.int32(0);
    };
    await open();
    await port.append("t", [{ key: Buffer.from("k"), value: Buffer.from("v") }]);
    expect(of("Produce")).toHaveLength(2);
  });
});

describe("topic lists", () => {
  it("an empty list is requested again before it is accepted", async () => {
    await open();
    broker.answer.Metadata = (before) => metadata(broker, before < 3 ? [] : [{ name: "t" }]);
    expect(await port.listTopics()).toEqual(["t"]);
    broker.answer.Metadata = () => metadata(broker, []);
    expect(await port.listTopics()).toEqual([]);
  });

  it("a list without brokers is requested again, not treated as an empty cluster", async () => {
    await open();
    broker.answer.Metadata = (before) =>
      metadata(broker, before < 2 ? [] : [{ name: "t" }], { brokers: before < 2 ? 0 : 1 });
    expect(await port.listTopics()).toEqual(["t"]);
  });

  it("a topic with a temporary error stays in the list", async () => {
    await open();
    broker.answer.Metadata = (before) =>
      metadata(broker, before < 3 ? [{ name: "s" }, { name: "t", error: 5 }] : [{ name: "t" }]);
    expect(await port.listTopics()).toEqual(["s", "t"]);
    expect((await port.describeTopics()).map((t) => t.name)).toEqual(["t"]);
  });

  it("a name that no topic can have is the name of no topic", async () => {
    await open();
    broker.answer.Metadata = () => metadata(broker, [{ name: "s" }, { name: "too-long", error: 17 }]);
    expect((await port.describeTopics(["s", "too-long"])).map((t) => t.name)).toEqual(["s"]);
  });

  it("a topic with a permanent error is an error", async () => {
    await open();
    broker.answer.Metadata = () => metadata(broker, [{ name: "s" }, { name: "t", error: 29 }]);
    await expect(port.listTopics()).rejects.toMatchObject({
      code: "KAFKA_UNAUTHORIZED",
      message: expect.stringContaining('topic "t"'),
    });
    await expect(port.describeTopics()).rejects.toMatchObject({ code: "KAFKA_UNAUTHORIZED" });
  });
});

describe("a closed port", () => {
  it("ends running calls with its reason, refuses new calls and does not connect again", async () => {
    await open();
    broker.answer.Metadata = () => undefined;
    const underWay = port.listTopics();
    underWay.catch(() => {});
    while (of("Metadata").length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    const before = broker.connections;
    await port.close(new Error("the other side failed"));
    await expect(underWay).rejects.toThrow("the other side failed");
    await expect(port.listTopics()).rejects.toThrow("the other side failed");
    await expect(port.fetch(ASK)).rejects.toThrow("the other side failed");
    expect(broker.connections).toBe(before);
  });

  it("reports that it is closed if there is no reason, even to a call between two attempts", async () => {
    await open();
    broker.answer.Metadata = () => "close";
    const retried = port.listTopics();
    retried.catch(() => {});
    while (of("Metadata").length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    await port.close();
    await expect(retried).rejects.toMatchObject({ code: "KAFKA_CLOSED" });
  });

  it("does not connect if the signal is already aborted", async () => {
    const before = broker.connections;
    await open();
    const opened = broker.connections - before;
    await expect(
      openKafka({ bootstrapServers: `127.0.0.1:${broker.port}` }, "origin", { signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ name: "AbortError" });
    expect(broker.connections - before).toBe(opened);
  });
});

describe("a list of topics", () => {
  const listed = (): void => {
    broker.answer.Metadata = () => metadata(broker, [{ name: "t", partitions: 3 }, { name: "u" }]);
  };

  it("is read without its partitions, which a later question for their offsets still finds", async () => {
    listed();
    broker.answer.ListOffsets = () => (out) => {
      out.int32(0).list(["t"], (topic) => {
        out.string(topic).list([2], (partition) => out.int32(partition).int16(0).int64(-1n).int64(42n).int32(0));
      });
    };
    await open();
    expect(await port.listTopics()).toEqual(["t", "u"]);
    const offsets = await port.listOffsets([{ topic: "t", partition: 2 }], "latest");
    expect(offsets).toEqual([{ topic: "t", partition: 2, timestamp: -1n, offset: 42n }]);
    expect((await port.describeTopics(["t"]))[0]!.partitions.map((p) => p.leader)).toEqual([1, 1, 1]);
  });

  it("keeps the leaders that are known already", async () => {
    listed();
    broker.answer.ListOffsets = () => (out) => {
      out.int32(0).list(["t"], (topic) => {
        out.string(topic).list([2], (partition) => out.int32(partition).int16(0).int64(-1n).int64(42n).int32(0));
      });
    };
    await open();
    await port.describeTopics(["t", "u"]);
    await port.listTopics();
    const before = of("Metadata").length;
    await port.listOffsets([{ topic: "t", partition: 2 }], "latest");
    expect(of("Metadata")).toHaveLength(before);
  });
});

it("only the wanted settings of a topic are asked for", async () => {
  const asked: (string[] | null)[] = [];
  broker.answer.DescribeConfigs = (_, question) => {
    question.list(() => {
      question.int8();
      question.string();
      const count = question.int32();
      asked.push(count < 0 ? null : Array.from({ length: count }, () => question.string()));
    });
    return (out) =>
      out.int32(0).list(["t"], (topic) => {
        out.int16(0).string(null).int8(2).string(topic);
        out.list([], () => {});
      });
  };
  await open();
  await port.describeTopicConfigs(["t"], ["cleanup.policy"]);
  await port.describeTopicConfigs(["t"]);
  expect(asked).toEqual([["cleanup.policy"], null]);
});
