/** Own code: the client decodes every record into an object, which costs more than everything else together. */
import { crc32c } from "@node-rs/crc32";
import { FORMAT_BYTES, isLegacy, legacyOffset } from "./legacy";

/** Byte positions of the fields in a record batch v2 (KIP-98, Kafka's DefaultRecordBatch). */
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

/** Below this value, timestamps, their differences and the zigzag form of both stay below 2^53. */
const WIDE = 2 ** 51;

/** The header of one batch. Offsets and timestamps are plain numbers (exact up to 2^53). */
export interface Batch {
  /** Start and end of the batch in the record set, in bytes. */
  start: number;
  end: number;
  baseOffset: number;
  /** Also correct after compaction, because compaction keeps it. */
  lastOffset: number;
  /** Number of records in the batch. Compaction reduces it. */
  count: number;
  codec: number;
  /** True if the broker set the timestamps (`message.timestamp.type=LogAppendTime`). */
  stamped: boolean;
  transactional: boolean;
  /** True for a transaction marker. Consumers do not see markers. */
  control: boolean;
  baseTimestamp: number;
  maxTimestamp: number;
  /**
   * The exact base timestamp. Set only if the timestamps are too large to be added as plain numbers (for example if a
   * producer sends nanoseconds by mistake).
   */
  wideBase?: bigint;
  producerId: bigint;
}

/** Reads the header at `start`. The batch must be complete. */
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

/** Returns true if the batch matches its checksum (CRC-32C of everything after the checksum field). */
export function crcHolds(records: Buffer, batch: Batch): boolean {
  return (
    crc32c(records.subarray(batch.start + ATTRIBUTES, batch.end)) >>> 0 === records.readUInt32BE(batch.start + CRC)
  );
}

/** Returns the type of a marker. undefined: compaction removed the marker's record, or the batch is not a marker. */
export function markerType(records: Buffer, batch: Batch): "abort" | "commit" | undefined {
  if (!batch.control || batch.count === 0) return undefined;
  // Fields: length, attributes, timestamp delta, offset delta, key length. Then the key: version int16, type int16.
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

/** Returns the offset after the last batch of a record set, read only from the headers. `from` if there is no batch. */
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
