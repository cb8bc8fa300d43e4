import { flag, list, oneOf, positive, text, type Written } from "../setting";
import type { How as ExactHow } from "./translation";

/** How an offset was found: by exact translation, or by one of the guide's two ways. */
export type How = ExactHow | "checkpoint" | "time";

export const offsetShape = {
  /**
   * Groups that move in addition to those that `groupsPattern` selects, even if the mirror's patterns exclude them.
   * @default none
   */
  groups: list(text).optional(),
  /**
   * Groups that do not move. This takes precedence over `groups` and the patterns.
   * @default none
   */
  excludeGroups: list(text).optional(),
  /**
   * Overwrite different offsets that a group already has on the target. Without it such a group stops the apply.
   * @default false
   */
  overwrite: flag.default(false),
  /**
   * What to do with groups that cannot be written now: they have members on the target, or different offsets there
   * without `overwrite`. `stop`: fail before anything is written. `skip`: list them and move the others.
   * @default `stop`
   */
  blocked: oneOf(["stop", "skip"]).optional(),
  /**
   * Seconds to wait, in phase `consumers`, until the mirror has copied everything before the committed offsets.
   * @default 300
   */
  limitSeconds: positive.optional(),
};
/** Which groups move, and how to handle groups that already exist on the target. Every option has a default. */
export interface OffsetOptions extends Written<typeof offsetShape> {}

export interface PlanOptions extends OffsetOptions {
  /**
   * True: producers still write to the origin and the mirror still copies. Translates against what is copied so far,
   * and waits for it.
   */
  copiedSoFar?: boolean;
}

/** One partition of one group. Offsets are decimal strings, as JSON has no 64-bit integers. */
export interface PartitionPlan {
  partition: number;
  /** The offset committed on the origin. */
  originOffset: string;
  /** null: the offset could not be translated. Nothing is written. */
  targetOffset: string | null;
  /** False: the place could not be proved. The earlier offset was taken. */
  exact: boolean;
  how: How;
  /**
   * Number of records that the group will read although it has already read them, or that it will read twice. In a
   * compacted topic this includes records that only the target still holds.
   */
  rereads: number;
  /** True: `rereads` counts offsets, and some of them may hold no record. Absent: it counts records. */
  rereadsAtMost?: true;
  /** The metadata of the commit, which is copied. Absent: empty. */
  metadata?: string;
  /** The longest metadata that the target accepts (`offset.metadata.max.bytes`). Absent: `metadata` is not longer. */
  metadataLimit?: number;
  /**
   * What the group has on the target now. `mirrors`: not the group itself wrote it, but the mirror's group sync or an
   * apply that was killed. Absent: no offset.
   */
  found?: { offset: string; metadata: string; mirrors: boolean };
  /** Only in plans of the guide's two ways: the exact offset, and the number of target offsets skipped after it. */
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
  /** Number of members on the origin while the plan was made. If there are any, the offsets may still move. */
  originMembers: number;
  /**
   * Time of the first look that found the group without members on the origin, ISO 8601. It stopped then or before.
   * Absent: it has members, or an older version made the plan.
   */
  idleSince?: string;
  /** Members on the target, as `clientId@host`. If there are any, nothing can be written. */
  targetMembers: string[];
  /** True if the group existed on the target. */
  exists: boolean;
  topics: TopicPlan[];
  /** Topics with committed offsets that are not migrated. */
  notMigrated?: string[];
}

export interface OffsetPlan {
  version: 1;
  /** Time at which the committed offsets were read, ISO 8601. */
  at: string;
  groups: GroupPlan[];
  /** Selected groups without any committed offset. */
  nothingCommitted: string[];
  /** Groups that were requested by name and do not exist on the origin. */
  unknown: string[];
  /** Selected share groups, which cannot be moved. Absent: none. */
  shareGroups?: string[];
  /** True: made while the mirror still copied. No group may have members on the origin when it is applied. */
  copiedSoFar?: true;
  summary: OffsetSummary;
}

/** The plan in a few lines, for a preview or a report. */
export interface OffsetSummary {
  groups: number;
  offsets: number;
  exact: number;
  /** Number of offsets by the way they were translated. */
  by: Partial<Record<How, number>>;
  rereads: number;
  /** True: some of `rereads` count offsets, which may hold no record. */
  rereadsAtMost?: true;
  /** Only in plans of the guide's two ways: number of target offsets that groups would skip. */
  skips?: number;
  /** Number of offsets that the target already has, with the right metadata. */
  inPlace: number;
  /** What people should check, most serious first. At most 100 lines. */
  attention: string[];
}

/** One offset that was written, and what was there before. */
export interface WrittenOffset {
  topic: string;
  partition: number;
  offset: string;
  metadata?: string;
  /** Absent: the group had no offset there. */
  before?: { offset: string; metadata: string };
  /** True if this offset was already there with the right metadata, so nothing was written. */
  inPlace?: true;
  /** Number of records that the group will read again from here. Absent: none. */
  rereads?: number;
  /** As in the plan. */
  rereadsAtMost?: true;
  /** True: the place could not be proved. The earlier offset was taken. */
  unproved?: true;
  /** Offsets that an earlier, unfinished apply was about to write here. It may have ended before or after it wrote. */
  earlier?: string[];
}

export interface AppliedGroup {
  group: string;
  /** True if the group did not exist on the target before. */
  created: boolean;
  /** True: moved before the cutover, in phase `consumers`. A cutover leaves the group where it is. */
  early?: boolean;
  /** As in the plan. */
  idleSince?: string;
  /**
   * Time at which the offsets had been read back from the target, ISO 8601. Absent: not done yet, or the state of an
   * older version.
   */
  readBackAt?: string;
  offsets: WrittenOffset[];
}

/** What an apply did, or is about to do. This is the input of a revert. */
export interface AppliedOffsets {
  version: 1;
  at: string;
  /** Cluster ids. Absent: written by an older version, or the brokers do not return an id. */
  clusters?: { origin?: string; target?: string };
  /**
   * Time from which clients could start on the target, ISO 8601: the last offset of the cutover was read back. A later
   * apply for the same gate keeps it. Absent: not a cutover, or the state of an older version.
   */
  clientsMayStartAt?: string;
  groups: AppliedGroup[];
  /** Groups that were not changed, and why. */
  skipped: { group: string; why: string }[];
  /** The plan's `attention`: what people should check, most serious first, e.g. what is not proved. Absent: nothing. */
  attention?: string[];
  written: number;
  inPlace: number;
}

/** What a revert did. */
export interface RevertedOffsets {
  groups: { group: string; restored: number; deleted: number }[];
  /** Groups that were not changed, and why. */
  left: { group: string; why: string }[];
}
