import { setTimeout as sleep } from "node:timers/promises";
import { type Clusters, type OpenKafka, requestCount, withClusters } from "../clusters";
import type { MigrationError } from "../errors";
import type { MigrationModel } from "../model";
import { defined } from "../objects";
import { NOTHING_OUTSIDE } from "../parts";
import type { Progress } from "../progress";
import { retryIfRecordsGone } from "../records/retry";
import { durationText } from "../units";
import { withNewTopics } from "../topic-ids";
import { findingsOf, moved, topicIdsOf } from "./findings";
import { Observer } from "./observe";
import { Pace } from "./pace";
import { compareRecords } from "./compare-records";
import { endsOf, type Quiet, watchEnds } from "./quiet";
import { CANNOT, refusal } from "./refusal";
import { Samples } from "./samples";
import { Tries } from "./tries";
import { type GateFinding, type GateOptions, type GateResult, withDefaults } from "./types";
import type { Look, PartitionLook } from "./look";

/** Shortest pause between two looks, in ms. It limits the load on the brokers. */
const SHORTEST_PAUSE_MS = 250;
/** The pause is also at least this many times as long as the last look took. */
const PAUSE_PER_LOOK = 2;
/** The same behind a fence, where the clients wait. */
const FENCED_PAUSE_PER_LOOK = 1;

/**
 * Waits until the copy is proved complete (docs/gate.md), for at most `limitMs`. Reports progress.
 * @throws MigrationError GATE_INCOMPLETE at the limit, with what is missing; GATE_BLOCKED after `graceMs` if a problem
 *   does not go away by waiting; SELECTION_EMPTY if the patterns select no topic
 */
export async function runGate(
  model: MigrationModel,
  options: GateOptions,
  progress: Progress,
  signal?: AbortSignal,
  open?: OpenKafka,
): Promise<GateResult> {
  const throttledUntil = Date.now() + withDefaults(options).limitMs;
  const run = (clusters: Clusters) => new Gate(clusters, model, options, progress, signal).run();
  return withClusters(model, run, open, { progress, signal, throttledUntil });
}

/**
 * Checks once, without waiting, whether the copy is complete now.
 * @throws MigrationError GATE_INCOMPLETE, SELECTION_EMPTY
 */
export async function evaluateGate(
  model: MigrationModel,
  options: GateOptions,
  progress: Progress,
  signal?: AbortSignal,
  open?: OpenKafka,
): Promise<GateResult> {
  const once = (clusters: Clusters) => new Gate(clusters, model, options, progress, signal).once();
  return withClusters(model, once, open, { progress, signal });
}

class Gate {
  private readonly options: Required<GateOptions>;
  private readonly observer: Observer;
  private readonly pace: Pace;
  private readonly samples = new Samples();
  private readonly started = Date.now();
  private readonly tries: Tries;
  private looks = 0;
  private gapsRead = 0;

  constructor(
    private readonly clusters: Clusters,
    private readonly model: MigrationModel,
    options: GateOptions,
    private readonly progress: Progress,
    private readonly signal: AbortSignal | undefined,
  ) {
    this.options = withDefaults(options);
    const { acceptTruncation, cleared, fenced } = this.options;
    this.observer = new Observer(clusters, model.mirror, new Set(acceptTruncation), cleared, fenced);
    this.pace = new Pace(clusters.origin, progress);
    this.tries = new Tries(this.options, progress, signal);
  }

  once(): Promise<GateResult> {
    return retryIfRecordsGone(() => this.lookOnce(), this.progress);
  }

  private async lookOnce(): Promise<GateResult> {
    const look = await this.look(true);
    const { against, warnings } = this.findings(look);
    if (against.length === 0) {
      const outcome = await this.confirm(look, warnings, look.at);
      if (Array.isArray(outcome)) against.push(...outcome);
      else return outcome;
    }
    throw this.refusal("GATE_INCOMPLETE", "the copy is not proved complete", look, against);
  }

  async run(): Promise<GateResult> {
    let quiet: Quiet | undefined;
    /** Writes that were seen between two looks. */
    let unreported: GateFinding[] = [];
    let completeSince: number | undefined;
    let last: { look: Look; against: GateFinding[] } | undefined;
    for (;;) {
      const begun = Date.now();
      const look = await this.tries.ifPossible(() => this.look(false));
      const took = Date.now() - begun;
      let missed = look === undefined;
      if (look !== undefined) {
        const { against, warnings } = this.findings(look);
        const ends = endsOf(look.partitions, (p) => p.facts.end);
        const writing = quiet === undefined ? [] : moved(quiet.ends, ends);
        if (quiet === undefined || writing.length > 0 || quiet.ends.size !== ends.size) quiet = { from: look.at, ends };
        against.push(...(writing.length > 0 ? writing : unreported));
        unreported = [];
        const quietFrom = quiet.from;
        completeSince = against.length === 0 ? (completeSince ?? look.at) : undefined;
        const settled = look.topics.length === 0 || look.at - quiet.from >= this.options.stableForMs;
        if (against.length === 0 && settled) {
          const outcome = await this.tries.ifPossible(() =>
            this.confirm(look, warnings, quietFrom, look.at - (completeSince ?? look.at)),
          );
          if (outcome !== undefined && !Array.isArray(outcome)) {
            this.observer.end();
            return outcome;
          }
          missed = outcome === undefined;
          against.push(...(outcome ?? []));
        }
        last = { look, against };
        const hopeless = this.tries.hopeless(against);
        if (hopeless.length > 0) throw this.refusal("GATE_BLOCKED", CANNOT, look, hopeless);
        await this.pace.report(look, against, this.options.stableForMs - (look.at - quiet.from));
      }
      const left = this.tries.left();
      if (left <= 0)
        throw this.refusal(
          "GATE_INCOMPLETE",
          `the copy was not proved complete within ${durationText(this.options.limitMs)}`,
          last?.look,
          last?.against ?? [],
        );
      const window =
        !missed && last?.against.length === 0 && quiet !== undefined
          ? quiet.from + this.options.stableForMs - Date.now()
          : this.options.pollMs;
      // While the origin's ends move, the gate cannot open soon. Once they stop, every moment until the gate opens is
      // downtime for the clients, so look more often. Behind a fence they do not move.
      const { fenced } = this.options;
      const still = fenced || (quiet !== undefined && last !== undefined && quiet.from < last.look.at);
      const perLook = fenced ? FENCED_PAUSE_PER_LOOK : PAUSE_PER_LOOK;
      const pause = still ? Math.max(SHORTEST_PAUSE_MS, perLook * took) : this.options.pollMs;
      const ms = Math.max(50, Math.min(this.options.pollMs, pause, window, left));
      if (still || quiet === undefined || last === undefined)
        await sleep(ms, undefined, defined({ signal: this.signal }));
      else {
        const { look } = last;
        const { writing, ...since } = await watchEnds(() => this.endsNow(look), quiet, Date.now() + ms, this.signal);
        [quiet, unreported] = [since, writing];
      }
    }
  }

