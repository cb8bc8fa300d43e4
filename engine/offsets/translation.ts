import type { LogBounds } from "../log/bounds";

/** One partition, on both sides, with the committed offsets to translate. */
export interface PartitionTask {
  originTopic: string;
  targetTopic: string;
  partition: number;
  origin: LogBounds;
  target: LogBounds;
  /** True when either side compacts the topic: then equal distances to the end prove nothing. */
  compacted: boolean;
  /** Each once, in any order. */
  committed: readonly number[];
}

/** How a committed offset was translated. */
export type How =
  /** Nothing visible at or after it: the end of what was copied. */
  | "end"
  /** The first copy of the record, with equal neighbours and as many offsets to the end. */
  | "neighbours"
  /** Read from there to the end on both sides. */
  | "tail"
  /** The copy lacks the origin's last record: nothing can be said. */
  | "incomplete";

export interface Translation {
  /** undefined: could not be translated. */
  target: number | undefined;
  exact: boolean;
  how: How;
  rereads: number;
  /** `rereads` counts offsets, some of which may hold no record. */
  rereadsAtMost?: true;
  missing: number;
  note?: string;
}
