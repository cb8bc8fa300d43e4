import type { Clusters } from "../clusters";
import { partitionKey } from "../log/partition";
import type { Isolation } from "../records/read";
import { NO_TIMESTAMP } from "../records/legacy";
import { isCopy } from "../records/same";
import { countText } from "../units";
import { logSequence } from "./entries";
import { compareInOrder, type Watch } from "./ordered";
import { type Pair, TARGET_ISOLATION } from "./pairs";
import type { Entry } from "./sequence";
import { type Difference, isFault, type PartitionResult, type VerifyOptions } from "./types";
import { largestGap, missProbability, randomOf, type ReadRange, startsOf } from "./windows";

/** Windows of one partition that are read at the same time. */
const TOGETHER = 8;
/** Number of target records before the expected position from which the search for a window begins. */
const SLACK = 64;
/** Number of target records that are searched for the first record of a window. */
const SEARCHED = 4_096;
/** Bytes of one window: the first share of a Fetch request (`records/read.ts`). */
const WINDOW_BYTES = 64 * 1024;
/** Bytes of a record, if the brokers do not return the size of a partition. */
const RECORD_BYTES = 1024;

export type SampleOptions = Required<Pick<VerifyOptions, "holeRecords" | "missProbability" | "seed">>;

/**
 * Reads windows of records at random places of each partition, the same on both sides. Not of partitions that are
 * compacted, or that were compared completely, or whose ends differ. A partition is compared completely if it is short,
 * or if the records of a window are not found on the target one after the other.
 * @param ends the results of comparing the ends
 */
export async function compareSamples(
  clusters: Clusters,
  ends: ReadonlyMap<Pair, PartitionResult>,
  options: SampleOptions,
  isolation: Isolation,
  watch: Watch,
): Promise<void> {
  const open: Pair[] = [];
  for (const [pair, end] of ends) {
    if (!pair.compacted && end.proof === "tail" && !end.differences.some(isFault)) open.push(pair);
    else watch.done(pair, end);
  }
  // Only for deciding whether samples are worthwhile.
  const sizes = await clusters.origin
    .partitionSizes([...new Set(open.map((p) => p.origin.topic))])
    .catch(() => new Map<string, bigint>());
  const whole: Pair[] = [];
  for (const pair of open) {
    watch.signal?.throwIfAborted();
    const read = isWorthwhile(pair, options, sizes.get(partitionKey(pair.origin)))
      ? await sample(clusters, pair, options, isolation, watch)
      : undefined;
    if (read === undefined) whole.push(pair);
    else watch.done(pair, sampleResult(pair, read, options, ends.get(pair)!));
  }
  await compareInOrder(clusters, whole, isolation, watch);
}

function sampleResult(
  pair: Pair,
  read: readonly Window[],
  { holeRecords }: SampleOptions,
  end: PartitionResult,
): PartitionResult {
  return {
    ...end,
    proof: "sample",
    sample: {
      windows: read.length,
      records: read.reduce((sum, { records }) => sum + records, 0),
      missed: missProbability(spanOf(pair), read, holeRecords),
    },
    differences: [...end.differences, ...duplicatesIn(pair, read)],
  };
}

const spanOf = ({ origin }: Pair) => ({ from: Number(origin.from), to: Number(origin.to) });

/** Returns false if the windows would read more than half of the partition. Then reading it in order costs less. */
function isWorthwhile(pair: Pair, { holeRecords }: SampleOptions, bytes: bigint | undefined): boolean {
  const { from, to } = spanOf(pair);
  const perRecord = bytes === undefined || bytes === 0n ? RECORD_BYTES : Number(bytes) / (to - from);
  return to - from > 4 * holeRecords && Math.max(1, WINDOW_BYTES / perRecord) < holeRecords / 2;
}

interface Window extends ReadRange {
  records: number;
  /** Target records that are there twice. */
  duplicates: number;
}

/** @returns the windows that were read. undefined: one of them was not found on the target. */
async function sample(
  clusters: Clusters,
  pair: Pair,
  options: SampleOptions,
  isolation: Isolation,
  watch: Watch,
): Promise<Window[] | undefined> {
  const { topic, partition } = pair.origin;
  const span = spanOf(pair);
  const read: Window[] = [];
  const shifts = new Shifts(pair);
  const all = async (starts: readonly number[]): Promise<boolean> => {
    for (let first = 0; first < starts.length; first += TOGETHER) {
      watch.signal?.throwIfAborted();
      const some = starts.slice(first, first + TOGETHER);
      const windows = await Promise.all(some.map((from) => window(clusters, pair, from, shifts, isolation)));
      if (windows.includes(undefined)) return false;
      read.push(...(windows as Window[]));
    }
    return true;
  };
  const random = randomOf(`${options.seed} ${topic} ${partition}`);
  if (!(await all(startsOf(span, options.holeRecords, random)))) return undefined;
  while (missProbability(span, read, options.holeRecords) > options.missProbability) {
    const gap = largestGap(span, read);
    if (!(await all([Math.floor((gap.from + gap.to) / 2)]))) return undefined;
  }
  return read;
}

