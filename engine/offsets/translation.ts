import type { TopicPartition } from "../kafka/port";
import type { LogBounds } from "../log/bounds";
import { type Fingerprint, fingerprint, isCopy, timestampCounts } from "../records/same";
import type { RecordCursor } from "../records/walk";
import { inParallel } from "../side-by-side";
import type { LogReader, ScanAsk } from "./log-reader";

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

/** Finds the common end of both logs of each partition, and answers every committed offset that this decides. */
export async function findEnds(
  origin: LogReader,
  target: LogReader,
  tasks: readonly PartitionTask[],
  signal?: AbortSignal,
): Promise<Work[]> {
  const [originLast, targetLast] = await Promise.all([
    lastVisible(
      origin,
      tasks.map((t) => ({ topic: t.originTopic, partition: t.partition, bounds: t.origin })),
      signal,
    ),
    lastVisible(
      target,
      tasks.map((t) => ({ topic: t.targetTopic, partition: t.partition, bounds: t.target })),
      signal,
    ),
  ]);
  const work: Work[] = [];
  await inParallel([...tasks.entries()], async ([i, task]) => {
    work[i] = await findEnd(target, task, originLast[i], targetLast[i], signal);
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
  const answers = new Map<number, Translation>();
  const timestamps = last === undefined || timestampCounts(last, targetLast ?? { ...last, stamped: false });
  const work: Work = { task, answers, timestamps, open: [], origin: { ...task.origin }, target: { ...task.target } };
  if (last === undefined) {
    for (const g of task.committed) answers.set(g, fromEmptyOrigin(g, task, targetLast !== undefined));
    return work;
  }
  const settled = targetLast !== undefined && isCopy(last, targetLast);
  let end: number | undefined = task.target.end;
  let beyond = false;
  if (!settled) {
    const copy =
      targetLast === undefined
        ? undefined
        : await lastCopy(
            target,
            { topic: task.targetTopic, partition: task.partition },
            task.target,
            last,
            timestamps,
            signal,
          );
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
  // Count distances from the last record itself, because markers may follow it.
  if (end !== undefined) work.target.end = settled && targetLast !== undefined ? targetLast.offset + 1 : end;
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

const FIRST_STEP = 1;
const GROWTH = 8;

/**
 * Finds the last visible record of each partition. One small read is enough if the log ends with a record. If it ends
 * with markers, aborted records or a compacted range, the search goes backwards in growing steps.
 * @returns in the order of `partitions`; undefined for a partition without visible records
 */
async function lastVisible(
  reader: LogReader,
  partitions: readonly (TopicPartition & { bounds: LogBounds })[],
  signal?: AbortSignal,
): Promise<(Fingerprint | undefined)[]> {
  const found: (Fingerprint | undefined)[] = partitions.map(() => undefined);
  let open = partitions
    .map((p, i) => ({ ...p, i, to: p.bounds.end, step: FIRST_STEP }))
    .filter((p) => p.to > p.bounds.start);
  while (open.length > 0) {
    const asks = open.map((p): ScanAsk => {
      const from = Math.max(p.bounds.start, p.to - p.step);
      return {
        topic: p.topic,
        partition: p.partition,
        from,
        to: p.to,
        see: (cursor) => (found[p.i] = fingerprint(cursor)),
      };
    });
    await reader.scan(asks, signal);
    open = open
      .map((p) => ({ ...p, to: Math.max(p.bounds.start, p.to - p.step), step: p.step * GROWTH }))
      .filter((p) => found[p.i] === undefined && p.to > p.bounds.start);
  }
  return found;
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
