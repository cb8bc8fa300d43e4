import { type FenceGap, type FenceOptions, holdFence } from "../../engine/fence";
import type { MigrationModel } from "../../engine/model";
import type { Progress } from "../../engine/progress";
import { underPulumi } from "./engine-link";

/**
 * Holds the fence from its raise until the end of the `up`, also between the steps and while the replication is reset.
 * Pulumi keeps one process for all steps of a run, so the hold lives in this process and ends with it.
 */
interface Hold {
  stop: AbortController;
  ended: Promise<void>;
}

let hold: Hold | undefined;
let lostAt: string | undefined;
let gaps: FenceGap[] = [];
let wholeAt: string | undefined;

/** What this run knows about the fence. */
export interface FenceRecord {
  gaps: FenceGap[];
  /** ISO 8601. Time until which this run held the fence. Undefined: this run did not hold it. */
  heldUntil?: string;
}

/**
 * Starts to hold the fence unless it is already held. Returns at once.
 * @param live false outside of a Pulumi run, where nothing ends the hold
 */
export function keepHolding(
  model: MigrationModel,
  options: FenceOptions,
  progress: Progress,
  live = underPulumi(),
): void {
  if (!live || hold !== undefined) return;
  const stop = new AbortController();
  lostAt = undefined;
  const ended = holdFence(model, { ...options, onGap: noteGap }, progress, stop.signal).then(
    () => {},
    (error: unknown) => {
      lostAt = new Date().toISOString();
      progress.warn(`fence: not held since ${lostAt}: ${(error as Error).message.split("\n", 1)[0]}`);
    },
  );
  hold = { stop, ended };
}

/** Ends the hold before the fence is lowered. Otherwise the hold would raise it again. */
export async function stopHolding(): Promise<void> {
  const ending = hold;
  hold = undefined;
  wholeAt = undefined;
  ending?.stop.abort();
  await ending?.ended;
}

/** Records a gap. If two holds see the same gap, the longer one counts. */
export function noteGap(gap: FenceGap): void {
  gaps = mergeGaps(gaps, [gap]);
}

/** Records that the fence was complete. @param at ISO 8601 */
export function noteWhole(at: string): void {
  wholeAt = at;
}

/** ISO 8601 time at which this run last saw the complete fence. Undefined: this run has not raised it. */
export const lastWhole = (): string | undefined => wholeAt;

/** Joins both lists in order of time. Gaps that overlap become one. */
export function mergeGaps(some: readonly FenceGap[], others: readonly FenceGap[]): FenceGap[] {
  const merged: FenceGap[] = [];
  for (const gap of [...some, ...others].sort((a, b) => a.after.localeCompare(b.after))) {
    const before = merged.at(-1);
    if (before === undefined || gap.after >= before.until) {
      merged.push(gap);
      continue;
    }
    const wrote = new Map([...before.wrote, ...gap.wrote].map((m) => [`${m.topic}-${m.partition}-${m.from}`, m]));
    merged[merged.length - 1] = {
      after: before.after,
      until: before.until > gap.until ? before.until : gap.until,
      rules: Math.max(before.rules, gap.rules),
      topics: [...new Set([...before.topics, ...gap.topics])],
      wrote: [...wrote.values()],
      ...(before.unwatched === true || gap.unwatched === true ? { unwatched: true } : {}),
    };
  }
  return merged;
}

/** @param at current time, ISO 8601 */
export function fenceRecord(at: string): FenceRecord {
  const heldUntil = hold === undefined ? undefined : (lostAt ?? at);
  return { gaps: [...gaps], ...(heldUntil === undefined ? {} : { heldUntil }) };
}

/** For tests: starts a new run. */
export async function forgetFenceRecord(): Promise<void> {
  await stopHolding();
  gaps = [];
  lostAt = undefined;
}
