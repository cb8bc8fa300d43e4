import { setTimeout as sleep } from "node:timers/promises";
import type { MigrationError } from "../errors";
import type { Side } from "../model";
import { isRetriable, NONE, NOT_ANSWERED, UNKNOWN_TOPIC_OR_PARTITION } from "./error-codes";
import { LinkFailure, requestFailure } from "./failures";
import type { Links } from "./links";

/** Retriable errors are retried for this long. Metadata lags 8 to 12 s behind after many topics were created. */
export const RETRY_LIMIT_MS = 30_000;
/** A topic that is still unknown after this long does not exist. Metadata of a new topic arrives earlier. */
const UNKNOWN_LIMIT_MS = 5_000;
/**
 * If credentials that were accepted before are refused for this long, they are wrong. More attempts could lock the
 * account.
 */
const REFUSED_LIMIT_MS = 10_000;
/** If requests are throttled for this long without any response, the quota is too small for them. */
const THROTTLED_LIMIT_MS = 300_000;
/**
 * Pauses of a client whose requests are throttled without any response: from the second time in a row 2 s, then twice
 * as long each time, up to a quota's window (about 10 s by default). Each request counts against `request_percentage`.
 * So requests in short intervals can use up forever what the quota gets back.
 */
const THROTTLED_PAUSE_MS = 1_000;
const LONGEST_THROTTLED_PAUSE_MS = 10_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/**
 * Records the broker's error code for one requested item. Default code: NONE. Ignores undefined and items that were not
 * requested. An item that is not settled has no response yet and is requested again.
 */
export type Settle<T> = (item: T | undefined, errorCode?: number) => void;

/**
 * Retries temporary failures. Time in which requests wait for a throttling broker does not count against the limits.
 */
export abstract class Patience {
  constructor(
    readonly links: Links,
    readonly side: Side,
  ) {}

  /** Called before a retry, because leaders and coordinators may have moved. */
  protected abstract forget(): void;

  /** The current time in ms, minus the time that requests waited for a throttling broker. */
  now(): number {
    return Date.now() - this.links.throttle.waitedMs;
  }

  /** @throws the reason that the port was closed with */
  async pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.links.ended }).catch(() => {});
    this.links.ended.throwIfAborted();
  }

  /**
   * Runs `attempt` until it succeeds. Retries broken connections with growing pauses, for at most 30 s (10 s if a
   * broker refuses credentials that were accepted before).
   * @throws MigrationError of the last failure
   */
  async patiently<T>(attempt: () => Promise<T>): Promise<T> {
    const started = this.now();
    for (let pause = FIRST_PAUSE_MS; ; pause = longer(pause)) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof LinkFailure)) throw error;
        const limit = error.reason.code === "KAFKA_AUTHENTICATION" ? REFUSED_LIMIT_MS : RETRY_LIMIT_MS;
        if (!error.retriable || this.now() + pause > started + limit) throw error.reason;
      }
      this.forget();
      await this.pause(pause);
    }
  }

  /**
   * Requests all items. Requests the items without a response and the items with a retriable error code again (after
   * fresh metadata), for at most 30 s. `ask` sends the items it is given and settles each of them. `name` returns the
   * item's name, which must be unique.
   * @throws MigrationError KAFKA_NOT_AVAILABLE and the like, or KAFKA_THROTTLED after 5 min of throttling without
   *   responses
   */
  async untilAllAnswered<T>(
    action: string,
    items: readonly T[],
    name: (item: T) => string,
    ask: (items: readonly T[], settle: Settle<T>) => Promise<void>,
  ): Promise<void> {
    const started = this.now();
    let throttledSince = this.links.throttle.waitedMs;
    let unheard = 0;
    let open: readonly T[] = [...new Map(items.map((item) => [name(item), item])).values()];
    for (let pause = FIRST_PAUSE_MS; open.length > 0; ) {
      const { answered, rejected } = await this.ask(open, ask);
      if (rejected.length === 0) return;
      const throttled = this.links.throttle.active;
      const limit = (code: number) => (code === UNKNOWN_TOPIC_OR_PARTITION ? UNKNOWN_LIMIT_MS : RETRY_LIMIT_MS);
      const waits = (code: number) => throttled && code === NOT_ANSWERED;
      const late = (code: number) => !waits(code) && this.now() + pause > started + limit(code);
      const final = rejected.find(({ errorCode }) => !isRetriable(errorCode) || late(errorCode));
      if (final !== undefined) throw this.failure(action, rejected, final.errorCode, name);
      if (answered > 0) throttledSince = this.links.throttle.waitedMs;
      else if (this.links.throttle.waitedMs - throttledSince > THROTTLED_LIMIT_MS) {
        throw this.throttled(action, rejected, name);
      }
      unheard = throttled && answered === 0 ? unheard + 1 : 0;
      if (unheard > 1)
        this.links.throttle.extend(Math.min(THROTTLED_PAUSE_MS * 2 ** (unheard - 1), LONGEST_THROTTLED_PAUSE_MS));
      open = rejected.map((r) => r.item);
      if (!throttled) this.forget();
      await this.pause(throttled ? FIRST_PAUSE_MS : pause);
      pause = throttled ? FIRST_PAUSE_MS : longer(pause);
    }
  }

  private async ask<T>(open: readonly T[], ask: (items: readonly T[], settle: Settle<T>) => Promise<void>) {
    const codes = new Map<T, number>();
    const wanted = new Set(open);
    await this.patiently(async () => {
      codes.clear();
      await ask(open, (item, errorCode = NONE) => {
        if (item !== undefined && wanted.has(item)) codes.set(item, errorCode);
      });
    });
    const rejected = open
      .map((item) => ({ item, errorCode: codes.get(item) ?? NOT_ANSWERED }))
      .filter(({ errorCode }) => errorCode !== NONE);
    return { answered: open.length - rejected.length, rejected };
  }

  private failure<T>(action: string, rejected: readonly Rejected<T>[], code: number, name: (item: T) => string) {
    return requestFailure(
      this.side,
      action,
      someNames(
        rejected.filter((r) => r.errorCode === code),
        name,
      ),
      code,
    );
  }

  private throttled<T>(action: string, rejected: readonly Rejected<T>[], name: (item: T) => string): MigrationError {
    const asked = `${action} ${someNames(rejected, name)}`;
    return this.links.throttle.failure(`and has not answered for ${THROTTLED_LIMIT_MS / 60_000} min (${asked})`);
  }
}

interface Rejected<T> {
  item: T;
  errorCode: number;
}

function someNames<T>(rejected: readonly Rejected<T>[], name: (item: T) => string): string {
  const shown = rejected.slice(0, 5).map((r) => name(r.item));
  return shown.join(", ") + (rejected.length > shown.length ? ` and ${rejected.length - shown.length} more` : "");
}

function longer(pause: number): number {
  return Math.min(pause * 2, LONGEST_PAUSE_MS);
}
