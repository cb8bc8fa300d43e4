import type { FetchedPartition, KafkaPort } from "../kafka/port";
import { partitionKey, type PartitionRange } from "../log/partition";
import { offsetAfter } from "./batch";
import { ReusedMemory } from "./memory";
import { orAborted } from "../side-by-side";
import { Grace, type Isolation, readable, truncated, walkFetched } from "./read";
import type { RecordCursor, STOP } from "./walk";

/**
 * Approximate bytes of one response. This limits the memory, no matter how much is read: per broker there is one
 * response and a part of the next one. If the estimate below is wrong, the port's own limit applies.
 */
const ANSWER_BYTES = 8 * 1024 * 1024;
const SHARE_BYTES = 1024 * 1024;
const PARTITIONS_PER_REQUEST = 1000;
/** Estimated bytes per offset until the scan has measured them. */
const BYTES_PER_OFFSET = 1000;

export interface ScanOptions {
  isolation: Isolation;
  /**
   * Called for each visible record of each range, in order within a range. `range` is the same object that was passed
   * to `scan`. The record and its bytes are overwritten after the call, so copy the data that you keep.
   */
  visit(range: PartitionRange, record: RecordCursor): void | typeof STOP;
  /** Called once for each range when it was read to its end or stopped. */
  done?(range: PartitionRange): void;
  /** Called after each walked response with the next offset to read. A later scan can start from this offset. */
  reached?(range: PartitionRange, next: bigint): void;
  /** Approximate bytes of one response. With a smaller number, more requests need less memory. Default 8 MiB. */
  answerBytes?: number;
  /** Called with the number of bytes fetched, for progress. */
  bytes?(count: number): void;
  signal?: AbortSignal | undefined;
}

interface Position {
  range: PartitionRange;
  offset: bigint;
}

interface Answered {
  asked: Position[];
  answers: Map<string, FetchedPartition>;
}

/**
 * Reads ranges of any length in constant memory, from all brokers in parallel. With read_committed, a range that ends
 * after the last stable offset is read up to the last stable offset. If a leader's log does not reach the end of the
 * range yet, the scan waits for it, because the missing part can contain records.
 * @throws MigrationError RECORDS_GONE, RECORDS_CORRUPT, KAFKA_NOT_AVAILABLE, or the signal's reason if it is aborted
 */
export async function scan(port: KafkaPort, ranges: readonly PartitionRange[], options: ScanOptions): Promise<void> {
  const queues = new Map<number, Position[]>();
  const leaders = await leadersOf(port, ranges);
  for (const range of ranges) {
    if (range.from >= range.to) {
      options.done?.(range);
      continue;
    }
    const leader = leaders.get(partitionKey(range)) ?? -1;
    const queue = queues.get(leader) ?? [];
    queue.push({ range, offset: range.from });
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

async function leadersOf(port: KafkaPort, ranges: readonly PartitionRange[]): Promise<Map<string, number>> {
  const topics = await port.describeTopics([...new Set(ranges.map((s) => s.topic))]);
  return new Map(
    topics.flatMap((t) =>
      t.partitions.map((p) => [partitionKey({ topic: t.name, partition: p.partition }), p.leader] as const),
    ),
  );
}

/** Reads the ranges of one broker. Walks one response while the next request is in progress. */
class Loop {
  private readonly stopped = new Set<PartitionRange>();
  /** Ranges that the leader cannot show up to their end yet. */
  private readonly behind = new Set<PartitionRange>();
  private readonly grace: Grace;
  private read = { bytes: 0, offsets: 0 };
  private readonly answerBytes: number;
  /**
   * A response is walked completely as soon as it arrives. The next response arrives later and can reuse its memory.
   */
  private readonly memory = new ReusedMemory();

  constructor(
    private readonly port: KafkaPort,
    private queue: Position[],
    private readonly options: ScanOptions,
    private readonly signal: AbortSignal,
  ) {
    this.grace = new Grace(port);
    this.answerBytes = options.answerBytes ?? ANSWER_BYTES;
  }

  async run(): Promise<void> {
    let underWay = this.ask();
    while (underWay !== undefined) {
      const { asked, answers } = await orAborted(underWay, this.signal);
      const positions = asked
        .filter((p) => !this.stopped.has(p.range))
        .map((p) => ({ ...p, ...this.goOn(p, answers.get(partitionKey(p.range))!) }));
      underWay = this.ask();
      underWay?.catch(() => {});
      for (const position of positions) this.walk(position);
      this.memory.release();
      const held = positions.find(({ range }) => this.behind.has(range));
      if (held !== undefined) await this.grace.wait({ ...held.range, offset: held.offset });
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  private ask(): Promise<Answered> | undefined {
    this.queue = this.queue.filter((p) => !this.stopped.has(p.range));
    const asked = this.queue.splice(0, this.fitting());
    if (asked.length === 0) return undefined;
    const requests = asked.map(({ range, offset }) => ({ topic: range.topic, partition: range.partition, offset }));
    const options = {
      isolation: this.options.isolation,
      maxBytes: Math.max(Math.min(SHARE_BYTES, this.answerBytes), Math.floor(this.answerBytes / asked.length)),
      memory: this.memory,
    };
    return this.port.fetch(requests, options).then((answers) => ({ asked, answers }));
  }

  /** Returns how many ranges of the queue fill one response: a few long ranges or many short ones. */
  private fitting(): number {
    const each = this.read.offsets > 0 ? this.read.bytes / this.read.offsets : BYTES_PER_OFFSET;
    let bytes = 0;
    let count = 0;
    while (count < Math.min(this.queue.length, PARTITIONS_PER_REQUEST) && bytes < this.answerBytes) {
      const { range, offset } = this.queue[count++]!;
      bytes += Math.min(SHARE_BYTES, Number(range.to - offset) * each);
    }
    return count;
  }

  /** Puts the next position after a response into the queue. Reads only the headers of the batches. */
  private goOn({ range, offset }: Position, fetched: FetchedPartition): { fetched: FetchedPartition; ended: boolean } {
    if (fetched.outOfRange === true) throw truncated(this.port, { ...range, offset });
    this.options.bytes?.(fetched.records.length);
    const log = readable(fetched, this.options.isolation);
    const next = BigInt(offsetAfter(fetched.records, Number(offset)));
    this.read.bytes += fetched.records.length;
    this.read.offsets += Number(next - offset);
    const behind = fetched.highWatermark < range.to && next >= log;
    if (behind) this.behind.add(range);
    if (next > offset && this.behind.delete(range)) this.grace.over();
    const ended = !behind && next >= (range.to < log ? range.to : log);
    // No progress means that the next batch did not fit. The first partition of a request always gets a complete batch.
    if (!ended && !behind && next === offset) this.queue.unshift({ range, offset });
    else if (!ended) this.queue.push({ range, offset: next });
    return { fetched, ended };
  }

  private walk({ range, offset, fetched, ended }: Position & { fetched: FetchedPartition; ended: boolean }): void {
    const { visit, isolation, done } = this.options;
    const { stopped, next } = walkFetched(fetched, { ...range, offset }, range.to, isolation, (record) =>
      visit(range, record),
    );
    if (stopped) this.stopped.add(range);
    else this.options.reached?.(range, BigInt(next) < range.to ? BigInt(next) : range.to);
    if (stopped || ended) done?.(range);
  }
}
