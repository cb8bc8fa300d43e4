import { createHash } from "node:crypto";

/** Offsets from <= offset < to that were read, or have to be. */
export interface ReadRange {
  from: number;
  to: number;
}

/** Numbers in [0, 1) that follow from the text. The same text gives the same numbers (SHA-256 in counter mode). */
export function randomOf(text: string): () => number {
  let count = 0;
  return () => createHash("sha256").update(`${text} ${count++}`).digest().readUIntBE(0, 6) / 2 ** 48;
}

/**
 * Where the windows of a log start: at its first offset, then at one random offset in each stretch of `stretch`
 * offsets. Random places alone would leave larger gaps for the same number of windows.
 */
export function startsOf(log: ReadRange, stretch: number, random: () => number): number[] {
  const starts = [log.from];
  for (let at = log.from; at < log.to; at += stretch)
    starts.push(at + Math.floor(random() * Math.min(stretch, log.to - at)));
  return starts;
}

/** The parts of the log that no range covers, in order. */
export function gapsOf(log: ReadRange, ranges: readonly ReadRange[]): ReadRange[] {
  const gaps: ReadRange[] = [];
  let at = log.from;
  for (const { from, to } of [...ranges].sort((a, b) => a.from - b.from)) {
    if (from > at) gaps.push({ from: at, to: Math.min(from, log.to) });
    at = Math.max(at, to);
  }
  if (at < log.to) gaps.push({ from: at, to: log.to });
  return gaps;
}

/** The first of the largest gaps. */
export function largestGap(log: ReadRange, ranges: readonly ReadRange[]): ReadRange {
  return gapsOf(log, ranges).reduce((best, gap) => (gap.to - gap.from > best.to - best.from ? gap : best));
}

/**
 * The probability that a hole of this many offsets, at a random place in the log, touches none of the ranges: the
 * number of such places divided by the number of all places. A log that is shorter than the hole is one place.
 */
export function missProbability(log: ReadRange, ranges: readonly ReadRange[], hole: number): number {
  const places = Math.max(1, log.to - log.from - hole + 1);
  const length = Math.min(hole, log.to - log.from);
  const missed = gapsOf(log, ranges).reduce((sum, { from, to }) => sum + Math.max(0, to - from - length + 1), 0);
  return missed / places;
}
