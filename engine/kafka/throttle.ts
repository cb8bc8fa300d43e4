import { setTimeout as sleep } from "node:timers/promises";
import { MigrationError } from "../errors";
import type { Side } from "../model";
import type { Progress } from "../progress";
import { durationText } from "../units";

const BETWEEN_LINES_MS = 5_000;
/** Waits that are shorter, also in sum since the last line, are not reported. */
const WORTH_SAYING_MS = 1_000;

export interface ThrottleOptions {
  /** Receives a line about waits of 1 s or more in sum, at most every 5 s. Default: no lines. */
  progress?: Progress | undefined;
  /** ms since the epoch. A wait that would last longer fails at this time. Default: no limit. */
  until?: number | undefined;
}

/**
 * Client quotas (KIP-13, KIP-124, KIP-219). If a client is over its quota, the broker returns a throttle time in its
 * response and does not read from the client's connection for that long. A quota applies to a user on a broker, not to
 * a connection. The throttle times are therefore stored by the broker's address.
 */
export class Throttle {
  private readonly untilByAddress = new Map<string, number>();
  private waiting = 0;
  private waitingSince = 0;
  private waitedBefore = 0;
  private saidAt = -Infinity;
  /** `waitedMs` when the last line was written. */
  private saidOf = 0;

  constructor(
    private readonly side: Side,
    private readonly options: ThrottleOptions,
  ) {}

  /** @param ms `throttle_time_ms` of the response */
  note(address: string, ms: number): void {
    if (ms > 0) this.untilByAddress.set(address, Math.max(this.mutedUntil(address), Date.now() + ms));
  }

  /** The brokers that throttle this client now get no request for at least `ms` from now. */
  extend(ms: number): void {
    for (const address of this.untilByAddress.keys()) if (this.muted(address)) this.note(address, ms);
  }

  /** The end of this broker's last throttle time, ms since the epoch. 0: it has never throttled this client. */
  mutedUntil(address: string): number {
    return this.untilByAddress.get(address) ?? 0;
  }

  private muted(address: string): boolean {
    return this.mutedUntil(address) > Date.now();
  }

  /** True if any broker throttles this client now. */
  get active(): boolean {
    return [...this.untilByAddress.values()].some((until) => until > Date.now());
  }

  /** How long requests have waited so far, in ms. Requests that wait at the same time count once. */
  get waitedMs(): number {
    return this.waitedBefore + (this.waiting > 0 ? Date.now() - this.waitingSince : 0);
  }

  /**
   * Waits until this broker reads again.
   * @returns false if the broker did not throttle this client, so there was no wait
   * @throws MigrationError KAFKA_THROTTLED at `options.until`, or the signal's AbortError
   */
  async wait(address: string, signal: AbortSignal): Promise<boolean> {
    if (!this.muted(address)) return false;
    if (this.waiting++ === 0) this.waitingSince = Date.now();
    const limit = this.options.until ?? Infinity;
    try {
      for (;;) {
        const until = this.mutedUntil(address);
        // Read once: a throttle time that ends between two reads of the clock is over, not after the limit.
        const now = Date.now();
        if (until <= now) break;
        if (limit <= now) throw this.failure(`until ${new Date(until).toISOString()}, which is after the limit`);
        this.say(until - now);
        await sleep(Math.min(until, limit) - now, undefined, { signal });
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
        "raise the quotas of the migration's administrator (consumer_byte_rate, request_percentage), or stop other " +
        "clients of this user; a record batch larger than the quota allows in one window (10 s by default) " +
        "never gets through",
    });
  }

  private say(ms: number): void {
    const sum = this.waitedMs - this.saidOf + ms;
    if (sum < WORTH_SAYING_MS || Date.now() - this.saidAt < BETWEEN_LINES_MS) return;
    const total = this.waitedMs < WORTH_SAYING_MS ? "" : `, ${durationText(this.waitedMs)} so far`;
    this.options.progress?.info(
      `${this.side} throttles this client: waiting ${durationText(Math.max(ms, 100))}${total}`,
    );
    this.saidAt = Date.now();
    this.saidOf = this.waitedMs;
  }
}
