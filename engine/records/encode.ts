import { crc32c } from "@node-rs/crc32";

/** A record to write. */
export interface NewRecord {
  key: Buffer;
  /** null removes the key from a compacted topic. */
  value: Buffer | null;
  /**
   * ms since the epoch.
   * @default the time of the write
   */
  timestamp?: number;
}

/**
 * Encodes one record batch for a Produce request (format v2, not compressed, without a producer id). The broker sets
 * the base offset.
 * @param now the timestamp of every record that has none, ms since the epoch
 */
export function encodeBatch(records: readonly NewRecord[], now: number): Buffer {
  const times = records.map(({ timestamp = now }) => timestamp);
  const first = times.reduce((a, b) => Math.min(a, b));
  const last = times.reduce((a, b) => Math.max(a, b));
  const body = Buffer.concat(
    records.map(({ key, value }, i) => {
      // Attributes, timestamp delta, offset delta, key, value, number of headers (0).
      const record = Buffer.concat([
        Buffer.from([0]),
        varint(times[i]! - first),
        varint(i),
        varint(key.length),
        key,
        ...(value === null ? [NULL] : [varint(value.length), value]),
        varint(0),
      ]);
      return Buffer.concat([varint(record.length), record]);
    }),
  );
  const checked = Buffer.alloc(40);
  checked.writeInt32BE(records.length - 1, 2);
  checked.writeBigInt64BE(BigInt(first), 6);
  checked.writeBigInt64BE(BigInt(last), 14);
  checked.writeBigInt64BE(-1n, 22);
  checked.writeInt16BE(-1, 30);
  checked.writeInt32BE(-1, 32);
  checked.writeInt32BE(records.length, 36);
  const whole = Buffer.concat([checked, body]);
  const head = Buffer.alloc(21);
  head.writeInt32BE(whole.length + 9, 8);
  head.writeInt32BE(-1, 12);
  head.writeInt8(2, 16);
  head.writeUInt32BE(crc32c(whole) >>> 0, 17);
  return Buffer.concat([head, whole]);
}

/** The length -1 as a zigzag varint: there is no value. */
const NULL = Buffer.from([1]);

/** Zigzag varint, the encoding of lengths and deltas in records. Not for numbers below 0 or above 2^52. */
function varint(value: number): Buffer {
  const out: number[] = [];
  let rest = value * 2;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) out.push((rest & 0x7f) | 0x80);
  out.push(rest);
  return Buffer.from(out);
}
