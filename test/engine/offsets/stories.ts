import { expect } from "vitest";
import { translate } from "../../../engine/offsets/translate";
import type { Translation } from "../../../engine/offsets/translation";
import { silent } from "../../../engine/progress";
import { logOf, mirror, readerOf, visible, type Entry, type Log, type Mirroring, type Reads } from "./logs";

/** A partition on both sides, and how its topic is read. */
export interface Story {
  origin: Log;
  target: Log;
  committedOnly?: boolean;
  compacted?: boolean;
}

/** The answers of `translate` for these committed offsets. */
export async function translated(
  story: Story,
  committed: readonly number[],
  reads?: Reads,
): Promise<Map<number, Translation>> {
  const origin = readerOf(new Map([["t:0", story.origin]]), story.committedOnly === true, reads);
  const target = readerOf(new Map([["t:0", story.target]]), true, reads);
  const { start, end } = story.origin;
  const task = {
    originTopic: "t",
    targetTopic: "t",
    partition: 0,
    origin: { start, end },
    target: { start: story.target.start, end: story.target.end },
    compacted: story.compacted === true,
    committed,
  };
  return (await translate(origin, target, [task], silent))[0] as Map<number, Translation>;
}

/** What a group would read after the move, and what it would have read had it stayed. */
export function readings(story: Story, g: number, t: number): { stays: Entry[]; moves: Entry[] } {
  return {
    stays: visible(story.origin, story.committedOnly === true).filter((e) => e.offset >= g),
    moves: visible(story.target, true).filter((e) => e.offset >= t),
  };
}

export const mirrored = (origin: Log, how: Mirroring = {}): Story => ({
  origin,
  target: mirror(origin, how),
  committedOnly: how.committedOnly ?? false,
});
export const plain = (count: number, from = 0): Log =>
  logOf(
    Array.from({ length: count }, () => ({})),
    from,
  );
export const all = (log: Log): number[] => Array.from({ length: log.end + 3 }, (_, g) => g);

/** Every committed offset lands exactly, rereads what is announced, and the way is as expected. */
export async function expectExact(story: Story, committed = all(story.origin)): Promise<Map<number, Translation>> {
  const answers = await translated(story, committed);
  for (const g of committed) {
    const answer = answers.get(g) as Translation;
    const { stays, moves } = readings(story, g, answer.target as number);
    expect({ g, exact: answer.exact, first: moves[0]?.id }).toEqual({ g, exact: true, first: stays[0]?.id });
    expect({ g, rereads: answer.rereads }).toEqual({ g, rereads: Math.max(0, moves.length - stays.length) });
  }
  return answers;
}
