import type { LogBounds } from "../log/bounds";
import type { Progress } from "../progress";
import { countText } from "../units";
import type { LogReader, ScanAsk } from "./log-reader";
import { byArithmetic, byNeighbours } from "./neighbours";
import { between, type Copy, equalLinks, type Mark, OriginTail, type CommittedPosition, TargetTail } from "./tail";
import { answer, findEnds, type PartitionTask, type Translation, type Work } from "./translation";

/** A tail is read from this many offsets before the first committed offset, to include the records before it. */
const MARGIN = 8;

/**
 * Translates every committed offset of every partition in three steps. Each step answers what it can prove:
 * 1. the ends of both logs (translation.ts): which offsets lie at the end of what was copied;
 * 2. neighbours (neighbours.ts): a few records around the expected place;
 * 3. the tail (here, with tail.ts): both logs read to the end.
 * @returns for each task, in order, a map from committed offset to translation.
 */
export async function translate(
  origin: LogReader,
  target: LogReader,
  tasks: readonly PartitionTask[],
  progress: Progress,
  signal?: AbortSignal,
): Promise<Map<number, Translation>[]> {
  const work = await findEnds(origin, target, tasks, signal);
  await byNeighbours(origin, target, work, signal);
  await byTail(origin, target, work, progress, signal);
  return work.map((w) => w.answers);
}

async function byTail(
  origin: LogReader,
  target: LogReader,
  work: readonly Work[],
  progress: Progress,
  signal?: AbortSignal,
): Promise<void> {
  const open = work.filter((w) => w.open.length > 0);
  if (open.length === 0) return;
  const records = open.reduce((sum, w) => sum + w.origin.end - tailStart(w), 0);
  progress.info(
    `offsets: reading ${countText(open.length, "partition")} to the end, up to ${countText(records, "record")} on each side: a few records around the committed offsets prove nothing there`,
  );
  const again = await readTails(origin, target, open, signal);
  for (const w of again) w.timestamps = false;
  await readTails(origin, target, again, signal);
}

const tailStart = (w: Work): number => Math.max(w.origin.start, (w.open[0] as number) - MARGIN);

/** @returns the partitions whose timestamps cannot be compared. They must be read again without timestamps. */
async function readTails(
  origin: LogReader,
  target: LogReader,
  work: readonly Work[],
  signal?: AbortSignal,
): Promise<Work[]> {
  const again = new Set<Work>();
  const tails = work.map((w) => ({
    w,
    topic: w.task.originTopic,
    partition: w.task.partition,
    from: tailStart(w),
    to: w.origin.end,
    tail: new OriginTail(w.open, w.timestamps),
  }));
  await origin.scan(
    tails.map((t) => ({ ...t, see: (cursor) => t.tail.see(cursor) })),
    signal,
  );

  for (const { w, tail } of tails) if (w.timestamps && tail.untimed) again.add(w);
  const near = tails
    .filter(({ w }) => !again.has(w))
    .map(({ w, from, tail }) => {
      return { w, places: tail.places(), from: Math.max(w.target.start, byArithmetic(from, w.origin, w.target)) };
    });
  const wider: Reading[] = [];
  const nearTails = await readTarget(target, near, signal);
  const usable = ({ w }: Reading, tail: TargetTail): boolean => {
    if (w.timestamps && tail.stamped) again.add(w);
    return !again.has(w);
  };
  for (const [i, reading] of near.entries()) {
    const tail = nearTails[i] as TargetTail;
    if (!usable(reading, tail)) continue;
    const places = settle(reading, tail, false);
    if (places.length === 0) continue;
    const from = await lowest(target, reading.w, places);
    if (from >= reading.from) settle({ ...reading, places }, tail, true);
    else wider.push({ w: reading.w, places, from });
  }
  const tailsFromStart = await readTarget(target, wider, signal);
  for (const [i, reading] of wider.entries()) {
    const tail = tailsFromStart[i] as TargetTail;
    if (usable(reading, tail)) settle(reading, tail, true);
  }
  return [...again];
}

/** A target partition to read to the end, and the places to find in it. */
interface Reading {
  w: Work;
  places: CommittedPosition[];
  from: number;
}

