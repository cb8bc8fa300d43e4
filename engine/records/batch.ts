import { crc32c } from "@node-rs/crc32";
import { FORMAT_BYTES, isLegacy, legacyOffset } from "./legacy";

/** Where things lie in a record batch v2 (KIP-98; Kafka's DefaultRecordBatch). */
export const HEADER = 61;
const LENGTH = 8;
const MAGIC = 16;
const CRC = 17;
const ATTRIBUTES = 21;
const LAST_OFFSET_DELTA = 23;
const BASE_TIMESTAMP = 27;
const MAX_TIMESTAMP = 35;
const PRODUCER_ID = 43;
const COUNT = 57;

/** Below it, base and difference of timestamps and their zigzag form stay below 2^53. */
const WIDE = 2 ** 51;

/** The header of one batch; offsets and timestamps are plain numbers (exact up to 2^53). */
export interface Batch {
  /** Where the batch starts and ends in the record set. */
  start: number;
  end: number;
  baseOffset: number;
  /** Also right after compaction, which keeps it. */
  lastOffset: number;
  /** Records that are left in it. */
  count: number;
  codec: number;
  /** The broker stamped the records (`message.timestamp.type=LogAppendTime`). */
  stamped: boolean;
  transactional: boolean;
  /** A transaction's marker, which no consumer sees. */
  control: boolean;
  baseTimestamp: number;
  maxTimestamp: number;
  /** Set when the timestamps are too large for sums of plain numbers (nanoseconds by mistake): the exact base. */
  wideBase?: bigint;
  producerId: bigint;
}

/** Reads the header at `start`; the caller knows that the batch is whole. */
export function readBatch(records: Buffer, start: number): Batch {
  const magic = records[start + MAGIC]!;
  if (magic !== 2) throw new Error(`message format v${magic} is not known`);
  const attributes = records.readInt16BE(start + ATTRIBUTES);
  const baseOffset = int64(records, start);
  const baseTimestamp = int64(records, start + BASE_TIMESTAMP);
  const maxTimestamp = int64(records, start + MAX_TIMESTAMP);
  const wide = Math.abs(baseTimestamp) >= WIDE || Math.abs(maxTimestamp) >= WIDE;
  return {
    start,
    end: start + 12 + records.readInt32BE(start + LENGTH),
    baseOffset,
    lastOffset: baseOffset + records.readInt32BE(start + LAST_OFFSET_DELTA),
    count: records.readInt32BE(start + COUNT),
    codec: attributes & 7,
    stamped: (attributes & 8) !== 0,
    transactional: (attributes & 16) !== 0,
    control: (attributes & 32) !== 0,
    baseTimestamp,
    maxTimestamp,
    ...(wide ? { wideBase: records.readBigInt64BE(start + BASE_TIMESTAMP) } : {}),
    producerId: records.readBigInt64BE(start + PRODUCER_ID),
  };
}

function int64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4);
}

/** The batch's own checksum (CRC-32C over everything after it) says that it is as it was written. */
export function crcHolds(records: Buffer, batch: Batch): boolean {
  return (
    crc32c(records.subarray(batch.start + ATTRIBUTES, batch.end)) >>> 0 === records.readUInt32BE(batch.start + CRC)
  );
}

/** What a marker says; a marker that compaction emptied says nothing any more. */
export function markerType(records: Buffer, batch: Batch): "abort" | "commit" | undefined {
  if (!batch.control || batch.count === 0) return undefined;
  // length, attributes, timestamp delta, offset delta, key length; then the key: version int16, type int16.
  let at = batch.start + HEADER;
  const varint = () => {
    while (records[at++]! >= 0x80);
  };
  varint();
  at += 1;
  varint();
  varint();
  varint();
  return records.readInt16BE(at + 2) === 0 ? "abort" : "commit";
}

/** The offset after the last batch of a record set, from headers alone; `from` when there is no batch. */
export function offsetAfter(records: Buffer, from: number): number {
  let next = from;
  for (let start = 0; start + FORMAT_BYTES <= records.length; start += 12 + records.readInt32BE(start + LENGTH)) {
    const last = isLegacy(records, start)
      ? legacyOffset(records, start)
      : int64(records, start) + records.readInt32BE(start + LAST_OFFSET_DELTA);
    next = Math.max(next, last + 1);
  }
  return next;
}
