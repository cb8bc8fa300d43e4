import { type Clusters, type OpenKafka, requestCount, withClusters } from "../clusters";
import { ConnectStateReader, effectiveIsolation } from "../connect-state";
import { MigrationError } from "../errors";
import type { MigrationModel } from "../model";
import { mayBeEmpty, NOTHING_OUTSIDE } from "../parts";
import type { Progress } from "../progress";
import type { Isolation } from "../records/read";
import { retryIfRecordsGone } from "../records/retry";
import { compareBeginnings, type ComparedBeginnings, unsureTexts } from "../records/beginning";
import { recreatedText, recreatedTopics } from "../topic-ids";
import { bytesText, countText, durationText } from "../units";
import { compareLatest } from "./compacted";
import { compareInOrder, type Watch } from "./ordered";
import { type Pair, type Pairs, readPairs, type TopicPair } from "./pairs";
import { Memory } from "./resume";
import { compareSamples } from "./sample";
import { compareTails } from "./tails";
import {
  comparedBy,
  COUNT_UP_TO,
  type Difference,
  isFault,
  type PartitionResult,
  TAIL_RECORDS,
  type VerifyOptions,
  type VerifyResult,
} from "./types";
import { resultOf, samplesOf, waysOut } from "./result";

const NAMED = 20;
const BETWEEN_LINES_MS = 5_000;
/** Mode `tail` counts at most this many offsets in total. */
const COUNTED_TOGETHER = 2_000_000;

/**
 * Proves that both sides have the same records. Throws if they differ. Call this after the gate has passed.
 * @throws MigrationError VERIFY_DIFFERENT with topics, partitions and offsets
 */
export async function verifyCopy(
  model: MigrationModel,
  options: VerifyOptions,
  progress: Progress,
  signal?: AbortSignal,
  open?: OpenKafka,
): Promise<VerifyResult> {
  const result = await compareCopy(model, options, progress, signal, open);
  if (result.equal) return result;
  const faults = result.differences.filter(isFault);
  const details = faults.slice(0, NAMED).map((f) => f.text);
  const listed = faults.length > NAMED ? [`${faults.length - NAMED} more`] : [];
  const partitions = result.topics.reduce((sum, t) => sum + t.faulty, 0);
  throw new MigrationError(
    "VERIFY_DIFFERENT",
    `the copy differs from the origin in ${countText(partitions, "partition")} of ${result.partitions}`,
    {
      details: [...details, ...listed],
      fix: waysOut(result),
    },
  );
}

/** Same as `verifyCopy`, but returns the differences in the result instead of throwing. */
export async function compareCopy(
  model: MigrationModel,
  options: VerifyOptions,
  progress: Progress,
  signal?: AbortSignal,
  open?: OpenKafka,
): Promise<VerifyResult> {
  const started = Date.now();
  const memory = await Memory.open(options.resumeFile, modeText(options));
  return withClusters(
    model,
    async (clusters) => {
      const compare = async () => {
        const run = new Verification(clusters, model, options, progress, memory, signal);
        const pairs =
          options.mode === "none" ? { topics: [], pairs: [], notes: [] } : await readPairs(clusters, model.mirror);
        await run.compare(pairs);
        return { run, pairs };
      };
      // Reading the ends and beginnings is fast. Whole logs are not read again automatically.
      const { run, pairs } = await (options.mode === "tail" ? retryIfRecordsGone(compare, progress) : compare());
      const forgotten = await memory.flushed();
      const result = run.result(pairs);
      if (forgotten !== undefined) result.notes.push(forgotten);
      return { ...result, durationMs: Date.now() - started, requests: requestCount(clusters) };
    },
    open,
    { progress, signal },
  );
}

/** Names the comparison in the file of an interrupted run. Another comparison does not continue it. */
function modeText(options: VerifyOptions): string {
  const { mode, tailRecords = TAIL_RECORDS } = options;
  const { holeRecords, missProbability, seed } = comparedBy(options);
  return `${mode} ${tailRecords}${mode === "sample" ? ` ${holeRecords} ${missProbability} ${seed}` : ""}`;
}

class Verification {
  private readonly results = new Map<Pair, PartitionResult>();
  private readonly bytes = { origin: 0, target: 0 };
  private resumed = 0;
  private total = 0;
  private expected = 0;
  private saidAt = 0;
  private readonly started = Date.now();
  private readonly notes: string[] = [];
  /** Differences at the beginnings. They are found before the ends are compared. */
  private readonly begun = new Map<Pair, Difference[]>();
  private readonly watch: Watch;

