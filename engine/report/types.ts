import type { Residue } from "../cleanup";
import type { FenceGap, Movement } from "../fence";
import type { Finding, GateResult, Sample } from "../gate";
import type { MirrorModel, Phase } from "../model";
import type { AppliedGroup, AppliedOffsets, OffsetPlan } from "../offsets";
import type { PreflightResult } from "../preflight";
import type { ReplicationPreview, ReplicationResult } from "../replication";
import type { VerifyResult } from "../verify";

/** How far the copy of one topic was at one moment. */
export interface TopicCopy {
  /** Name on the origin. */
  topic: string;
  target: string;
  partitions: number;
  /** Partitions in which nothing visible is left to copy. */
  complete: number;
  /** Offsets between start and end on the origin: an upper bound of its records. */
  records: number;
  /** Offsets that the mirror has not copied. */
  left: number;
}

/** One look at both clusters. */
export interface CopyLook {
  /** ISO 8601. */
  at: string;
  topics: TopicCopy[];
  /** What keeps the gate shut; empty: the copy looks complete. */
  against: Finding[];
  warnings: string[];
  /** State of the source connector and of its tasks, as Connect wrote it; absent: there is no connector. */
  connector?: { state: string; tasks: Record<string, number> };
}

export type { Sample } from "../gate";

/** A replication throttle of this migration that is still set. */
export interface LeftThrottle {
  topics: string[];
  brokers: number[];
  /** Partitions of migrated topics that still get their replicas. */
  underWay: number;
}

/** A group without its offsets: thousands of them fit where every offset would not. */
export interface GroupCount {
  group: string;
  offsets: number;
  /** Of them those that were there already, as they should be. */
  inPlace?: number;
  /** Of them those that are not proved: the earlier offset was taken; absent: none. */
  unproved?: number;
  /** Records that it will read again; absent: none. */
  rereads?: number;
  /** Some of them are offsets, which may hold no record. */
  rereadsAtMost?: true;
  /** Why it does not move; absent: it does. */
  leftAlone?: string;
}

export interface TimelineEntry {
  /** ISO 8601. */
  at: string;
  what: string;
}

/** How the fence has stood since it was raised. */
export interface FenceHistory {
  gaps: FenceGap[];
  /** ISO 8601: from then on nobody has looked after it. */
  notHeldSince?: string;
  /** A user operator looks after the origin's users, and removes the fence's rules. */
  userOperator?: true;
}

/** Everything that is known of a migration; plain data without connections, so there is no secret to leak. */
export interface ReportInput {
  /** The stack's or the file's name. */
  name: string;
  /** ISO 8601. */
  madeAt: string;
  /** Absent: unknown (a model without Pulumi). */
  phase?: Phase;
  mirror: Pick<MirrorModel, "originAlias" | "targetAlias" | "topicsPattern" | "groupsPattern">;
  preflight?: { at: string; result: PreflightResult };
  gate?: GateResult;
  abandonedAt?: string;
  fenceRaisedAt?: string;
  /** How the fence has stood since. Absent: not known. */
  fence?: FenceHistory;
  verification?: { at: string; result: VerifyResult };
  offsets?: Omit<AppliedOffsets, "groups"> & { groups: readonly (AppliedGroup | GroupCount)[] };
  /** What an apply would do, where nothing was applied yet. */
  offsetPlan?: OffsetPlan;
  /** Groups that the cutover will move, where neither of the two is known. */
  groups?: readonly GroupCount[];
  replication?: { at: string; result: ReplicationResult };
  replicationPlan?: ReplicationPreview;
  look?: CopyLook;
  /** What a replication reset that ended early has left on the target. Absent: nothing, or not known. */
  leftThrottle?: LeftThrottle;
  /** Earlier points of the plot, oldest first. */
  samples?: readonly Sample[];
  /** What producers wrote to the origin since the gate passed. Absent: not known. */
  written?: readonly Movement[];
  /** Undefined: nobody looked. */
  residue?: readonly Residue[];
  /** What went wrong while the report was made, in a line each. */
  notes?: readonly string[];
}

export type Tone = "good" | "waiting" | "bad";

export interface TopicRow {
  topic: string;
  /** Only where it differs. */
  target?: string;
  partitions: number;
  records: number;
  /** `records` counts offsets, some of which may hold none. Absent: it counts records. */
  recordsAtMost?: true;
  /** Offsets that are not copied yet: at most so many records. */
  left?: number;
  /** What is proved of it. */
  proof: string;
  tone: Tone;
  replication?: string;
}

export interface GroupRow {
  group: string;
  offsets: number;
  /** Offsets that are exact; absent where only what was written is known. */
  exact?: number;
  rereads?: number;
  /** Some of `rereads` are offsets, which may hold no record. */
  rereadsAtMost?: true;
  proof: string;
  tone: Tone;
}

/** What the page and the JSON file show. */
export interface Report {
  version: 1;
  name: string;
  madeAt: string;
  /** `destroy`: after the end. Null: a model without Pulumi. */
  phase: Phase | "destroy" | null;
  mirror: ReportInput["mirror"];
  headline: { tone: Tone; text: string };
  /** What a person should look at first. */
  warnings: string[];
  timeline: TimelineEntry[];
  progress: Sample[];
  /** Name, value. */
  figures: [string, string][];
  topics: TopicRow[];
  groups: GroupRow[];
  /** Absent: there is no fence, or an older version has written this. */
  fence?: FenceHistory;
  /** Null: nobody looked. */
  residue: Residue[] | null;
}
