import { gap, verdictOf } from "./rule";
import type { Look } from "./look";

/** Of more than twice as many earlier looks, about this many are kept, at equal intervals. */
const KEPT = 24;
/** The lag is steady if it did not get a tenth shorter in this time, and is not a fifth longer than it was before. */
const STEADY_MS = 60_000;
/** What was earlier than this does not count: something else may have kept the gate shut for long. */
const REMEMBERED_MS = 3 * STEADY_MS;

/**
 * How long the mirror takes to copy what producers write. A number of records does not tell how long they would wait
 * behind a fence. Connect also reports its offsets late (`offset.flush.interval.ms`).
 */
export class Lag {
  private readonly numbers = new Map<string, number>();
  private seen: { at: number; ends: Float64Array }[] = [];
  private lags: { at: number; ms: number | undefined }[] = [];

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
    const ms = reached < 0 ? undefined : look.at - this.seen[0]!.at;
    this.lags = [...this.lags.filter(({ at }) => at > look.at - REMEMBERED_MS), { at: look.at, ms }];
    return ms;
  }

  /** Number of earlier looks whose ends are kept. */
  get kept(): number {
    return this.seen.length;
  }

  /** True if waiting longer does not make the lag shorter, and the mirror copies as fast as producers write. */
  isSteady(now: number): boolean {
    const shortest = (lags: typeof this.lags) => Math.min(...lags.map(({ ms }) => ms ?? Infinity));
    const before = shortest(this.lags.filter(({ at }) => at <= now - STEADY_MS));
    const since = shortest(this.lags.filter(({ at }) => at > now - STEADY_MS));
    const latest = this.lags.at(-1)?.ms;
    return latest !== undefined && before < Infinity && since >= 0.9 * before && latest <= 1.2 * before;
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
