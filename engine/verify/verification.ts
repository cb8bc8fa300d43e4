import type { Clusters } from "../clusters";
import type { MigrationModel, Side } from "../model";
import { mayBeEmpty, NOTHING_OUTSIDE } from "../parts";
import type { Progress } from "../progress";
import { compareBeginnings, type ComparedBeginnings } from "../records/beginning";
import type { Isolation } from "../records/read";
import { summarizeUnsure } from "../records/unsure";
import { recreatedText, recreatedTopics } from "../topic-ids";
import { bytesText, countText, durationText } from "../units";
import { countReads } from "./count-reads";
import type { Watch } from "./ordered";
import type { Pair, Pairs, TopicPair } from "./pairs";
import { noRemarks } from "./remarks";
import type { Memory } from "./resume";
import { bytesOfPair, type Sizes, threadCount } from "./thread-count";
import type { Threads } from "./threads";
import {
  comparedBy,
  COUNT_UP_TO,
  type Difference,
  isFault,
  isPartial,
  type PartitionResult,
  TAIL_RECORDS,
  type VerifyOptions,
} from "./types";
import { type Compare, comparing, type Item } from "./work";

const BETWEEN_LINES_MS = 5_000;
/** Mode `tail` counts at most this many offsets in total. */
const COUNTED_TOGETHER = 2_000_000;

type Unsure = ComparedBeginnings<Pair>["unsure"][number];

/** One comparison of some or all partitions. */
export class Verification {
  readonly results = new Map<Pair, PartitionResult>();
  readonly bytes = { origin: 0, target: 0 };
  resumed = 0;
  private total = 0;
  private expected = 0;
  private saidAt = 0;
  private readonly started = Date.now();
  readonly remarks = noRemarks();
  /** Differences at the beginnings. They are found before the ends are compared. */
  private readonly begun = new Map<Pair, Difference[]>();
  /** Partitions whose first records do not show whether the target holds everything. */
  private readonly unsure = new Map<Pair, Unsure>();
  private readonly watch: Watch;
  private read: Compare;
  private readonly clusters: Clusters;

  /** @param threads absent: compares in this thread */
  constructor(
    clusters: Clusters,
    private readonly model: MigrationModel,
    private readonly options: VerifyOptions,
    private readonly progress: Progress,
    private readonly memory: Memory,
    private readonly signal: AbortSignal | undefined,
    private readonly threads?: Threads,
  ) {
    const count = (side: Side, bytes: number) => {
      this.bytes[side] += bytes;
      this.say();
    };
    this.clusters = countReads(clusters, count);
    this.read = comparing(this.clusters);
    this.watch = {
      bytes: count,
      done: (pair, compared) => {
        const said = compared.differences.some(isFault);
        const result = said
          ? compared
          : { ...compared, differences: [...compared.differences, ...(this.begun.get(pair) ?? [])] };
        this.results.set(pair, result);
        // A later run must remark it, too.
        if (!this.unsure.has(pair)) this.memory.remember(pair, result);
        this.say();
      },
      reached: (pair, side, at) => this.memory.rememberReached(pair, side, at),
      reachedBefore: (pair, side) => this.memory.reachedBefore(pair, side),
      signal,
    };
  }

  /** @param own the partitions to compare. Default: all of them */
  async compare({ topics, pairs, notes }: Pairs, isolation: Isolation, own = pairs): Promise<void> {
    this.remarks.topics.push(...notes);
    this.total = own.length;
    if (topics.length === 0 && this.options.mode !== "none" && mayBeEmpty(this.model.mirror))
      this.progress.info(NOTHING_OUTSIDE);
    if (own.length === 0) return;
    const open = own.filter((pair) => {
      const known = this.memory.get(pair);
      if (known !== undefined) this.results.set(pair, known);
      return known === undefined;
    });
    this.resumed = own.length - open.length;
    if (this.resumed > 0)
      this.progress.info(`${countText(this.resumed, "partition")} verified by an earlier run, unchanged since`);
    if (open.length > 0)
      this.progress.info(`comparing ${countText(open.length, "partition")}, mode ${this.options.mode}`);
    await this.useThreads(open);
    if (this.options.mode === "full") await this.full(open, isolation);
    else if (this.options.mode === "sample") await this.sample(open, isolation);
    else await this.tail(open, isolation, this.watch);
    this.remark(own);
    this.recreated(topics, pairs);
  }

  /**
   * Reports topics that were deleted while they were compared: their records can be of two logs, in every mode.
   * @param texts by the topic's name on the origin
   */
  changed(texts: ReadonlyMap<string, string>, own: readonly Pair[]): void {
    for (const [topic, text] of texts) {
      const pair = own.find((p) => p.origin.topic === topic);
      const result = pair === undefined ? undefined : this.results.get(pair);
      if (pair !== undefined && result !== undefined) this.results.set(pair, withRecreated(result, topic, text));
    }
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
    const some = (compacted: boolean) => itemsOf(pairs.filter((p) => p.compacted === compacted));
    await this.read({ kind: "in order" }, some(false), isolation, this.watch);
    await this.read({ kind: "latest per key" }, some(true), isolation, this.watch);
  }

