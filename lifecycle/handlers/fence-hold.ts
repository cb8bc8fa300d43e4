import { type FenceGap, type FenceOptions, holdFence } from "../../engine/fence";
import type { MigrationModel } from "../../engine/model";
import { waveOf } from "../../engine/parts";
import type { Progress } from "../../engine/progress";
import { underPulumi } from "./engine-link";

/**
 * Holds each fence from its raise until the end of the `up`, also between the steps and while the replication is reset.
 * Pulumi keeps one process for all steps of a run, so the holds live in this process and end with it. Each wave has its
 * own fence, and waves run in parallel.
 */
interface Hold {
  stop: AbortController;
  ended: Promise<void>;
}

/** What this run knows about the fence of one part of a migration. */
interface Part {
  migration: string;
  hold?: Hold;
  lostAt?: string;
  gaps: FenceGap[];
  wholeAt?: string;
}

const parts = new Map<string, Part>();

/** A key for the whole migration. */
export const migrationOf = ({ origin, mirror }: MigrationModel): string =>
  JSON.stringify([origin.bootstrapServers, mirror.originAlias, mirror.targetAlias]);

/** A key for the part that the model is limited to. */
export const partKey = (model: MigrationModel): string => `${migrationOf(model)} ${waveOf(model.mirror) ?? ""}`;

function partOf(model: MigrationModel): Part {
  const migration = migrationOf(model);
  const key = partKey(model);
  const known = parts.get(key) ?? { migration, gaps: [] };
  parts.set(key, known);
  return known;
}

/** What this run knows about a fence. */
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
  const part = partOf(model);
  if (!live || part.hold !== undefined) return;
  const stop = new AbortController();
  delete part.lostAt;
  const onGap = (gap: FenceGap) => noteGap(model, gap);
  const ended = holdFence(model, { ...options, onGap }, progress, stop.signal).then(
    () => {},
    (error: unknown) => {
      part.lostAt = new Date().toISOString();
      progress.warn(`fence: not held since ${part.lostAt}: ${(error as Error).message.split("\n", 1)[0]}`);
    },
  );
  part.hold = { stop, ended };
}

/** Ends the hold before the fence is lowered. Otherwise the hold would raise it again. Other parts keep their holds. */
export async function stopHolding(model: MigrationModel): Promise<void> {
  await stopPart(partOf(model));
}

async function stopPart(part: Part): Promise<void> {
  const ending = part.hold;
  delete part.hold;
  delete part.wholeAt;
  ending?.stop.abort();
  await ending?.ended;
}

/** Records a gap. If two holds see the same gap, the longer one counts. */
export function noteGap(model: MigrationModel, gap: FenceGap): void {
  const part = partOf(model);
  part.gaps = mergeGaps(part.gaps, [gap]);
}

/** Records that the fence was complete. @param at ISO 8601 */
export function noteWhole(model: MigrationModel, at: string): void {
  partOf(model).wholeAt = at;
}

/** ISO 8601 time at which this run last saw the complete fence. Undefined: this run has not raised it. */
export const lastWhole = (model: MigrationModel): string | undefined => partOf(model).wholeAt;

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

/**
 * What this run knows about the fence of the model's part. A model without a scope gets the record of all parts: the
 * gaps of all fences, and the earliest time until which one of them was held.
 * @param at current time, ISO 8601
 */
export function fenceRecord(model: MigrationModel, at: string): FenceRecord {
  const some =
    model.mirror.scope === undefined
      ? [...parts.values()].filter((part) => part.migration === migrationOf(model))
      : [partOf(model)];
  const held = some.filter((part) => part.hold !== undefined).map((part) => part.lostAt ?? at);
  const heldUntil = held.sort().at(0);
  return {
    gaps: some.reduce<FenceGap[]>((all, part) => mergeGaps(all, part.gaps), []),
    ...(heldUntil === undefined ? {} : { heldUntil }),
  };
}

/** For tests: starts a new run. */
export async function forgetFenceRecord(): Promise<void> {
  await Promise.all([...parts.values()].map(stopPart));
  parts.clear();
}
