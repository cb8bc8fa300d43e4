import { hash } from "node:crypto";
import { NO_TIMESTAMP } from "./legacy";
import type { RecordCursor } from "./walk";

/** A record's timestamp and who set it. */
export interface RecordTime {
  /** ms since the epoch, or NO_TIMESTAMP. */
  timestamp: number;
  /** True if the broker set the timestamp when the record arrived (`message.timestamp.type=LogAppendTime`). */
  stamped: boolean;
}

/** The data of a record that is kept for comparisons. */
export interface Fingerprint extends RecordTime {
  offset: number;
  transactional: boolean;
  /** Size of key, value and headers in bytes. */
  size: number;
  /** SHA-1 of key, value and headers in wire format, base64. */
  body: string;
}

export function fingerprint(record: RecordCursor): Fingerprint {
  const { offset, timestamp, stamped, transactional, size } = record;
  return { offset, timestamp, stamped, transactional, size, body: hash("sha1", record.body(), "base64") };
}

/** A record near the end of a log that may be compacted. */
export interface TailRecord extends Fingerprint {
  /** Base64. null: the record has no key. */
  key: string | null;
  /** False for a tombstone. */
  alive: boolean;
}

/** Runs for each record of every tail. A spread of `fingerprint` takes twice as long. */
export function tailRecord(record: RecordCursor): TailRecord {
  const { offset, timestamp, stamped, transactional, size } = record;
  const body = hash("sha1", record.body(), "base64");
  const key = record.key()?.toString("base64") ?? null;
  return { offset, timestamp, stamped, transactional, size, body, key, alive: !record.isTombstone() };
}

/**
 * Returns true if the timestamps of an origin record and a target record must be compared. Returns false if the origin
 * record has none, because MirrorMaker 2's producer then sets the current time (Kafka 4.3,
 * ConnectUtils.checkAndConvertTimestamp). Also returns false if the target's broker replaced the timestamp.
 */
export function timestampCounts(origin: RecordTime, target: RecordTime): boolean {
  return origin.timestamp !== NO_TIMESTAMP && !target.stamped;
}

export function sameTime(origin: RecordTime, target: RecordTime): boolean {
  return !timestampCounts(origin, target) || origin.timestamp === target.timestamp;
}

type Comparable = RecordTime & Pick<Fingerprint, "body">;

/**
 * Returns true if the target record is a copy of the origin record: key, value and headers are equal, and also the
 * timestamps if they count. All code that compares records must use this function. Digests of many records are a quick
 * check that two logs are equal. If the digests differ, this function decides.
 */
export function isCopy(origin: Comparable, target: Comparable): boolean {
  return origin.body === target.body && sameTime(origin, target);
}

/**
 * A set of origin records with their counts, indexed by the content of their copies. `has` gives the same result as
 * calling `isCopy` for each of them.
 */
export class Originals {
  private readonly counts = new Map<string, number>();

  add(origin: Comparable): void {
    for (const name of namesOf(origin)) this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  remove(origin: Comparable): void {
    for (const name of namesOf(origin)) {
      const left = (this.counts.get(name) ?? 0) - 1;
      if (left > 0) this.counts.set(name, left);
      else this.counts.delete(name);
    }
  }

  has(target: Comparable): boolean {
    return namesInCopy(target).some((name) => this.counts.has(name));
  }
}

/**
 * Names of an origin record. A target record is its copy if and only if its `namesInCopy` contain one of these names.
 */
export function namesOf(origin: Comparable): string[] {
  const time = origin.timestamp === NO_TIMESTAMP ? "any" : String(origin.timestamp);
  return [`${origin.body} ${time}`, `${origin.body} stamped`];
}

export function namesInCopy(target: Comparable): string[] {
  return target.stamped ? [`${target.body} stamped`] : [`${target.body} ${target.timestamp}`, `${target.body} any`];
}
