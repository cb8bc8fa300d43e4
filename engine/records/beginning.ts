import type { Clusters } from "../clusters";
import { partitionKey, type PartitionRange } from "../log/partition";
import { EqualBeginnings } from "./equal-beginnings";
import { type FirstRecord, firstRecords, search, searchNear, shortest, type Wanted } from "./find";
import { isUnique, decideCompacted, LatestRecords } from "./latest";
import type { Isolation } from "./read";
import { NO_TIMESTAMP } from "./legacy";
import { type Fingerprint, isCopy } from "./same";
import { scan } from "./scan";
import type { UnsureReason } from "./unsure";
import { slices } from "../slices";

/** One partition on both sides whose first records are compared. */
export interface Beginning {
  origin: PartitionRange;
  target: PartitionRange;
  /** True if either side is compacted. Single records can then be missing in either log. */
  compacted: boolean;
  /** The offsets from which the sides are compared. undefined: 0. */
  begin?: { origin: bigint; target: bigint };
  /** The last origin offset that is known to be copied. undefined: all offsets. */
  copiedTo?: number;
}

/** The reason why the target log cannot be a copy of the origin log. */
export interface BeginningDifference<B extends Beginning> {
  pair: B;
  /**
   * `missing`: the origin's first record (if compacted, the latest record of a key) is not on the target. `extra`: the
   * target's first record is not on the origin.
   */
  kind: "missing" | "extra";
  originOffset: number;
  targetOffset: number;
  text: string;
}

export interface ComparedBeginnings<B extends Beginning> {
  /** Number of partitions that have records on both sides. */
  compared: number;
  differences: BeginningDifference<B>[];
  /** Partitions whose records do not show whether the target is a copy. */
  unsure: { pair: B; why: UnsureReason }[];
}

/** Number of partitions whose first records are held in memory at a time. */
const SLICE = 1000;
/** Offsets of both sides whose records are held in memory at a time. */
const IN_MEMORY = 100_000n;

/**
 * Compares the first visible record of each partition on both sides. In a correct copy, the log that begins later
 * begins with a record of the other log. Each side may have deleted its own oldest records. A log that begins at offset
 * 0 has deleted nothing. This finds a topic that was deleted and created again, even if its last records are copies.
 *
 * Compaction removes single records. In a compacted partition the latest record of each key decides
 * (`decideCompacted`). Reports no difference if the search would take too long, because the copy can still be correct.
 */
export async function compareBeginnings<B extends Beginning>(
  clusters: Clusters,
  pairs: readonly B[],
  isolation: Isolation,
  signal?: AbortSignal,
): Promise<ComparedBeginnings<B>> {
  const beginnings = new Beginnings<B>(clusters, isolation, signal);
  for (const some of slices(pairs, SLICE)) await beginnings.add(some);
  return beginnings.end();
}

/** The same as `compareBeginnings`, for partitions that come in parts. Keeps only those whose first records differ. */
export class Beginnings<B extends Beginning> {
  private readonly result: ComparedBeginnings<B> = { compared: 0, differences: [], unsure: [] };
  private readonly unequal: Unequal<B>[] = [];
  private readonly compacted: Unequal<B>[] = [];

  constructor(
    private readonly clusters: Clusters,
    private readonly isolation: Isolation,
    private readonly signal?: AbortSignal,
  ) {}

  /** Reads the first records of these partitions. The records of one part are in memory. */
  async add(pairs: readonly B[]): Promise<void> {
    this.signal?.throwIfAborted();
    for (const different of await unequalBeginnings(this.clusters, pairs, this.isolation, this.result)) {
      const { pair, first, copy, originWhole, targetWhole } = different;
      if (pair.compacted) this.compacted.push(different);
      // Both logs still have their very first record.
      else if (originWhole && targetWhole && isFirst(first, "origin", pair) && isFirst(copy, "target", pair))
        this.result.differences.push(differ(different, "missing"));
      // A log that begins at 0 without its first record was compacted at some time, even if its policy is different
      // now.
      else
        this.unequal.push({
          ...different,
          originWhole: originWhole && isFirst(first, "origin", pair),
          targetWhole: targetWhole && isFirst(copy, "target", pair),
        });
    }
  }

