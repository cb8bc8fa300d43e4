import type { LogBounds } from "../log/bounds";
import type { OffsetRange } from "../log/range";
import type { Progress } from "../progress";
import { type Fingerprint, fingerprint, isCopy, timestampCounts } from "../records/same";
import { countText } from "../units";
import { lastCopy, lastVisible } from "./ends";
import { land, type Landing } from "./land";
import { nothingLeft } from "./nothing-left";
import { around, beforeFirst, byArithmetic, whyNotThere } from "./neighbours";
import { inParallel } from "./parallel";
import type { LogReader, ScanAsk } from "./reader";
import { OriginTail, type Place, TargetTail } from "./tail";
import type { PartitionTask, Translation } from "./translation";

interface Work {
  task: PartitionTask;
  answers: Map<number, Translation>;
  /** Both logs up to the end of what they have in common: one past the last visible record that both hold. */
  origin: LogBounds;
  target: LogBounds;
  /** False where an origin record has no timestamp, or the target's broker has replaced one: then none is compared. */
  timestamps: boolean;
  /** Committed offsets that still wait for an answer, raised to the log start. */
  open: number[];
}

/** A look at a few records costs about as much as reading this many in passing; looks at one partition come one by one. */
const RECORDS_PER_LOOK = 5_000;
const MANY_PLACES = 32;

/** How far before the first committed offset a tail is read, so that the records before it are seen too. */
const MARGIN = 8;

