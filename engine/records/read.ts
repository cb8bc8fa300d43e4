import { setTimeout as sleep } from "node:timers/promises";
import { MigrationError } from "../errors";
import type { FetchedPartition, KafkaPort, KafkaRecord, TopicPartition } from "../kafka/port";
import { partitionKey, type PartitionRange } from "../log/partition";
import { ReusedMemory } from "./memory";
import { type RecordCursor, STOP, walk } from "./walk";

export type Isolation = "read_uncommitted" | "read_committed";

const FIRST_BYTES = 64 * 1024;
const LARGEST_BYTES = 16 * 1024 * 1024;
/** Maximum bytes of one call if every partition fills its share. */
const CALL_BYTES = 16 * 1024 * 1024;
const PARTITIONS_PER_CALL = 250;
/** Number and length of the waits for a log that ends earlier than before. */
const WAITS = 20;
const WAIT_MS = 100;

/** The end of the log for a reader: the last stable offset for read_committed, otherwise the high watermark. */
export function readable(fetched: FetchedPartition, isolation: Isolation): bigint {
  return isolation === "read_committed" ? fetched.lastStableOffset : fetched.highWatermark;
}

/**
 * Fetches at least one complete batch for each partition that has a batch at or after its offset. Sends as few requests
 * as the size limit of the responses allows: first with small shares, then with larger shares for the partitions whose
 * next batch did not fit.
 * @param take gets each response once. The records are overwritten after the call, so copy the data that you keep.
 */
export async function fetchBatches(
  port: KafkaPort,
  requests: readonly (TopicPartition & { offset: bigint })[],
  isolation: Isolation,
  take: (request: TopicPartition & { offset: bigint }, fetched: FetchedPartition) => void,
): Promise<void> {
  let open: readonly (TopicPartition & { offset: bigint })[] = requests;
  const memory = new ReusedMemory(FIRST_BYTES);
  for (let maxBytes = FIRST_BYTES; open.length > 0; ) {
    const again: (typeof requests)[number][] = [];
    let progress = false;
    const perCall = Math.max(
      1,
      Math.min(PARTITIONS_PER_CALL, maxBytes === FIRST_BYTES ? PARTITIONS_PER_CALL : Math.floor(CALL_BYTES / maxBytes)),
    );
    for (let first = 0; first < open.length; first += perCall) {
      const some = open.slice(first, first + perCall);
      const answers = await port.fetch(some, { isolation, maxBytes, maxWaitMs: 0, memory });
      for (const request of some) {
        const fetched = answers.get(partitionKey(request));
        if (fetched === undefined)
          throw new MigrationError(
            "KAFKA_NOT_AVAILABLE",
            `the ${port.side} cluster did not answer for ${partitionKey(request)}`,
            { fix: "run again" },
          );
        // No records before the end: the share was too small for the next batch, or the whole response was full.
        const short =
          fetched.records.length === 0 &&
          fetched.outOfRange === undefined &&
          request.offset < readable(fetched, isolation);
        if (short) again.push(request);
        else {
          take(request, fetched);
          progress = true;
        }
      }
      memory.release();
    }
    open = again;
    if (!progress && maxBytes >= LARGEST_BYTES) throw stuck(port, open[0]!);
    // If only the response was full, the same shares are large enough for the next request.
    if (!progress) maxBytes = Math.min(maxBytes * 16, LARGEST_BYTES);
  }
}

function stuck(port: KafkaPort, at: TopicPartition & { offset: bigint }): MigrationError {
  return new MigrationError(
    "KAFKA_NOT_AVAILABLE",
    `the ${port.side} cluster returns no record of ${at.topic}-${at.partition} at offset ${at.offset}, which ` +
      "lies before its end",
    {
      fix: "check that the partition's leader can read its log",
    },
  );
}

function unreadable(port: KafkaPort, at: TopicPartition & { offset: bigint }): MigrationError {
  return new MigrationError(
    "KAFKA_NOT_AVAILABLE",
    `the leader of ${at.topic}-${at.partition} on the ${port.side} cluster shows its log up to offset ` +
      `${at.offset} only, less than it did before`,
    {
      fix: "if the topic was deleted and created again, run again; if not, once its replicas are in sync",
    },
  );
}

/**
 * Returns true if the leader does not show its log up to `to` yet. A new leader can show less of its log than was
 * listed before. This is not the end of the log. A last stable offset below the end is different: a transaction is
 * open, and no record after it is visible.
 */
export const isBehind = (fetched: FetchedPartition, to: bigint): boolean =>
  fetched.records.length === 0 && fetched.highWatermark < to;

/** Waits for such a leader, repeatedly while it returns no records. */
export class Grace {
  private waits = 0;

  constructor(private readonly port: KafkaPort) {}

  /** @throws MigrationError KAFKA_NOT_AVAILABLE if the leader is still behind after 2 s */
  async wait(at: TopicPartition & { offset: bigint }): Promise<void> {
    if (++this.waits > WAITS) throw unreadable(this.port, at);
    await sleep(WAIT_MS);
  }

  over(): void {
    this.waits = 0;
  }
}

