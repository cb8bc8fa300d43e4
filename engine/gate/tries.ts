import { isMigrationError } from "../errors";
import { defined } from "../objects";
import type { Progress } from "../progress";
import type { GateFinding } from "./types";

/** Temporary errors: a broker restarts, or a topic is deleted between two requests. */
const PASSING = [
  "KAFKA_NOT_AVAILABLE",
  "KAFKA_UNREACHABLE",
  "KAFKA_TOKEN_UNAVAILABLE",
  "KAFKA_THROTTLED",
  "KAFKA_UNKNOWN_TOPIC",
  "RECORDS_GONE",
];

/**
 * Tries to look at the clusters during a long wait. A temporary error does not end the wait. The limit does, and so
 * does a problem that does not go away by waiting.
 */
export class Tries {
  /** The error of the latest try, if it failed temporarily. */
  private failure: string | undefined;
  /** The error of the latest try, if the brokers throttled it until the limit. */
  private throttled: string | undefined;
  private succeeded = false;
  private hopelessSince: number | undefined;
  private readonly started = Date.now();

  /**
   * @param limits ms. `graceMs`: how long such a problem may last. Before the first success the cause of an error may
   *   be the configuration, so errors that last for `graceMs` are thrown then, except RECORDS_GONE
   */
  constructor(
    private readonly limits: { limitMs: number; graceMs: number },
    private readonly progress: Progress,
    private readonly signal: AbortSignal | undefined,
  ) {}

  /**
   * Runs `work` and returns undefined after a temporary error. A broker restart must not end the wait, and at the limit
   * it must not hide what the last successful look found.
   */
  async ifPossible<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      const done = await work();
      this.failure = undefined;
      this.succeeded = true;
      return done;
    } catch (error) {
      // The run was interrupted or the fence was lost. Both clusters are closed then.
      this.signal?.throwIfAborted();
      const waited = Date.now() - this.started;
      // Throttled until the limit: the wait ends with its own error.
      if (isMigrationError(error) && error.code === "KAFKA_THROTTLED" && waited >= this.limits.limitMs) {
        this.throttled = error.seen;
        return undefined;
      }
      const passing = isMigrationError(error) && PASSING.includes(error.code);
      // RECORDS_GONE comes from retention and does not show a broken cluster.
      const patient = this.succeeded || waited < this.limits.graceMs;
      if (!passing || !(patient || error.code === "RECORDS_GONE")) throw error;
      this.failure = error.message.split("\n", 1)[0]!;
      this.progress.warn(this.failure);
      return undefined;
    }
  }

  /** Time until the limit, ms. 0 or less: the wait is over. */
  left(): number {
    return this.started + this.limits.limitMs - Date.now();
  }

  /**
   * @param against what the latest look found
   * @returns what does not go away by waiting, if there was something of this kind for `graceMs`. Otherwise nothing
   */
  hopeless(against: readonly GateFinding[]): GateFinding[] {
    const found = against.filter((f) => f.hopeless);
    this.hopelessSince = found.length === 0 ? undefined : (this.hopelessSince ?? Date.now());
    return this.hopelessSince !== undefined && Date.now() - this.hopelessSince >= this.limits.graceMs ? found : [];
  }

  /** For the error at the end of the wait. */
  errors(): { failure?: string; throttled?: string } {
    return defined({ failure: this.failure, throttled: this.throttled });
  }
}
