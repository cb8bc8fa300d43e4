import { flag, list, text, whole, type Written } from "../setting";

export const fenceShape = {
  /**
   * Principals (`User:name`) that may continue to write. Super users always can, because no ACL stops them. The mirror
   * need not be listed: it reads the migrated topics and writes elsewhere. With any entry, each other principal that
   * may write gets its own ACL. Refused if `User:*` may write. Example: `["User:audit"]`.
   * @default none, and one ACL denies everyone
   */
  except: list(text).optional(),
  /**
   * What the origin's brokers do with a topic that no ACL names (`allow.everyone.if.no.acl.found`). Brokers hide the
   * value. It is needed only if they set it and such topics are migrated: there the first ACL would lock out readers,
   * too.
   * @default read from the brokers
   */
  everyoneByDefault: flag.optional(),
};

export const fenceTimesShape = {
  /**
   * The raise ends when no write was seen for this time, in milliseconds.
   * @default 1000
   */
  settleMs: whole(0).optional(),
  /**
   * Longest wait for that, in milliseconds. After it, the partitions that are still written to are returned.
   * @default 15000
   */
  settleLimitMs: whole(0).optional(),
};

/** Options of the fence. Everything has a default. */
export interface FenceOptions extends Written<typeof fenceShape>, Written<typeof fenceTimesShape> {}

/** A partition whose end offset changed. Offsets are decimal strings. */
export interface Movement {
  topic: string;
  partition: number;
  from: string;
  to: string;
}

/** End offsets by topic of the origin, then by partition number. */
export type TopicEnds = Record<string, readonly number[]>;

/** When a fence was raised. */
export interface FenceTimes {
  /** ISO time at which no write was seen any more. */
  raisedAt: string;
  /**
   * ISO time just before the first ACL was created. Absent: some ACLs of the fence existed before, so that producers
   * have waited for longer, or the state of an older version.
   */
  closedAt?: string;
}

export interface RaisedFence extends FenceTimes {
  version: 1;
  /** Earlier raises of this cutover, the oldest first. All ACLs were removed after each of them. Absent: none. */
  earlier?: FenceTimes[];
  topics: number;
  /** Denied principals: `User:*`, or each one separately. */
  principals: string[];
  /** ACLs created now. The others existed before, from an earlier run or from somebody else. */
  created: number;
  /** Topics whose ACL is somebody else's. It stays when the fence is lowered. */
  own: string[];
  /**
   * Topics whose denials are all the fence's. Their markers can be restored from this list. Absent: the state of an
   * older version.
   */
  denied?: string[];
  /** Topics with an ACL of the fence that keeps reads allowed. Absent: none, or the state of an older version. */
  opened?: string[];
  /** Partitions that were still written to when the wait ended, by super users or by excepted principals. */
  writing: Movement[];
  warnings: string[];
}

export interface FenceState {
  /** `up`: every ACL exists. `partly`: some exist. `down`: no ACL of the fence exists. */
  state: "up" | "partly" | "down";
  rules: number;
  /** Topics of which an ACL is missing. */
  missing: string[];
  /** Fenced topics that this migration does not copy, or no longer copies. */
  leftovers: string[];
  /** Topics with an ACL of the fence, known from an earlier raise, whose marker somebody removed. */
  lost: string[];
  /** Topics whose ACL has no marker and is not known from an earlier raise. Lowering the fence does not remove it. */
  unmarked: string[];
}

export interface LoweredFence {
  /** Removed ACLs, without the markers. */
  removed: number;
}

/** A period in which an ACL was missing. */
export interface FenceGap {
  /** ISO time of the last check that found the fence complete. */
  after: string;
  /** ISO time at which it was complete again. */
  until: string;
  rules: number;
  topics: string[];
  /** Writes in that period, or since `countedFrom`. */
  wrote: Movement[];
  /**
   * ISO time before `after`, since which `wrote` counts: who is not stopped by the fence may have written before the
   * gap. Absent: `wrote` is only about the gap, or it is a gap of an older version.
   */
  countedFrom?: string;
  /** Nobody watched the fence in that period, so the writes are unknown. Absent: it was watched. */
  unwatched?: true;
}

export interface FenceReport {
  from: string;
  until: string;
  looks: number;
  /** Writes between `HoldOptions.since` and the start of the hold. Absent: `since` was not given. */
  before?: Movement[];
  gaps: FenceGap[];
  /** Writes while the fence was complete. */
  wrote: Movement[];
  /** The fence was no longer wanted and is down. */
  lowered?: true;
}
