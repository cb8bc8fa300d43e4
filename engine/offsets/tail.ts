import { crc32 } from "node:zlib";
import { NO_TIMESTAMP } from "../records/legacy";
import { type Fingerprint, fingerprint } from "../records/same";
import type { RecordCursor } from "../records/walk";

/** Odd numbers, because multiplying by them modulo 2^32 loses no information. Two of them give 64 bits. */
const BASE_A = 0x9e3779b1 | 0;
const BASE_B = 0x85ebca6b | 0;

/** The state of a `Chain` after some records. */
export interface Link {
  count: number;
  a: number;
  b: number;
}

/**
 * An order-sensitive digest of a sequence of records (polynomial, modulo 2^32, twice). The digest of any suffix can be
 * computed from it. So two logs can be compared from a place to the end. Records before the place do not matter, and
 * the number of records to the end need not be known in advance. It protects against faults, not against forgery.
 */
export class Chain {
  private count = 0;
  private a = 0;
  private b = 0;

  /** @param timestamps false: timestamps cannot be compared, so only the content counts */
  constructor(private readonly timestamps: boolean) {}

  add(cursor: RecordCursor): void {
    const body = crc32(cursor.body(), cursor.size);
    const time = this.timestamps ? cursor.timestamp : 0;
    const low = time | 0;
    const high = Math.floor(time / 0x1_0000_0000) | 0;
    this.a = (Math.imul(this.a, BASE_A) + mix(body ^ Math.imul(low, BASE_B) ^ high)) | 0;
    this.b = (Math.imul(this.b, BASE_B) + mix(Math.imul(body, BASE_A) + low + Math.imul(high, BASE_A))) | 0;
    this.count++;
  }

  get link(): Link {
    return { count: this.count, a: this.a, b: this.b };
  }
}

/** The digest of the records that were added between two states of one chain. */
export function between(from: Link, to: Link): Link {
  const count = to.count - from.count;
  return {
    count,
    a: (to.a - Math.imul(from.a, power(BASE_A, count))) | 0,
    b: (to.b - Math.imul(from.b, power(BASE_B, count))) | 0,
  };
}

export const equalLinks = (x: Link, y: Link): boolean => x.count === y.count && x.a === y.a && x.b === y.b;

function power(base: number, exponent: number): number {
  let result = 1;
  let square = base;
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = Math.imul(result, square);
    square = Math.imul(square, square);
  }
  return result;
}

function mix(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}

/** Number of records kept at or after a committed offset. Later ones help if compaction removed earlier copies. */
const SUCCESSORS = 8;
/** The record before a committed offset is kept only within this many offsets. It is a fallback and costs a digest. */
const KEEP_WITHIN = 256;
/** Maximum number of copies kept of one record. More copies cannot be distinguished, and the earliest one is taken. */
const COPIES = 100_000;

/** A record near a committed offset that helps to find its place on the target. */
export interface Mark {
  record: Fingerprint;
  /** Number of records equal to this one that the origin holds from the committed offset to the end of its log. */
  equals: number;
}

/** One committed offset of a partition. Many groups may share it. */
export interface CommittedPosition {
  committed: number;
  /** Number and ordered digest of all visible origin records at or after it. */
  rest: Link;
  /** The last visible record before it. */
  before?: Mark;
  /** The first visible records at or after it. */
  after: Mark[];
}

/** A key that is cheap to compute and that two records rarely share. Because of it, only few records need a digest. */
const keyOf = (record: { timestamp: number; size: number }, timestamps: boolean): number =>
  timestamps ? record.timestamp : record.size;

/**
 * A map with records as keys. It looks up the cheap key first and the content second. So it computes no unnecessary
 * digest. And if thousands of groups have offsets among records of one timestamp, each record needs only one lookup.
 */
class ByRecord<T> {
  private readonly values = new Map<number, Map<string, T>>();

  constructor(private readonly timestamps: boolean) {}

  /** Returns false if there is no value for this record, and true if there may be one. */
  may(cursor: RecordCursor): boolean {
    return this.values.has(keyOf(cursor, this.timestamps));
  }

  get(record: Fingerprint): T | undefined {
    return this.values.get(keyOf(record, this.timestamps))?.get(contentOf(record));
  }

  set(record: Fingerprint, value: T): void {
    const key = keyOf(record, this.timestamps);
    const known = this.values.get(key);
    if (known === undefined) this.values.set(key, new Map([[contentOf(record), value]]));
    else known.set(contentOf(record), value);
  }
}

