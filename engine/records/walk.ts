import type { AbortedTransaction, KafkaRecord } from "../kafka/port";
import { type Batch, crcHolds, markerType } from "./batch";
import { FORMAT_BYTES, isLegacy, legacyOffset, type LegacyRecord } from "./legacy";
import { corrupt, batchHeader, legacyRecords, batchPayload } from "./payload";

/**
 * One visible record during a walk. A walk reuses one object for all records, so copy the data that you keep. Offsets
 * and timestamps are plain numbers. They are exact up to 2^53 and much faster than bigint for millions of records.
 */
export class RecordCursor {
  offset = 0;
  /** ms since the epoch. Above 2^53 the nearest number that JavaScript can represent. */
  timestamp = 0;
  /** True if the record belongs to a transaction. */
  transactional = false;
  /** True if the broker set the timestamp (`message.timestamp.type=LogAppendTime`). */
  stamped = false;
  bytes: Buffer = EMPTY;
  /** Key, value and headers are in `bytes` from `start` to `end`, as encoded in the batch. */
  start = 0;
  end = 0;

  /** Encoded length of key, value and headers, in bytes. */
  get size(): number {
    return this.end - this.start;
  }

  /**
   * Key, value and headers in wire format, without a copy. Equal bytes mean equal records, apart from offset and
   * timestamp.
   */
  body(): Buffer {
    return this.bytes.subarray(this.start, this.end);
  }

  /** Returns the key without a copy. */
  key(): Buffer | null {
    at = this.start;
    return field(this.bytes);
  }

  /** Returns the value without a copy. */
  value(): Buffer | null {
    at = this.start;
    skipField(this.bytes);
    return field(this.bytes);
  }

  headerCount(): number {
    at = this.start;
    skipField(this.bytes);
    skipField(this.bytes);
    return varint(this.bytes);
  }

  /** Returns true if the value is null. On a compacted topic a null value deletes its key. */
  isTombstone(): boolean {
    at = this.start;
    skipField(this.bytes);
    return varint(this.bytes) < 0;
  }

  /** Returns a separate object with copies of the bytes. */
  toRecord(): KafkaRecord {
    at = this.start;
    const key = copy(field(this.bytes));
    const value = copy(field(this.bytes));
    const headers: KafkaRecord["headers"] = [];
    for (let left = varint(this.bytes); left > 0; left--) {
      const name = copy(field(this.bytes)) ?? EMPTY;
      headers.push({ key: name, value: copy(field(this.bytes)) });
    }
    return { offset: BigInt(this.offset), timestamp: BigInt(this.timestamp), key, value, headers };
  }
}

const EMPTY = Buffer.alloc(0);

function copy(bytes: Buffer | null): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes);
}

/** The position of the reading functions below. A single variable avoids one object for each number. */
let at = 0;

function varint(bytes: Buffer): number {
  let byte = bytes[at++]!;
  let value = byte & 0x7f;
  for (let shift = 7; byte >= 0x80 && shift < 35; shift += 7) {
    byte = bytes[at++]!;
    value |= (byte & 0x7f) << shift;
  }
  return (value >>> 1) ^ -(value & 1);
}