async function readTarget(
  target: LogReader,
  readings: readonly Reading[],
  signal?: AbortSignal,
): Promise<TargetTail[]> {
  const tails = readings.map((r) => new TargetTail(r.places, r.w.timestamps));
  const asks = readings.map((r, i): ScanAsk => {
    const { targetTopic: topic, partition } = r.w.task;
    return { topic, partition, from: r.from, to: r.w.target.end, see: (cursor) => tails[i]?.see(cursor) };
  });
  await target.scan(asks, signal);
  return tails;
}

/** A lower bound: no copy of the places' records lies before this target offset. */
async function lowest(target: LogReader, w: Work, places: readonly CommittedPosition[]): Promise<number> {
  if (!w.timestamps) return w.target.start;
  const marks = places.flatMap((p) => (p.before === undefined ? p.after : [p.before, ...p.after]));
  // `Math.min(...marks)` would fail: thousands of groups in one partition give more arguments than a call accepts.
  const earliest = marks.reduce((least, m) => Math.min(least, m.record.timestamp), Infinity);
  const offset = await target.offsetAt({ topic: w.task.targetTopic, partition: w.task.partition }, earliest);
  return Math.min(w.target.end, Math.max(w.target.start, offset ?? w.target.end));
}

/** Answers the places that can be decided and returns the others. */
function settle({ w, places, from }: Reading, tail: TargetTail, fromStart: boolean): CommittedPosition[] {
  const left: CommittedPosition[] = [];
  const compacted = w.task.compacted && w.task.lossy !== true;
  const reach = { fromStart, compacted, deleted: w.target.start > 0 && from <= w.target.start };
  for (const place of places) {
    const landing = land(place, tail, reach);
    if (landing === "widen") left.push(place);
    else if (landing === "not held") answer(w, place.committed, notHeld(place));
    else
      answer(w, place.committed, {
        ...landing,
        how: "tail",
        ...(landing.target < 0 ? beginning(landing, from, w.target) : {}),
      });
  }
  return left;
}

/** Lands on the target's log start. Records before `from` were not read or counted, so the numbers are bounds. */
function beginning({ missing }: Landing, from: number, { start, end }: LogBounds): Partial<Translation> {
  if (from <= start) return { target: start };
  return { target: start, rereads: end - start, rereadsAtMost: true, missing: Math.max(0, missing - (from - start)) };
}

function notHeld(place: CommittedPosition): Translation {
  const offset = place.after[0]?.record.offset;
  const note = `the target holds later records, but no copy of the origin's record at offset ${offset}: it is no complete copy (was the topic deleted and created again?)`;
  return { target: undefined, exact: false, how: "incomplete", rereads: 0, missing: 0, note };
}

/** Where a committed offset lands. */
interface Landing {
  /** -1: the target's log start. */
  target: number;
  /** False: the match could not be proved. The earlier offset was taken. */
  exact: boolean;
  /** Number of records after the landing place that the group has already read or will read twice. */
  rereads: number;
  /** Number of records at or after the committed offset that the target lacks (compacted there, or never copied). */
  missing: number;
  note?: string;
}

/** How much of the target was read, and what may be missing there in a good copy. */
interface Reach {
  /** True if reading started before any possible copy. */
  fromStart: boolean;
  /** True if compaction may have removed the copy of a record. */
  compacted: boolean;
  /** True if reading started at the log start, and records before it were deleted. */
  deleted: boolean;
}

/**
 * Decides one committed offset that has visible records at or after it.
 *
 * The rule: land on the record from which the target has the same visible records as the origin: the same number, in
 * the same order, all equal.
 *
 * If there is no such record, the mirror sent some records twice, or the two clusters compacted differently. The mirror
 * sends visible records in order. After a restart it goes back to a record that it has already sent and repeats
 * everything from there. So the last copy of a record is followed by copies of all later records and by no copy of an
 * earlier one. Landing on the last copy skips nothing and rereads no earlier record.
 *
 * If the origin holds several equal records, the last copy may belong to any of them. The place after the last copy of
 * the previous record may be usable then. If it is not, the earliest copy is taken.
 *
 * @returns "widen" if the answer needs an earlier part of the target; "not held" if the target lacks the record
 *   although nothing on either cluster removes single records. The target is not a copy of this log then.
 */