/**
 * Translates every committed offset of every partition.
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

async function findEnds(origin: LogReader, target: LogReader, tasks: readonly PartitionTask[], signal?: AbortSignal): Promise<Work[]> {
  const [originLast, targetLast] = await Promise.all([
    lastVisible(origin, tasks.map((t) => ({ topic: t.originTopic, partition: t.partition, bounds: t.origin })), signal),
    lastVisible(target, tasks.map((t) => ({ topic: t.targetTopic, partition: t.partition, bounds: t.target })), signal),
  ]);
  const work: Work[] = [];
  await inParallel([...tasks.entries()], async ([i, task]) => {
    work[i] = await findEnd(target, task, originLast[i], targetLast[i], signal);
  });
  return work;
}

async function findEnd(target: LogReader, task: PartitionTask, last: Fingerprint | undefined, targetLast: Fingerprint | undefined, signal?: AbortSignal): Promise<Work> {
  const answers = new Map<number, Translation>();
  const timestamps = last === undefined || timestampCounts(last, targetLast ?? { ...last, stamped: false });
  const work: Work = { task, answers, timestamps, open: [], origin: { ...task.origin }, target: { ...task.target } };
  if (last === undefined) {
    for (const g of task.committed) answers.set(g, nothingLeft(g, task, targetLast !== undefined));
    return work;
  }
  const settled = targetLast !== undefined && isCopy(last, targetLast);
  let end: number | undefined = task.target.end;
  let beyond = false;
  if (!settled) {
    const copy = targetLast === undefined ? undefined : await lastCopy(target, { topic: task.targetTopic, partition: task.partition }, task.target, last, timestamps, signal);
    end = copy === undefined ? undefined : copy + 1;
    beyond = copy !== undefined;
  }
  const originEnd = last.offset + 1;
  for (const g of task.committed) {
    if (end === undefined) answers.set(g, incomplete(last));
    else if (g >= originEnd) answers.set(g, atEnd(g, task, end, beyond));
    else work.open.push(Math.max(g, task.origin.start));
  }
  work.open = [...new Set(work.open)].sort((a, b) => a - b);
  work.origin.end = originEnd;
  // The distance to the end is counted from the last record itself, whatever markers follow it.
  if (end !== undefined) work.target.end = settled && targetLast !== undefined ? targetLast.offset + 1 : end;
  return work;
}

function incomplete(last: Fingerprint): Translation {
  const note = `the target has no copy of the origin's last record (offset ${last.offset}): the copy is not complete`;
  return { target: undefined, exact: false, how: "incomplete", rereads: 0, missing: 0, note };
}

function notHeld(place: Place): Translation {
  const offset = place.after[0]?.record.offset;
  const note = `the target holds later records, but no copy of the origin's record at offset ${offset}: it is no complete copy (was the topic deleted and created again?)`;
  return { target: undefined, exact: false, how: "incomplete", rereads: 0, missing: 0, note };
}

function atEnd(g: number, task: PartitionTask, end: number, beyond: boolean): Translation {
  const notes = [
    ...(g > task.origin.end ? [`committed offset ${g} is past the end (${task.origin.end}) of the origin's log`] : []),
    ...(beyond ? [`the target holds later records (${end} to ${task.target.end}) that are not from the origin; the group will read them`] : []),
  ];
  const translation: Translation = { target: end, exact: true, how: "end", rereads: 0, missing: 0 };
  return notes.length > 0 ? { ...translation, note: notes.join("; ") } : translation;
}

interface Probe {
  work: Work;
  g: number;
  t: number;
  here: OffsetRange;
  there: OffsetRange;
  seenHere: Fingerprint[];
  seenThere: Fingerprint[];
}

async function byNeighbours(origin: LogReader, target: LogReader, work: readonly Work[], signal?: AbortSignal): Promise<void> {
  const probes: Probe[] = [];
  for (const w of work) {
    if (w.task.compacted || !w.timestamps || tailIsCheaper(w)) continue;
    for (const g of w.open) {
      const t = byArithmetic(g, w.origin, w.target);
      if (t < w.target.start) continue;
      probes.push({ work: w, g, t, here: around(g, w.origin), there: around(t, w.target), seenHere: [], seenThere: [] });
    }
  }
  if (probes.length === 0) return;
  const asks = (side: "origin" | "target"): ScanAsk[] =>
    probes.map((p) => ({
      topic: side === "origin" ? p.work.task.originTopic : p.work.task.targetTopic,
      partition: p.work.task.partition,
      ...(side === "origin" ? p.here : p.there),
      see: (cursor) => (side === "origin" ? p.seenHere : p.seenThere).push(fingerprint(cursor)),
    }));
  await Promise.all([origin.scan(asks("origin"), signal), target.scan(asks("target"), signal)]);
  const there = probes.filter((p) => whyNotThere(p.g, p.t, { ...p.here, records: p.seenHere }, { ...p.there, records: p.seenThere }) === undefined);
  for (const p of await firstCopies(target, there, signal)) answer(p.work, p.g, { target: p.t, exact: true, how: "neighbours", rereads: 0, missing: 0 });
}

/** The probes whose landing record has no earlier copy on the target: only there can nothing be skipped. */
async function firstCopies(target: LogReader, probes: readonly Probe[], signal?: AbortSignal): Promise<Probe[]> {
  const partitionOf = ({ work }: Probe) => ({ topic: work.task.targetTopic, partition: work.task.partition });
  const records = probes.map((p) => p.seenThere.find((r) => r.offset === p.t) as Fingerprint);
  const firsts = await target.offsetsAt(probes.map((p, i) => ({ ...partitionOf(p), timestamp: (records[i] as Fingerprint).timestamp })));
  const later = new Set<Probe>();
  const asks: ScanAsk[] = [];
  for (const [i, p] of probes.entries()) {
    const record = records[i] as Fingerprint;
    const stretch = beforeFirst(p.t, firsts[i], p.work.target);
    if (stretch === undefined) later.add(p);
    else asks.push({ ...partitionOf(p), ...stretch, see: (cursor) => void (cursor.size === record.size && isCopy(record, fingerprint(cursor)) && later.add(p)) });
  }
  await target.scan(asks.filter((a) => a.from < a.to), signal);
  return probes.filter((p) => !later.has(p));
}

/** Many groups, each at a place of its own in a short stretch: one pass over it serves them all. */
function tailIsCheaper({ open, origin }: Work): boolean {
  return open.length > MANY_PLACES && origin.end - (open[0] as number) <= open.length * RECORDS_PER_LOOK;
}

