import type { LogBounds } from "../log/bounds";
import type { Progress } from "../progress";
import { countText } from "../units";
import type { LogReader, ScanAsk } from "./log-reader";
import { byArithmetic, byNeighbours } from "./neighbours";
import { OriginTail, type CommittedPosition, TargetTail } from "./tail";
import { answer, findEnds, type PartitionTask, type Translation, type Work } from "./translation";
import { land, type Landing } from "./landing";

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
  const records = open.reduce((sum, w) => sum + originEnd(w) - tailStart(w), 0);
  progress.info(
    `offsets: reading ${countText(open.length, "partition")} to the end, up to ${countText(records, "record")} ` +
      "on each side: a few records around the committed offsets prove nothing there",
  );
  const again = await readTails(origin, target, open, signal);
  for (const w of again) w.timestamps = false;
  await readTails(origin, target, again, signal);
}

/**
 * The end of the range to read on the origin. While the mirror copies, the target can hold copies of records after the
 * common end, from before a restart. A record is only unique if none of those equals it.
 */
const originEnd = (w: Work): number => (w.task.copied === undefined ? w.origin.end : w.task.origin.end);

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
    to: originEnd(w),
    tail: new OriginTail(w.open, w.timestamps, w.origin.end),
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
  const note =
    `the target holds later records, but no copy of the origin's record at offset ${offset}: it is not a complete ` +
    "copy (was the topic deleted and created again?)";
  return { target: undefined, exact: false, how: "incomplete", rereads: 0, missing: 0, note };
}
