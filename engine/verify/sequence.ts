import type { Fingerprint } from "../records/same";

/** One record as the comparison keeps it. */
export type Entry = Pick<Fingerprint, "offset" | "timestamp" | "stamped" | "body">;

/** A sequence that can be read from any of its offsets on; undefined: from its start. An empty answer is its end. */
export type Sequence = (from: number | undefined) => () => Promise<Entry[]>;

/** Some records that follow each other. */
export interface Run {
  first: Entry;
  last: Entry;
  count: number;
  /** The latest timestamp of any of them; Infinity where one has none, since its age is unknown. */
  newest: number;
}

/** How far ahead a common place is searched at first. */
export const AHEAD = 4096;
