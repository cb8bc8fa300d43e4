import { crc32 } from "@node-rs/crc32";
import { CODECS, decompress } from "./codecs";
import { withCorrectChecksum } from "./lz4-v0";

/**
 * The timestamp of a record without a timestamp (Kafka's RecordBatch.NO_TIMESTAMP). Its producer sent none, or is older
 * than Kafka 0.10.
 */
export const NO_TIMESTAMP = -1;

/**
 * Message formats v0 (before Kafka 0.10) and v1 (before 0.11). Brokers up to 4.x return such messages as they are on
 * the disk. MirrorMaker 2 reads them and writes format v2.
 *
 *     entry: offset int64, size int32, crc int32, magic int8, attributes int8, [v1: timestamp int64], key, value
 *     key, value: length int32 (-1: null), bytes
 *
 * The value of a compressed entry contains entries. The offset of the compressed entry is the offset of the last inner
 * entry. In v1 the inner offsets are relative to the first inner entry.
 */
const SIZE = 8;
const CRC = 12;
const MAGIC = 16;
const ATTRIBUTES = 17;
const TIMESTAMP = 18;
/** Number of bytes that are needed to read the format of an entry or a batch. */
export const FORMAT_BYTES = 17;
const CODEC_BITS = 7;
const STAMPED_BIT = 8;

/** Returns true if a message of an old format starts here, and not a batch. */
export function isLegacy(records: Buffer, start: number): boolean {
  return records[start + MAGIC]! < 2;
}

/** Returns the offset of an entry. For a compressed entry this is the offset of its last inner entry. */
export function legacyOffset(records: Buffer, start: number): number {
  return Number(records.readBigInt64BE(start));
}

export interface LegacyRecord {
  offset: number;
  /** ms since the epoch, or NO_TIMESTAMP (format v0). */
  timestamp: number;
  stamped: boolean;
  /** Key, value and an empty list of headers, encoded as in format v2. Equal bytes mean equal records. */
  body: Buffer;
}

/**
 * Returns the records of one entry.
 * @throws Error if the checksum is wrong, or if the entry does not match its lengths
 */
export function readLegacy(records: Buffer, start: number): LegacyRecord[] {
  const entry = readEntry(records, start);
  if (entry.codec === 0) return [asRecord(entry, entry.offset, entry)];
  const inner = entry.value === null ? [] : entries(decompress(entry.codec, compressed(entry, entry.value)));
  const last = inner.at(-1)?.offset ?? 0;
  // In format v0 the inner offsets are absolute.
  const base = entry.magic === 0 ? 0 : entry.offset - last;
  // The broker sets only the timestamp of the outer entry.
  return inner.map((one) => asRecord(one, base + one.offset, entry.stamped ? entry : one));
}

function compressed({ magic, codec }: Entry, value: Buffer): Buffer {
  return magic === 0 && CODECS[codec] === "lz4" ? withCorrectChecksum(value) : value;
}

interface Entry {
  offset: number;
  magic: number;
  codec: number;
  timestamp: number;
  stamped: boolean;
  key: Buffer | null;
  value: Buffer | null;
}

function entries(set: Buffer): Entry[] {
  const found: Entry[] = [];
  for (let start = 0; start + FORMAT_BYTES <= set.length; start += CRC + set.readInt32BE(start + SIZE)) {
    found.push(readEntry(set, start));
  }
  return found;
}

function readEntry(records: Buffer, start: number): Entry {
  const end = start + CRC + records.readInt32BE(start + SIZE);
  if (end > records.length) throw new Error("a message ends after its record set");
  if (crc32(records.subarray(start + MAGIC, end)) >>> 0 !== records.readUInt32BE(start + CRC)) {
    throw new Error("its checksum does not hold");
  }
  const magic = records[start + MAGIC]!;
  const attributes = records[start + ATTRIBUTES]!;
  let at = start + TIMESTAMP + (magic === 0 ? 0 : 8);
  const field = (): Buffer | null => {
    const length = records.readInt32BE(at);
    at += 4 + Math.max(0, length);
    if (at > end) throw new Error("a key or a value leaves its message");
    return length < 0 ? null : records.subarray(at - length, at);
  };
  return {
    offset: legacyOffset(records, start),
    magic,
    codec: attributes & CODEC_BITS,
    timestamp: magic === 0 ? NO_TIMESTAMP : Number(records.readBigInt64BE(start + TIMESTAMP)),
    stamped: magic > 0 && (attributes & STAMPED_BIT) !== 0,
    key: field(),
    value: field(),
  };
}

function asRecord({ key, value }: Entry, offset: number, time: { timestamp: number; stamped: boolean }): LegacyRecord {
  const none = Buffer.from([0]);
  const body = Buffer.concat([...withLength(key), ...withLength(value), none]);
  return { offset, timestamp: time.timestamp, stamped: time.stamped, body };
}

/** Encodes a field as in format v2: its length as a zigzag varint (-1 for null) and its bytes. */
function withLength(field: Buffer | null): Buffer[] {
  const bytes: number[] = [];
  let rest = field === null ? 1 : field.length * 2;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return field === null ? [Buffer.from(bytes)] : [Buffer.from(bytes), field];
}
