import type { RecordedTopics } from "../model";

/** Options of the gate. All times are in milliseconds. */
export interface GateOptions {
  /** Longest wait. Default 30 minutes. */
  limitMs?: number;
  /** The origin's end offsets must not move for this long. Behind a fence, 0 is enough. Default 5 s. */
  stableForMs?: number;
  /** Longest pause between two looks. Default 2 s. The gate uses shorter pauses once the origin's ends stop moving. */
  pollMs?: number;
  /**
   * Time before the wait ends because of a problem that does not go away by waiting (e.g. a FAILED task). Default 15 s.
   */
  graceMs?: number;
  /**
   * Compare the first and the last visible record of each partition on both clusters, and the target's topic ids.
   * Default true. Set it to false once clients may write to the target.
   */
  compareLastRecord?: boolean;
  /** Fail if a connector or task is FAILED, even if everything is copied. Default false: report it as a warning. */
  strictConnectors?: boolean;
  /**
   * Origin topics for which the gate accepts that records were deleted on the origin before they were seen copied. They
   * count as lost, or as never visible (e.g. a transaction marker). Default none.
   */
  acceptTruncation?: readonly string[];
  /** `GateResult.cleared` of a gate that has passed. Retention may delete these ranges without a loss. Default none. */
  cleared?: Record<string, number>;
  /**
   * True while a fence keeps every producer out. The gate then also accepts records that it finds on the target itself,
   * and does not wait until the mirror confirms them (`offset.flush.interval.ms`). Default false.
   */
  fenced?: boolean;
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
  fenced: false,
};

/** An older state may hold fewer options, or undefined ones. */
export const withDefaults = (options: GateOptions): Required<GateOptions> => ({
  ...DEFAULTS,
  ...Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)),
});

export type GateFindingKind =
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

/** A reason that keeps the gate closed. */
export interface GateFinding {
  kind: GateFindingKind;
  /** The topic, `topic-partition`, connector or task that has the problem. */
  subject: string;
  /** One line for people, with numbers. */
  text: string;
  /** True if the problem does not go away by waiting. */
  hopeless: boolean;
}

/** The result of a gate that passed. The state keeps it and the report shows it. */
export interface GateResult {
  /** Start of the last look, ISO 8601. */
  passedAt: string;
  topics: number;
  partitions: number;
  /** Number of offsets between start and end of all origin partitions. An upper bound for their visible records. */
  recordsAtMost: number;
  /** Number of partitions whose gap had to be read because it held markers, aborted or compacted records. */
  gapsRead: number;
  /**
   * Number of partitions whose last records were found on the target before the mirror confirmed them. Absent: 0, or an
   * older state.
   */
  foundOnTarget?: number;
  /** Number of partitions whose last record was compared on both clusters. */
  lastRecordsCompared: number;
  /**
   * End offsets by `topic:partition`. No visible record below them was left to copy. Only for partitions whose log on
   * the origin ended with markers, aborted or compacted records, or whose last records were found on the target before
   * the mirror confirmed them. Elsewhere the mirror's own offset shows this.
   */
  cleared: Record<string, number>;
  /** The proved end offsets of the origin, by topic and partition number. A state keeps them in a separate field. */
  originEnds?: Record<string, number[]>;
  /** Topic ids, as recorded before or first seen now. A state keeps them in a separate field. */
  topicIds?: RecordedTopics;
  /** Problems that were reported but did not keep the gate closed. */
  warnings: string[];
  /** Time from the call until the gate passed, in ms. */
  durationMs: number;
  /** Part of `durationMs` after the first look that found everything copied: the wait for stable ends on the origin. */
  quietMs: number;
  /**
   * Time of the first look with the ends that the origin still had when the gate passed, ISO 8601. No record was
   * written to the origin after it. Absent in older states.
   */
  quietFrom?: string;
  /** Number of looks at both clusters until the gate passed. */
  looks: number;
  /** Number of requests sent to both clusters. */
  requests: number;
  /** Progress of the copy during the wait, at most 500 points, oldest first. Absent in older states. */
  samples?: Sample[];
}

export interface FindingOptions {
  acceptTruncation: readonly string[];
  strictConnectors: boolean;
  /** See `GateOptions`. */
  compareLastRecord?: boolean;
}

/** Adds a reason why the copy may not be complete. */
export type Against = (kind: GateFindingKind, subject: string, text: string, hopeless?: boolean) => void;

/** Progress of the copy at one moment. One point of the report's plot. */
export interface Sample {
  /** ISO 8601. */
  at: string;
  partitions: number;
  complete: number;
  /** Offsets left to copy. */
  left: number;
}
