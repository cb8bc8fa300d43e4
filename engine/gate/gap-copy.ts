import { type Fingerprint, isCopy, timestampCounts } from "../records/same";

/** What both clusters hold of one partition, as far as it is needed to decide whether a gap is copied. */
export interface GapRecords {
  /** The origin's visible records in the gap, in order. */
  gap: readonly Fingerprint[];
  /** Every visible record of the origin before the gap with a timestamp that a record of the gap may have. */
  before: readonly Fingerprint[];
  /** The same for the target: all of its visible records from the first with such a timestamp to its end, in order. */
  target: readonly Fingerprint[];
}

/**
 * The earliest timestamp of the records, ms since the epoch. Undefined if one of them has none: then its copy has
 * another timestamp, and equal records cannot be told apart. Also undefined for the time 0, which leaves no earlier
 * time to search for.
 */
export function earliestTime(records: readonly Fingerprint[]): number | undefined {
  const earliest = records.reduce((least, r) => Math.min(least, r.timestamp), Infinity);
  return earliest > 0 && earliest < Infinity ? earliest : undefined;
}

/**
 * Returns true if the target holds every record of the gap, without doubt. Two things are necessary:
 *
 * - The target ends with copies of exactly these records, in this order.
 * - No other record of either cluster equals one of them. So each copy is the copy of this record, not of an equal one,
 *   and no record of the gap was copied twice.
 *
 * It makes no assumption about the mirror. A mirror that loses, repeats or reorders records of the gap gets false.
 */
export function isGapCopied({ gap, before, target }: GapRecords): boolean {
  const first = target.length - gap.length;
  if (gap.length === 0 || first < 0) return false;
  const same = gap.every((record, i) => {
    const copy = target[first + i]!;
    return timestampCounts(record, copy) && isCopy(record, copy);
  });
  if (!same) return false;
  const names = new Set(gap.map(nameOf));
  if (names.size < gap.length) return false;
  return !before.some((r) => names.has(nameOf(r))) && !target.slice(0, first).some((r) => names.has(nameOf(r)));
}

const nameOf = ({ body, timestamp }: Fingerprint): string => `${body} ${timestamp}`;
