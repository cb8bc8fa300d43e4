import type { Fingerprint } from "../records/same";

/** The data of one record that the comparison keeps. */
export type Entry = Pick<Fingerprint, "offset" | "timestamp" | "stamped" | "body">;

/** A sequence that can be read from any of its offsets. undefined: from the start. An empty array means the end. */
export type Sequence = (from: number | undefined) => () => Promise<Entry[]>;

/** A number of consecutive records. */
export interface EntryRange {
  first: Entry;
  last: Entry;
  count: number;
  /** The latest timestamp of these records. Infinity if one of them has no timestamp, because its age is unknown. */
  newest: number;
}

/** How many records ahead are searched first for a position where both sides match. */
export const AHEAD = 4096;
