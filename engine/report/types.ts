import type { AccessResult } from "../access";
import type { Residue } from "../cleanup";
import type { CopiedConnector } from "../connectors";
import type { FenceGap, FenceTimes, Movement } from "../fence";
import type { GateFinding, GateResult, Sample } from "../gate";
import type { MirrorModel, Phase } from "../model";
import type { AppliedGroup, AppliedOffsets, OffsetPlan } from "../offsets";
import type { PreflightResult } from "../preflight";
import type { ReplicationPreview, ReplicationResult } from "../replication";
import type { VerifyResult } from "../verify";

/** The state of one topic's copy at one moment. */
export interface TopicCopy {
  /** Name on the origin. */
  topic: string;
  target: string;
  partitions: number;
  /** Partitions that have no visible record left to copy. */
  complete: number;
  /** Offsets between start and end on the origin. This is an upper bound of its records. */
  records: number;
  /** Offsets that the mirror has not copied yet. */
  left: number;
}

/** One check of both clusters. */
export interface CopyLook {
  /** ISO 8601. */
  at: string;
  topics: TopicCopy[];
  /** Findings that keep the gate closed. Empty: the copy looks complete. */
  against: GateFinding[];
  warnings: string[];
  /** State of the source connector and of its tasks, as Connect wrote it. Absent: there is no connector. */
  connector?: { state: string; tasks: Record<string, number> };
}

export type { Sample } from "../gate";

/** A replication throttle of this migration that is still set. */
export interface LeftThrottle {
  topics: string[];
  brokers: number[];
  /** Number of partitions of migrated topics that still get their replicas. */
  underWay: number;
}

/** A group without its single offsets. Thousands of groups fit into the state; all their offsets would not. */
export interface GroupCount {
  group: string;
  offsets: number;
  /** Offsets that already had the right value. */
  inPlace?: number;
  /** Offsets that are not proved, where the earlier offset was used. Absent: none. */
  unproved?: number;
  /** Records that the group will read again. Absent: none. */
  rereads?: number;
  /** True: some of `rereads` are offsets, which may hold no record. */
  rereadsAtMost?: true;
  /** Why the group does not move. Absent: it moves. */
  leftAlone?: string;
  /** True: it moved in phase `consumers`. Absent: with the cutover, or not at all. */
  early?: true;
  /** As in `AppliedGroup`. */
  idleSince?: string;
  /** As in `AppliedGroup`. */
  readBackAt?: string;
}

export interface TimelineEntry {
  /** ISO 8601. */
  at: string;
  what: string;
}

/** The history of the fence since it was raised. */
export interface FenceHistory {
  gaps: FenceGap[];
  /** Gaps of the target's fence during a return. Absent: none. */
  returnGaps?: FenceGap[];
  /** ISO 8601. Nobody has held the fence since this time. */
  notHeldSince?: string;
  /** A user operator manages the origin's users and removes the fence's ACLs. */
  userOperator?: true;
  /**
   * Names of the waves whose fences are up. Null: that of everything outside the waves, or of a migration without
   * waves. Absent: a report of an older version.
   */
  raised?: (string | null)[];
}

/** The results of the steps of one part of a migration. */
export interface PartFacts {
  /** Comparison of who may do what on both clusters, before the cutover. Absent: not compared. */
  access?: { at: string; result: AccessResult };
  gate?: GateResult;
  /** ISO 8601. As `closedAt` and `raisedAt` of `RaisedFence`. */
  fenceClosedAt?: string;
  fenceRaisedAt?: string;
  /** As `earlier` of `RaisedFence`. */
  fenceEarlier?: FenceTimes[];
  /** The fence has no ACL, because nobody may write. So nobody can remove one. Absent: it has ACLs, or no fence. */
  fenceEmpty?: true;
  verification?: { at: string; result: VerifyResult };
  /** Source connectors whose offsets were copied. Absent: none, or not yet. */
  connectors?: { at: string; copied: readonly CopiedConnector[] };
  offsets?: Omit<AppliedOffsets, "groups"> & { groups: readonly (AppliedGroup | GroupCount)[] };
  replication?: { at: string; result: ReplicationResult };
  /** ISO 8601. When the way back was opened, and when everything had returned. Absent: there is no way back. */
  wayBack?: { openedAt?: string; returnedAt?: string; pause?: ReturnPause };
}

/** The pause of a return: what is known about when clients stopped on the target. */
export interface ReturnPause {
  stopped: Stopped;
  groups: readonly GroupCount[];
}

/** The gate of a return. */
export interface ReturnGate extends GateResult {
  /** ISO 8601. When the fence closed the target. Absent: no fence, or the state of an older version. */
  closedAt?: string;
}

/** One wave, with the results of its steps. */
export interface WaveFacts extends PartFacts {
  wave: string;
  phase: Phase;
}

/** All known facts of a migration. Plain data without connections, so it contains no secrets. */
export interface ReportInput extends PartFacts {
  /** The name of the stack or the file. */
  name: string;
  /** ISO 8601. */
  madeAt: string;
  /** Absent: unknown (a model without Pulumi). */
  phase?: Phase;
  mirror: Pick<MirrorModel, "originAlias" | "targetAlias" | "topicsPattern" | "groupsPattern">;
  preflight?: { at: string; result: PreflightResult };
  abandonedAt?: string;
  /** The waves, in order. The other results are then those of everything outside the waves. Absent: no waves. */
  waves?: readonly WaveFacts[];
  /** The history of the fence since it was raised. Absent: not known. */
  fence?: FenceHistory;
  /** Where fences are open now, one line each. Absent: nowhere, or not known. */
  openFences?: readonly string[];
  /** What an apply would do, if nothing was applied yet. */
  offsetPlan?: OffsetPlan;
  /** Groups that the cutover will move, if neither `offsets` nor `offsetPlan` is known. */
  groups?: readonly GroupCount[];
  replicationPlan?: ReplicationPreview;
  look?: CopyLook;
  /** The throttle on the target from a replication reset that ended early. Absent: none, or not known. */
  leftThrottle?: LeftThrottle;
  /** Earlier points of the plot, oldest first. */
  samples?: readonly Sample[];
  /** Writes of producers to the origin since the gate passed. Absent: not known. */
  written?: readonly Movement[];
  /** Undefined: not checked. */
  residue?: readonly Residue[];
  /** Problems while the report was made, one line each. */
  notes?: readonly string[];
}

