import type { TopicPartition } from "../kafka/port";
import type { LogBounds } from "../log/bounds";
import { type Fingerprint, fingerprint, isCopy, timestampCounts } from "../records/same";
import type { RecordCursor } from "../records/walk";
import { inParallel } from "../side-by-side";
import { lastVisible } from "./last-records";
import type { LogReader } from "./log-reader";

/** One partition on both clusters, with the committed offsets to translate. */
export interface PartitionTask {
  originTopic: string;
  targetTopic: string;
  partition: number;
  origin: LogBounds;
  target: LogBounds;
  /** True if either cluster compacts the topic. Equal distances to the end prove nothing then. */
  compacted: boolean;
  /** True if the target lacks records that compaction cannot have removed. Default false. */
  lossy?: boolean;
  /** Without duplicates, in any order. */
  committed: readonly number[];
  /** Present if the mirror still copies: how far it has come. Both ends were read before it was determined. */
  copied?: CopiedSoFar;
}

/** The last record that the mirror has copied, on both sides. */
export interface CopiedSoFar {
  original: Fingerprint;
  copy: Fingerprint;
  /** False: the target's log goes on with records that are not from the origin. */
  last: boolean;
}

/** How a committed offset was translated. */
export type How =
  /** No visible record is at or after it. It maps to the end of what was copied. */
  | "end"
  /** Found the first copy of the record, with equal neighbours and the same distance to the end. */
  | "neighbours"
  /** Found by reading both logs from there to the end. */
  | "tail"
  /** Not translated, because the target lacks records: it is not a complete copy. */
  | "incomplete";

export interface Translation {
  /** Undefined: the offset could not be translated. */
  target: number | undefined;
  exact: boolean;
  how: How;
  rereads: number;
  /** True: `rereads` counts offsets, and some of them may hold no record. */
  rereadsAtMost?: true;
  missing: number;
  note?: string;
}

/** The work on one partition: its task, the answers so far, and the range that both logs have in common. */
export interface Work {
  task: PartitionTask;
  answers: Map<number, Translation>;
  /** Bounds of both logs. Each end is one past the last visible record that both logs hold. */
  origin: LogBounds;
  target: LogBounds;
  /** False if an origin record has no timestamp, or the target's broker has replaced one. Then none is compared. */
  timestamps: boolean;
  /** Committed offsets without an answer. Offsets before the origin's log start are raised to it. */
  open: number[];
}

/** Sets the translation of every committed offset that is at `place` or was raised to it. */
export function answer(w: Work, place: number, translation: Translation): void {
  w.open = w.open.filter((g) => g !== place);
  for (const g of w.task.committed) {
    if (g === place) w.answers.set(g, translation);
    else if (g < place && place === w.task.origin.start) {
      const note = `committed offset ${g} is before the log start (${place}) of the origin: the records in between are gone there`;
      w.answers.set(g, {
        ...translation,
        note: translation.note === undefined ? note : `${note}; ${translation.note}`,
      });
    }
  }
}

/**
 * Finds the common end of both logs of each partition, and answers every committed offset that this decides. Where the
 * mirror still copies, `copied` is this end.
 */
export async function findEnds(
  origin: LogReader,
  target: LogReader,
  tasks: readonly PartitionTask[],
  signal?: AbortSignal,
): Promise<Work[]> {
  const complete = tasks.filter((t) => t.copied === undefined);
  const last = (reader: LogReader, place: (task: PartitionTask) => { topic: string; bounds: LogBounds }) =>
    lastVisible(
      reader,
      complete.map((t) => ({ ...place(t), partition: t.partition })),
      signal,
    );
  const [originLast, targetLast] = await Promise.all([
    last(origin, (t) => ({ topic: t.originTopic, bounds: t.origin })),
    last(target, (t) => ({ topic: t.targetTopic, bounds: t.target })),
  ]);
  const ends = new Map(complete.map((task, i) => [task, { origin: originLast[i], target: targetLast[i] }]));
  const work: Work[] = [];
  await inParallel([...tasks.entries()], async ([i, task]) => {
    const { copied } = task;
    if (copied === undefined)
      work[i] = await findEnd(target, task, ends.get(task)?.origin, ends.get(task)?.target, signal);
    else {
      const end = copied.last ? task.target.end : copied.copy.offset + 1;
      work[i] = commonEnd(task, copied.original, timestampCounts(copied.original, copied.copy), {
        end,
        lastCopy: copied.copy.offset,
        beyond: !copied.last,
      });
    }
  });
  return work;
}

async function findEnd(
  target: LogReader,
  task: PartitionTask,
  last: Fingerprint | undefined,
  targetLast: Fingerprint | undefined,
  signal?: AbortSignal,
): Promise<Work> {
  const timestamps = last === undefined || timestampCounts(last, targetLast ?? { ...last, stamped: false });
  if (last === undefined) {
    const answers = new Map(task.committed.map((g) => [g, fromEmptyOrigin(g, task, targetLast !== undefined)]));
    return { task, answers, timestamps, open: [], origin: { ...task.origin }, target: { ...task.target } };
  }
  if (targetLast !== undefined && isCopy(last, targetLast))
    return commonEnd(task, last, timestamps, { end: task.target.end, lastCopy: targetLast.offset, beyond: false });
  const partition = { topic: task.targetTopic, partition: task.partition };
  const copy =
    targetLast === undefined ? undefined : await lastCopy(target, partition, task.target, last, timestamps, signal);
  const place = copy === undefined ? undefined : { end: copy + 1, lastCopy: copy, beyond: true };
  return commonEnd(task, last, timestamps, place);
}

