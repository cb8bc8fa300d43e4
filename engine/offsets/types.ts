import type { How as ExactHow } from "./translation";

/** How an offset was found: exactly, or by one of the guide's two ways. */
export type How = ExactHow | "checkpoint" | "time";

/** Which groups move, and what may be done to groups that the target has already. Everything has a default. */
export interface OffsetOptions {
  /** Groups that move in addition to those that `groupsPattern` selects, whatever its exclusions say. */
  groups?: string[];
  /** Groups that do not move, whatever else selects them. */
  excludeGroups?: string[];
  /** Write over other offsets that a group has on the target already. Default false: such a group stops the apply. */
  overwrite?: boolean;
  /**
   * What to do with groups that can't be written now (members on the target, or other offsets there without `overwrite`).
   * `stop` (default): an error before anything is written. `skip`: move the others and list these.
   */
  blocked?: "stop" | "skip";
}

/** One partition of one group. Offsets are decimal strings, as JSON has no 64-bit integers. */
export interface PartitionPlan {
  partition: number;
  /** The offset committed on the origin. */
  originOffset: string;
  /** null: it could not be translated; nothing is written. */
  targetOffset: string | null;
  /** False: not provable, the earlier offset was taken. */
  exact: boolean;
  how: How;
  /** Records that the group will read although it has read them, or will find twice. */
  rereads: number;
  /** `rereads` counts offsets, some of which may hold no record. Absent: it counts records. */
  rereadsAtMost?: true;
  /** The commit's metadata, carried over. Absent: empty. */
  metadata?: string;
  /** The metadata is longer than this, which is all that the target takes (`offset.metadata.max.bytes`). Absent: it fits. */
  metadataLimit?: number;
  /** What the group has on the target now. Absent: nothing. */
  found?: { offset: string; metadata: string; mirrors: boolean };
  /** Only in plans of the guide's two ways: the exact answer, and how many target offsets lie between it and this one. */
  compared?: { exactOffset: string | null; skips: number };
  note?: string;
}

export interface TopicPlan {
  topic: string;
  /** Absent: the same name. */
  targetTopic?: string;
  partitions: PartitionPlan[];
}

export interface GroupPlan {
  group: string;
  /** `classic`, `consumer` (KIP-848), `streams` (KIP-1071) or `""`. */
  type: string;
  /** Members on the origin while the plan was made: its offsets may still move. */
  originMembers: number;
  /** Members on the target, as `clientId@host`: with any, nothing can be written. */
  targetMembers: string[];
  /** Whether the target knew the group. */
  exists: boolean;
  topics: TopicPlan[];
  /** Topics with committed offsets that are not migrated. */
  notMigrated?: string[];
}

export interface OffsetPlan {
  version: 1;
  /** ISO time at which the committed offsets were read. */
  at: string;
  groups: GroupPlan[];
  /** Selected groups without any committed offset, and names that were asked for and do not exist. */
  nothingCommitted: string[];
  unknown: string[];
  /** Selected share groups, which can't be moved; absent: none. */
  shareGroups?: string[];
  summary: OffsetSummary;
}

/** The plan in a few lines: what a preview or a report shows. */
export interface OffsetSummary {
  groups: number;
  offsets: number;
  exact: number;
  /** Offsets by how they were translated. */
  by: Partial<Record<How, number>>;
  rereads: number;
  /** Some of `rereads` are offsets, which may hold no record. */
  rereadsAtMost?: true;
  /** Only in plans of the guide's two ways: target offsets that groups would skip. */
  skips?: number;
  /** Offsets that are on the target already, as they should be. */
  inPlace: number;
  /** What a person should look at, worst first: at most 100 lines. */
  attention: string[];
}

/** One offset that was written, and what was there before. */
export interface WrittenOffset {
  topic: string;
  partition: number;
  offset: string;
  metadata?: string;
  /** Absent: the group had none there. */
  before?: { offset: string; metadata: string };
  /** True when it was there already, as it should be. */
  inPlace?: true;
  /** Records that the group will read again from here; absent: none. */
  rereads?: number;
  /** As in the plan. */
  rereadsAtMost?: true;
  /** Not proved: the earlier offset was taken. */
  unproved?: true;
  /** Offsets that an earlier, unfinished apply was about to write here: it may have been ended before or after it wrote. */
  earlier?: string[];
}

export interface AppliedGroup {
  group: string;
  /** The target did not know the group before. */
  created: boolean;
  offsets: WrittenOffset[];
}

/** What an apply did, or is about to do: the input of a revert. */
export interface AppliedOffsets {
  version: 1;
  at: string;
  /** Ids of the clusters. Absent: made by an older version, or not told by the brokers. */
  clusters?: { origin?: string; target?: string };
  groups: AppliedGroup[];
  /** Groups that were left alone, and why. */
  skipped: { group: string; why: string }[];
  /** What the plan said that a person should look at, worst first: what is not proved, among other things. Absent: nothing. */
  attention?: string[];
  written: number;
  inPlace: number;
}

/** What a revert did. */
export interface RevertedOffsets {
  groups: { group: string; restored: number; deleted: number }[];
  /** What was left as it is, and why. */
  left: { group: string; why: string }[];
}
