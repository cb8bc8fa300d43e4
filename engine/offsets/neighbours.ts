import type { LogBounds } from "../log/bounds";
import type { OffsetRange } from "../log/partition";
import { NO_TIMESTAMP } from "../records/legacy";
import { type Fingerprint, fingerprint, isCopy } from "../records/same";
import type { LogReader, ScanAsk } from "./log-reader";
import { answer, type Work } from "./translation";

/** A look at one place costs about as much as reading this many records. Looks at one partition run in sequence. */
const RECORDS_PER_LOOK = 5_000;
const MANY_PLACES = 32;

/** Number of records to compare before and after the landing place, if the logs have them. */
export const BEFORE = 3;
export const AFTER = 3;

/** A range of a log with all its visible records. */
export interface RecordsOfRange extends OffsetRange {
  records: readonly Fingerprint[];
}

/** The target offset of the record at origin offset `g`, if neither log has a gap from there to its end. */
export function byArithmetic(g: number, origin: LogBounds, target: LogBounds): number {
  return target.end - (origin.end - g);
}

/** The range to read around a place: the place and its neighbours, limited to the log. */
export function around(place: number, bounds: LogBounds): OffsetRange {
  return { from: Math.max(bounds.start, place - BEFORE), to: Math.min(bounds.end, place + AFTER + 1) };
}

/**
 * Checks with a few records whether the record at origin offset `g` can be the one at target offset `t`. The
 * conditions: both ranges have no gaps and no transactions, the target keeps timestamps, the record at `g` equals the
 * one at `t` and no other record near it, and neighbours at equal distances are equal. This is not a proof yet:
 * contents that repeat look the same one period later, and duplicates can shift the place by one period. `firstCopies`
 * must also show that `t` is the first copy.
 * @returns undefined if the place matches, otherwise the reason why it does not.
 */
export function whyNotSamePlace(
  g: number,
  t: number,
  origin: RecordsOfRange,
  target: RecordsOfRange,
): string | undefined {
  if (origin.records.some((r) => r.transactional) || target.records.some((r) => r.transactional))
    return "transactions leave markers in the log";
  const here = contiguous(origin);
  const there = contiguous(target);
  if (here === undefined || there === undefined) return "the log has gaps";
  if (target.records.some((r) => r.stamped)) return "the target stamps records itself";
  if (origin.records.some((r) => r.timestamp === NO_TIMESTAMP)) return "records have no timestamp";
  // All timestamps are comparable here, so it does not matter which cluster a record is from.
  const same = (a: Fingerprint | undefined, b: Fingerprint | undefined): boolean => {
    return a !== undefined && b !== undefined && isCopy({ ...a, stamped: false }, { ...b, stamped: false });
  };
  const landing = there.get(t);
  const record = here.get(g);
  if (record === undefined || landing === undefined) return "no record at the place";
  if (!same(record, landing)) return "another record at the place";
  let compared = 0;
  for (let i = -BEFORE; i <= AFTER; i++) {
    if (i === 0) continue;
    const a = here.get(g + i);
    const b = there.get(t + i);
    if (same(record, a) || same(record, b)) return "an equal record stands beside it";
    if (a === undefined || b === undefined) continue;
    if (!same(a, b)) return "its neighbours differ";
    compared++;
  }
  const alone = origin.records.length === 1;
  return compared > 0 || alone ? undefined : "no neighbour to compare";
}

/** Maximum number of offsets to search for an earlier copy before the landing record. Beyond it, the tail is read. */
export const MOST_BEFORE = 1_000;

/**
 * The range in which an earlier copy of the record at `t` would lie.
 * @param first the target's first offset whose record has the same timestamp or a later one
 * @returns undefined if the range is too long to read, or `first` does not give one
 */
export function beforeFirst(t: number, first: number | undefined, target: LogBounds): OffsetRange | undefined {
  if (first === undefined || first > t || t - first > MOST_BEFORE) return undefined;
  return { from: Math.max(target.start, first), to: t };
}

function contiguous(range: RecordsOfRange): Map<number, Fingerprint> | undefined {
  if (range.records.length !== range.to - range.from) return undefined;
  return new Map(range.records.map((r) => [r.offset, r]));
}

interface Probe {
  work: Work;
  g: number;
  t: number;
  originRange: OffsetRange;
  targetRange: OffsetRange;
  originRecords: Fingerprint[];
  targetRecords: Fingerprint[];
}

/** Answers the committed offsets whose place is proved by a few records around it. */
export async function byNeighbours(
  origin: LogReader,
  target: LogReader,
  work: readonly Work[],
  signal?: AbortSignal,
): Promise<void> {
  const probes: Probe[] = [];
  for (const w of work) {
    if (w.task.compacted || !w.timestamps || tailIsCheaper(w)) continue;
    for (const g of w.open) {
      const t = byArithmetic(g, w.origin, w.target);
      if (t < w.target.start) continue;
      const [originRange, targetRange] = [around(g, w.origin), around(t, w.target)];
      probes.push({ work: w, g, t, originRange, targetRange, originRecords: [], targetRecords: [] });
    }
  }
  if (probes.length === 0) return;
  const asks = (side: "origin" | "target"): ScanAsk[] =>
    probes.map((p) => ({
      topic: side === "origin" ? p.work.task.originTopic : p.work.task.targetTopic,
      partition: p.work.task.partition,
      ...(side === "origin" ? p.originRange : p.targetRange),
      see: (cursor) => (side === "origin" ? p.originRecords : p.targetRecords).push(fingerprint(cursor)),
    }));
  await Promise.all([origin.scan(asks("origin"), signal), target.scan(asks("target"), signal)]);
  const matching = probes.filter((p) => {
    const onOrigin = { ...p.originRange, records: p.originRecords };
    const onTarget = { ...p.targetRange, records: p.targetRecords };
    return whyNotSamePlace(p.g, p.t, onOrigin, onTarget) === undefined;
  });
  for (const p of await firstCopies(target, matching, signal)) {
    answer(p.work, p.g, { target: p.t, exact: true, how: "neighbours", rereads: 0, missing: 0 });
  }
}

/** Returns the probes whose landing record has no earlier copy on the target. Only these cannot skip records. */
async function firstCopies(target: LogReader, probes: readonly Probe[], signal?: AbortSignal): Promise<Probe[]> {
  const partitionOf = ({ work }: Probe) => ({ topic: work.task.targetTopic, partition: work.task.partition });
  const records = probes.map((p) => p.targetRecords.find((r) => r.offset === p.t) as Fingerprint);
  const firsts = await target.offsetsAt(
    probes.map((p, i) => ({ ...partitionOf(p), timestamp: (records[i] as Fingerprint).timestamp })),
  );
  const later = new Set<Probe>();
  const asks: ScanAsk[] = [];
  for (const [i, p] of probes.entries()) {
    const record = records[i] as Fingerprint;
    const range = beforeFirst(p.t, firsts[i], p.work.target);
    if (range === undefined) later.add(p);
    else
      asks.push({
        ...partitionOf(p),
        ...range,
        see: (cursor) => void (cursor.size === record.size && isCopy(record, fingerprint(cursor)) && later.add(p)),
      });
  }
  await target.scan(
    asks.filter((a) => a.from < a.to),
    signal,
  );
  return probes.filter((p) => !later.has(p));
}

/** True if there are many places in a short range: one pass over the range is cheaper than one look per place. */
function tailIsCheaper({ open, origin }: Work): boolean {
  return open.length > MANY_PLACES && origin.end - (open[0] as number) <= open.length * RECORDS_PER_LOOK;
}
