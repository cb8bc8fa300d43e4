import { hash } from "node:crypto";
import type { RecordCursor } from "./walk";

/**
 * The timestamp of a record that has none (Kafka's RecordBatch.NO_TIMESTAMP): its producer sent none, or is older than
 * Kafka 0.10.
 */
export const NO_TIMESTAMP = -1;

/** A record's timestamp and who set it. */
export interface RecordTime {
  /** ms since the epoch, or NO_TIMESTAMP. */
  timestamp: number;
  /** The broker set it when the record arrived (`message.timestamp.type=LogAppendTime`). */
  stamped: boolean;
}

/** What is kept of a record to compare it with others. */
export interface Fingerprint extends RecordTime {
  offset: number;
  transactional: boolean;
  /** Bytes of key, value and headers. */
  size: number;
  /** SHA-1 of key, value and headers in their wire form, base64. */
  body: string;
}

export function fingerprint(record: RecordCursor): Fingerprint {
  const { offset, timestamp, stamped, transactional, size } = record;
  return { offset, timestamp, stamped, transactional, size, body: hash("sha1", record.body(), "base64") };
}

/**
 * Does the timestamp belong to the comparison of an origin record with a target record? Not if the origin's record has none
 * (MirrorMaker 2's producer then sets the current time: Kafka 4.3, ConnectUtils.checkAndConvertTimestamp), and not if the
 * target's broker has replaced it.
 */
export function timestampCounts(origin: RecordTime, target: RecordTime): boolean {
  return origin.timestamp !== NO_TIMESTAMP && !target.stamped;
}

export function sameTime(origin: RecordTime, target: RecordTime): boolean {
  return !timestampCounts(origin, target) || origin.timestamp === target.timestamp;
}

type Comparable = RecordTime & Pick<Fingerprint, "body">;

/**
 * Is the target's record a copy of the origin's? Key, value and headers are equal, and the timestamps where they count.
 * The only answer to this question: whatever compares records asks here. Digests of many records may settle quickly that two
 * logs are equal; where they differ, this decides.
 */
export function isCopy(origin: Comparable, target: Comparable): boolean {
  return origin.body === target.body && sameTime(origin, target);
}

/**
 * Origin records by what their copies look like, with how often each occurs. `has` finds the same as asking `isCopy` for
 * each of them.
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

/** Names of an origin record: one of them is in `namesInCopy` of a target record exactly if that is its copy. */
export function namesOf(origin: Comparable): string[] {
  const time = origin.timestamp === NO_TIMESTAMP ? "any" : String(origin.timestamp);
  return [`${origin.body} ${time}`, `${origin.body} stamped`];
}

export function namesInCopy(target: Comparable): string[] {
  return target.stamped ? [`${target.body} stamped`] : [`${target.body} ${target.timestamp}`, `${target.body} any`];
}
