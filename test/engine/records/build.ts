import { gzipSync } from "node:zlib";
import { crc32c } from "@node-rs/crc32";
import { compressFrameSync } from "lz4-napi";
import { compressSync } from "snappy";

/** A record as a test writes it; the offset is the log's. */
export interface TestRecord {
  offset: number;
  timestamp: number;
  key: Buffer | null;
  value: Buffer | null;
  headers: { key: string; value: Buffer | null }[];
}

export interface TestBatch {
  baseOffset: number;
  /** Default: the last record's offset. After compaction it is larger. */
  lastOffset?: number;
  records: TestRecord[];
  codec?: "none" | "gzip" | "snappy" | "snappy-xerial" | "lz4";
  transactional?: boolean;
  control?: "commit" | "abort";
  stamped?: boolean;
  producerId?: bigint;
}

/** Writes record batches v2 as a broker keeps them, independent of the code under test. */
export function encodeBatches(batches: readonly TestBatch[]): Buffer {
  return Buffer.concat(batches.map(encodeBatch));
}

const CODES = { none: 0, gzip: 1, snappy: 2, "snappy-xerial": 2, lz4: 3 };

export function encodeBatch(batch: TestBatch): Buffer {
  const records = batch.control === undefined ? batch.records : [marker(batch)];
  const baseTimestamp = records[0]?.timestamp ?? 0;
  const maxTimestamp = Math.max(baseTimestamp, ...records.map((r) => r.timestamp));
  const payload = compress(
    batch.codec ?? "none",
    Buffer.concat(records.map((r) => encodeRecord(r, batch.baseOffset, baseTimestamp))),
  );
  const last = batch.lastOffset ?? records.at(-1)?.offset ?? batch.baseOffset;
  const attributes =
    CODES[batch.codec ?? "none"] |
    (batch.stamped ? 8 : 0) |
    (batch.transactional || batch.control ? 16 : 0) |
    (batch.control ? 32 : 0);
  const body = Buffer.alloc(40);
  body.writeInt16BE(attributes, 0);
  body.writeInt32BE(last - batch.baseOffset, 2);
  body.writeBigInt64BE(BigInt(baseTimestamp), 6);
  body.writeBigInt64BE(BigInt(maxTimestamp), 14);
  body.writeBigInt64BE(batch.producerId ?? -1n, 22);
  body.writeInt16BE(0, 30);
  body.writeInt32BE(0, 32);
  body.writeInt32BE(records.length, 36);
  const checked = Buffer.concat([body, payload]);
  const head = Buffer.alloc(21);
  head.writeBigInt64BE(BigInt(batch.baseOffset), 0);
  head.writeInt32BE(checked.length + 9, 8);
  head.writeInt32BE(0, 12);
  head.writeInt8(2, 16);
  head.writeUInt32BE(crc32c(checked) >>> 0, 17);
  return Buffer.concat([head, checked]);
}

function marker(batch: TestBatch): TestRecord {
  const key = Buffer.from([0, 0, 0, batch.control === "abort" ? 0 : 1]);
  return { offset: batch.baseOffset, timestamp: 1, key, value: Buffer.alloc(6), headers: [] };
}

function encodeRecord(record: TestRecord, baseOffset: number, baseTimestamp: number): Buffer {
  const body = Buffer.concat([
    Buffer.from([0]),
    varint(BigInt(record.timestamp) - BigInt(baseTimestamp)),
    varint(BigInt(record.offset - baseOffset)),
    bytes(record.key),
    bytes(record.value),
    varint(BigInt(record.headers.length)),
    ...record.headers.flatMap((h) => [bytes(Buffer.from(h.key)), bytes(h.value)]),
  ]);
  return Buffer.concat([varint(BigInt(body.length)), body]);
}

function bytes(value: Buffer | null): Buffer {
  return value === null ? varint(-1n) : Buffer.concat([varint(BigInt(value.length)), value]);
}

function varint(value: bigint): Buffer {
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  const out: number[] = [];
  for (; rest > 0x7fn; rest >>= 7n) out.push(Number(rest & 0x7fn) | 0x80);
  out.push(Number(rest));
  return Buffer.from(out);
}

function compress(codec: NonNullable<TestBatch["codec"]>, plain: Buffer): Buffer {
  switch (codec) {
    case "none":
      return plain;
    case "gzip":
      return gzipSync(plain);
    case "lz4":
      return compressFrameSync(plain);
    case "snappy":
      return compressSync(plain);
    case "snappy-xerial": {
      // Two blocks, to prove that they are joined.
      const half = Math.ceil(plain.length / 2);
      const blocks = [plain.subarray(0, half), plain.subarray(half)]
        .filter((b) => b.length > 0)
        .flatMap((b) => {
          const small = compressSync(b);
          const length = Buffer.alloc(4);
          length.writeInt32BE(small.length);
          return [length, small];
        });
      return Buffer.concat([
        Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]),
        ...blocks,
      ]);
    }
  }
}
