import type { Mismatch } from "./align";
import { hasLostStart, type Pair } from "./pairs";
import type { EntryRange } from "./sequence";
import type { Difference, DifferenceKind } from "./types";

/** Maximum differences listed for one partition. The rest is only counted, in one more difference for each kind. */
const LISTED = 20;

/** Converts the results of comparing one partition into differences with topic, partition and offsets. */
export class Differences {
  readonly found: Difference[] = [];
  private readonly unlisted = new Map<DifferenceKind, number>();

  constructor(private readonly pair: Pair) {}

  add(kind: DifferenceKind, count: number, text: string, at: { origin?: number; target?: number }): void {
    if (this.found.length >= LISTED) {
      this.unlisted.set(kind, (this.unlisted.get(kind) ?? 0) + count);
      return;
    }
    const { topic, partition } = this.pair.origin;
    this.found.push({
      topic,
      partition,
      kind,
      count,
      ...(at.origin === undefined ? {} : { originOffset: at.origin }),
      ...(at.target === undefined ? {} : { targetOffset: at.target }),
      text: `${topic}-${partition}: ${text}`,
    });
  }

  addMismatch(mismatch: Mismatch): void {
    switch (mismatch.kind) {
      case "missing":
        return this.add(
          "missing",
          mismatch.origin.count,
          `${records(mismatch.origin)} of the origin ${are(mismatch.origin)} not on the target (origin ` +
            `${offsets(mismatch.origin)})`,
          { origin: mismatch.origin.first.offset },
        );
      case "extra":
        return this.add(
          "extra",
          mismatch.target.count,
          `${records(mismatch.target)} on the target ${are(mismatch.target)} not on the origin (target ` +
            `${offsets(mismatch.target)})`,
          { target: mismatch.target.first.offset },
        );
      case "duplicate":
        return this.add(
          "duplicate",
          mismatch.target.count,
          `${records(mismatch.target)} ${are(mismatch.target)} on the target twice (target ` +
            `${offsets(mismatch.target)})`,
          { target: mismatch.target.first.offset },
        );
      case "changed":
      case "order": {
        const what = mismatch.kind === "order" ? "in another order" : "with other content";
        return this.add(
          mismatch.kind,
          mismatch.origin.count,
          `${records(mismatch.origin)} ${are(mismatch.origin)} on the target ${what} (origin ` +
            `${offsets(mismatch.origin)}, target ${offsets(mismatch.target)})`,
          { origin: mismatch.origin.first.offset, target: mismatch.target.first.offset },
        );
      }
      case "leading":
        if (mismatch.target !== undefined) this.more(mismatch.target);
        if (mismatch.origin !== undefined) this.lost(mismatch.origin);
        return;
      case "diverged":
        return this.add(
          "diverged",
          1,
          `from origin offset ${mismatch.origin.offset} and target offset ${mismatch.target.offset} on, the ` +
            "sides have nothing in common",
          { origin: mismatch.origin.offset, target: mismatch.target.offset },
        );
    }
  }

  /**
   * Records at the target's start that the origin does not have. If the origin's log still begins there, it never had
   * these records.
   */
  private more(run: EntryRange): void {
    const deleted = hasLostStart(this.pair, "origin");
    if (deleted)
      this.add(
        "kept longer",
        run.count,
        `the target begins ${records(run)} earlier (target ${offsets(run)}): deleted on the origin after they ` +
          "were copied",
        { target: run.first.offset },
      );
    else
      this.add(
        "extra",
        run.count,
        `the first ${records(run)} on the target ${are(run)} not on the origin, which still has all of its own ` +
          `(target ${offsets(run)})`,
        { target: run.first.offset },
      );
  }

  /** Records at the origin's start that the target does not have. Retention deleted them, or they were never copied. */
  private lost(run: EntryRange): void {
    const { expireBefore, sizeLimit } = this.pair;
    // If the target's log begins where the comparison does, nothing was deleted from it.
    const deleted = hasLostStart(this.pair, "target");
    const at = { origin: run.first.offset };
    const earlier = `the origin begins ${records(run)} earlier (origin ${offsets(run)})`;
    const missing = `the first ${records(run)} of the origin ${are(run)} not on the target (origin ${offsets(run)})`;
    if (deleted && expireBefore !== undefined && run.newest < expireBefore)
      this.add("expired", run.count, `${earlier}: older than the retention, so gone from the target`, at);
    else if (!deleted || sizeLimit === undefined) this.add("missing", run.count, missing, at);
    else if (sizeLimit === "reached")
      this.add("expired", run.count, `${earlier}: retention.bytes takes whole segments, so gone from the target`, at);
    else
      this.add(
        "missing",
        run.count,
        `${missing}: retention.bytes may have taken them, but ` +
          `${sizeLimit === "unknown" ? "the brokers tell no sizes" : "both sides are not at this limit"}`,
        at,
      );
  }

  done(): Difference[] {
    const { topic, partition } = this.pair.origin;
    for (const [kind, count] of this.unlisted)
      this.found.push({ topic, partition, kind, count, text: `${topic}-${partition}: ${count} more: ${kind}` });
    this.unlisted.clear();
    return this.found;
  }
}

function records(run: EntryRange): string {
  return run.count === 1 ? "1 record" : `${run.count} records`;
}

function are(run: EntryRange): string {
  return run.count === 1 ? "is" : "are";
}

function offsets(run: EntryRange): string {
  return run.count === 1 ? `offset ${run.first.offset}` : `offsets ${run.first.offset} to ${run.last.offset}`;
}