async function byTail(origin: LogReader, target: LogReader, work: readonly Work[], progress: Progress, signal?: AbortSignal): Promise<void> {
  const open = work.filter((w) => w.open.length > 0);
  if (open.length === 0) return;
  const records = open.reduce((sum, w) => sum + w.origin.end - tailStart(w), 0);
  progress.info(`offsets: reading ${countText(open.length, "partition")} to the end, up to ${countText(records, "record")} on each side: a few records around the committed offsets prove nothing there`);
  const again = await readTails(origin, target, open, signal);
  for (const w of again) w.timestamps = false;
  await readTails(origin, target, again, signal);
}

const tailStart = (w: Work): number => Math.max(w.origin.start, (w.open[0] as number) - MARGIN);

/** @returns the partitions whose timestamps turned out not to be comparable: they have to be read without them */
async function readTails(origin: LogReader, target: LogReader, work: readonly Work[], signal?: AbortSignal): Promise<Work[]> {
  const again = new Set<Work>();
  const tails = work.map((w) => ({ w, topic: w.task.originTopic, partition: w.task.partition, from: tailStart(w), to: w.origin.end, tail: new OriginTail(w.open, w.timestamps) }));
  await origin.scan(tails.map((t) => ({ ...t, see: (cursor) => t.tail.see(cursor) })), signal);

  for (const { w, tail } of tails) if (w.timestamps && tail.untimed) again.add(w);
  const near = tails.filter(({ w }) => !again.has(w)).map(({ w, from, tail }) => {
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

/** A target partition to be read to the end, and the places that it is read for. */
interface Reading {
  w: Work;
  places: Place[];
  from: number;
}

async function readTarget(target: LogReader, readings: readonly Reading[], signal?: AbortSignal): Promise<TargetTail[]> {
  const tails = readings.map((r) => new TargetTail(r.places, r.w.timestamps));
  const asks = readings.map((r, i): ScanAsk => {
    const { targetTopic: topic, partition } = r.w.task;
    return { topic, partition, from: r.from, to: r.w.target.end, see: (cursor) => tails[i]?.see(cursor) };
  });
  await target.scan(asks, signal);
  return tails;
}

/** An offset before which no copy of the places' records can lie. */
async function lowest(target: LogReader, w: Work, places: readonly Place[]): Promise<number> {
  if (!w.timestamps) return w.target.start;
  const marks = places.flatMap((p) => (p.before === undefined ? p.after : [p.before, ...p.after]));
  // Not spread: thousands of groups in one partition are more arguments than a call takes.
  const earliest = marks.reduce((least, m) => Math.min(least, m.record.timestamp), Infinity);
  const offset = await target.offsetAt({ topic: w.task.targetTopic, partition: w.task.partition }, earliest);
  return Math.min(w.target.end, Math.max(w.target.start, offset ?? w.target.end));
}

/** Answers what can be answered and returns the rest. */
function settle({ w, places, from }: Reading, tail: TargetTail, fromStart: boolean): Place[] {
  const left: Place[] = [];
  const reach = { fromStart, compacted: w.task.compacted, deleted: w.target.start > 0 && from <= w.target.start };
  for (const place of places) {
    const landing = land(place, tail, reach);
    if (landing === "widen") left.push(place);
    else if (landing === "not held") answer(w, place.committed, notHeld(place));
    else answer(w, place.committed, { ...landing, how: "tail", ...(landing.target < 0 ? beginning(landing, from, w.target) : {}) });
  }
  return left;
}

/** The target's log start. Nothing was read before `from`, so what lies there is not counted, and the figures are bounds. */
function beginning({ missing }: Landing, from: number, { start, end }: LogBounds): Partial<Translation> {
  if (from <= start) return { target: start };
  return { target: start, rereads: end - start, rereadsAtMost: true, missing: Math.max(0, missing - (from - start)) };
}

/** Gives the answer to every committed offset that was raised to `place`. */
function answer(w: Work, place: number, translation: Translation): void {
  w.open = w.open.filter((g) => g !== place);
  for (const g of w.task.committed) {
    if (g === place) w.answers.set(g, translation);
    else if (g < place && place === w.task.origin.start) {
      const note = `committed offset ${g} is before the log start (${place}) of the origin: the records in between are gone there`;
      w.answers.set(g, { ...translation, note: translation.note === undefined ? note : `${note}; ${translation.note}` });
    }
  }
}
