import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FakeBroker, metadata, startFakeBroker } from "../../test/engine/kafka/fake-broker";
import { assignedTopics } from "./api/assignment";
import { type CountingPort, openKafka } from "./client";
import type { Out } from "./wire";

let broker: FakeBroker;
let port: CountingPort | undefined;

const open = async () => (port = await openKafka({ bootstrapServers: `127.0.0.1:${broker.port}` }, "target"));

beforeEach(async () => {
  broker = await startFakeBroker();
  broker.answer.Metadata = () => metadata(broker, [{ name: "t" }]);
});
afterEach(async () => {
  await port?.close();
  port = undefined;
  await broker.stop();
});

const askedFor = (name: string) => broker.asked.filter((a) => a.api.name === name).length;
const none = () => {};

/** A DescribeLogDirs v4 response with these directories: error code, total and usable bytes. */
const directories =
  (error: number, ...all: [number, bigint, bigint][]) =>
  (out: Out) =>
    out
      .int32(0)
      .int16(error)
      .list(all, ([code, total, usable]) => out.int16(code).string("/data").list([], none).int64(total).int64(usable))
      .tags();

describe("free space", () => {
  it("is the sum of a broker's volumes: each volume counts once, and offline ones are unknown", async () => {
    broker.answer.DescribeLogDirs = () => directories(0, [0, 100n, 40n], [0, 100n, 40n], [0, 50n, 5n], [56, -1n, -1n]);
    expect(await (await open()).diskSpace()).toEqual([
      { broker: 1, totalBytes: 150, usableBytes: 45, unknownDirectories: 1 },
    ]);
  });

  it("is left out if a broker is too old, hides it or does not know it", async () => {
    broker.newest.DescribeLogDirs = 3;
    expect(await (await open()).diskSpace()).toEqual([]);
    expect(askedFor("DescribeLogDirs")).toBe(0);
    await port!.close();
    broker.newest = {};
    for (const answer of [directories(31), directories(0, [0, -1n, -1n])]) {
      broker.answer.DescribeLogDirs = () => answer;
      expect(await (await open()).diskSpace()).toEqual([]);
      await port!.close();
    }
  });
});

describe("the newest record", () => {
  const listed = (whole: boolean) => (out: Out) =>
    out
      .int32(0)
      .list(whole ? ["t"] : [], (t) =>
        out.string(t).list([0], (p) => out.int32(p).int16(0).int64(1234n).int64(7n).int32(-1)),
      )
      .tags();

  it("is requested again if the response lacks the partition", async () => {
    broker.answer.ListOffsets = (before) => listed(before > 0);
    expect(await (await open()).newestRecords([{ topic: "t", partition: 0 }])).toEqual([
      { topic: "t", partition: 0, timestamp: 1234n, offset: 7n },
    ]);
    expect(askedFor("ListOffsets")).toBe(2);
  });

  it("is left out if the broker is too old", async () => {
    broker.newest.ListOffsets = 6;
    expect(await (await open()).newestRecords([{ topic: "t", partition: 0 }])).toEqual([]);
    expect(askedFor("ListOffsets")).toBe(0);
  });
});

describe("a member's assignment", () => {
  const encode = (topics: readonly string[]) => {
    const parts = topics.map((topic) => {
      const name = Buffer.from(topic);
      const bytes = Buffer.alloc(2 + name.length + 8);
      bytes.writeInt16BE(name.length);
      name.copy(bytes, 2);
      bytes.writeInt32BE(1, 2 + name.length);
      return bytes;
    });
    const head = Buffer.alloc(6);
    head.writeInt16BE(3);
    head.writeInt32BE(topics.length, 2);
    return Buffer.concat([head, ...parts, Buffer.from([0xff, 0xff, 0xff, 0xff])]);
  };

  it("lists its topics", () => {
    expect(assignedTopics(encode(["orders", "payments"]))).toEqual(["orders", "payments"]);
    expect(assignedTopics(encode([]))).toEqual([]);
  });

  it("is unknown, never wrong, if it is missing, cut off or in another format", () => {
    expect(assignedTopics(Buffer.alloc(0))).toBeUndefined();
    const whole = encode(["orders", "payments"]);
    for (let length = 1; length < whole.length - 4; length++)
      expect(assignedTopics(whole.subarray(0, length)), `${length} bytes`).toBeUndefined();
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => void assignedTopics(Buffer.from(bytes))));
  });
});
