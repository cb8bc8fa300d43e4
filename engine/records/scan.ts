import type { FetchedPartition, KafkaPort } from "../kafka/port";
import { partitionKey } from "../log/partition";
import { offsetAfter } from "./batch";
import { ReusedMemory } from "./memory";
import { orAborted } from "../side-by-side";
import { Grace, type Isolation, readable, type Span, truncated, walkFetched } from "./read";
import type { RecordCursor, STOP } from "./walk";

/**
 * Bytes of one answer, roughly: with one a broker, and the pieces of the next, this bounds the memory, however much is
 * read. The port's own limit holds where the guess below is wrong.
 */
const ANSWER_BYTES = 8 * 1024 * 1024;
const SHARE_BYTES = 1024 * 1024;
const PARTITIONS_PER_REQUEST = 1000;
/** Bytes an offset is taken to hold until the scan knows better. */
const BYTES_PER_OFFSET = 1000;

export interface ScanOptions {
  isolation: Isolation;
  /** Called for each visible record of each span (the very object that was given), in order within a span. The record and its bytes are changed afterwards: copy what is kept. */
  visit(span: Span, record: RecordCursor): void | typeof STOP;
  /** Called once for each span when it is read to its end, or was stopped. */
  done?(span: Span): void;
  /** Called after each walked answer with the offset where reading goes on: what a later scan may start from. */
  reached?(span: Span, next: bigint): void;
  /** Bytes fetched, for progress. */
  bytes?(count: number): void;
  signal?: AbortSignal | undefined;
}

interface Position {
  span: Span;
  offset: bigint;
}

interface Answered {
  asked: Position[];
  answers: Map<string, FetchedPartition>;
}

/**
 * Reads spans of any length in constant memory, the partitions of all brokers side by side. A span that ends after the
 * log's last stable offset is read to that one. A leader whose log does not reach so far yet is waited for, since what it
 * holds back may be records.
 * @throws MigrationError RECORDS_GONE, RECORDS_CORRUPT, KAFKA_NOT_AVAILABLE; the signal's reason when it is aborted
 */
export async function scan(port: KafkaPort, spans: readonly Span[], options: ScanOptions): Promise<void> {
  const queues = new Map<number, Position[]>();
  const leaders = await leadersOf(port, spans);
  for (const span of spans) {
    if (span.from >= span.to) {
      options.done?.(span);
      continue;
    }
    const leader = leaders.get(partitionKey(span)) ?? -1;
    const queue = queues.get(leader) ?? [];
    queue.push({ span, offset: span.from });
    queues.set(leader, queue);
  }
  const failed = new AbortController();
  const signal = options.signal === undefined ? failed.signal : AbortSignal.any([options.signal, failed.signal]);
  const loops = [...queues.values()].map((queue) => new Loop(port, queue, options, signal).run());
  try {
    await Promise.all(loops);
  } catch (error) {
    failed.abort(error);
    await Promise.allSettled(loops);
    throw error;
  }
}

async function leadersOf(port: KafkaPort, spans: readonly Span[]): Promise<Map<string, number>> {
  const topics = await port.describeTopics([...new Set(spans.map((s) => s.topic))]);
  return new Map(topics.flatMap((t) => t.partitions.map((p) => [partitionKey({ topic: t.name, partition: p.partition }), p.leader] as const)));
}

/** Reads the spans of one broker: while one answer is walked, the next one is under way. */
class Loop {
  private readonly stopped = new Set<Span>();
  /** Spans that a leader can't show to their end yet. */
  private readonly behind = new Set<Span>();
  private readonly grace: Grace;
  private read = { bytes: 0, offsets: 0 };
  /** An answer is walked in one go as soon as it is there: the next one, which comes later, may take its place. */
  private readonly memory = new ReusedMemory();

  constructor(
    private readonly port: KafkaPort,
    private queue: Position[],
    private readonly options: ScanOptions,
    private readonly signal: AbortSignal,
  ) {
    this.grace = new Grace(port);
  }

  async run(): Promise<void> {
    let underWay = this.ask();
    while (underWay !== undefined) {
      const { asked, answers } = await orAborted(underWay, this.signal);
      const positions = asked.filter((p) => !this.stopped.has(p.span)).map((p) => ({ ...p, ...this.goOn(p, answers.get(partitionKey(p.span))!) }));
      underWay = this.ask();
      underWay?.catch(() => {});
      for (const position of positions) this.walk(position);
      this.memory.release();
      const held = positions.find(({ span }) => this.behind.has(span));
      if (held !== undefined) await this.grace.wait({ ...held.span, offset: held.offset });
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  private ask(): Promise<Answered> | undefined {
    this.queue = this.queue.filter((p) => !this.stopped.has(p.span));
    const asked = this.queue.splice(0, this.fitting());
    if (asked.length === 0) return undefined;
    const requests = asked.map(({ span, offset }) => ({ topic: span.topic, partition: span.partition, offset }));
    const options = { isolation: this.options.isolation, maxBytes: Math.max(SHARE_BYTES, Math.floor(ANSWER_BYTES / asked.length)), memory: this.memory };
    return this.port.fetch(requests, options).then((answers) => ({ asked, answers }));
  }

  /** How many spans of the queue fill one answer: a few long ones, or many that are short. */
  private fitting(): number {
    const each = this.read.offsets > 0 ? this.read.bytes / this.read.offsets : BYTES_PER_OFFSET;
    let bytes = 0;
    let count = 0;
    while (count < Math.min(this.queue.length, PARTITIONS_PER_REQUEST) && bytes < ANSWER_BYTES) {
      const { span, offset } = this.queue[count++]!;
      bytes += Math.min(SHARE_BYTES, Number(span.to - offset) * each);
    }
    return count;
  }

  /** Puts what follows an answer into the queue, from the batches' headers alone. */
  private goOn({ span, offset }: Position, fetched: FetchedPartition): { fetched: FetchedPartition; ended: boolean } {
    if (fetched.outOfRange === true) throw truncated(this.port, { ...span, offset });
    this.options.bytes?.(fetched.records.length);
    const log = readable(fetched, this.options.isolation);
    const next = BigInt(offsetAfter(fetched.records, Number(offset)));
    this.read.bytes += fetched.records.length;
    this.read.offsets += Number(next - offset);
    const behind = fetched.highWatermark < span.to && next >= log;
    if (behind) this.behind.add(span);
    if (next > offset && this.behind.delete(span)) this.grace.over();
    const ended = !behind && next >= (span.to < log ? span.to : log);
    // Without any progress the next batch did not fit: first in a request it always comes whole.
    if (!ended && !behind && next === offset) this.queue.unshift({ span, offset });
    else if (!ended) this.queue.push({ span, offset: next });
    return { fetched, ended };
  }

  private walk({ span, offset, fetched, ended }: Position & { fetched: FetchedPartition; ended: boolean }): void {
    const { visit, isolation, done } = this.options;
    const { stopped, next } = walkFetched(fetched, { ...span, offset }, span.to, isolation, (record) => visit(span, record));
    if (stopped) this.stopped.add(span);
    else this.options.reached?.(span, BigInt(next) < span.to ? BigInt(next) : span.to);
    if (stopped || ended) done?.(span);
  }
}