  constructor(
    private readonly clusters: Clusters,
    private readonly model: MigrationModel,
    private readonly options: VerifyOptions,
    private readonly progress: Progress,
    private readonly memory: Memory,
    private readonly signal: AbortSignal | undefined,
  ) {
    this.watch = {
      bytes: (side, count) => {
        this.bytes[side] += count;
        this.say();
      },
      done: (pair, compared) => {
        const said = compared.differences.some(isFault);
        const result = said
          ? compared
          : { ...compared, differences: [...compared.differences, ...(this.begun.get(pair) ?? [])] };
        this.results.set(pair, result);
        this.memory.remember(pair, result);
        this.say();
      },
      reached: (pair, side, at) => this.memory.rememberReached(pair, side, at),
      reachedBefore: (pair, side) => this.memory.reachedBefore(pair, side),
      signal,
    };
  }

  async compare({ topics, pairs, notes }: Pairs): Promise<void> {
    this.notes.push(...notes);
    this.total = pairs.length;
    if (topics.length === 0 && this.options.mode !== "none" && mayBeEmpty(this.model.mirror))
      this.progress.info(NOTHING_OUTSIDE);
    if (pairs.length === 0) return;
    const open = pairs.filter((pair) => {
      const known = this.memory.get(pair);
      if (known !== undefined) this.results.set(pair, known);
      return known === undefined;
    });
    this.resumed = pairs.length - open.length;
    if (this.resumed > 0)
      this.progress.info(`${countText(this.resumed, "partition")} verified by an earlier run, unchanged since`);
    if (open.length > 0)
      this.progress.info(`comparing ${countText(open.length, "partition")}, mode ${this.options.mode}`);
    const isolation = await this.isolation();
    if (this.options.mode === "full") await this.full(open, isolation);
    else if (this.options.mode === "sample") await this.sample(open, isolation);
    else await this.tail(open, isolation, this.watch);
    this.recreated(topics, pairs);
  }

  private async full(pairs: readonly Pair[], isolation: Isolation): Promise<void> {
    const begun = pairs.filter(
      (pair) =>
        this.memory.reachedBefore(pair, "origin") !== undefined ||
        this.memory.reachedBefore(pair, "target") !== undefined,
    ).length;
    if (begun > 0)
      this.progress.info(
        `${countText(begun, "partition")} read in part by an earlier run, unchanged since: going on there`,
      );
    this.expected = await this.sizes(pairs);
    await compareInOrder(
      this.clusters,
      pairs.filter((p) => !p.compacted),
      isolation,
      this.watch,
    );
    await compareLatest(
      this.clusters,
      pairs.filter((p) => p.compacted),
      isolation,
      this.watch,
    );
  }

  /**
   * Compares the ends of all partitions. If the number of offsets differs, compares the whole partition, provided that
   * it is small enough.
   */
  private async tail(pairs: readonly Pair[], isolation: Isolation, watch: Watch): Promise<void> {
    const unequal = pairs.filter((p) => !p.compacted && p.origin.to - p.origin.from !== p.target.to - p.target.from);
    const whole = this.shortest(unequal);
    await compareInOrder(this.clusters, [...whole], isolation, watch);
    const ends = pairs.filter((p) => !whole.has(p));
    const unsure = await this.beginnings(ends, isolation);
    // Their first and last records do not decide. The latest records of all keys do.
    const byKey = this.shortest(unsure.filter((u) => u.pair.compacted && u.why !== "foreign").map((u) => u.pair));
    this.notes.push(...unsureTexts(unsure.filter((u) => !byKey.has(u.pair))));
    await compareLatest(this.clusters, [...byKey], isolation, watch);
    await compareTails(
      this.clusters,
      ends.filter((p) => !byKey.has(p)),
      this.options.tailRecords ?? TAIL_RECORDS,
      isolation,
      watch,
    );
    const left = unequal.length - whole.size;
    if (left > 0) {
      this.notes.push(
        `${countText(left, "partition")} were compared at their end only, though the sides differ in offsets: ` +
          `markers, compaction or duplicates can explain that; mode "full" tells`,
      );
    }
  }

  private async sample(pairs: readonly Pair[], isolation: Isolation): Promise<void> {
    const ends = new Map<Pair, PartitionResult>();
    await this.tail(pairs, isolation, { ...this.watch, done: (pair, result) => void ends.set(pair, result) });
    const options = comparedBy(this.options) as Required<VerifyOptions>;
    this.notes.push(...(await compareSamples(this.clusters, ends, options, isolation, this.watch)));
  }