  private findings(look: Look) {
    return findingsOf(look, this.model.mirror, this.options, this.model.recorded);
  }

  private async look(deep: boolean): Promise<Look> {
    this.looks++;
    const look = await this.observer.look(deep, this.signal);
    this.gapsRead = look.gapsRead;
    this.samples.add(look);
    return look;
  }

  /**
   * The last two checks: the origin's ends did not move while the gaps were read, and both clusters begin and end with
   * the same records.
   */
  private async confirm(
    look: Look,
    warnings: string[],
    quietFrom: number,
    quietMs = 0,
  ): Promise<GateResult | GateFinding[]> {
    const { changed, moving } = await this.readAgain(look);
    if (moving.length > 0) return moving;
    const { against } = changed === look ? { against: [] } : this.findings(changed);
    if (against.length > 0) return against;
    let compared = 0;
    if (this.options.compareLastRecord) {
      const records = await compareRecords(this.clusters, changed, this.signal);
      if (records.against.length > 0) return records.against;
      compared = records.compared;
      warnings.push(...records.unsure);
    }
    return { ...this.passed(changed, warnings, compared), quietMs, quietFrom: new Date(quietFrom).toISOString() };
  }

  /** @returns the look with the origin's present bounds, and where its ends moved since then */
  private async readAgain(look: Look): Promise<{ changed: Look; moving: GateFinding[] }> {
    const now = await this.observer.readChanges(look);
    if (now.size === 0) return { changed: look, moving: [] };
    const moving = moved(
      endsOf(look.partitions, (p) => p.facts.end),
      endsOf(now, (f) => f.end),
    );
    const partitions = new Map<string, PartitionLook>();
    for (const [key, p] of look.partitions) partitions.set(key, { ...p, facts: now.get(key) ?? p.facts });
    return { changed: { ...look, partitions }, moving };
  }

  /** The origin's ends now. Undefined if they cannot be read. */
  private endsNow(look: Look): Promise<Map<string, number> | undefined> {
    return this.tries.ifPossible(async () => {
      const now = await this.observer.readChanges(look);
      return endsOf(look.partitions, ({ facts }, key) => (now.get(key) ?? facts).end);
    });
  }

  private passed(look: Look, warnings: string[], lastRecordsCompared: number): Omit<GateResult, "quietMs"> {
    for (const warning of warnings) this.progress.warn(warning);
    if (look.topics.length === 0) this.progress.info(NOTHING_OUTSIDE);
    const facts = [...look.partitions.values()].map((p) => p.facts);
    const foundOnTarget = facts.filter((f) => f.copiedInGap === true).length;
    return {
      passedAt: new Date(look.at).toISOString(),
      topics: look.topics.length,
      partitions: facts.length,
      recordsAtMost: facts.reduce((sum, f) => sum + f.end - f.start, 0),
      gapsRead: this.gapsRead,
      ...(foundOnTarget === 0 ? {} : { foundOnTarget }),
      lastRecordsCompared,
      cleared: Object.fromEntries(
        [...look.partitions]
          .filter(([, p]) => p.facts.mirrored !== undefined && p.facts.mirrored + 1 < p.facts.end)
          .map(([key, p]) => [key, p.facts.end]),
      ),
      originEnds: endsByTopic(look),
      topicIds: withNewTopics(this.model.recorded ?? {}, topicIdsOf(look)),
      warnings,
      durationMs: Date.now() - this.started,
      looks: this.looks,
      requests: requestCount(this.clusters),
      samples: this.samples.list(),
    };
  }

  private refusal(code: string, seen: string, look: Look | undefined, against: readonly GateFinding[]): MigrationError {
    return refusal(code, seen, { look, against, mirror: this.model.mirror, ...this.tries.errors() });
  }
}

function endsByTopic(look: Look): Record<string, number[]> {
  const ends: Record<string, number[]> = Object.fromEntries(look.topics.map((t) => [t.origin, []]));
  for (const { topic, partition, facts } of look.partitions.values()) ends[topic]![partition] = facts.end;
  return ends;
}