/** The error if the start of the log moved past the offset to be read. */
export function truncated(port: KafkaPort, at: TopicPartition & { offset: bigint }): MigrationError {
  return new MigrationError(
    "RECORDS_GONE",
    `${at.topic}-${at.partition} on the ${port.side} cluster no longer holds offset ${at.offset}`,
    {
      fix:
        "records were deleted while they were read (retention, DeleteRecords, or the topic was deleted and created " +
        "again): run again",
    },
  );
}

export interface ReadOptions {
  /** Default read_uncommitted. */
  isolation?: Isolation;
  /** Maximum number of records returned. Default 10,000. */
  limit?: number;
}

/** Returns the visible records with from <= offset < to as separate objects. For small ranges. */
export async function readRecords(
  port: KafkaPort,
  topic: string,
  partition: number,
  from: bigint,
  to: bigint,
  options: ReadOptions = {},
): Promise<KafkaRecord[]> {
  const isolation = options.isolation ?? "read_uncommitted";
  const limit = options.limit ?? 10_000;
  const found: KafkaRecord[] = [];
  const grace = new Grace(port);
  for (let offset = from; offset < to && found.length < limit; ) {
    let next = offset;
    let behind = false;
    await fetchBatches(port, [{ topic, partition, offset }], isolation, (request, fetched) => {
      if (fetched.outOfRange === true) throw truncated(port, request);
      const walked = walkFetched(fetched, request, to, isolation, (record) => {
        found.push(record.toRecord());
        return found.length === limit ? STOP : undefined;
      });
      behind = isBehind(fetched, to);
      next = behind ? offset : fetched.records.length === 0 ? to : BigInt(walked.next);
    });
    if (behind) await grace.wait({ topic, partition, offset });
    offset = next;
  }
  return found;
}

/** Walks one Fetch response. */
export function walkFetched(
  fetched: FetchedPartition,
  request: TopicPartition & { offset: bigint },
  to: bigint,
  isolation: Isolation,
  visit: (record: RecordCursor) => void | typeof STOP,
) {
  return walk(
    fetched.records,
    {
      where: `${request.topic}-${request.partition}`,
      from: Number(request.offset),
      to: Number(to),
      aborted: isolation === "read_committed" ? fetched.abortedTransactions : undefined,
    },
    visit,
  );
}

/**
 * Returns the last `count` visible records of each range, in order. Reads backwards from the end in growing steps, all
 * ranges in parallel. If the last offsets of a range are visible records, it needs only one small fetch, independent of
 * its length. `pick` returns the data to keep of a record.
 */
export async function pickLast<T>(
  port: KafkaPort,
  ranges: readonly PartitionRange[],
  count: number,
  isolation: Isolation,
  pick: (record: RecordCursor) => T,
): Promise<Map<string, T[]>> {
  const found = new Map<string, T[]>(ranges.map((s) => [partitionKey(s), []]));
  let open = ranges
    .filter((s) => s.from < s.to && count > 0)
    .map((range) => ({ range, upper: range.to, step: BigInt(count) }));
  while (open.length > 0) {
    const parts = open.map(({ range, upper, step }) => ({ ...range, from: max(range.from, upper - step), to: upper }));
    const records = await readLastOf(port, parts, count, isolation, pick);
    open = open.flatMap(({ range, step }, i) => {
      const part = parts[i]!;
      const key = partitionKey(range);
      const all = [...records.get(key)!, ...found.get(key)!].slice(-count);
      found.set(key, all);
      return all.length < count && part.from > range.from ? [{ range, upper: part.from, step: step * 8n }] : [];
    });
  }
  return found;
}

/** Same as `pickLast`, but returns the records as separate objects. */
export function readLast(
  port: KafkaPort,
  ranges: readonly PartitionRange[],
  count: number,
  isolation: Isolation,
): Promise<Map<string, KafkaRecord[]>> {
  return pickLast(port, ranges, count, isolation, (record) => record.toRecord());
}

/**
 * Returns the last `count` visible records of each range. Can return more than `count`.
 * @throws MigrationError KAFKA_NOT_AVAILABLE if a leader does not show its log up to the end of the range for 2 s
 */
async function readLastOf<T>(
  port: KafkaPort,
  ranges: readonly PartitionRange[],
  count: number,
  isolation: Isolation,
  pick: (record: RecordCursor) => T,
): Promise<Map<string, T[]>> {
  const found = new Map<string, T[]>();
  const ends = new Map(ranges.map((r) => [partitionKey(r), r.to]));
  for (const r of ranges) found.set(partitionKey(r), []);
  let open = ranges.map((r) => ({ topic: r.topic, partition: r.partition, offset: r.from }));
  const grace = new Grace(port);
  while (open.length > 0) {
    const again: typeof open = [];
    let behind: (typeof open)[number] | undefined;
    await fetchBatches(port, open, isolation, (request, fetched) => {
      if (fetched.outOfRange === true) throw truncated(port, request);
      const to = ends.get(partitionKey(request))!;
      const list = found.get(partitionKey(request))!;
      const { next } = walkFetched(fetched, request, to, isolation, (record) => {
        list.push(pick(record));
        if (list.length > count * 2) list.splice(0, list.length - count);
      });
      const short = isBehind(fetched, to);
      if (short) behind = request;
      if (short || (fetched.records.length > 0 && BigInt(next) < to))
        again.push({ topic: request.topic, partition: request.partition, offset: BigInt(next) });
    });
    open = again;
    if (behind !== undefined) await grace.wait(behind);
  }
  return found;
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