  /** The pairs that mode `tail` compares from their start to their end, shortest first. */
  private shortest(pairs: readonly Pair[]): Set<Pair> {
    const length = ({ origin, target }: Pair) =>
      Math.max(Number(origin.to - origin.from), Number(target.to - target.from));
    let left = COUNTED_TOGETHER;
    const sorted = [...pairs].sort((a, b) => length(a) - length(b));
    return new Set(
      sorted.filter((p) => length(p) <= (this.options.countUpTo ?? COUNT_UP_TO) && (left -= length(p)) >= 0),
    );
  }

  /**
   * Reports topics whose id changed. This is a difference if only the ends were compared. If every record was compared,
   * or if the topic has no compared partition, it is a note.
   */
  private recreated(topics: readonly TopicPair[], pairs: readonly Pair[]): void {
    const ids = Object.fromEntries(topics.map((t) => [t.origin, t.ids]));
    for (const found of recreatedTopics(this.model.recorded, ids)) {
      const text = recreatedText(found, topics.find((t) => t.origin === found.topic)?.target);
      const pair = pairs.find((p) => p.origin.topic === found.topic);
      const result = pair === undefined ? undefined : this.results.get(pair);
      if (pair === undefined || result === undefined || this.options.mode === "full") this.notes.push(text);
      else
        this.results.set(pair, {
          ...result,
          differences: [
            { topic: found.topic, partition: result.partition, kind: "recreated", count: 1, text },
            ...result.differences,
          ],
        });
    }
  }

  /**
   * Compares the beginnings of both sides in mode `tail`. The ends alone do not show that a topic was created again.
   */
  private async beginnings(pairs: readonly Pair[], isolation: Isolation): Promise<ComparedBeginnings<Pair>["unsure"]> {
    const { differences, unsure } = await compareBeginnings(this.clusters, pairs, isolation, this.signal);
    for (const { pair, kind, originOffset, targetOffset, text } of differences) {
      const { topic, partition } = pair.origin;
      const at = kind === "missing" ? { originOffset } : { targetOffset };
      this.begun.set(pair, [{ topic, partition, kind, count: 1, ...at, text }]);
    }
    return unsure;
  }

  /** The isolation level with which the mirror's consumer reads the origin. */
  private async isolation(): Promise<Isolation> {
    return effectiveIsolation(
      await new ConnectStateReader(this.clusters.target, this.model.mirror).read(this.signal),
      this.model.mirror,
    );
  }

  private async sizes(pairs: readonly Pair[]): Promise<number> {
    const sum = (sizes: Map<string, bigint>) => [...sizes.values()].reduce((total, size) => total + Number(size), 0);
    const topics = (side: "origin" | "target") => [...new Set(pairs.map((p) => p[side].topic))];
    // Used only to estimate the remaining time. If reading sizes is not allowed, there is no estimate.
    const both = await Promise.all(
      (["origin", "target"] as const).map((side) =>
        this.clusters[side].partitionSizes(topics(side)).catch(() => new Map<string, bigint>()),
      ),
    );
    return both.reduce((total, sizes) => total + sum(sizes), 0);
  }

  private say(): void {
    const now = Date.now();
    if (now - Math.max(this.saidAt, this.started) < BETWEEN_LINES_MS) return;
    this.saidAt = now;
    const read = this.bytes.origin + this.bytes.target;
    const rate = (read * 1000) / (now - this.started);
    // The rate is not reliable after the first few bytes.
    const left =
      this.expected > read && read * 50 > this.expected
        ? `, about ${durationText(((this.expected - read) / rate) * 1000)} left`
        : "";
    const of = this.expected > 0 ? ` of ${bytesText(this.expected)}` : "";
    this.progress.info(
      `${this.results.size} of ${countText(this.total, "partition")} verified; ${bytesText(read)}${of} read, ` +
        `${bytesText(rate)}/s${left}`,
    );
  }

  result(compared: Pairs): Omit<VerifyResult, "durationMs" | "requests"> {
    const { mode } = this.options;
    const result = { mode, notes: this.notes, resumed: this.resumed, bytes: this.bytes };
    return {
      ...resultOf(compared, this.results, result),
      ...(mode === "sample" ? { sample: samplesOf([...this.results.values()], comparedBy(this.options)) } : {}),
    };
  }
}