/** How far target offsets are from origin offsets. Transaction markers and duplicates change it along the log. */
class Shifts {
  private readonly known: { at: number; shift: number }[];

  constructor({ origin, target }: Pair) {
    this.known = [
      { at: Number(origin.from), shift: Number(target.from - origin.from) },
      { at: Number(origin.to), shift: Number(target.to - origin.to) },
    ];
  }

  add(at: number, shift: number): void {
    this.known.push({ at, shift });
  }

  /** The shift at the nearest known position. */
  near(at: number): number {
    return this.known.reduce((best, k) => (Math.abs(k.at - at) < Math.abs(best.at - at) ? k : best)).shift;
  }
}

/** Compares one window. undefined: the target does not have these records in this order where they are expected. */
async function window(
  clusters: Clusters,
  pair: Pair,
  from: number,
  shifts: Shifts,
  isolation: Isolation,
): Promise<Window | undefined> {
  const read = (side: "origin" | "target", at: number) =>
    logSequence(
      clusters[side],
      { ...pair[side], from: BigInt(at) },
      side === "origin" ? isolation : TARGET_ISOLATION,
    )(undefined);
  const targetFrom = (at: number) => read("target", Math.max(Number(pair.target.from), at - SLACK));

  const records = await read("origin", from)();
  const first = records[0];
  if (first === undefined) return { from, to: Number(pair.origin.to), records: 0, duplicates: 0 };
  let found = await follow(records, targetFrom(first.offset + shifts.near(first.offset)));
  if (found === undefined && pair.timestamps && first.timestamp !== NO_TIMESTAMP) {
    const { topic, partition } = pair.target;
    const [listed] = await clusters.target.listOffsets([{ topic, partition }], first.timestamp);
    if (listed !== undefined && listed.offset >= 0n) found = await follow(records, targetFrom(Number(listed.offset)));
  }
  if (found === undefined) return undefined;
  shifts.add(first.offset, found.offset - first.offset);
  return { from, to: records.at(-1)!.offset + 1, records: records.length, duplicates: found.duplicates };
}

/**
 * Searches for the records, one after the other, in what follows on the target. A record that is on the target a second
 * time is passed over: a mirror that was restarted sends some again.
 */
async function follow(
  records: readonly Entry[],
  next: () => Promise<Entry[]>,
): Promise<{ offset: number; duplicates: number } | undefined> {
  const there: Entry[] = [];
  let tried = 0;
  for (let more = await next(); more.length > 0; more = await next()) {
    for (const entry of more) there.push(entry);
    // Enough for a window that begins at each of the positions that were read and not tried yet.
    for (; tried + 2 * records.length <= there.length; tried++) {
      const found = followsFrom(records, there, tried);
      if (found !== undefined) return found;
      if (tried > SEARCHED) return undefined;
    }
  }
  for (; tried < there.length; tried++) {
    const found = followsFrom(records, there, tried);
    if (found !== undefined) return found;
  }
  return undefined;
}

function followsFrom(
  records: readonly Entry[],
  there: readonly Entry[],
  start: number,
): { offset: number; duplicates: number } | undefined {
  if (!isCopy(records[0]!, there[start]!)) return undefined;
  let [at, duplicates] = [start, 0];
  // Only a few records are repeated, so the set is made when it is needed.
  let before: Set<string> | undefined;
  for (const record of records) {
    for (; at < there.length && !isCopy(record, there[at]!); at++) {
      before ??= new Set(there.slice(0, at).map(identity));
      if (!before.has(identity(there[at]!))) return undefined;
      duplicates++;
    }
    if (at === there.length) return undefined;
    before?.add(identity(there[at]!));
    at++;
  }
  return { offset: there[start]!.offset, duplicates };
}

const identity = ({ body, timestamp }: Entry): string => `${body} ${timestamp}`;

function duplicatesIn(pair: Pair, windows: readonly Window[]): Difference[] {
  const { topic, partition } = pair.origin;
  const count = windows.reduce((sum, { duplicates }) => sum + duplicates, 0);
  const text = `${topic}-${partition}: ${countText(count, "record")} of the samples ${count === 1 ? "is" : "are"} on the target twice`;
  return count === 0 ? [] : [{ topic, partition, kind: "duplicate", count, text }];
}
