import { setTimeout as sleep } from "node:timers/promises";
import { defined } from "../objects";
import { moved } from "./findings";
import type { GateFinding } from "./types";

/** Pause between two reads of the ends while producers write, ms. It is also so many times as long as a read took. */
const EVERY_MS = 400;
const PAUSE_PER_READ = 4;

/** The origin's end offsets by `topic:partition`, and since when they have not moved (ms since the epoch). */
export interface Quiet {
  from: number;
  ends: Map<string, number>;
}

export function endsOf<T>(partitions: ReadonlyMap<string, T>, end: (of: T, key: string) => number) {
  const ends = new Map<string, number>();
  for (const [key, one] of partitions) ends.set(key, end(one, key));
  return ends;
}

/**
 * While producers write, reads nothing but the ends until the next look is due, or until the ends stop moving. Without
 * a fence the quiet time counts from there, and clients wait for its end.
 * @param read undefined: they could not be read now
 * @param until when the next look is due, ms since the epoch
 * @returns since when it is quiet, and the last movements
 */
export async function watchEnds(
  read: () => Promise<Map<string, number> | undefined>,
  quiet: Quiet,
  until: number,
  signal?: AbortSignal,
): Promise<Quiet & { writing: GateFinding[] }> {
  let found = { ...quiet, writing: [] as GateFinding[] };
  for (let pause = EVERY_MS; ; ) {
    const left = until - Date.now();
    await sleep(Math.max(0, Math.min(pause, left)), undefined, defined({ signal }));
    if (left <= pause) return found;
    const from = Date.now();
    const ends = await read();
    if (ends === undefined) return found;
    const writing = moved(found.ends, ends);
    if (writing.length === 0) return found;
    found = { from, ends, writing };
    pause = Math.max(EVERY_MS, PAUSE_PER_READ * (Date.now() - from));
  }
}
