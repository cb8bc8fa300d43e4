import { hash } from "node:crypto";
import type { FirstRecord } from "./find";
import { NO_TIMESTAMP } from "./legacy";
import { type Fingerprint, fingerprint, namesInCopy, namesOf, type RecordTime, timestampCounts } from "./same";
import type { RecordCursor } from "./walk";

/** The latest record of one key. Not alive: a tombstone. */
export type LatestRecord = FirstRecord;

/** All records of one log, as far as they are needed to compare two compacted logs. */
export class LatestRecords {
  /**
   * By a digest of the key, in the order of the offsets. Records without a key are left out: compaction deletes them.
   */
  readonly byKey = new Map<string, LatestRecord>();
  /** True if a record belongs to a transaction. */
  transactional = false;
  private readonly names = new Set<string>();

  add(record: RecordCursor): void {
    const print = fingerprint(record);
    this.transactional ||= print.transactional;
    for (const name of namesInCopy(print)) this.names.add(name);
    const key = record.key();
    if (key === null) return;
    const digest = hash("sha1", key, "base64");
    this.byKey.delete(digest);
    this.byKey.set(digest, { ...print, alive: !record.isTombstone() });
  }

  /** Returns true if this log, a target log, holds a copy of the origin record, also if it is not the latest one. */
  holdsCopyOf(origin: Fingerprint): boolean {
    return namesOf(origin).some((name) => this.names.has(name));
  }
}

/** What is known about two compacted logs whose first records differ. */
export interface CompactedLogs {
  /** Every record that the logs hold now. */
  origin: LatestRecords;
  target: LatestRecords;
  /** True if the log begins at offset 0, so retention has deleted nothing from it. */
  originWhole: boolean;
  targetWhole: boolean;
  /** The last origin offset that is known to be copied. undefined: all offsets. */
  copiedTo?: number | undefined;
}

export type CompactedVerdict =
  /** Nothing shows that the target is another log. */
  | { kind: "copy" }
  /**
   * `lost`: the latest record of a key is not on the target. `revived`: a key that the origin deleted is alive there.
   */
  | { kind: "lost" | "revived"; record: LatestRecord; instead: LatestRecord | undefined }
  /** The records do not show whether the target is a copy. */
  | { kind: "unsure"; why: "deleted" | "foreign" };

/**
 * Decides whether a compacted target log can be a copy of a compacted origin log. Each side compacts at its own time,
 * so only the latest record of each key counts: compaction deletes no other record that a consumer needs.
 *
 * A mirror that continues at the offsets of an earlier topic never copies the new topic's first records. So some of the
 * origin's latest records are not on the target, and they come before all that are. A target without such a record is
 * no copy, unless its retention deleted the record. It did not if the target log still begins at offset 0, or if the
 * target holds an older record: retention deletes the oldest records first.
 *
 * Two things look like a loss and are none. With `read_uncommitted` the mirror copies records of aborted transactions,
 * which compaction on the origin deletes later; then the target holds a newer record of the key. And a tombstone that
 * the origin deleted before it was copied leaves a key on the target that the origin does not have.
 */
export function decideCompacted(logs: CompactedLogs): CompactedVerdict {
  const { origin, target, originWhole, targetWhole, copiedTo = Infinity } = logs;
  const foreign = firstForeign(origin, target);
  let deleted = false;
  for (const [key, mine] of origin.byKey) {
    if (mine.offset > copiedTo) continue;
    const theirs = target.byKey.get(key);
    if (target.holdsCopyOf(mine)) {
      if (theirs !== undefined && isUnique(mine, theirs)) break;
    } else if (!mine.alive) {
      if (theirs?.alive === true && !isNewer(theirs, mine)) return { kind: "revived", record: mine, instead: theirs };
    } else if (theirs === undefined) {
      const older = foreign !== undefined && timestampCounts(mine, foreign) && foreign.timestamp < mine.timestamp;
      if (targetWhole || older) return { kind: "lost", record: mine, instead: foreign };
      deleted = true;
    } else if (!(origin.transactional && isNewer(theirs, mine))) {
      return { kind: "lost", record: mine, instead: theirs };
    }
  }
  if (deleted) return { kind: "unsure", why: "deleted" };
  if (foreign !== undefined && originWhole && copiedTo === Infinity) return { kind: "unsure", why: "foreign" };
  return { kind: "copy" };
}

/**
 * Returns true if only this record can have such a copy. If the mirror copied it, it also copied everything after it,
 * because it copies in order. Tombstones, and records without a timestamp, can equal a record of the earlier topic.
 */
export function isUnique(origin: FirstRecord, copy: RecordTime): boolean {
  return origin.alive && timestampCounts(origin, copy);
}

/** The oldest record on the target that is alive and whose key is not on the origin. */
function firstForeign(origin: LatestRecords, target: LatestRecords): LatestRecord | undefined {
  for (const [key, theirs] of target.byKey) if (theirs.alive && !origin.byKey.has(key)) return theirs;
  return undefined;
}

const isNewer = (theirs: LatestRecord, mine: LatestRecord): boolean =>
  mine.timestamp !== NO_TIMESTAMP && theirs.timestamp > mine.timestamp;
