import { type FenceGap, type FenceOptions, holdFence } from "../../engine/fence";
import type { MigrationModel } from "../../engine/model";
import type { Progress } from "../../engine/progress";
import { underPulumi } from "./engine-link";

/**
 * Holds the fence from its raise until the end of the `up`, also between the steps and while the replication is reset.
 * Pulumi keeps one process for all steps of one run, so the hold can live in it; it ends with the process.
 */
interface Hold {
  stop: AbortController;
  ended: Promise<void>;
}

let hold: Hold | undefined;
let lostAt: string | undefined;
let gaps: FenceGap[] = [];

/** What is known of the fence in this run. */
export interface FenceRecord {
  gaps: FenceGap[];
  /** ISO 8601: until when it was held in this run. Undefined: nobody held it. */
  heldUntil?: string;
}

/**
 * Begins to hold unless that has begun already. Returns at once.
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

/** Ends the hold before the fence is lowered, so that it is not raised again. */
export async function stopHolding(): Promise<void> {
  const ending = hold;
  hold = undefined;
  ending?.stop.abort();
  await ending?.ended;
}

/** Adds a gap. Two holds may see the same one: then the longer one counts. */
export function noteGap(gap: FenceGap): void {
  gaps = mergeGaps(gaps, [gap]);
}

/** Gaps of both lists in order of time, with those that overlap as one. */
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

/** @param at now, ISO 8601 */
export function fenceRecord(at: string): FenceRecord {
  const heldUntil = hold === undefined ? undefined : (lostAt ?? at);
  return { gaps: [...gaps], ...(heldUntil === undefined ? {} : { heldUntil }) };
}

/** For tests: a run begins. */
export async function forgetFenceRecord(): Promise<void> {
  await stopHolding();
  gaps = [];
  lostAt = undefined;
}
