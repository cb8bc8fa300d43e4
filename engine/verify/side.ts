import { NO_TIMESTAMP } from "../records/legacy";
import { AHEAD, type Entry, type EntryRange, type Sequence } from "./sequence";

/** Entries that a search keeps from the previous window, so that it finds a match across the border of two windows. */
const OVERLAP = 16;

/** A sequence with a window of entries that can be read before they are passed. */
export class Side {
  private window: Entry[] = [];
  private head = 0;
  private next: () => Promise<Entry[]>;
  ended = false;
  /** Number of entries passed. */
  passed = 0;

  constructor(private readonly sequence: Sequence) {
    this.next = sequence(undefined);
  }

  get length(): number {
    return this.window.length - this.head;
  }

  peek(index: number): Entry | undefined {
    return this.window[this.head + index];
  }

  async fill(count: number): Promise<void> {
    while (this.length < count && !this.ended) {
      const more = await this.next();
      if (more.length === 0) this.ended = true;
      if (this.head > 0) {
        this.window = this.window.slice(this.head);
        this.head = 0;
      }
      for (const entry of more) this.window.push(entry);
    }
  }

  skip(count: number): void {
    this.head += count;
    this.passed += count;
  }

  take(count: number): Entry[] {
    const taken = this.window.slice(this.head, this.head + count);
    this.skip(count);
    return taken;
  }

  /** The whole window. */
  all(): Entry[] {
    return this.window.slice(this.head);
  }

  /**
   * Passes all remaining entries. With `like`, stops at the first entry for which `like` returns false. Returns the
   * passed entries. undefined: none.
   */
  async drain(like?: (entry: Entry) => boolean): Promise<EntryRange | undefined> {
    let run: EntryRange | undefined;
    for (await this.fill(1); this.length > 0; await this.fill(1)) {
      const other = like === undefined ? -1 : this.all().findIndex((e) => !like(e));
      run = longer(run, this.take(other < 0 ? this.length : other));
      if (other >= 0) break;
    }
    return run;
  }

  /**
   * Passes entries until `place` finds a position in the window. Moves to this position and returns the passed entries.
   * If `place` finds none, moves back to the start and returns undefined.
   */
  async search(place: (ahead: Side) => number | undefined): Promise<EntryRange | undefined> {
    const start = this.peek(0);
    if (start === undefined) return undefined;
    const passed = this.passed;
    let run: EntryRange | undefined;
    for (await this.fill(AHEAD); ; await this.fill(AHEAD)) {
      const at = place(this);
      if (at !== undefined) return longer(run, this.take(at));
      if (this.ended) break;
      run = longer(run, this.take(this.length - OVERLAP));
    }
    this.window = [];
    this.head = 0;
    this.ended = false;
    this.passed = passed;
    this.next = this.sequence(start.offset);
    await this.fill(1);
    return undefined;
  }
}

export function longer(run: EntryRange | undefined, more: readonly Entry[]): EntryRange | undefined {
  if (more.length === 0) return run;
  const timeOf = (e: Entry) => (e.timestamp === NO_TIMESTAMP ? Infinity : e.timestamp);
  const newest = more.reduce((latest, e) => Math.max(latest, timeOf(e)), run?.newest ?? -Infinity);
  return { first: run?.first ?? more[0]!, last: more.at(-1)!, count: (run?.count ?? 0) + more.length, newest };
}
