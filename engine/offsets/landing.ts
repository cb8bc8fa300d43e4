import { between, type Copy, equalLinks, type Mark, type CommittedPosition, type TargetTail } from "./tail";

/** Where a committed offset lands. */
export interface Landing {
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
export function land(place: CommittedPosition, target: TargetTail, reach: Reach): Landing | "widen" | "not held" {
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
