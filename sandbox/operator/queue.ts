/**
 * A work queue in which one key is never worked on twice at the same time, and many requests for a waiting key are one.
 * Work that throws is tried again, later each time.
 */
export class WorkQueue {
  private readonly waiting = new Map<string, { at: number; timer: NodeJS.Timeout }>();
  private readonly running = new Map<string, Promise<void>>();
  /** Keys asked for while they were being worked on. */
  private readonly again = new Set<string>();
  private readonly failures = new Map<string, number>();
  private stopped = false;

  constructor(
    private readonly work: (key: string) => Promise<void>,
    private readonly failed: (key: string, error: unknown) => void,
    /** Wait before the n-th try after a failure, milliseconds. */
    private readonly backOff: (failures: number) => number = (n) => Math.min(200 * 2 ** n, 10_000),
  ) {}

  /** Asks for work on this key, now or after `delayMs`; an earlier appointment for the key stands. */
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

  /** Nothing new is begun; returns when what runs has ended. */
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
