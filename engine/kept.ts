import { keptMs } from "./kafka/kept-links";

/**
 * Keeps what one step has read for the next one, as long as connections are kept (`kept-links`), and after the last use
 * only that long. The steps of a cutover run one after the other while clients wait. Off by default: nothing is kept.
 */
export class Kept<T> {
  private readonly all = new Map<string, { value: T; timer: NodeJS.Timeout }>();

  get on(): boolean {
    return keptMs() > 0;
  }

  keep(name: string, value: T): void {
    this.take(name);
    if (!this.on) return;
    const timer = setTimeout(() => this.all.delete(name), keptMs());
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