function land(place: CommittedPosition, target: TargetTail, reach: Reach): Landing | "widen" | "not held" {
  const first = place.after[0] as Mark;
  const copies = target.copies(first.record);

  for (const copy of copies) {
    if (equalLinks(between(copy.at, target.end), place.rest))
      return { target: copy.offset, exact: true, rereads: 0, missing: 0 };
  }

  const at = (offset: number, index: number, exact: boolean, note?: string): Landing => {
    const surplus = target.end.count - index - place.rest.count;
    const landing: Landing = { target: offset, exact, rereads: Math.max(0, surplus), missing: Math.max(0, -surplus) };
    const differs = "as many records follow as on the origin, but not the same";
    const notes = [...(note === undefined ? [] : [note]), ...(surplus === 0 ? [differs] : [])];
    if (notes.length > 0) landing.note = notes.join("; ");
    return landing;
  };

  const last = copies.at(-1);
  if (last !== undefined && first.equals === 1) return at(last.offset, last.at.count, true);
  const before = place.before?.equals === 0 ? target.copies(place.before.record).at(-1) : undefined;
  if (before !== undefined && last !== undefined) return at(before.offset + 1, before.at.count + 1, true);
  if (!reach.fromStart) return "widen";

  const earliest = copies[0];
  if (earliest !== undefined && !reach.compacted && !reach.deleted) {
    return at(
      earliest.offset,
      earliest.at.count,
      false,
      `the origin holds ${first.equals} equal records from there on; the earliest copy was taken`,
    );
  }
  if (before !== undefined) {
    if (!reach.compacted) return "not held";
    return at(
      before.offset + 1,
      before.at.count + 1,
      true,
      "the target lacks the record at this offset; placed after the one before it",
    );
  }
  const found = earliestHeld(place, target);
  if (found !== undefined) {
    const { copy, alone } = found;
    if (earliest !== undefined)
      return at(
        copy.offset,
        copy.at.count,
        false,
        `the origin holds ${first.equals} equal records from there on; the earliest place was taken`,
      );
    // Retention deletes only from the beginning of a log.
    if (!reach.compacted && !(reach.deleted && beginsWith(place, target, copy))) return "not held";
    return at(
      copy.offset,
      copy.at.count,
      alone,
      "the target lacks the record at this offset; placed at the first later one that it has",
    );
  }
  if (!reach.compacted && !reach.deleted) return "not held";
  return at(
    -1,
    0,
    false,
    "the target's copies of the records around this offset do not show the place; the beginning of its log was taken",
  );
}

/**
 * Finds the earliest place on the target of the records at or after a committed offset, if the target may have lost
 * some of them. The earliest copy of one record is not enough. If the origin holds an equal record later, the copy may
 * belong to that one, and copies of other records may lie before it. A record that the origin holds only once ends the
 * search, because copies of all later records follow its last copy.
 *
 * @returns undefined if no such record is near. `alone` is true if the copy belongs to the first record that the target
 *   holds, and the origin holds that record only once.
 */
function earliestHeld(place: CommittedPosition, target: TargetTail): { copy: Copy; alone: boolean } | undefined {
  let earliest: Copy | undefined;
  for (const { record, equals } of place.after) {
    const copy = target.copies(record).at(equals === 1 ? -1 : 0);
    if (copy === undefined) continue;
    const alone = earliest === undefined;
    if (earliest === undefined || copy.offset < earliest.offset) earliest = copy;
    if (equals === 1) return { copy: earliest, alone };
  }
  return undefined;
}

/**
 * True if everything that the target holds before this copy is a copy of a record at or after the place. The mirror
 * sent these records twice.
 */
function beginsWith(place: CommittedPosition, target: TargetTail, copy: Copy): boolean {
  const lists = new Set(place.after.map((mark) => target.copies(mark.record)));
  const before = [...lists].flatMap((copies) => copies.filter((c) => c.at.count < copy.at.count));
  return before.length === copy.at.count;
}
