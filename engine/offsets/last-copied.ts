import { NO_TIMESTAMP } from "../records/legacy";
import { type Fingerprint, fingerprint, isCopy, namesInCopy, namesOf } from "../records/same";
import type { RecordCursor } from "../records/walk";

/** The origin's visible records of one range. Keeps their offsets, and the places of the target's last records. */
export class OriginPart {
  /** The offsets of all visible records, ascending. A record's index in this list is its place. */
  readonly offsets: number[] = [];
  private readonly matches = new Map<number, Fingerprint>();
  private readonly places = new Map<string, number[]>();
  /** Results of `originalsOf` by content. */
  private readonly originals = new Map<string, readonly number[]>();
  private readonly sizes: ReadonlySet<number>;
  private readonly times: ReadonlySet<number> | undefined;

  /** @param tail the target's last visible records, whose originals are searched */
  constructor(tail: readonly Fingerprint[]) {
    for (const record of tail) for (const name of namesInCopy(record)) this.places.set(name, []);
    this.sizes = new Set(tail.map((r) => r.size));
    this.times = tail.some((r) => r.stamped) ? undefined : new Set(tail.map((r) => r.timestamp));
  }

  see(cursor: RecordCursor): void {
    const place = this.offsets.push(cursor.offset) - 1;
    if (!this.sizes.has(cursor.size)) return;
    if (this.times !== undefined && cursor.timestamp !== NO_TIMESTAMP && !this.times.has(cursor.timestamp)) return;
    const record = fingerprint(cursor);
    for (const name of namesOf(record)) {
      const list = this.places.get(name);
      if (list === undefined) continue;
      list.push(place);
      this.matches.set(place, record);
    }
  }

  /** The places of all records that this target record can be a copy of, ascending. Only after all were seen. */
  originalsOf(copy: Fingerprint): readonly number[] {
    const names = namesInCopy(copy);
    const known = this.originals.get(names[0]!);
    if (known !== undefined) return known;
    const lists = names.map((name) => this.places.get(name) ?? []).filter((list) => list.length > 0);
    const found = lists.length === 1 ? lists[0]! : lists.flat().sort((a, b) => a - b);
    this.originals.set(names[0]!, found);
    return found;
  }

  isOriginal(place: number, copy: Fingerprint): boolean {
    const record = this.matches.get(place);
    return record !== undefined && isCopy(record, copy);
  }

  /** The record at a place that `originalsOf` returned. */
  at(place: number): Fingerprint {
    return this.matches.get(place)!;
  }

  /** Number of visible records of the range before this offset. */
  countBefore(offset: number): number {
    return firstFrom(this.offsets, offset);
  }
}

/** The index of the first number that is not less than `least`, in ascending numbers. */
function firstFrom(numbers: readonly number[], least: number): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle]! < least) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The last origin offset that Connect had stored as copied. undefined: none. */
export interface Confirmed {
  /** Read before the target's end. */
  before: number | undefined;
  /** Read after the target's end. */
  after: number | undefined;
}

export interface LastCopied {
  /** The latest origin record that the target's last copy can be a copy of, and its place. */
  original: Fingerprint;
  place: number;
  copy: Fingerprint;
  /** False: the target holds later records that are not from the origin. */
  last: boolean;
  /**
   * The earliest place that is also possible. Equal to `place` if the record is the only possible one. -1: a record
   * that the origin has deleted.
   */
  earliest: number;
}

/** Candidates to test. Beyond this number each further one counts as possible, which is always safe. */
const MOST_TESTS = 10_000;

/**
 * Finds the origin record that the mirror has copied last. The mirror sends visible records in order, and after a
 * restart it goes back. So a copy is followed by the copy of the next record or of an earlier one, never of a later
 * one. Let `x` be the last record that was copied:
 *
 * - A record after `x` is never taken for it by mistake in a harmful way: everything that the mirror sends from now on
 *   begins at or before the record after `x`. A group that continues at the target's end then reads some records again,
 *   but skips none. A record before `x` would let groups skip. So the latest possible record is taken.
 * - It is not possible if an earlier copy in the target's tail would have to come from a record before its predecessor.
 * - An earlier record is possible too if the mirror has just gone back to it. It goes back to what it has stored last.
 *
 * @param tail the target's last visible records, in order
 * @param log whether records of the origin can be deleted that the mirror has copied last. `start`: its log start.
 *   `compacted`: single records can be missing on either side, so only equality counts
 * @returns undefined if the origin's part holds none of the records
 */
export function lastCopied(
  tail: readonly Fingerprint[],
  origin: OriginPart,
  confirmed: Confirmed,
  { compacted, start }: { compacted: boolean; start: number },
): LastCopied | undefined {
  let end = tail.length;
  while (end > 0 && origin.originalsOf(tail[end - 1]!).length === 0) end--;
  if (end === 0) return undefined;
  const copies = tail.slice(0, end);
  const copy = copies.at(-1)!;
  const candidates = origin.originalsOf(copy);
  const place = latestPossible(candidates, copies, origin, compacted);
  if (place === undefined) return undefined;
  const isStored = (p: number) => confirmed.before !== undefined && origin.offsets[p]! < confirmed.before;
  // What was stored as copied is on the target. If no record fits, the tail is not this mirror's.
  if (isStored(place) && !compacted) return undefined;
  // What has no original is not a copy, or its original is before the part that was read.
  const known = copies.filter((c) => origin.originalsOf(c).length > 0);
  const earlier = candidates.find(
    (p) => p < place && !isStored(p) && (compacted || mayHaveGoneBack(p, known, origin, confirmed.after)),
  );
  // The records after the last known copy are not from the origin, or copies of records that it has deleted.
  const whole = start === 0 || (confirmed.before !== undefined && confirmed.before >= start);
  const unknown = end < tail.length && (compacted || !whole);
  return {
    original: origin.at(place),
    place,
    copy,
    last: end === tail.length,
    earliest: unknown ? -1 : (earlier ?? place),
  };
}

function latestPossible(
  candidates: readonly number[],
  copies: readonly Fingerprint[],
  origin: OriginPart,
  compacted: boolean,
): number | undefined {
  let tests = 0;
  for (let i = candidates.length - 1; i >= 0; i--) {
    const place = candidates[i]!;
    if (compacted || ++tests > MOST_TESTS || isPossible(place, copies, origin)) return place;
  }
  return undefined;
}

/** Follows the copies backwards. Each must have an original at or after the record before the next one's original. */
function isPossible(place: number, copies: readonly Fingerprint[], origin: OriginPart): boolean {
  let least = place;
  for (let i = copies.length - 2; i >= 0; i--) {
    const originals = origin.originalsOf(copies[i]!);
    // Its original is deleted, or before the part that was read, or it is not a copy.
    const found = originals.length === 0 ? least - 1 : originals[firstFrom(originals, least - 1)];
    if (found === undefined) return false;
    least = found;
  }
  return true;
}

/**
 * True if the mirror may have gone back to shortly before this place, so that it ends the target's tail. After a
 * restart the mirror begins with the record after the one that it has stored, so the tail ends with all records from
 * there to this place.
 * @param stored the last offset that was stored as copied, read after the tail
 */
function mayHaveGoneBack(
  place: number,
  copies: readonly Fingerprint[],
  origin: OriginPart,
  stored: number | undefined,
): boolean {
  let equal = 0;
  while (equal < copies.length && origin.isOriginal(place - equal, copies[copies.length - 1 - equal]!)) equal++;
  const before = origin.offsets[place - equal];
  return equal === copies.length || before === undefined || before <= (stored ?? -1);
}