  /**
   * Compares the ends of all partitions. If the number of offsets differs, compares the whole partition, provided that
   * it is small enough.
   */
  private async tail(pairs: readonly Pair[], isolation: Isolation, watch: Watch): Promise<void> {
    const whole = this.shortest(pairs.filter((pair) => !pair.compacted && isUnequal(pair)));
    await this.read({ kind: "in order" }, itemsOf([...whole]), isolation, watch);
    const ends = pairs.filter((p) => !whole.has(p));
    const unsure = await this.beginnings(ends, isolation);
    // Their first and last records do not decide. The latest records of all keys do.
    const byKey = this.shortest(unsure.filter((u) => u.pair.compacted && u.why !== "foreign").map((u) => u.pair));
    for (const one of unsure) if (!byKey.has(one.pair)) this.unsure.set(one.pair, one);
    await this.read({ kind: "latest per key" }, itemsOf([...byKey]), isolation, watch);
    const rest = ends.filter((p) => !byKey.has(p));
    const count = this.options.tailRecords ?? TAIL_RECORDS;
    await this.read({ kind: "tails", count }, itemsOf(rest), isolation, watch);
  }

  /** Counts what was not compared completely, also by the run that was interrupted. */
  private remark(own: readonly Pair[]): void {
    const partial = new Set(own.filter((pair) => isPartial(this.results.get(pair)!)));
    const count = (which: (pair: Pair) => boolean) => [...partial].filter(which).length;
    this.remarks.partly = count((pair) => !pair.compacted && isUnequal(pair));
    if (this.options.mode === "sample") this.remarks.compactedEnds = count((pair) => pair.compacted);
    this.remarks.unsure = summarizeUnsure([...this.unsure.values()].filter(({ pair }) => partial.has(pair)));
  }

  private async sample(pairs: readonly Pair[], isolation: Isolation): Promise<void> {
    const ends = new Map<Pair, PartitionResult>();
    await this.tail(pairs, isolation, { ...this.watch, done: (pair, result) => void ends.set(pair, result) });
    const options = comparedBy(this.options) as Required<VerifyOptions>;
    const items = [...ends].map(([pair, end]) => ({ pair, end }));
    await this.read({ kind: "samples", options }, items, isolation, this.watch);
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
   * it is a remark. The machine that compares the topic's first partition reports it.
   */
  private recreated(topics: readonly TopicPair[], pairs: readonly Pair[]): void {
    const ids = Object.fromEntries(topics.map((t) => [t.origin, t.ids]));
    for (const found of recreatedTopics(this.model.recorded, ids)) {
      const text = recreatedText(found, topics.find((t) => t.origin === found.topic)?.target);
      const pair = pairs.find((p) => p.origin.topic === found.topic);
      const result = pair === undefined ? undefined : this.results.get(pair);
      if (pair === undefined || result === undefined) continue;
      if (this.options.mode === "full") this.remarks.recreated.push({ topic: found.topic, text });
      else this.results.set(pair, withRecreated(result, found.topic, text));
    }
  }

  /**
   * Compares the beginnings of both sides in mode `tail`. The ends alone do not show that a topic was created again.
   */
  private async beginnings(pairs: readonly Pair[], isolation: Isolation): Promise<Unsure[]> {
    const { differences, unsure } = await compareBeginnings(this.clusters, pairs, isolation, this.signal);
    for (const { pair, kind, originOffset, targetOffset, text } of differences) {
      const { topic, partition } = pair.origin;
      const at = kind === "missing" ? { originOffset } : { targetOffset };
      this.begun.set(pair, [{ topic, partition, kind, count: 1, ...at, text }]);
    }
    return unsure;
  }

  /** Decides how many threads compare these pairs. In mode `full` also finds how many bytes there are to read. */
  private async useThreads(pairs: readonly Pair[]): Promise<void> {
    const sizes = this.options.mode === "full" ? await this.sizes(pairs) : undefined;
    const bytes = new Map(pairs.map((pair) => [pair, bytesOfPair(pair, sizes)]));
    const sum = [...bytes.values()].reduce((total, size) => total + size, 0);
    // The brokers return the sizes of whole partitions only.
    const known = sizes !== undefined && sizes.origin.size + sizes.target.size > 0;
    this.expected = known && pairs.every(({ begin }) => begin === undefined) ? sum : 0;
    if (this.threads === undefined) return;
    const count = Math.min(threadCount(this.options, sum), pairs.length);
    if (count <= 1) return;
    this.progress.info(`reading with ${countText(count, "thread")}`);
    this.read = this.threads.compare(count, ({ pair }) => bytes.get(pair)!);
  }

  private async sizes(pairs: readonly Pair[]): Promise<Sizes> {
    const topics = (side: "origin" | "target") => [...new Set(pairs.map((p) => p[side].topic))];
    // Used only to estimate the remaining time and the work of a thread. If reading sizes is not allowed, there is no
    // estimate.
    const of = (side: "origin" | "target") =>
      this.clusters[side].partitionSizes(topics(side)).catch(() => new Map<string, bigint>());
    const [origin, target] = await Promise.all([of("origin"), of("target")]);
    return { origin, target };
  }

  private say(): void {
    const { throttleBytesPerSecond: limit } = this.options;
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
        `${bytesText(rate)}/s${limit === undefined ? "" : ` (limited to ${bytesText(limit)}/s from each cluster)`}${left}`,
    );
  }
}

const withRecreated = (result: PartitionResult, topic: string, text: string): PartitionResult => ({
  ...result,
  differences: [{ topic, partition: result.partition, kind: "recreated", count: 1, text }, ...result.differences],
});

const isUnequal = ({ origin, target }: Pair): boolean => origin.to - origin.from !== target.to - target.from;

const itemsOf = (pairs: readonly Pair[]): Item[] => pairs.map((pair) => ({ pair }));
