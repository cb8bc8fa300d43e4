/**
 * A work queue. It never works on the same key twice at the same time, and merges all requests for a waiting key into
 * one. If the work throws, it tries again, with a longer wait each time.
 */
export class WorkQueue {
  private readonly waiting = new Map<string, { at: number; timer: NodeJS.Timeout }>();
  private readonly running = new Map<string, Promise<void>>();
  /** Keys that were requested while they were being worked on. */
  private readonly again = new Set<string>();
  private readonly failures = new Map<string, number>();
  private stopped = false;

  constructor(
    private readonly work: (key: string) => Promise<void>,
    private readonly failed: (key: string, error: unknown) => void,
    /** Milliseconds to wait before a retry, by the number of earlier failures. */
    private readonly backOff: (failures: number) => number = (n) => Math.min(200 * 2 ** n, 10_000),
  ) {}

  /**
   * Requests work on this key, now or after `delayMs`. If the key is already scheduled for an earlier time, that time
   * is kept.
   */
  add(key: string, delayMs = 0): void {
    if (this.stopped) return;
    if (this.running.has(key) && delayMs === 0) {
      this.again.add(key);
      return;
    }
    const at = Date.now() + delayMs;
    const appointment = this.waiting.get(key);
    if (appointment) {
      if (appointment.at <= at) return;
      clearTimeout(appointment.timer);
    }
    this.waiting.set(key, { at, timer: setTimeout(() => this.start(key), delayMs) });
  }

  /** Starts nothing new. Returns when the running work has ended. */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const { timer } of this.waiting.values()) clearTimeout(timer);
    this.waiting.clear();
    await Promise.all(this.running.values());
  }

  private start(key: string): void {
    this.waiting.delete(key);
    if (this.running.has(key)) {
      this.again.add(key);
      return;
    }
    const done = this.work(key)
      .then(
        () => void this.failures.delete(key),
        (error: unknown) => {
          const failures = this.failures.get(key) ?? 0;
          this.failures.set(key, failures + 1);
          this.failed(key, error);
          this.running.delete(key);
          this.add(key, this.backOff(failures));
        },
      )
      .finally(() => {
        this.running.delete(key);
        if (this.again.delete(key)) this.add(key);
      });
    this.running.set(key, done);
  }
}
