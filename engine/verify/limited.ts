import { setTimeout as sleep } from "node:timers/promises";
import type { Clusters } from "../clusters";
import type { KafkaPort } from "../kafka/port";
import type { Side } from "../model";
import { durationText } from "../units";
import { bytesOf, withFetch } from "./count-reads";

/** At most this many bytes are in one response of the port, per request. */
const ANSWER_BYTES = 16 * 1024 * 1024;
/** Default of `FetchOptions.maxBytes`. */
const PARTITION_BYTES = 1024 * 1024;
/**
 * A partition gets at least this many bytes: as many as a sample of mode `sample`, whose windows must not depend on the
 * limit.
 */
const LEAST_BYTES = 64 * 1024;

/** The source of time. Tests replace it. */
export interface Clock {
  /** Milliseconds that never go back. */
  now(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

const realClock: Clock = {
  now: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { signal }),
};

/** Bytes that may be read: reserved before a request and corrected after its response. */
export interface Budget {
  reserve(bytes: number): Promise<void>;
  correct(reserved: number, read: number): void;
}

/**
 * A token bucket without a burst: bytes are reserved before a request and corrected after its response. On average no
 * more than the limit is read, from the first byte on.
 */
export class ByteBudget implements Budget {
  private owed = 0;
  private at: number;
  private turn: Promise<void> = Promise.resolve();
  /** Ends the current wait, because fewer bytes were read than reserved. */
  private sooner = new AbortController();

  /** @param bytesPerSecond above 0 */
  constructor(
    private readonly bytesPerSecond: number,
    private readonly signal?: AbortSignal,
    private readonly clock: Clock = realClock,
  ) {
    this.at = clock.now();
  }

  /**
   * Waits until everything reserved before is paid, and reserves these bytes.
   * @throws the signal's AbortError
   */
  async reserve(bytes: number): Promise<void> {
    const mine = this.turn.then(async () => {
      // Less than a byte is the rounding of the clock.
      for (this.pay(); this.owed >= 1; this.pay())
        await this.sleep(Math.ceil((this.owed / this.bytesPerSecond) * 1000));
      this.owed += bytes;
    });
    this.turn = mine.catch(() => {});
    await mine;
  }

  /** Replaces a reservation by what was read. */
  correct(reserved: number, read: number): void {
    this.owed += read - reserved;
    if (read >= reserved) return;
    this.sooner.abort();
    this.sooner = new AbortController();
  }

  private async sleep(ms: number): Promise<void> {
    const sooner = this.sooner.signal;
    const either = this.signal === undefined ? sooner : AbortSignal.any([this.signal, sooner]);
    await this.clock.sleep(ms, either).catch((error: unknown) => {
      if (this.signal?.aborted === true || !sooner.aborted) throw error;
    });
  }

  private pay(): void {
    const now = this.clock.now();
    this.owed = Math.max(0, this.owed - ((now - this.at) / 1000) * this.bytesPerSecond);
    this.at = now;
  }
}

/**
 * Returns a port whose `fetch` reads at most `bytesPerSecond` on average, over all its brokers and concurrent calls.
 * Every other call is unchanged.
 */
export function withLimitedFetches(port: KafkaPort, bytesPerSecond: number, budget: Budget): KafkaPort {
  return withFetch(port, async (requests, options = {}) => {
    const { maxBytes = PARTITION_BYTES } = options;
    const share = Math.floor(bytesPerSecond / Math.max(1, requests.length));
    const limited = Math.min(maxBytes, Math.max(LEAST_BYTES, share));
    const reserved = Math.min(ANSWER_BYTES, requests.length * limited);
    await budget.reserve(reserved);
    let read = 0;
    try {
      const answers = await port.fetch(requests, { ...options, maxBytes: limited });
      read = bytesOf(answers);
      return answers;
    } finally {
      budget.correct(reserved, read);
    }
  });
}

/**
 * What a person should know about a limit that is smaller than the smallest request, for example because it was meant
 * in MB. undefined: nothing.
 */
export function lowLimitText(bytesPerSecond: number | undefined): string | undefined {
  if (bytesPerSecond === undefined || bytesPerSecond >= LEAST_BYTES) return undefined;
  return (
    `the limit of this process is ${bytesPerSecond} bytes per second and cluster, so a request for ` +
    `${LEAST_BYTES} bytes, the smallest one, takes ${durationText((LEAST_BYTES / bytesPerSecond) * 1000)}`
  );
}

/** The budget of each cluster. All threads of a process share it. */
export type Budgets = Record<Side, Budget>;

/** @param bytesPerSecond bytes that are read from each cluster per second, on average. Undefined: no limit */
export function budgetsOf(bytesPerSecond: number | undefined, signal?: AbortSignal): Budgets | undefined {
  if (bytesPerSecond === undefined) return undefined;
  return { origin: new ByteBudget(bytesPerSecond, signal), target: new ByteBudget(bytesPerSecond, signal) };
}

/**
 * Limits what the verification reads from each of the two clusters, for the clusters' other clients. No quota is
 * needed. The limit holds for this process with all its threads. If several processes read for one proof, give each its
 * part: {@link limitOfOne}.
 * @param bytesPerSecond bytes that are read from each cluster per second, on average. Undefined: no limit
 */
export function limited(
  { origin, target }: Clusters,
  bytesPerSecond: number | undefined,
  budgets: Budgets | undefined = budgetsOf(bytesPerSecond),
): Clusters {
  if (bytesPerSecond === undefined || budgets === undefined) return { origin, target };
  return {
    origin: withLimitedFetches(origin, bytesPerSecond, budgets.origin),
    target: withLimitedFetches(target, bytesPerSecond, budgets.target),
  };
}

/**
 * Returns the limit of one of several processes or machines that read for the same proof, so that their sum is
 * the wanted limit.
 */
export function limitOfOne(bytesPerSecond: number | undefined, readers: number): number | undefined {
  return bytesPerSecond === undefined ? undefined : Math.max(1, Math.floor(bytesPerSecond / readers));
}
