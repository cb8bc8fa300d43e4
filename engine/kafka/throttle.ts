import { setTimeout as sleep } from "node:timers/promises";
import { MigrationError } from "../errors";
import type { Side } from "../model";
import type { Progress } from "../progress";
import { durationText } from "../units";

const BETWEEN_LINES_MS = 5_000;
/** Shorter waits are not worth a line. */
const WORTH_SAYING_MS = 1_000;

export interface ThrottleOptions {
  /** Hears of waits of 1 s and more, at most every 5 s. */
  progress?: Progress | undefined;
  /** ms since the epoch; a wait that would last longer fails at this moment. Default: none. */
  until?: number | undefined;
}

/**
 * Client quotas (KIP-13, KIP-124, KIP-219). A broker that finds a client over its quota says so in its answer and does
 * not read from the client's connection for that long. Quotas belong to a user and a broker, not to a connection, so a
 * broker is remembered by its address.
 */
export class Throttle {
  private readonly untilByAddress = new Map<string, number>();
  private waiting = 0;
  private waitingSince = 0;
  private waitedBefore = 0;
  private saidAt = -Infinity;

  constructor(
    private readonly side: Side,
    private readonly options: ThrottleOptions,
  ) {}

  /** @param ms `throttle_time_ms` of the answer */
  note(address: string, ms: number): void {
    if (ms > 0) this.untilByAddress.set(address, Math.max(this.mutedUntil(address), Date.now() + ms));
  }

  /** Until when this broker does or did not read, ms since the epoch; 0: it has never throttled this client. */
  mutedUntil(address: string): number {
    return this.untilByAddress.get(address) ?? 0;
  }

  private muted(address: string): boolean {
    return this.mutedUntil(address) > Date.now();
  }

  /** Whether any broker throttles this client now. */
  get active(): boolean {
    return [...this.untilByAddress.values()].some((until) => until > Date.now());
  }

  /** How long requests have waited so far, ms; several that wait at once count once. */
  get waitedMs(): number {
    return this.waitedBefore + (this.waiting > 0 ? Date.now() - this.waitingSince : 0);
  }

  /**
   * Waits until this broker reads again.
   * @returns whether there was anything to wait for
   * @throws MigrationError KAFKA_THROTTLED at `options.until`; the signal's AbortError
   */
  async wait(address: string, signal: AbortSignal): Promise<boolean> {
    if (!this.muted(address)) return false;
    if (this.waiting++ === 0) this.waitingSince = Date.now();
    try {
      while (this.muted(address)) {
        const until = this.mutedUntil(address);
        const end = Math.min(until, this.options.until ?? Infinity);
        if (end <= Date.now()) throw this.failure(`until ${new Date(until).toISOString()}, which is after the limit`);
        this.say(until - Date.now());
        await sleep(end - Date.now(), undefined, { signal });
      }
    } finally {
      if (--this.waiting === 0) this.waitedBefore += Date.now() - this.waitingSince;
    }
    return true;
  }

  /** @param seen completes "... throttles this client " */
  failure(seen: string): MigrationError {
    return new MigrationError("KAFKA_THROTTLED", `the ${this.side} cluster throttles this client ${seen}`, {
      fix:
        "raise the quotas of the migration's administrator (consumer_byte_rate, request_percentage), or end other " +
        "clients of this user; a record batch larger than the quota allows in its window (10 s by default) never comes through",
    });
  }

  private say(ms: number): void {
    if (ms < WORTH_SAYING_MS || Date.now() - this.saidAt < BETWEEN_LINES_MS) return;
    const total = this.waitedMs < WORTH_SAYING_MS ? "" : `, ${durationText(this.waitedMs)} so far`;
    this.options.progress?.info(`${this.side} throttles this client: waiting ${durationText(ms)}${total}`);
    this.saidAt = Date.now();
  }
}