  /** Searches the first records that differ. */
  async end(): Promise<ComparedBeginnings<B>> {
    const { clusters, isolation, result, signal } = this;
    await searchBoth(clusters, this.unequal, isolation, result, signal);
    await compareCompacted(clusters, this.compacted, isolation, result, signal);
    return result;
  }
}

const beginOf = ({ begin }: Beginning, side: "origin" | "target"): bigint => begin?.[side] ?? 0n;
const isWhole = (side: "origin" | "target", pair: Beginning): boolean => pair[side].from === beginOf(pair, side);
const isFirst = ({ offset }: FirstRecord, side: "origin" | "target", pair: Beginning): boolean =>
  BigInt(offset) === beginOf(pair, side);

/** A partition whose first records differ. */
interface Unequal<B> {
  pair: B;
  first: FirstRecord;
  copy: FirstRecord;
  /** True if the log begins where the comparison does, so nothing was ever deleted from it. */
  originWhole: boolean;
  targetWhole: boolean;
}

/** Returns the pairs whose first records differ. Counts the compared ones in `result`. */
async function unequalBeginnings<B extends Beginning>(
  clusters: Clusters,
  pairs: readonly B[],
  isolation: Isolation,
  result: ComparedBeginnings<B>,
): Promise<Unequal<B>[]> {
  const equal = await EqualBeginnings.of(clusters, pairs, isolation);
  const open = pairs.filter((pair) => !equal.has(pair));
  const [here, there] = await Promise.all([
    firstRecords(
      clusters.origin,
      open.map((p) => p.origin),
      isolation,
    ),
    firstRecords(
      clusters.target,
      open.map((p) => p.target),
      // An exactly-once mirror leaves aborted records on the target.
      "read_committed",
    ),
  ]);
  result.compared += pairs.length - open.length;
  const unequal = open.flatMap((pair) => {
    const [first, copy] = [here.get(partitionKey(pair.origin)), there.get(partitionKey(pair.target))];
    if (first === undefined || copy === undefined || first.offset > (pair.copiedTo ?? Infinity)) return [];
    result.compared++;
    if (isCopy(first, copy) && (first.alive || !pair.compacted)) {
      equal.add(pair);
      return [];
    }
    return [{ pair, first, copy, originWhole: isWhole("origin", pair), targetWhole: isWhole("target", pair) }];
  });
  equal.keep();
  return unequal;
}

/** Searches each side's first record on the other side. */
async function searchBoth<B extends Beginning>(
  { origin, target }: Clusters,
  unequal: readonly Unequal<B>[],
  isolation: Isolation,
  result: ComparedBeginnings<B>,
  signal?: AbortSignal,
): Promise<void> {
  const onTarget = await search(target, "read_committed", unequal.map(originsFirst), signal);
  const left = unequal.filter((o, i) => o.originWhole || onTarget[i] !== true);
  const onOrigin = await search(
    origin,
    isolation,
    left.map(({ pair, first, copy }) => {
      const time = first.timestamp === NO_TIMESTAMP || copy.stamped ? undefined : copy.timestamp;
      // Its original may be a record without a timestamp.
      return { range: pair.origin, time, notBefore: false, like: (record) => isCopy(record, copy) };
    }),
    signal,
  );
  const foundOnOrigin = new Map(left.map((o, i) => [o, onOrigin[i]]));
  for (const [i, o] of unequal.entries()) {
    const [here, there] = [foundOnOrigin.get(o), onTarget[i]];
    if (o.originWhole && here === false) result.differences.push(differ(o, "extra"));
    else if (there === false && (o.targetWhole || here === false)) result.differences.push(differ(o, "missing"));
    else if (there === false && here === true) result.unsure.push({ pair: o.pair, why: "deleted" });
    else if (there !== true && here !== true) result.unsure.push({ pair: o.pair, why: "too large" });
  }
}

/** The search for the origin's first record on the target. */
function originsFirst<B extends Beginning>({ pair, first, copy }: Unequal<B>): Wanted {
  const time = first.timestamp === NO_TIMESTAMP || copy.stamped ? undefined : first.timestamp;
  return { range: pair.target, time, notBefore: true, like: (record) => isCopy(first, record) };
}

