import { gap, verdictOf } from "./rule";
import type { Look } from "./look";

/** Of more than twice as many earlier looks, about this many are kept, at equal intervals. */
const KEPT = 24;
/**
 * The lag is steady if it was not a tenth shorter, and is not a fifth longer, than its shortest value this long ago.
 */
const STEADY_MS = 60_000;

/**
 * How long the mirror takes to copy what producers write. A number of records does not tell how long they would wait
 * behind a fence. Connect also reports its offsets late (`offset.flush.interval.ms`).
 */
export class Lag {
  private readonly numbers = new Map<string, number>();
  private seen: { at: number; ends: Float64Array }[] = [];
  private shortest: { ms: number; at: number } | undefined;
  private latest: number | undefined;

  /**
   * @returns milliseconds since the latest moment of which everything is copied. 0: everything is copied now.
   *   Undefined: the mirror has not yet copied what was there at the first look
   */
  add(look: Pick<Look, "at" | "partitions">): number | undefined {
    for (const key of look.partitions.keys()) if (!this.numbers.has(key)) this.numbers.set(key, this.numbers.size);
    // A partition that is gone holds nothing up.
    const copied = new Float64Array(this.numbers.size).fill(Infinity);
    const ends = new Float64Array(this.numbers.size);
    for (const [key, { facts }] of look.partitions) {
      const at = this.numbers.get(key)!;
      ends[at] = facts.end;
      // The mirror confirms records only. An earlier look has seen what else is before `clearedTo`.
      if (verdictOf(facts) !== "complete") copied[at] = Math.max(gap(facts).from, facts.clearedTo ?? 0);
    }
    this.seen.push({ at: look.at, ends });
    const reached = this.seen.findLastIndex((one) => one.ends.every((end, i) => copied[i]! >= end));
    if (reached > 0) this.seen = this.seen.slice(reached);
    if (this.seen.length > 2 * KEPT) this.seen = atIntervals(this.seen);
    this.latest = reached < 0 ? undefined : look.at - this.seen[0]!.at;
    const { shortest, latest } = this;
    if (latest !== undefined && (shortest === undefined || latest < 0.9 * shortest.ms))
      this.shortest = { ms: latest, at: look.at };
    return latest;
  }

  /** Number of earlier looks whose ends are kept. */
  get kept(): number {
    return this.seen.length;
  }

  /** True if waiting longer does not make the lag shorter, and the mirror copies as fast as producers write. */
  isSteady(now: number): boolean {
    const { shortest, latest } = this;
    return (
      shortest !== undefined && latest !== undefined && now - shortest.at >= STEADY_MS && latest <= 1.2 * shortest.ms
    );
  }
}

/**
 * Keeps the oldest one, and of the others those that are at least a part of the whole time later than the one before.
 */
function atIntervals<T extends { at: number }>(seen: readonly T[]): T[] {
  const interval = (seen.at(-1)!.at - seen[0]!.at) / KEPT;
  let before = -Infinity;
  return seen.filter(({ at }) => {
    const keep = at - before >= interval;
    if (keep) before = at;
    return keep;
  });
}
