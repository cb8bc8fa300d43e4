import type { LogBounds } from "../log/bounds";
import type { Translation } from "./translation";

/**
 * Decides one committed offset of a partition whose origin holds no visible record: nothing can be compared. What is on the
 * target may be copies that the group has read, copies that it has not, or records that clients have written there. Only
 * the log start tells something: so many offsets were deleted on the origin, so at most as many records were copied.
 */
export function nothingLeft(g: number, { origin, target }: { origin: LogBounds; target: LogBounds }, targetHolds: boolean): Translation {
  const past = g > origin.end ? [`committed offset ${g} is past the end (${origin.end}) of the origin's log`] : [];
  const at = (place: number, exact: boolean, rereads: number, ...notes: string[]): Translation => {
    const note = [...past, ...notes].join("; ");
    return { target: place, exact, how: "end", rereads, ...(rereads > 0 ? { rereadsAtMost: true as const } : {}), missing: 0, ...(note === "" ? {} : { note }) };
  };
  if (!targetHolds) return at(target.end, true, 0);
  if (origin.start === 0) return at(target.start, true, 0, "the origin never held a record; what is on the target is not from there, and the group will read it");
  const deleted = "the origin has deleted all its records, so nothing can be compared";
  if (g >= origin.start && target.end <= origin.start) return at(target.end, false, 0, `${deleted}; the group had read them all, and nothing shows that clients have written to the target`);
  const why = g < origin.start ? `the group had not read the last ${origin.start - g} offsets` : "the target has had more records than were deleted";
  return at(target.start, false, target.end - target.start, `${deleted}; ${why}; the beginning was taken, and the records read again are at most as many as said`);
}
