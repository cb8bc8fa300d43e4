import { isCopy, namesInCopy, namesOf, Originals } from "../records/same";
import { AHEAD, type Entry, type Run, type Sequence } from "./sequence";
import { longer, Side } from "./side";

export type Step =
  /** `rest`: the other side has ended. */
  | { kind: "missing"; origin: Run; rest?: true }
  | { kind: "extra" | "duplicate"; target: Run; rest?: true }
  | { kind: "changed" | "order"; origin: Run; target: Run }
  /** One side begins earlier than the first record that both have. */
  | { kind: "leading"; origin?: Run; target?: Run }
  | { kind: "diverged"; origin: Entry; target: Entry };

/** How many records must agree to believe in a common place. */
const AGREE = 4;
/** Records remembered to tell a duplicate from a stranger. */
const REMEMBERED = 16_384;
/** Searches through the whole rest of a side; after so many, what follows is called diverged. */
const LONG_SEARCHES = 8;

/**
 * Finds where two sequences differ, in constant memory: equal records are passed by, and at a difference the nearest
 * place is searched from which both sides agree again.
 * @returns records on each side
 */
export async function align(
  origin: Sequence,
  target: Sequence,
  report: (step: Step) => void,
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
      // One side has ended: the rest of the other one stands alone.
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

/** The nearest pair of places in both windows from which the sides agree. */
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
  // Two ends agree as well, before places that agree only until one side ends.
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

/** The same records, maybe in another order. Each record of the target is the copy of at most one. */
function sameContent(here: readonly Entry[], there: readonly Entry[]): boolean {
  const left = new Map<string, Entry[]>();
  for (const y of there) {
    const copies = left.get(y.body);
    if (copies === undefined) left.set(y.body, [y]);
    else copies.push(y);
  }
  // Records without a timestamp last: any of the equal copies that are left will do for them.
  return [...here]
    .sort((x, y) => y.timestamp - x.timestamp)
    .every((x) => {
      const copies = left.get(x.body) ?? [];
      const at = copies.findIndex((y) => isCopy(x, y));
      if (at >= 0) copies.splice(at, 1);
      return at >= 0;
    });
}

/** Looks for what one side goes on with in the whole rest of the other, and stands there when it is found. */
async function farAway(a: Side, b: Side): Promise<{ origin?: Run; target?: Run } | undefined> {
  const origin = await a.search((ahead) => agreement(ahead, b)?.a);
  if (origin !== undefined) return { origin };
  const target = await b.search((ahead) => agreement(a, ahead)?.b);
  return target === undefined ? undefined : { target };
}

function describe(gone: Entry[], more: Entry[], common: boolean, recent: Recent, report: (step: Step) => void): void {
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

function run(entries: Entry[]): Run {
  return longer(undefined, entries)!;
}

/** The last few records that both sides had. */
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
