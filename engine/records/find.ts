import type { KafkaPort } from "../kafka/port";
import { readOffsets } from "../log/bounds";
import { partitionKey, type PartitionRange } from "../log/partition";
import { fetchBatches, type Isolation, truncated, walkFetched } from "./read";
import { type Fingerprint, fingerprint } from "./same";
import { scan } from "./scan";
import { STOP } from "./walk";

/**
 * `FEW`: offsets that are read where a record is expected. To prove that a record does not exist, whole ranges are
 * read: each of at most `MANY` offsets, and at most `TOGETHER` offsets in one call.
 */
const FEW = 64n;
const MANY = 20_000n;
const TOGETHER = 4_000_000n;

export interface FirstRecord extends Fingerprint {
  /** False if the value is null. */
  alive: boolean;
}

/** Returns the first visible record of each range. Absent if there is none or if it cannot be read yet. */
export async function firstRecords(
  port: KafkaPort,
  ranges: readonly PartitionRange[],
  isolation: Isolation,
): Promise<Map<string, FirstRecord>> {
  const found = new Map<string, FirstRecord>();
  const ends = new Map(ranges.map((s) => [partitionKey(s), s.to]));
  let open = ranges
    .filter((s) => s.from < s.to)
    .map((s) => ({ topic: s.topic, partition: s.partition, offset: s.from }));
  while (open.length > 0) {
    const again: typeof open = [];
    await fetchBatches(port, open, isolation, (request, fetched) => {
      if (fetched.outOfRange === true) throw truncated(port, request);
      const to = ends.get(partitionKey(request))!;
      const { next, stopped } = walkFetched(fetched, request, to, isolation, (record) => {
        found.set(partitionKey(request), { ...fingerprint(record), alive: !record.isTombstone() });
        return STOP;
      });
      if (!stopped && fetched.records.length > 0 && BigInt(next) < to)
        again.push({ topic: request.topic, partition: request.partition, offset: BigInt(next) });
    });
    open = again;
  }
  return found;
}

/** A record to search for in one partition. */
export interface Wanted {
  range: PartitionRange;
  /**
   * ms since the epoch. The record is expected at the first offset with this timestamp or a later one. undefined: the
   * record cannot be found by timestamp.
   */
  time: number | undefined;
  /** True if the record cannot be before the expected offset. */
  notBefore: boolean;
  like(record: Fingerprint): boolean;
}

/** Returns true if such a record is in the range. undefined: not found, and too much is left to read. */
export async function search(
  port: KafkaPort,
  isolation: Isolation,
  wanted: readonly Wanted[],
  signal?: AbortSignal,
): Promise<(boolean | undefined)[]> {
  const expected = await expectedOffsets(port, wanted);
  const found = await searchNear(port, isolation, wanted, expected, signal);
  const ranges = wanted.map(({ range, time, notBefore }, i) => {
    return { ...range, from: time !== undefined && notBefore ? expected[i]! : range.from };
  });
  const whole = shortest(
    [...ranges.keys()].filter((i) => found[i] !== true),
    (i) => ranges[i]!.to - ranges[i]!.from,
  );
  await look(
    port,
    isolation,
    wanted,
    found,
    whole.map((i) => [ranges[i]!, i]),
    signal,
  );
  for (const i of whole) found[i] ??= false;
  return found;
}

/**
 * Returns true if such a record is at the expected offset or shortly after it. undefined: not found there. It reads one
 * small piece of each partition.
 * @param expected the expected offsets, if they are known
 */
export async function searchNear(
  port: KafkaPort,
  isolation: Isolation,
  wanted: readonly Wanted[],
  expected?: readonly bigint[],
  signal?: AbortSignal,
): Promise<(boolean | undefined)[]> {
  const at = expected ?? (await expectedOffsets(port, wanted));
  const found: (boolean | undefined)[] = wanted.map(() => undefined);
  const pieces = wanted.map(({ range }, i): [PartitionRange, number] => [
    { ...range, from: at[i]!, to: min(at[i]! + FEW, range.to) },
    i,
  ]);
  await look(port, isolation, wanted, found, pieces, signal);
  return found;
}

/** The elements of at most `MANY` offsets each, shortest first, that together have at most `TOGETHER` offsets. */
export function shortest<T>(all: readonly T[], length: (of: T) => bigint): T[] {
  let left = TOGETHER;
  return all
    .filter((one) => length(one) <= MANY)
    .sort((a, b) => Number(length(a) - length(b)))
    .filter((one) => (left -= length(one)) >= 0n);
}

async function expectedOffsets(port: KafkaPort, wanted: readonly Wanted[]): Promise<bigint[]> {
  const timed = wanted.filter((w) => w.time !== undefined);
  const times = new Map(timed.map((w) => [partitionKey(w.range), w.time!]));
  const byTime =
    timed.length === 0
      ? new Map<string, bigint>()
      : await readOffsets(
          port,
          timed.map((w) => w.range),
          (range) => times.get(partitionKey(range))!,
        );
  return wanted.map(({ range }) => {
    const at = byTime.get(partitionKey(range)) ?? range.from;
    return at < 0n ? range.to : max(at, range.from);
  });
}

async function look(
  port: KafkaPort,
  isolation: Isolation,
  wanted: readonly Wanted[],
  found: (boolean | undefined)[],
  pieces: readonly [PartitionRange, number][],
  signal?: AbortSignal,
): Promise<void> {
  const indices = new Map(pieces);
  if (indices.size === 0) return;
  await scan(port, [...indices.keys()], {
    isolation,
    signal,
    visit(range, record) {
      const i = indices.get(range)!;
      if (!wanted[i]!.like(fingerprint(record))) return undefined;
      found[i] = true;
      return STOP;
    },
  });
}

const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
