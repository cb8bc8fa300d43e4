import { setTimeout as sleep } from "node:timers/promises";
import { type Clusters, type OpenKafka, withClusters } from "../clusters";
import type { MigrationModel } from "../model";
import { defined } from "../objects";
import type { Progress } from "../progress";
import { durationText } from "../units";
import { findingsOf } from "./findings";
import { Lag } from "./lag";
import type { Look } from "./look";
import { Observer } from "./observe";
import { Pace } from "./pace";
import { CANNOT, refusal } from "./refusal";
import { verdictOf } from "./rule";
import { Tries } from "./tries";
import { type GateFinding, type GateFindingKind, type GateOptions, withDefaults } from "./types";

/** The mirror is close behind the producers if it copies in this time what they write, ms. */
const CLOSE_MS = 5_000;
const PAUSE_MS = 1_000;
const PAUSE_PER_LOOK = 2;
/** The mirror reports what it has copied once in this interval. A shorter limit would end the wait before it can. */
const FEWEST_FLUSHES = 2;

/** What the gate says while producers write. The fence ends it. */
const FROM_WRITES: readonly GateFindingKind[] = ["behind", "producers writing", "open transaction"];
/** Reasons why nothing may be copied. If the mirror is close behind, they hold up nothing. */
const ABOUT_COPYING: readonly GateFindingKind[] = [
  "connector failed",
  "task failed",
  "connector not running",
  "no tasks",
  "out of memory",
  "record refused",
  "record too large",
];

/**
 * Waits, while producers still write, until the mirror is close behind them and nothing else would keep the gate shut.
 * Producers wait behind the fence until the gate opens. Without this wait that could be as long as the copy takes. The
 * limit is the gate's, but at least two flush intervals of the mirror.
 * @throws MigrationError with the gate's codes: GATE_INCOMPLETE at the limit, GATE_BLOCKED after `graceMs` if a problem
 *   does not go away by waiting, SELECTION_EMPTY
 */
export async function waitForMirror(
  model: MigrationModel,
  options: GateOptions,
  progress: Progress,
  signal?: AbortSignal,
  open?: OpenKafka,
): Promise<void> {
  const limitMs = Math.max(withDefaults(options).limitMs, FEWEST_FLUSHES * model.mirror.offsetFlushIntervalMs);
  const throttledUntil = Date.now() + limitMs;
  const wait = (clusters: Clusters) => new CatchUp(clusters, model, { ...options, limitMs }, progress, signal).wait();
  return withClusters(model, wait, open, { progress, signal, throttledUntil });
}

class CatchUp {
  private readonly options: Required<GateOptions>;
  private readonly observer: Observer;
  private readonly pace: Pace;
  private readonly tries: Tries;
  private readonly lag = new Lag();
  /** Where transactions were open at the first look, and since which offset. */
  private firstOpen: Map<string, number> | undefined;
  private last: { look: Look; against: GateFinding[] } | undefined;

  constructor(
    clusters: Clusters,
    private readonly model: MigrationModel,
    options: GateOptions,
    private readonly progress: Progress,
    private readonly signal: AbortSignal | undefined,
  ) {
    this.options = withDefaults(options);
    const { acceptTruncation, cleared } = this.options;
    this.observer = new Observer(clusters, model.mirror, new Set(acceptTruncation), cleared);
    this.pace = new Pace(clusters.origin, progress);
    this.tries = new Tries(this.options, progress, signal);
  }

  async wait(): Promise<void> {
    for (let looks = 1; ; looks++) {
      const begun = Date.now();
      const look = await this.tries.ifPossible(() => this.observer.look(false, this.signal));
      const took = Date.now() - begun;
      if (look !== undefined) {
        const { against } = findingsOf(look, this.model.mirror, this.options, this.model.recorded);
        this.last = { look, against };
        const ms = this.lag.add(look);
        const open = this.stillOpen(look);
        // At the first look, any of them may be about to end.
        const waiting = against.filter((f) => !FROM_WRITES.includes(f.kind) || (looks > 1 && open.has(f.subject)));
        if (open.size === 0 && this.isClose(ms, waiting)) {
          if (looks > 1) this.progress.info(`fence: the mirror is ${durationText(ms!)} behind the producers`);
          this.observer.end();
          return;
        }
        if (looks === 1)
          this.progress.info(
            "fence: not raised before the mirror is close behind the producers, who write meanwhile; to stop before " +
              "that, press Ctrl-C twice",
          );
        await this.pace.report(look, waiting, 0);
        const hopeless = this.tries.hopeless(waiting);
        if (hopeless.length > 0) throw this.refusal("GATE_BLOCKED", CANNOT, hopeless);
      }
      const left = this.tries.left();
      if (left <= 0)
        throw this.refusal(
          "GATE_INCOMPLETE",
          `the mirror was not close behind the producers within ${durationText(this.options.limitMs)}`,
          this.last?.against ?? [],
        );
      const pause = Math.min(Math.max(PAUSE_MS, PAUSE_PER_LOOK * took), this.options.pollMs, left);
      await sleep(pause, undefined, defined({ signal: this.signal }));
    }
  }

  /**
   * Partitions with a transaction that has been open since the first look. If its producer hangs, the gate would wait
   * for it behind the fence.
   */
  private stillOpen(look: Look): Set<string> {
    const open = [...look.partitions.values()]
      .filter(({ facts }) => verdictOf(facts) === "open transaction")
      .map(({ topic, partition, facts }) => [`${topic}-${partition}`, facts.stable] as const);
    this.firstOpen ??= new Map(open);
    return new Set(open.filter(([name, stable]) => this.firstOpen!.get(name) === stable).map(([name]) => name));
  }

  private isClose(ms: number | undefined, waiting: readonly GateFinding[]): boolean {
    if (ms === undefined || waiting.some((f) => !ABOUT_COPYING.includes(f.kind))) return false;
    // The mirror may have copied more than it has reported.
    if (ms <= CLOSE_MS + this.model.mirror.offsetFlushIntervalMs) return true;
    if (!this.lag.isSteady(Date.now()) || 2 * ms > this.options.limitMs) return false;
    this.progress.warn(
      `fence: the mirror stays about ${durationText(ms)} behind the producers; they will wait at least that long`,
    );
    return true;
  }

  private refusal(code: string, seen: string, against: readonly GateFinding[]) {
    const known = { look: this.last?.look, against, mirror: this.model.mirror, ...this.tries.errors() };
    return refusal(code, `${seen}, so the fence was not raised and no producer was stopped`, known);
  }
}
