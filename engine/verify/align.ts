import { isCopy, namesInCopy, namesOf, Originals } from "../records/same";
import { AHEAD, type Entry, type EntryRange, type Sequence } from "./sequence";
import { longer, Side } from "./side";

export type Mismatch =
  /** `rest` is true if the other side has ended. */
  | { kind: "missing"; origin: EntryRange; rest?: true }
  | { kind: "extra" | "duplicate"; target: EntryRange; rest?: true }
  | { kind: "changed" | "order"; origin: EntryRange; target: EntryRange }
  /** One side has records before the first record that both sides have. */
  | { kind: "leading"; origin?: EntryRange; target?: EntryRange }
  | { kind: "diverged"; origin: Entry; target: Entry };

/** This many records must match before a position counts as common to both sides. */
const AGREE = 4;
/** Number of recent records that are kept to recognize duplicates. */
const REMEMBERED = 16_384;
/** Maximum number of searches through the whole rest of a side. After that, the rest is reported as diverged. */
const LONG_SEARCHES = 8;

/**
 * Finds the differences between two sequences in constant memory. Skips equal records. At a difference, searches the
 * nearest position from which both sides match again.
 * @returns the number of records on each side
 */
export async function align(
  origin: Sequence,
  target: Sequence,
  report: (mismatch: Mismatch) => void,
): Promise<{ origin: number; target: number }> {
  const a = new Side(origin);
  const b = new Side(target);
  const recent = new Recent();
  let common = false;
  for (let searches = 0; ; ) {
    await Promise.all([a.fill(1), b.fill(1)]);
    const [x, y] = [a.peek(0), b.peek(0)];
    if (x !== undefined && y !== undefined && isCopy(x, y)) {
      recent.add(x);
      a.skip(1);
      b.skip(1);
      common = true;
      continue;
    }
    if (x === undefined || y === undefined) {
      // One side has ended. The rest of the other side has no counterpart.
      const gone = await a.drain();
      if (gone !== undefined)
        report(common ? { kind: "missing", origin: gone, rest: true } : { kind: "leading", origin: gone });
      const twice = await b.drain((e) => recent.has(e));
      if (twice !== undefined) report({ kind: "duplicate", target: twice, rest: true });
      const more = await b.drain();
      if (more !== undefined)
        report(common ? { kind: "extra", target: more, rest: true } : { kind: "leading", target: more });
      break;
    }
    await Promise.all([a.fill(AHEAD), b.fill(AHEAD)]);
    const place = agreement(a, b);
    if (place !== undefined) {
      describe(a.take(place.a), b.take(place.b), common, recent, report);
      continue;
    }
    const found = searches++ < LONG_SEARCHES ? await farAway(a, b) : undefined;
    if (found === undefined) {
      report({ kind: "diverged", origin: x, target: y });
      await Promise.all([a.drain(), b.drain()]);
      break;
    }
    if (!common) report({ kind: "leading", ...found });
    else if (found.origin !== undefined) report({ kind: "missing", origin: found.origin });
    else report({ kind: "extra", target: found.target! });
  }
  return { origin: a.passed, target: b.passed };
}

/** Returns the nearest pair of positions in the two windows from which both sides match. */
function agreement(a: Side, b: Side): { a: number; b: number } | undefined {
  const places = new Map<string, number[]>();
  for (let i = 0; i < a.length; i++) {
    for (const name of namesOf(a.peek(i)!)) {
      const list = places.get(name);
      if (list === undefined) places.set(name, [i]);
      else if (list.length < 16) list.push(i);
    }
  }
  const nearest = (strict: boolean) => {
    let best: { a: number; b: number } | undefined;
    for (let j = 0; j < b.length && (best === undefined || j < best.a + best.b); j++) {
      for (const i of namesInCopy(b.peek(j)!).flatMap((name) => places.get(name) ?? [])) {
        if (best !== undefined && i + j >= best.a + best.b) continue;
        if (agree(a, i, b, j, strict)) best = { a: i, b: j };
      }
    }
    return best;
  };
  // The ends of both sides also match. If both windows have the same records, prefer the ends to positions that match
  // only until one side ends.
  const ends = a.ended && b.ended ? { a: a.length, b: b.length } : undefined;
  const swapped = ends !== undefined && ends.a === ends.b && sameContent(a.all(), b.all());
  return nearest(true) ?? (swapped ? ends : (nearest(false) ?? ends));
}

function agree(a: Side, i: number, b: Side, j: number, strict: boolean): boolean {
  for (let k = 0; k < AGREE; k++) {
    const [x, y] = [a.peek(i + k), b.peek(j + k)];
    if (x === undefined || y === undefined) return !strict || x === y || !(x === undefined ? a : b).ended;
    if (!isCopy(x, y)) return false;
  }
  return true;
}

/** Returns true if both lists have the same records in any order. A target record is the copy of at most one record. */
function sameContent(here: readonly Entry[], there: readonly Entry[]): boolean {
  const left = new Map<string, Entry[]>();
  for (const y of there) {
    const copies = left.get(y.body);
    if (copies === undefined) left.set(y.body, [y]);
    else copies.push(y);
  }
  // Records without a timestamp come last, because they match any of the remaining copies with the same content.
  return [...here]
    .sort((x, y) => y.timestamp - x.timestamp)
    .every((x) => {
      const copies = left.get(x.body) ?? [];
      const at = copies.findIndex((y) => isCopy(x, y));
      if (at >= 0) copies.splice(at, 1);
      return at >= 0;
    });
}

/**
 * Searches the whole rest of each side for a position that matches the other side. If found, moves to this position.
 */
async function farAway(a: Side, b: Side): Promise<{ origin?: EntryRange; target?: EntryRange } | undefined> {
  const origin = await a.search((ahead) => agreement(ahead, b)?.a);
  if (origin !== undefined) return { origin };
  const target = await b.search((ahead) => agreement(a, ahead)?.b);
  return target === undefined ? undefined : { target };
}

function describe(
  gone: Entry[],
  more: Entry[],
  common: boolean,
  recent: Recent,
  report: (mismatch: Mismatch) => void,
): void {
  if (gone.length > 0 && gone.length === more.length) {
    report({ kind: sameContent(gone, more) ? "order" : "changed", origin: run(gone), target: run(more) });
    return;
  }
  if (!common && gone.length === 0) return report({ kind: "leading", target: run(more) });
  if (!common && more.length === 0) return report({ kind: "leading", origin: run(gone) });
  if (gone.length > 0) report({ kind: "missing", origin: run(gone) });
  const here = new Originals();
  for (const e of gone) here.add(e);
  const twice = more.filter((e) => recent.has(e) || here.has(e));
  const unmatched = more.filter((e) => !recent.has(e) && !here.has(e));
  if (twice.length > 0) report({ kind: "duplicate", target: run(twice) });
  if (unmatched.length > 0) report({ kind: "extra", target: run(unmatched) });
}

function run(entries: Entry[]): EntryRange {
  return longer(undefined, entries)!;
}

/** The most recent records that both sides have in common. */
class Recent {
  private readonly originals = new Originals();
  private readonly ring: Entry[] = [];
  private at = 0;

  add(origin: Entry): void {
    const old = this.ring[this.at];
    if (old !== undefined) this.originals.remove(old);
    this.ring[this.at] = origin;
    this.at = (this.at + 1) % REMEMBERED;
    this.originals.add(origin);
  }

  has(target: Entry): boolean {
    return this.originals.has(target);
  }
}
