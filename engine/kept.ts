import { keptMs } from "./kafka/kept-links";

/**
 * As long as the gate waits by default. What was read before the fence is used when the gate has found everything
 * copied. Idle connections are closed much earlier.
 */
const KEPT_MS = 30 * 60_000;

/**
 * Keeps what one step has read for the next one, where connections are kept, too (`kept-links`). The steps of a cutover
 * run one after the other while clients wait. What is kept must show by itself whether it still holds, for example by
 * the ids of its topics: its age says nothing. Off by default: nothing is kept.
 */
export class Kept<T> {
  private readonly all = new Map<string, { value: T; timer: NodeJS.Timeout }>();

  get on(): boolean {
    return keptMs() > 0;
  }

  keep(name: string, value: T): void {
    this.take(name);
    if (!this.on) return;
    const timer = setTimeout(() => this.all.delete(name), KEPT_MS);
    timer.unref();
    this.all.set(name, { value, timer });
  }

  /** Returns it and keeps it no longer: what one user changes, no other must use. */
  take(name: string): T | undefined {
    const found = this.all.get(name);
    clearTimeout(found?.timer);
    this.all.delete(name);
    return this.on ? found?.value : undefined;
  }
}
