import type { RecordedTopics } from "../topic-ids";
import type { Sample } from "./samples";

/** Options of the gate; all times in milliseconds. */
export interface GateOptions {
  /** Longest wait. Default 30 minutes. */
  limitMs?: number;
  /** How long the origin's ends must not have moved; 0 is enough behind a fence. Default 5 s. */
  stableForMs?: number;
  /** Longest pause between two looks. Default 2 s; shorter once the origin stands still. */
  pollMs?: number;
  /** How long something that waiting does not mend (a FAILED task, say) is watched before the wait ends. Default 15 s. */
  graceMs?: number;
  /**
   * Compare the first and the last visible record of each partition on both sides, and the target's topic ids. Default true;
   * false once clients may write to the target.
   */
  compareLastRecord?: boolean;
  /** Refuse while a connector or task is FAILED even when everything is copied. Default false: it is said, not refused. */
  strictConnectors?: boolean;
  /**
   * Origin topics for which records that were deleted at the origin before they were seen copied are accepted as lost
   * (or as never visible: a transaction's marker, say). Default none.
   */
  acceptTruncation?: string[];
  /** `GateResult.cleared` of a gate that has passed: what retention deleted of it since then is no loss. Default none. */
  cleared?: Record<string, number>;
}

export const DEFAULTS: Required<GateOptions> = {
  limitMs: 30 * 60_000,
  stableForMs: 5_000,
  pollMs: 2_000,
  graceMs: 15_000,
  compareLastRecord: true,
  strictConnectors: false,
  acceptTruncation: [],
  cleared: {},
};

export type FindingKind =
  | "no topics"
  | "no storage topics"
  | "no connector"
  | "out of memory"
  | "record refused"
  | "record too large"
  | "topic name"
  | "connector failed"
  | "task failed"
  | "connector not running"
  | "no tasks"
  | "connector setting"
  | "unassigned"
  | "no target topic"
  | "partition count"
  | "offline"
  | "open transaction"
  | "producers writing"
  | "behind"
  | "truncated"
  | "stale offsets"
  | "recreated"
  | "first record"
  | "last record";

/** Something that keeps the gate shut. */
export interface Finding {
  kind: FindingKind;
  /** What it is about: a topic, `topic-partition`, connector or task. */
  subject: string;
  /** One line for a person, with numbers. */
  text: string;
  /** Waiting does not mend it. */
  hopeless: boolean;
}

/** A passed gate, as it is kept in the state and shown in the report. */
export interface GateResult {
  /** ISO 8601, when the last look began. */
  passedAt: string;
  topics: number;
  partitions: number;
  /** Offsets between start and end of all origin partitions: an upper bound of their visible records. */
  recordsAtMost: number;
  /** Partitions whose gap had to be read because it held markers, aborted or compacted records. */
  gapsRead: number;
  /** Partitions whose last record was compared on both sides. */
  lastRecordsCompared: number;
  /**
   * By `topic:partition`, where the origin's log ended in markers, aborted or compacted records: the end up to which
   * nothing visible was left to copy. Elsewhere the mirror's own offset says it.
   */
  cleared: Record<string, number>;
  /** Where the origin ended that was proved: by topic, by partition number. A state keeps it beside, not here. */
  originEnds?: Record<string, number[]>;
  /** Ids of the topics, as recorded before or first seen now. A state keeps them beside, not here. */
  topicIds?: RecordedTopics;
  /** Said, but not refused. */
  warnings: string[];
  /** ms from the call to the pass. */
  durationMs: number;
  /** ms of it from the first look that found everything copied: what it waited only to see that the origin stays still. */
  quietMs: number;
  /** Looks at both clusters until it passed. */
  looks: number;
  /** Requests sent to both clusters. */
  requests: number;
  /** How far the copy was while it was waited for, at most 500 points, oldest first; absent in older states. */
  samples?: Sample[];
}