/** Compares compacted logs whose first records differ. */
async function compareCompacted<B extends Beginning>(
  clusters: Clusters,
  unequal: readonly Unequal<B>[],
  isolation: Isolation,
  result: ComparedBeginnings<B>,
  signal?: AbortSignal,
): Promise<void> {
  const unique = unequal.filter(({ first, copy }) => isUnique(first, copy));
  const near = await searchNear(clusters.target, "read_committed", unique.map(originsFirst), undefined, signal);
  const copied = new Set(unique.filter((_, i) => near[i] === true));
  const left = unequal.filter((o) => !copied.has(o));
  const length = ({ pair: { origin, target } }: Unequal<B>) => max(origin.to - origin.from, target.to - target.from);
  const short = shortest(left, length);
  const read = new Set(short);
  for (const o of left) if (!read.has(o)) result.unsure.push({ pair: o.pair, why: "too large" });
  for (const group of groups(short, (o) => 2n * length(o))) {
    const [origins, targets] = [
      await latestRecords(clusters, "origin", group, isolation, signal),
      await latestRecords(clusters, "target", group, "read_committed", signal),
    ];
    for (const o of group) {
      const verdict = decideCompacted({
        ...o,
        origin: origins.get(o)!,
        target: targets.get(o)!,
        copiedTo: o.pair.copiedTo,
      });
      if (verdict.kind === "unsure") result.unsure.push({ pair: o.pair, why: verdict.why });
      if (verdict.kind !== "lost" && verdict.kind !== "revived") continue;
      const { record, instead } = verdict;
      const why =
        verdict.kind === "lost"
          ? `the target does not hold the origin's ${textOf(record)}, which is the latest record of its key`
          : `the target holds the deleted key of the origin's tombstone at ${textOf(record)}`;
      result.differences.push({
        pair: o.pair,
        kind: verdict.kind === "lost" ? "missing" : "extra",
        originOffset: record.offset,
        targetOffset: (instead ?? o.copy).offset,
        text: `${beginsWith(o)}, but ${why}: was the topic deleted and created again?`,
      });
    }
  }
}

async function latestRecords<B extends Beginning>(
  clusters: Clusters,
  side: "origin" | "target",
  group: readonly Unequal<B>[],
  isolation: Isolation,
  signal?: AbortSignal,
): Promise<Map<Unequal<B>, LatestRecords>> {
  const found = new Map(group.map((o) => [o, new LatestRecords()]));
  const byRange = new Map(group.map((o) => [o.pair[side], found.get(o)!]));
  await scan(clusters[side], [...byRange.keys()], {
    isolation,
    signal,
    visit: (range, record) => byRange.get(range)!.add(record),
  });
  return found;
}

function* groups<T>(all: readonly T[], length: (of: T) => bigint): Iterable<T[]> {
  let group: T[] = [];
  let sum = 0n;
  for (const one of all) {
    if (group.length > 0 && sum + length(one) > IN_MEMORY) {
      yield group;
      [group, sum] = [[], 0n];
    }
    group.push(one);
    sum += length(one);
  }
  if (group.length > 0) yield group;
}

const beginsWith = <B extends Beginning>({ pair, first }: Unequal<B>): string =>
  `${pair.origin.topic}-${pair.origin.partition}: the origin begins with ${textOf(first)}`;

function differ<B extends Beginning>(unequal: Unequal<B>, kind: "missing" | "extra"): BeginningDifference<B> {
  const { pair, first, copy, originWhole, targetWhole } = unequal;
  const deleted = (whole: boolean) => (whole ? ", which has deleted nothing," : "");
  const why =
    kind === "missing"
      ? `the target${deleted(targetWhole)} does not hold this record and begins with ${textOf(copy)}`
      : `the target begins with ${textOf(copy)}, which the origin${deleted(originWhole)} does not hold`;
  const text = `${beginsWith(unequal)}, but ${why}: was the topic deleted and created again?`;
  return { pair, kind, originOffset: first.offset, targetOffset: copy.offset, text };
}

const textOf = (r: Fingerprint): string => `offset ${r.offset} (timestamp ${r.timestamp}, ${r.size} bytes)`;

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
