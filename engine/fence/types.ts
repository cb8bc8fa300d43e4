/** How the fence is made. Everything has a default. */
export interface FenceOptions {
  /**
   * Principals (`User:name`) that go on writing, besides super users, whom no ACL stops. The mirror need not be here: it
   * reads the migrated topics and writes elsewhere. Default none: one rule denies everyone. With any, a rule for each
   * other principal that may write; refused when `User:*` may.
   */
  except?: string[];
  /**
   * What the origin's brokers do with a topic that no ACL names (`allow.everyone.if.no.acl.found`). Brokers hide it; needed
   * only when they set it and such topics are migrated: there the first rule would lock out readers, too.
   */
  everyoneByDefault?: boolean;
  /** How long no write may be seen before the raise is done, ms. Default 1000. */
  settleMs?: number;
  /** Longest wait for that, ms; then what still writes is returned. Default 15,000. */
  settleLimitMs?: number;
}

/** A partition whose end moved. Offsets are decimal strings. */
export interface Movement {
  topic: string;
  partition: number;
  from: string;
  to: string;
}

/** End offsets by partition number, by topic of the origin. */
export type TopicEnds = Record<string, readonly number[]>;

export interface RaisedFence {
  version: 1;
  /** ISO time. */
  raisedAt: string;
  topics: number;
  /** Denied principals: `User:*`, or one by one. */
  principals: string[];
  /** Rules made now; the others were there, from an earlier run or as somebody's own. */
  created: number;
  /** Topics whose rule is somebody's own: it stays when the fence is lowered. */
  own: string[];
  /** Partitions that were still written to when the wait ended: by super users, or by excepted principals. */
  writing: Movement[];
  warnings: string[];
}

export interface FenceState {
  /** `up`: every rule is there. `partly`: some are. `down`: none of the fence's own is there. */
  state: "up" | "partly" | "down";
  rules: number;
  /** Topics with a rule missing. */
  missing: string[];
  /** Fenced topics that this migration does not copy (any more). */
  leftovers: string[];
}

export interface LoweredFence {
  /** Rules taken away, markers not counted. */
  removed: number;
}

/** A time in which a rule was missing. */
export interface FenceGap {
  /** ISO time of the last look that found the fence whole. */
  after: string;
  /** ISO time at which it was whole again. */
  until: string;
  rules: number;
  topics: string[];
  /** What was written in it. */
  wrote: Movement[];
  /** Nobody held the fence then, so what was written is not known. Absent: somebody looked. */
  unwatched?: true;
}

export interface FenceReport {
  from: string;
  until: string;
  looks: number;
  /** What had been written since `HoldOptions.since` when the hold began. Absent: that was not given. */
  before?: Movement[];
  gaps: FenceGap[];
  /** What was written although the fence was whole. */
  wrote: Movement[];
  /** It was not wanted any more, and is down. */
  lowered?: true;
}
