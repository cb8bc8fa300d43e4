import { crc32 } from "node:zlib";
import { type Fingerprint, fingerprint, NO_TIMESTAMP } from "../records/same";
import type { RecordCursor } from "../records/walk";

/** Odd, so that multiplication modulo 2^32 loses nothing. Two of them give 64 bits. */
const BASE_A = 0x9e3779b1 | 0;
const BASE_B = 0x85ebca6b | 0;

/** The state of a chain after some records. */
export interface Link {
  count: number;
  a: number;
  b: number;
}

/**
 * An order-sensitive digest of a sequence of records (polynomial, modulo 2^32, twice) from which the digest of any
 * suffix can be had: that is how two logs are compared from a place to the end, whatever came before it and although
 * the number of records to the end is known only afterwards. It guards against faults, not against forgers.
 */
export class Chain {
  private count = 0;
  private a = 0;
  private b = 0;

  /** `timestamps` false: the target stamps records itself, only the content counts. */
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

/** Records at or after a committed offset that can stand in for the first one where compaction removed its copy. */
const SUCCESSORS = 8;
/** The record before a committed offset is kept only when this near: it is a stand-in, and keeping costs a digest. */
const KEEP_WITHIN = 256;
/** Copies remembered of one record's content; beyond that they can't be told apart and the earliest is taken. */
const COPIES = 100_000;

/** A record that tells where a committed offset lies. */
export interface Mark {
  record: Fingerprint;
  /** How many records equal to it the origin holds at or after the committed offset. */
  equals: number;
}

/** One committed offset of a partition; many groups may share it. */
export interface Place {
  committed: number;
  /** All visible origin records at or after it: how many, and their digest in order. */
  rest: Link;
  /** The last visible record before it. */
  before?: Mark;
  /** The first visible records at or after it. */
  after: Mark[];
}

/** Cheap to compute and rarely shared by two records, so that digests are taken of a few records only. */
const keyOf = (record: { timestamp: number; size: number }, timestamps: boolean): number =>
  timestamps ? record.timestamp : record.size;

/**
 * Values by record: by the cheap key first, then by content, so that neither a digest is taken for nothing nor thousands of
 * groups in a stretch of one timestamp are gone through for each of its records.
 */
class ByRecord<T> {
  private readonly values = new Map<number, Map<string, T>>();

  constructor(private readonly timestamps: boolean) {}

  /** Could there be something of this record? */
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

/** With the key the same as `isCopy`: where timestamps count for all records of a partition, or for none. */
const contentOf = (record: Fingerprint): string => `${record.size} ${record.body}`;

/** Watches an origin partition's visible records in order, from shortly before the first committed offset to the end. */
export class OriginTail {
  private readonly chain: Chain;
  private readonly opened: { place: Place; at: Link }[] = [];
  private readonly marks: ByRecord<Mark[]>;
  private next = 0;
  /** It has seen a record without a timestamp: then timestamps must not be compared. */
  untimed = false;
  private previous: Fingerprint | undefined;

  /** `committed`: ascending, each once. */
  constructor(
    private readonly committed: readonly number[],
    timestamps: boolean,
  ) {
    this.chain = new Chain(timestamps);
    this.marks = new ByRecord(timestamps);
  }

  see(cursor: RecordCursor): void {
    this.untimed ||= cursor.timestamp === NO_TIMESTAMP;
    this.openPlaces(cursor.offset);
    let record: Fingerprint | undefined;
    if (this.marks.may(cursor)) {
      record = fingerprint(cursor);
      for (const mark of this.marks.get(record) ?? []) mark.equals++;
    }
    // Places open in order, so those that still gather records are the last ones.
    for (let i = this.opened.length - 1; i >= 0; i--) {
      const { place } = this.opened[i] as { place: Place };
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
      const place: Place = { committed: g, rest: at, after: [] };
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

  /** Every committed offset that has a visible record at or after it, in order. */
  places(): Place[] {
    for (const { place, at } of this.opened) place.rest = between(at, this.chain.link);
    return this.opened.map(({ place }) => place);
  }
}

/** Where one copy lies on the target, and the chain's state before it. */
export interface Copy {
  offset: number;
  at: Link;
}

/** Watches a target partition's visible records in order and remembers where the copies of the marks lie. */
export class TargetTail {
  private readonly wanted: ByRecord<Copy[]>;
  private readonly chain: Chain;
  /** It has seen a record whose timestamp the broker has replaced: then timestamps must not be compared. */
  stamped = false;

  constructor(places: readonly Place[], timestamps: boolean) {
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

  /** Everything seen. */
  get end(): Link {
    return this.chain.link;
  }

  copies(record: Fingerprint): readonly Copy[] {
    return this.wanted.get(record) ?? [];
  }
}
