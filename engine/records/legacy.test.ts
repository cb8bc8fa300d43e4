import { gzipSync } from "node:zlib";
import { crc32 } from "@node-rs/crc32";
import { compressFrameSync } from "lz4-napi";
import { compressSync } from "snappy";
import { describe, expect, it } from "vitest";
import { SequenceDigest, STOP, walk } from ".";
import { offsetAfter } from "./batch";
import { encodeBatches } from "../../test/engine/records/build";

interface Message {
  offset: number;
  key?: string | null;
  value: string | Buffer | null;
  /** Only in format v1. */
  timestamp?: number;
  attributes?: number;
}

/** One message as Kafka before 0.11 wrote it (MessageSet, formats v0 and v1). */
function message({ offset, key = null, value, timestamp, attributes = 0 }: Message): Buffer {
  const field = (text: string | Buffer | null) => {
    const bytes = text === null ? null : Buffer.from(text);
    const length = Buffer.alloc(4);
    length.writeInt32BE(bytes?.length ?? -1);
    return bytes === null ? [length] : [length, bytes];
  };
  const time = Buffer.alloc(timestamp === undefined ? 0 : 8);
  if (timestamp !== undefined) time.writeBigInt64BE(BigInt(timestamp));
  const body = Buffer.concat([
    Buffer.from([timestamp === undefined ? 0 : 1, attributes]),
    time,
    ...field(key),
    ...field(value),
  ]);
  const head = Buffer.alloc(16);
  head.writeBigInt64BE(BigInt(offset), 0);
  head.writeInt32BE(4 + body.length, 8);
  head.writeUInt32BE(crc32(body) >>> 0, 12);
  return Buffer.concat([head, body]);
}

const GZIP = 1;
const STAMPED = 8;

function seen(records: Buffer, from = 0, to = 100): string[] {
  const found: string[] = [];
  walk(
    records,
    { where: "t-0", from, to },
    (r) => void found.push(`${r.offset} ${r.timestamp} ${r.stamped ? "stamped " : ""}${r.key()} ${r.value()}`),
  );
  return found;
}

describe("message formats v0 and v1 of an old origin", () => {
  it("are read, even if the messages are very short", () => {
    const set = Buffer.concat([
      message({ offset: 0, value: "a" }),
      message({ offset: 1, key: "k", value: "b", timestamp: 77 }),
      message({ offset: 5, key: "k", value: null, timestamp: 78 }),
    ]);
    expect(seen(set)).toEqual(["0 -1 null a", "1 77 k b", "5 78 k null"]);
    expect(offsetAfter(set, 0)).toBe(6);
    expect(seen(set, 1, 5)).toEqual(["1 77 k b"]);
    expect(walk(set, { where: "t-0", from: 0, to: 9 }, () => STOP).stopped).toBe(true);
  });

  it("are read inside a compressed message, with Kafka's offsets and timestamps", () => {
    const v1 = gzipSync(
      Buffer.concat([
        message({ offset: 0, value: "a", timestamp: 1 }),
        message({ offset: 2, value: "c", timestamp: 3 }),
      ]),
    );
    expect(seen(message({ offset: 12, value: v1, timestamp: 3, attributes: GZIP }))).toEqual([
      "10 1 null a",
      "12 3 null c",
    ]);
    expect(seen(message({ offset: 12, value: v1, timestamp: 99, attributes: GZIP | STAMPED }))).toEqual([
      "10 99 stamped null a",
      "12 99 stamped null c",
    ]);
    const v0 = gzipSync(Buffer.concat([message({ offset: 10, value: "a" }), message({ offset: 12, value: "c" })]));
    expect(seen(message({ offset: 12, value: v0, attributes: GZIP }))).toEqual(["10 -1 null a", "12 -1 null c"]);
  });

  it("are read in every codec, also LZ4 with the wrong checksum that format v0 has", () => {
    const inner = Buffer.concat([message({ offset: 3, value: "a" }), message({ offset: 4, key: "k", value: "b" })]);
    const wrong = (frame: Buffer, at: number) => {
      const broken = Buffer.from(frame);
      broken[at] = broken[at]! ^ 0x55;
      return broken;
    };
    const lz4 = compressFrameSync(inner);
    // The checksum follows the magic number, two bytes and the content size, if the frame has one.
    const checksum = (lz4[4]! & 8) === 0 ? 6 : 14;
    const short = Buffer.concat([Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82]), lz4.subarray(checksum + 1)]);
    for (const [codec, value] of [
      [1, gzipSync(inner)],
      [2, compressSync(inner)],
      [3, lz4],
      [3, wrong(lz4, checksum)],
      [3, short],
      [3, wrong(short, 6)],
    ] as const)
      expect(seen(message({ offset: 4, value, attributes: codec }))).toEqual(["3 -1 null a", "4 -1 k b"]);
    // Kafka computes it correctly in format v1.
    const damaged = message({ offset: 4, value: wrong(lz4, checksum), attributes: 3, timestamp: 5 });
    expect(() => seen(damaged)).toThrow(/RECORDS_CORRUPT/);
  });

  it("have the same digest as their copies in format v2", () => {
    const long = "x".repeat(300);
    const old = Buffer.concat([
      message({ offset: 0, key: "k", value: long, timestamp: 5 }),
      message({ offset: 1, value: null, timestamp: 6 }),
    ]);
    const records = [
      { offset: 0, timestamp: 5, key: Buffer.from("k"), value: Buffer.from(long), headers: [] },
      { offset: 1, timestamp: 6, key: null, value: null, headers: [] },
    ];
    const digest = (bytes: Buffer) => {
      const sum = new SequenceDigest();
      walk(bytes, { where: "t-0", from: 0, to: 9 }, (record) => void sum.add(record));
      return `${sum.count} ${sum.hex()}`;
    };
    expect(digest(old)).toBe(digest(encodeBatches([{ baseOffset: 0, records }])));
    expect(digest(old)).toMatch(/^2 /);
  });

  it("can share a response with batches of format v2", () => {
    const batch = encodeBatches([
      { baseOffset: 2, records: [{ offset: 2, timestamp: 9, key: null, value: Buffer.from("new"), headers: [] }] },
    ]);
    const set = Buffer.concat([message({ offset: 1, value: "old", timestamp: 8 }), batch]);
    expect(seen(set)).toEqual(["1 8 null old", "2 9 null new"]);
    expect(offsetAfter(set, 0)).toBe(3);
  });

  it("are reported as damaged if the checksum is wrong", () => {
    const damaged = message({ offset: 3, value: "a", timestamp: 1 });
    damaged[damaged.length - 1]! ^= 1;
    expect(() => seen(damaged)).toThrow(
      /RECORDS_CORRUPT: t-0: the batch at offset 3 can't be read: its checksum does not hold/,
    );
  });
});
