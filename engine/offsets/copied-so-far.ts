import { setTimeout as sleep } from "node:timers/promises";
import type { Progress } from "../progress";
import { countText, durationText } from "../units";
import {
  decideAgain,
  deepen,
  FIRST_DEPTH,
  isReached,
  isReachedForSure,
  isUnsure,
  type Look,
  lookAt,
  missing,
  startAgain,
  type Sides,
} from "./look";
import type { Stored, Waiting } from "./look";
import type { PartitionToMove } from "./tasks";
import { translate } from "./translate";
import type { PartitionTask, Translation } from "./translation";

/** What the translation of a growing copy needs. */
export interface SidesSoFar extends Sides {
  /** Reads the last origin offsets that Connect has stored as copied. */
  stored(): Promise<Stored>;
  /** Marks tasks whose target lacks records. */
  withLosses(tasks: readonly PartitionTask[]): Promise<PartitionTask[]>;
}

export interface Patience {
  /** Longest wait for the mirror, in ms. */
  limitMs: number;
  /** Longest wait for a partition whose last copied record is not unique, in ms. */
  unsureMs: number;
  /** ms since some moment. */
  now(): number;
  pause(ms: number): Promise<void>;
  /** The groups that wait for a partition, for progress. */
  groupsOf(partition: PartitionToMove): readonly string[];
}

export const realTime = (signal?: AbortSignal): Pick<Patience, "now" | "pause"> => ({
  now: () => performance.now(),
  pause: (ms) => sleep(ms, undefined, { signal }),
});

/** A committed offset that the mirror did not reach within the limit. */
export interface NotReached {
  partition: PartitionToMove;
  committed: number;
  /** Number of records that are missing, at most. */
  missing: number;
}

export interface TranslatedSoFar {
  /** In the order of the partitions. Partitions with an offset that was not reached have no answers. */
  answers: Map<number, Translation>[];
  notReached: NotReached[];
}

const PAUSE_MS = 50;
const SAY_EVERY_MS = 5_000;
const FIRST_SAY_MS = 1_000;

/**
 * Translates committed offsets while the mirror still copies. Waits until it has reached every offset. A partition is
 * translated as soon as it has, and not looked at again.
 */
export async function translateSoFar(
  sides: SidesSoFar,
  partitions: readonly PartitionToMove[],
  patience: Patience,
  progress: Progress,
  signal?: AbortSignal,
): Promise<TranslatedSoFar> {
  const answers = new Map<PartitionToMove, Map<number, Translation>>();
  let open = partitions.map((partition): Waiting => ({ partition, depth: FIRST_DEPTH }));
  const notReached: NotReached[] = [];
  const started = patience.now();
  let said = started + FIRST_SAY_MS - SAY_EVERY_MS;
  let stored = open.length === 0 ? new Map<string, number>() : new Map(await sides.stored());
  while (open.length > 0) {
    signal?.throwIfAborted();
    const before = patience.now();
    const late = before - started >= patience.limitMs;
    const looks = await lookAt(sides, open, stored, late, signal);
    if (looks.some(isUnsure)) {
      const after = new Map(await sides.stored());
      for (const look of looks) decideAgain(look, stored, after);
      stored = after;
    }
    const settled = (look: Look) =>
      !isUnsure(look) || late || (before - started >= patience.unsureMs && isReachedForSure(look));
    const ready = looks.filter((look) => isReached(look) && settled(look));
    for (const [look, found] of await answersOf(sides, ready, progress, signal))
      answers.set(look.waiting.partition, found);
    const left = looks.filter((look) => !answers.has(look.waiting.partition));
    if (late) {
      const parts = new Map(left.flatMap((look) => reachedPart(look).map((part) => [part, look] as const)));
      for (const [part, found] of await answersOf(sides, [...parts.keys()], progress, signal))
        answers.set(parts.get(part)!.waiting.partition, found);
      for (const look of left) giveUp(look, answers, notReached);
      break;
    }
    open = left.map((look) => look.waiting);
    const deeper = left.filter((l) => (l.seen.kind === "unknown" || isUnsure(l)) && deepen(l));
    for (const look of left) if (!deeper.includes(look)) startAgain(look);
    const time = patience.now();
    if (left.length > 0 && time - said >= SAY_EVERY_MS) {
      said = time;
      progress.info(waitingText(left, time - started, patience));
    }
    // A long look is followed by a long pause, so that waiting costs the brokers little.
    if (left.length > deeper.length) await patience.pause(Math.max(PAUSE_MS, time - before));
  }
  return { answers: partitions.map((p) => answers.get(p) ?? new Map()), notReached };
}

