import { crc32c } from "@node-rs/crc32";

/**
 * Encodes one record batch for a Produce request (format v2, not compressed, without a producer id). The broker sets
 * the base offset.
 * @param timestamp the timestamp of every record, ms since the epoch
 */
export function encodeBatch(records: readonly { key: Buffer; value: Buffer }[], timestamp: number): Buffer {
  const body = Buffer.concat(
    records.map(({ key, value }, i) => {
      // Attributes, timestamp delta, offset delta, key, value, number of headers (0).
      const record = Buffer.concat([
        Buffer.from([0]),
        varint(0),
        varint(i),
        varint(key.length),
        key,
        varint(value.length),
        value,
        varint(0),
      ]);
      return Buffer.concat([varint(record.length), record]);
    }),
  );
  const checked = Buffer.alloc(40);
  checked.writeInt32BE(records.length - 1, 2);
  checked.writeBigInt64BE(BigInt(timestamp), 6);
  checked.writeBigInt64BE(BigInt(timestamp), 14);
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

/** Zigzag varint, the encoding of lengths and deltas in records. Not for numbers below 0 or above 2^30. */
function varint(value: number): Buffer {
  const out: number[] = [];
  let rest = value * 2;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) out.push((rest & 0x7f) | 0x80);
  out.push(rest);
  return Buffer.from(out);
}