export type Tone = "good" | "waiting" | "bad";

export interface TopicRow {
  topic: string;
  /** Absent if it has the same name as on the origin. */
  target?: string;
  partitions: number;
  records: number;
  /** True: `records` counts offsets, some of which may hold no record. Absent: it counts records. */
  recordsAtMost?: true;
  /** Offsets that are not copied yet. This is an upper bound of the records. */
  left?: number;
  /** What is proved about the copy of this topic. */
  proof: string;
  tone: Tone;
  replication?: string;
}

export interface GroupRow {
  group: string;
  offsets: number;
  /** Number of exact offsets. Absent if only the written offsets are known. */
  exact?: number;
  rereads?: number;
  /** True: some of `rereads` are offsets, which may hold no record. */
  rereadsAtMost?: true;
  /** From when it stopped on the origin until its offsets were read back. Absent: not moved, or not known. */
  waited?: Pause;
  /** True: it had members on the origin when its offsets were read, so its pause is not known. */
  notStopped?: true;
  proof: string;
  tone: Tone;
}

/**
 * What a pause is counted from if it may have begun earlier:
 * - `raised`: the fence was up. It had closed the origin up to some seconds before.
 * - `gate`: the gate started behind the fence. A later `up` raised the fence again.
 * - `quiet`: the gate's first look after the last record. There is no fence.
 * - `idle`: the first look that found the group without members. The protocol does not tell when the last one left.
 */
export type PauseStart = "raised" | "gate" | "quiet" | "idle";

/** How long clients had to wait. Times are ISO 8601. */
export interface Pause {
  from: string;
  /** Absent: not over yet. */
  to?: string;
  /** What `from` is, if the pause may have begun earlier. Absent: `from` is when the fence closed the origin. */
  start?: PauseStart;
}

/** How long the groups had to wait. */
export interface GroupsPause {
  /** Number of groups whose pause is known. */
  groups: number;
  /** The longest of them. */
  slowest?: Pause & { group: string };
  /** Number of groups that still had members on the origin when their offsets were read. Absent: none. */
  notStopped?: number;
}

/** One wave, or everything outside the waves. */
export interface WaveRow {
  /** Absent: everything outside the waves. */
  wave?: string;
  phase: Phase;
  state: string;
  /**
   * Producers: from when they stopped until they could start on the target. In phase `returned`: from the target to the
   * origin. Absent: not known, or not cut over.
   */
  producers?: Pause;
  /** The groups' pauses in short. In phase `returned`: those of the return. Absent: nothing is known. */
  groupsWaited?: GroupsPause;
  /** ISO 8601. When the offsets of the groups were written on the target. Absent: not yet, or all moved before. */
  groupsMovedAt?: string;
  /** Number of groups that moved in phase `consumers`, before the cutover. Absent: none. */
  groupsMovedBefore?: number;
  proof: string;
  tone: Tone;
}

/** Who may do what on both clusters, in words. */
export interface AccessRows {
  /** ISO 8601. */
  at: string;
  tone: Tone;
  summary: string;
  differences: string[];
  /** What could not be compared. */
  unknown: string[];
  notes: string[];
}

/** A source connector whose offsets the target has. */
export interface ConnectorRow {
  /** Name of the Connect cluster, as in the setting `connectors`. */
  cluster: string;
  connector: string;
  /** Offsets that the cutover wrote, and those that the target had already. */
  written: number;
  same: number;
}

/** What the page and the JSON file show. */
export interface Report {
  version: 1;
  name: string;
  madeAt: string;
  /** `destroy`: after the end of the migration. Null: a model without Pulumi. */
  phase: Phase | "destroy" | null;
  mirror: ReportInput["mirror"];
  headline: { tone: Tone; text: string };
  /** What a user should look at first. */
  warnings: string[];
  timeline: TimelineEntry[];
  progress: Sample[];
  /** Pairs of name and value. */
  figures: [string, string][];
  /** Absent: the migration has no waves, or an older version wrote this report. */
  waves?: WaveRow[];
  /** As in a wave's row. Absent also if there are waves, or if an older version wrote this report. */
  producers?: Pause;
  /** The same. */
  groupsWaited?: GroupsPause;
  topics: TopicRow[];
  groups: GroupRow[];
  /** Sorted by cluster and name. Absent: nothing was copied, or an older version wrote this report. */
  connectors?: ConnectorRow[];
  /** Absent: not compared, or an older version wrote this report. */
  access?: AccessRows;
  /** Absent: there is no fence, or an older version wrote this report. */
  fence?: FenceHistory;
  /** Null: not checked. */
  residue: Residue[] | null;
}

/** What is known about when the producers stopped. All of it can be absent in the state of an older version. */
export interface Stopped extends Pick<PartFacts, "fenceClosedAt" | "fenceRaisedAt" | "fenceEarlier"> {
  gate?: Pick<GateResult, "passedAt" | "durationMs" | "partitions" | "quietFrom">;
}