/** Where the target's copies end. */
interface TargetEnd {
  /** The offset for a group that has read everything. */
  end: number;
  /** The offset of the last copy. Distances count from it, because markers may follow it. */
  lastCopy: number;
  /** True if the target holds later records that are not from the origin. */
  beyond: boolean;
}

/**
 * Answers the committed offsets after the last common record.
 * @param last the origin's last record that was copied
 * @param place undefined: the target has no copy of it
 */
function commonEnd(task: PartitionTask, last: Fingerprint, timestamps: boolean, place: TargetEnd | undefined): Work {
  const answers = new Map<number, Translation>();
  const work: Work = { task, answers, timestamps, open: [], origin: { ...task.origin }, target: { ...task.target } };
  work.origin.end = last.offset + 1;
  for (const g of task.committed) {
    if (place === undefined) answers.set(g, incomplete(last));
    else if (g > last.offset) answers.set(g, atEnd(g, task, place.end, place.beyond));
    else work.open.push(Math.max(g, task.origin.start));
  }
  work.open = [...new Set(work.open)].sort((a, b) => a - b);
  if (place !== undefined) work.target.end = place.lastCopy + 1;
  return work;
}

function incomplete(last: Fingerprint): Translation {
  const note = `the target has no copy of the origin's last record (offset ${last.offset}): the copy is not complete`;
  return { target: undefined, exact: false, how: "incomplete", rereads: 0, missing: 0, note };
}

function atEnd(g: number, task: PartitionTask, end: number, beyond: boolean): Translation {
  const notes = [
    ...(g > task.origin.end ? [`committed offset ${g} is past the end (${task.origin.end}) of the origin's log`] : []),
    ...(beyond
      ? [
          `the target holds later records (${end} to ${task.target.end}) that are not from the origin; the group ` +
            "will read them",
        ]
      : []),
  ];
  const translation: Translation = { target: end, exact: true, how: "end", rereads: 0, missing: 0 };
  return notes.length > 0 ? { ...translation, note: notes.join("; ") } : translation;
}

/**
 * Decides one committed offset of a partition without visible records on the origin. Nothing can be compared there. The
 * records on the target may be copies that the group has read, copies that it has not read, or records that clients
 * have written. Only the origin's log start helps. That many offsets were deleted, so at most as many were copied.
 */
function fromEmptyOrigin(
  g: number,
  { origin, target }: { origin: LogBounds; target: LogBounds },
  targetHolds: boolean,
): Translation {
  const past = g > origin.end ? [`committed offset ${g} is past the end (${origin.end}) of the origin's log`] : [];
  const at = (place: number, exact: boolean, rereads: number, ...notes: string[]): Translation => {
    const note = [...past, ...notes].join("; ");
    return {
      target: place,
      exact,
      how: "end",
      rereads,
      ...(rereads > 0 ? { rereadsAtMost: true as const } : {}),
      missing: 0,
      ...(note === "" ? {} : { note }),
    };
  };
  if (!targetHolds) return at(target.end, true, 0);
  if (origin.start === 0)
    return at(
      target.start,
      true,
      0,
      "the origin never held a record; what is on the target is not from there, and the group will read it",
    );
  const deleted = "the origin has deleted all its records, so nothing can be compared";
  if (g >= origin.start && target.end <= origin.start)
    return at(
      target.end,
      false,
      0,
      `${deleted}; the group had read them all, and nothing shows that clients have written to the target`,
    );
  const why =
    g < origin.start
      ? `the group had not read the last ${origin.start - g} offsets`
      : "the target has had more records than were deleted";
  return at(
    target.start,
    false,
    target.end - target.start,
    `${deleted}; ${why}; the beginning was taken, and the records read again are at most as many as said`,
  );
}

/**
 * Finds the last copy of the origin's last record on the target. Needed if the target's own last record is a different
 * one: clients have already written there, or the copy is not complete.
 * @param timestamps false if the copy has a different timestamp and cannot be found by time
 * @returns undefined if there is no copy
 */
async function lastCopy(
  reader: LogReader,
  partition: TopicPartition,
  bounds: LogBounds,
  record: Fingerprint,
  timestamps: boolean,
  signal?: AbortSignal,
): Promise<number | undefined> {
  const from = timestamps ? await reader.offsetAt(partition, record.timestamp) : bounds.start;
  if (from === undefined) return undefined;
  let offset: number | undefined;
  const see = (cursor: RecordCursor): void => {
    if (cursor.size === record.size && isCopy(record, fingerprint(cursor))) offset = cursor.offset;
  };
  await reader.scan([{ ...partition, from: Math.max(from, bounds.start), to: bounds.end, see }], signal);
  return offset;
}