/** Translates partitions whose offsets have all been reached. */
async function answersOf(
  sides: SidesSoFar,
  looks: readonly Look[],
  progress: Progress,
  signal?: AbortSignal,
): Promise<Map<Look, Map<number, Translation>>> {
  const answers = new Map<Look, Map<number, Translation>>();
  const toTranslate = looks.filter((look) => look.seen.kind !== "nothing");
  for (const look of looks) {
    if (look.seen.kind === "nothing") answers.set(look, atEndOf(look));
  }
  if (toTranslate.length === 0) return answers;
  const tasks = await sides.withLosses(toTranslate.map(taskOf));
  const found = await translate(sides.origin, sides.target, tasks, progress, signal);
  for (const [i, look] of toTranslate.entries()) answers.set(look, withDoubt(look, found[i]!));
  return answers;
}

function taskOf({ waiting, bounds, seen }: Look): PartitionTask {
  const { origin, target } = bounds;
  const task = { ...waiting.partition, origin, target };
  if (seen.kind !== "found") return task;
  const { original, copy, last } = seen.found;
  return { ...task, copied: { original, copy, last } };
}

/** Nothing has been copied, so everything that a group has not read will come after the target's end. */
function atEndOf({ waiting, bounds }: Look): Map<number, Translation> {
  const target = bounds.target.end;
  const translation = { target, exact: true, how: "end" as const, rereads: 0, missing: 0 };
  return new Map(waiting.partition.committed.map((g) => [g, translation]));
}

/** If an earlier record may be the last copied one, groups skip nothing but can read the records in between again. */
function withDoubt({ seen }: Look, answers: Map<number, Translation>): Map<number, Translation> {
  if (seen.kind !== "found" || seen.found.earliest === seen.found.place) return answers;
  const more = seen.found.place - seen.found.earliest;
  return new Map(
    [...answers].map(([g, a]) => {
      if (a.target === undefined) return [g, a];
      const doubt = "the mirror's place among equal records is not known; the latest possible one was taken";
      const note = a.note === undefined ? doubt : `${a.note}; ${doubt}`;
      return [g, { ...a, exact: false, rereads: a.rereads + more, rereadsAtMost: true as const, note }];
    }),
  );
}

/** The committed offsets of the partition that have been reached, if there are any. */
function reachedPart(look: Look): Look[] {
  const { partition } = look.waiting;
  const committed = partition.committed.filter((g) => missing(look, g) === 0);
  const part = { ...look, waiting: { ...look.waiting, partition: { ...partition, committed } } };
  return committed.length > 0 && isReached(part) ? [part] : [];
}

function giveUp(look: Look, answers: Map<PartitionToMove, Map<number, Translation>>, notReached: NotReached[]): void {
  const { partition } = look.waiting;
  if (look.seen.kind === "unknown") {
    const { why } = look.seen;
    const none = { target: undefined, exact: false, how: "incomplete" as const, rereads: 0, missing: 0, note: why };
    answers.set(partition, new Map(partition.committed.map((g) => [g, none])));
    return;
  }
  for (const committed of partition.committed) {
    const count = missing(look, committed);
    if (count > 0) notReached.push({ partition, committed, missing: count });
  }
}

function waitingText(looks: readonly Look[], ms: number, { groupsOf, limitMs }: Patience): string {
  const groups = new Set(looks.flatMap((l) => groupsOf(l.waiting.partition)));
  const behind = looks.map((l) => ({ l, count: Math.max(...l.waiting.partition.committed.map((g) => missing(l, g))) }));
  const [most] = behind.sort((a, b) => b.count - a.count);
  const { originTopic, partition } = most!.l.waiting.partition;
  const far =
    most!.count > 0
      ? `the last one is ${originTopic}-${partition} (up to ${countText(most!.count, "record")} missing)`
      : `it is not clear yet which records of ${originTopic}-${partition} are copied`;
  return (
    `offsets: ${countText(groups.size, "group")} ${groups.size === 1 ? "waits" : "wait"} for the mirror on ` +
    `${countText(looks.length, "partition")}: ${far}; ${durationText(ms)} of at most ${durationText(limitMs)}`
  );
}