/** Reads a zigzag varlong up to 2^52 without bigint. */
function varlong(bytes: Buffer): number {
  let byte = bytes[at++]!;
  let value = byte & 0x7f;
  let factor = 128;
  while (byte >= 0x80 && factor < 2 ** 64) {
    byte = bytes[at++]!;
    value += (byte & 0x7f) * factor;
    factor *= 128;
  }
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

function wideVarlong(bytes: Buffer): bigint {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = bytes[at++]!;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
}

function field(bytes: Buffer): Buffer | null {
  const length = varint(bytes);
  if (length < 0) return null;
  at += length;
  return bytes.subarray(at - length, at);
}

function skipField(bytes: Buffer): void {
  const length = varint(bytes);
  if (length > 0) at += length;
}

export interface WalkOptions {
  /** `topic-partition`, for error messages. */
  where: string;
  /** Visits only records with from <= offset < to. */
  from: number;
  to: number;
  /** The aborted transactions that the broker returned. undefined: aborted records are visible (read_uncommitted). */
  aborted?: readonly AbortedTransaction[] | undefined;
  /** Default true. */
  checkCrc?: boolean;
}

/** A visitor returns this to end the walk. */
export const STOP = Symbol("stop");
export type Visit = (record: RecordCursor) => void | typeof STOP;

/** The position at which a walk ended. */
export interface Walked {
  /** The offset after the last visited batch. The next fetch starts here. */
  next: number;
  /** True if the visitor ended the walk. */
  stopped: boolean;
}

/**
 * Visits every visible record of a record set (from a Fetch response) in order. Markers are not visible. If the aborted
 * transactions are given, their records are not visible either.
 * @throws MigrationError RECORDS_CORRUPT
 */
export function walk(records: Buffer, options: WalkOptions, visit: Visit): Walked {
  const cursor = new RecordCursor();
  const { aborted, where, from, to } = options;
  const upcoming = aborted === undefined ? [] : [...aborted].sort((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1));
  const abortedProducers = new Set<bigint>();
  let seen = 0;
  let next = from;
  for (let start = 0; start + FORMAT_BYTES <= records.length; ) {
    if (isLegacy(records, start)) {
      for (const record of legacyRecords(records, start, where)) {
        if (record.offset >= to) return { next: Math.max(next, to), stopped: false };
        if (record.offset >= from && visit(pointAt(cursor, record)) === STOP) return { next, stopped: true };
      }
      next = Math.max(next, legacyOffset(records, start) + 1);
      start += 12 + records.readInt32BE(start + 8);
      continue;
    }
    const batch = batchHeader(records, start, where);
    if (batch.baseOffset >= to) return { next: Math.max(next, to), stopped: false };
    if (options.checkCrc !== false && !crcHolds(records, batch))
      throw corrupt(where, batch.baseOffset, "its checksum does not hold");
    // Same as the Java consumer: a producer's batches are aborted from the transaction's first offset to its abort
    // marker.
    while (seen < upcoming.length && upcoming[seen]!.firstOffset <= batch.lastOffset)
      abortedProducers.add(upcoming[seen++]!.producerId);
    if (batch.control) {
      if (abortedProducers.size > 0 && markerType(records, batch) === "abort")
        abortedProducers.delete(batch.producerId);
    } else if (
      batch.count > 0 &&
      batch.lastOffset >= from &&
      !(batch.transactional && abortedProducers.has(batch.producerId))
    ) {
      if (visitRecords(batchPayload(records, batch, where), batch, options, cursor, visit) === STOP)
        return { next, stopped: true };
    }
    next = Math.max(next, batch.lastOffset + 1);
    start = batch.end;
  }
  return { next, stopped: false };
}

function pointAt(cursor: RecordCursor, { offset, timestamp, stamped, body }: LegacyRecord): RecordCursor {
  return Object.assign(cursor, {
    offset,
    timestamp,
    stamped,
    transactional: false,
    bytes: body,
    start: 0,
    end: body.length,
  });
}

function visitRecords(
  payload: Buffer,
  batch: Batch,
  options: WalkOptions,
  cursor: RecordCursor,
  visit: Visit,
): void | typeof STOP {
  const { from, to } = options;
  const { wideBase } = batch;
  cursor.bytes = payload;
  cursor.transactional = batch.transactional;
  cursor.stamped = batch.stamped;
  let start = 0;
  for (let i = 0; i < batch.count; i++) {
    at = start;
    const length = varint(payload);
    const end = at + length;
    at += 1;
    const timestamp =
      wideBase === undefined ? batch.baseTimestamp + varlong(payload) : Number(wideBase + wideVarlong(payload));
    const offset = batch.baseOffset + varint(payload);
    if (!(length > 0) || end > payload.length || at > end)
      throw corrupt(options.where, batch.baseOffset, `record ${i + 1} of ${batch.count} leaves the batch`);
    start = end;
    if (offset < from) continue;
    if (offset >= to) return;
    cursor.offset = offset;
    cursor.timestamp = batch.stamped ? batch.maxTimestamp : timestamp;
    cursor.start = at;
    cursor.end = end;
    if (visit(cursor) === STOP) return STOP;
  }
}
