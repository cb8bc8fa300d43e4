import { setTimeout as sleep } from "node:timers/promises";
import { type OpenKafka, withCluster } from "../clusters";
import { aclKey } from "../acls";
import type { KafkaPort } from "../kafka/port";
import type { MigrationModel, MirrorModel } from "../model";
import type { Progress } from "../progress";
import { countText, someOf } from "../units";
import { breached } from "./breach";
import { type Ends, endsOf, movements, movementsSince, written } from "./movement";
import { type LastLook, keepLook, takeLook } from "./last-look";
import { restoreMissing } from "./markers";
import { wanted } from "./needed";
import { BRIEF_MS, raiseOn, refuseAclSync, settledLater, settleMsOf } from "./raise";
import { byAcl, compare, ownAcls, recordedAcls } from "./acls";
import { lowerOn } from "./lower";
import type { FenceGap, FenceOptions, FenceReport, RaisedFence, TopicEnds } from "./types";

export interface HoldOptions extends FenceOptions {
  /**
   * End offsets of the origin when its copy was proved. Writes since then are reported, too. Default: only writes from
   * now on.
   */
  gateEnds?: TopicEnds;
  /** Called at the end with the topics' end offsets after the last look. */
  onEnd?: (ends: Ends) => void;
  /** The record of the raise. It shows which ACLs without a marker are the fence's. */
  raised?: RaisedFence;
  /**
   * ISO 8601 time at which this run last saw the complete fence. If {@link whileFenced} has to create ACLs, the time
   * since then is a gap. Default: the run has not raised it before.
   */
  wholeAt?: string;
  /**
   * The work reads the origin and runs again if anything is written. The last look at the topics' ends is then at least
   * `settleMs` after the first one, so that the raise itself need not wait that long. Default false.
   */
  untilSettled?: boolean;
  /** Interval between two checks, ms. Default 1000. */
  everyMs?: number;
  /**
   * Called every `askEveryMs` and soon after each renewal, because the owner of the fence may have removed it, not an
   * operator. False: the fence is lowered and the hold ends. An error counts as true. Default: always true.
   */
  stillWanted?: () => Promise<boolean>;
  /** Interval between two calls of `stillWanted`, ms. Default 30,000. */
  askEveryMs?: number;
  /** Called for each gap as soon as the fence is complete again. */
  onGap?: (gap: FenceGap) => void;
  /**
   * Delay between a renewal and the call of `stillWanted`, ms. A rollback or a destroy needs some time to record what
   * it has done. Default 5000.
   */
  askAfterMs?: number;
}

const EVERY_MS = 1000;
const ASK_EVERY_MS = 30_000;
const ASK_AFTER_MS = 5_000;

/**
 * Keeps the fence up until the signal is aborted. It checks the fence, renews removed ACLs, and reports for each gap
 * what was written in it. It is for clusters whose user operator removes ACLs that it did not create (Strimzi: ACLs
 * for `User:*` within its full pass of 120 s, ACLs for a managed user within seconds).
 * @returns the report, when the signal is aborted or the fence is no longer wanted
 * @throws MigrationError if the origin stays unreachable longer than the port retries
 */
export async function holdFence(
  model: MigrationModel,
  options: HoldOptions,
  progress: Progress,
  signal: AbortSignal,
  open?: OpenKafka,
): Promise<FenceReport> {
  return withCluster(model, "origin", (origin) => holdOn(origin, model.mirror, options, progress, signal), open, {
    progress,
  });
}

/** @param ends end offsets of the topics when the fence was raised; absent: their current end offsets */
export async function holdOn(
  origin: KafkaPort,
  mirror: MirrorModel,
  options: HoldOptions,
  progress: Progress,
  signal: AbortSignal,
  ends?: Ends,
): Promise<FenceReport> {
  let topics: string[] = [];
  let baseline = ends ?? (await endsOf(origin, (await wanted(origin, mirror, options)).topics));
  let whole = new Date().toISOString();
  let countedFrom = whole;
  const report: FenceReport = { from: whole, until: whole, looks: 0, gaps: [], wrote: [] };
  if (options.gateEnds !== undefined)
    report.before = await written(origin, movementsSince(options.gateEnds, baseline, mirror));
  const { stillWanted } = options;
  let askAt = Date.now() + (options.askEveryMs ?? ASK_EVERY_MS);
  const pause = (): Promise<void> => sleep(options.everyMs ?? EVERY_MS, undefined, { signal }).catch(() => {});
  const marked = byAcl(recordedAcls(mirror, options.raised));
  // raiseOn has just found or made the fence complete.
  if (ends !== undefined) await pause();
  for (let last = signal.aborted; ; last = signal.aborted) {
    const now = await wanted(origin, mirror, options);
    const { missing } = compare(now.needed, now.acls);
    topics = now.topics;
    report.looks++;
    // Without its marker an ACL looks like somebody else's. Every ACL that had one at an earlier look gets it again.
    for (const one of ownAcls(mirror, now.acls)) marked.set(aclKey(one.acl), one);
    await restoreMissing(origin, marked.values(), now.acls, progress);
    if (missing.length > 0) {
      const { ends: after } = await raiseOn(origin, mirror, options, progress);
      const gone = [...new Set(missing.map((r) => r.topic))];
      const wrote = await written(origin, movements(baseline, after));
      const until = new Date().toISOString();
      report.gaps.push({
        after: whole,
        until,
        rules: missing.length,
        topics: gone,
        wrote,
        ...(wrote.length > 0 && countedFrom < whole ? { countedFrom } : {}),
      });
      baseline = after;
      countedFrom = until;
      tell(report.gaps.at(-1) as FenceGap, progress);
      options.onGap?.(report.gaps.at(-1) as FenceGap);
      askAt = Math.min(askAt, Date.now() + (options.askAfterMs ?? ASK_AFTER_MS));
    }
    whole = new Date().toISOString();
    if (stillWanted !== undefined && Date.now() >= askAt) {
      if ((await stillWanted().catch(() => true)) === false) {
        await lowerOn(origin, mirror, progress, options.raised);
        report.lowered = true;
        break;
      }
      askAt = Date.now() + (options.askEveryMs ?? ASK_EVERY_MS);
    }
    if (last) break;
    await pause();
  }
  const after = await endsOf(origin, topics);
  report.wrote = await written(origin, movements(baseline, after));
  options.onEnd?.(after);
  report.until = new Date().toISOString();
  return report;
}