/** Together with the key this equals `isCopy`, if timestamps count for all records of a partition or for none. */
const contentOf = (record: Fingerprint): string => `${record.size} ${record.body}`;

/** Receives an origin partition's visible records in order, from shortly before the first committed offset on. */
export class OriginTail {
  private readonly chain: Chain;
  private readonly opened: { place: CommittedPosition; at: Link }[] = [];
  private readonly marks: ByRecord<Mark[]>;
  private next = 0;
  /** True if it has seen a record without a timestamp. Timestamps must not be compared then. */
  untimed = false;
  private previous: Fingerprint | undefined;

  /**
   * @param committed ascending, without duplicates
   * @param end one past the last record that the target is known to end with. Later records are not part of the
   *   sequence. But the target may hold copies of them from before a restart of the mirror, so they count as equals
   */
  constructor(
    private readonly committed: readonly number[],
    timestamps: boolean,
    private readonly end = Infinity,
  ) {
    this.chain = new Chain(timestamps);
    this.marks = new ByRecord(timestamps);
  }

  see(cursor: RecordCursor): void {
    this.untimed ||= cursor.timestamp === NO_TIMESTAMP;
    if (cursor.offset < this.end) this.openPlaces(cursor.offset);
    let record: Fingerprint | undefined;
    if (this.marks.may(cursor)) {
      record = fingerprint(cursor);
      for (const mark of this.marks.get(record) ?? []) mark.equals++;
    }
    if (cursor.offset >= this.end) return;
    // Places are opened in order, so only the last ones still need records.
    for (let i = this.opened.length - 1; i >= 0; i--) {
      const { place } = this.opened[i] as { place: CommittedPosition };
      if (place.after.length >= SUCCESSORS) break;
      record ??= fingerprint(cursor);
      place.after.push(this.mark(record, 1));
    }
    if (this.opened.length > 0) this.chain.add(cursor);
    const upcoming = this.committed[this.next];
    const near = upcoming !== undefined && upcoming - cursor.offset <= KEEP_WITHIN;
    this.previous = near ? (record ?? fingerprint(cursor)) : undefined;
  }

  private openPlaces(offset: number): void {
    for (let g = this.committed[this.next]; g !== undefined && g <= offset; g = this.committed[++this.next]) {
      const at = this.chain.link;
      const place: CommittedPosition = { committed: g, rest: at, after: [] };
      if (this.previous !== undefined) place.before = this.mark(this.previous, 0);
      this.opened.push({ place, at });
    }
  }

  private mark(record: Fingerprint, equals: number): Mark {
    const mark = { record, equals };
    const list = this.marks.get(record);
    if (list === undefined) this.marks.set(record, [mark]);
    else list.push(mark);
    return mark;
  }

  /** Returns the place of every committed offset that has a visible record at or after it, in order. */
  places(): CommittedPosition[] {
    for (const { place, at } of this.opened) place.rest = between(at, this.chain.link);
    return this.opened.map(({ place }) => place);
  }
}

/** The offset of one copy on the target, and the state of the chain before it. */
export interface Copy {
  offset: number;
  at: Link;
}

/** Receives a target partition's visible records in order and keeps the offsets of the marks' copies. */
export class TargetTail {
  private readonly wanted: ByRecord<Copy[]>;
  private readonly chain: Chain;
  /** True if it has seen a record whose timestamp the broker has replaced. Timestamps must not be compared then. */
  stamped = false;

  constructor(places: readonly CommittedPosition[], timestamps: boolean) {
    this.chain = new Chain(timestamps);
    this.wanted = new ByRecord(timestamps);
    for (const place of places) {
      for (const { record } of place.before === undefined ? place.after : [place.before, ...place.after]) {
        if (this.wanted.get(record) === undefined) this.wanted.set(record, []);
      }
    }
  }

  see(cursor: RecordCursor): void {
    this.stamped ||= cursor.stamped;
    if (this.wanted.may(cursor)) {
      const copies = this.wanted.get(fingerprint(cursor));
      if (copies !== undefined && copies.length < COPIES) copies.push({ offset: cursor.offset, at: this.chain.link });
    }
    this.chain.add(cursor);
  }

  /** The state of the chain after all records so far. */
  get end(): Link {
    return this.chain.link;
  }

  copies(record: Fingerprint): readonly Copy[] {
    return this.wanted.get(record) ?? [];
  }
}
