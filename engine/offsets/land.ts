import { between, equalLinks } from "./chain";
import type { Copy, Mark, Place, TargetTail } from "./tail";

/** Where a committed offset lands. */
export interface Landing {
  /** -1: the target's log start. */
  target: number;
  /** False: the match could not be proved and the earlier offset was taken. */
  exact: boolean;
  /** Records after the landing place that the group has read before, or will find there twice. */
  rereads: number;
  /** Records at or after the committed offset that the target lacks (compacted there, or never copied). */
  missing: number;
  note?: string;
}

/** How the target was read, and what may be missing there in a good copy. */
export interface Reach {
  /** It was read from before any possible copy. */
  fromStart: boolean;
  /** Either side compacts: the copy of a record may have been removed. */
  compacted: boolean;
  /** It was read from its log start, and records before that were deleted. */
  deleted: boolean;
}

/**
 * Decides one committed offset that has visible records at or after it.
 *
 * The rule: land on the record from which as many visible records follow as on the origin, if all of them are equal in
 * order. Where they are not, the mirror sent some twice or compaction worked differently on both sides. The mirror sends
 * visible records in order; after a restart it goes back to one that it had sent and repeats everything from there. So
 * the last copy of a record is followed by copies of all later records and of no earlier one: landing there skips
 * nothing and goes back to nothing. Only where the origin holds equal records does "the last copy" not name one of
 * them; the place after the last copy of the record before it may. Failing that, the earliest copy is taken.
 *
 * @returns "widen" when the answer needs an earlier part of the target; "not held" when the target lacks the record although
 *   nothing on either side removes single records: then it is no copy of this log.
 */
export function land(place: Place, target: TargetTail, reach: Reach): Landing | "widen" | "not held" {
  const first = place.after[0] as Mark;
  const copies = target.copies(first.record);

  for (const copy of copies) {
    if (equalLinks(between(copy.at, target.end), place.rest)) return { target: copy.offset, exact: true, rereads: 0, missing: 0 };
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
    return at(earliest.offset, earliest.at.count, false, `the origin holds ${first.equals} equal records from there on; the earliest copy was taken`);
  }
  if (before !== undefined) {
    if (!reach.compacted) return "not held";
    return at(before.offset + 1, before.at.count + 1, true, "the target lacks the record at this offset; placed after the one before it");
  }
  const found = earliestHeld(place, target);
  if (found !== undefined) {
    const { copy, alone } = found;
    if (earliest !== undefined) return at(copy.offset, copy.at.count, false, `the origin holds ${first.equals} equal records from there on; the earliest place was taken`);
    // Retention deletes from the beginning of a log only.
    if (!reach.compacted && !(reach.deleted && beginsWith(place, target, copy))) return "not held";
    return at(copy.offset, copy.at.count, alone, "the target lacks the record at this offset; placed at the first later one that it has");
  }
  if (!reach.compacted && !reach.deleted) return "not held";
  return at(-1, 0, false, "the target's copies of the records around this offset do not tell the place; the beginning of its log was taken");
}

/**
 * The earliest place of the records at or after a committed offset, where the target may have lost some of them. The
 * earliest copy of a record alone does not tell it: where the origin holds an equal record later, that copy may be the later
 * one's, and others may lie before it. A record that the origin holds once ends the search, because the copies of all
 * records after it follow its last copy.
 *
 * @returns undefined when no such record is near. `alone`: the copy is one of the first record that the target holds, and
 *   the origin holds that record once.
 */
function earliestHeld(place: Place, target: TargetTail): { copy: Copy; alone: boolean } | undefined {
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

/** Does the target hold nothing before this copy but copies of records at or after the place, which the mirror sent twice? */
function beginsWith(place: Place, target: TargetTail, copy: Copy): boolean {
  const lists = new Set(place.after.map((mark) => target.copies(mark.record)));
  const before = [...lists].flatMap((copies) => copies.filter((c) => c.at.count < copy.at.count));
  return before.length === copy.at.count;
}