function tell(gap: FenceGap, progress: Progress): void {
  const wrote =
    gap.wrote.length === 0
      ? gap.unwatched === true
        ? "unknown whether producers wrote in between"
        : "no writes in between"
      : `written ${gap.countedFrom === undefined ? "in between" : `since ${gap.countedFrom}`}: ${someOf(
          gap.wrote.map((m) => `${m.topic}-${m.partition} ${m.from} -> ${m.to}`),
          10,
        )}`;
  progress.warn(
    `fence: ${countText(gap.rules, "ACL")} had been removed since ${gap.after} and restored at ${gap.until}; ${wrote}`,
  );
}

/** What {@link raiseOn} returns if it finds every ACL, from a look that was just taken. */
function fromLook(look: LastLook | undefined): { raised: RaisedFence; ends: Ends } | undefined {
  if (look === undefined) return undefined;
  const { closedAt: _, ...raised } = look.raised;
  return { raised: { ...raised, created: 0 }, ends: look.ends };
}

/**
 * Raises the fence, holds it during the work, and leaves it up. Used around the gate and the steps after it.
 * @param work receives a signal that is aborted if the fence can no longer be held, and how the fence was raised
 * @throws MigrationError FENCE_BREACHED, before the work starts, if something was written between `since` and the raise
 */
export async function whileFenced<T>(
  model: MigrationModel,
  options: HoldOptions,
  progress: Progress,
  work: (signal: AbortSignal, raised: RaisedFence) => Promise<T>,
  open?: OpenKafka,
): Promise<{ result: T; report: FenceReport }> {
  return withCluster(
    model,
    "origin",
    async (origin) => {
      const allowed = () => withCluster(model, "target", (target) => refuseAclSync(target, model.mirror), open);
      // Every step of a cutover calls this, and the fence step has already waited. Waiting a second in every step would
      // only add up.
      const raising = options.untilSettled === true ? settledLater(options) : options;
      const { raised, ends } =
        fromLook(takeLook(model, options)) ??
        (await raiseOn(origin, model.mirror, raising, progress, "new ACLs", allowed));
      // The raise has watched the ends for `BRIEF_MS`: now, or before the time at which the fence was whole.
      const whole = raised.created === 0 && options.wholeAt !== undefined ? Date.parse(options.wholeAt) : Date.now();
      const settled = options.untilSettled === true ? whole - BRIEF_MS + settleMsOf(options) : 0;
      const { gateEnds } = options;
      const moved = gateEnds === undefined ? [] : movementsSince(gateEnds, ends, model.mirror);
      const before = await written(origin, moved);
      if (options.wholeAt !== undefined && raised.created > 0) {
        // Only `since` tells what was written in this gap.
        const unwatched = options.gateEnds === undefined ? { unwatched: true as const } : {};
        const times = { after: options.wholeAt, until: raised.raisedAt };
        const gap = { ...times, rules: raised.created, topics: [], wrote: before, ...unwatched };
        tell(gap, progress);
        options.onGap?.(gap);
      }
      if (before.length > 0) throw breached(before, "since the gate passed");
      const done = new AbortController();
      const lost = new AbortController();
      let last: Ends | undefined;
      const hold = { ...options, onEnd: (after: Ends) => (last = after) };
      const holding = holdOn(origin, model.mirror, hold, progress, done.signal, ends);
      holding.catch((error: unknown) => lost.abort(error));
      try {
        const result = await work(lost.signal, raised);
        await sleep(Math.max(0, settled - Date.now()));
        done.abort();
        const report = await holding;
        if (last !== undefined && report.wrote.length === 0 && report.gaps.length === 0)
          keepLook(model, options, { at: Date.now(), raised, ends: last });
        return { result, report };
      } catch (error) {
        done.abort();
        // If the fence was lost, throw that error: it is the cause, whatever error the work threw.
        await holding;
        throw error;
      }
    },
    open,
    { progress },
  );
}
