import type { Clusters } from "../clusters";
import type { KafkaPort } from "../kafka/port";
import { readOffsets } from "../log/bounds";
import { partitionKey } from "../log/partition";
import type { PartitionRange } from "../log/range";
import { fetchBatches, type Isolation, truncated, walkFetched } from "./read";
import { type Fingerprint, fingerprint, isCopy, NO_TIMESTAMP } from "./same";
import { scan } from "./scan";
import { type RecordCursor, STOP } from "./walk";

/** One partition on both sides whose first records are compared. */
export interface Beginning {
  origin: PartitionRange;
  target: PartitionRange;
  /** True if either side is compacted. Single records can then be missing in either log. */
  compacted: boolean;
  /** The last origin offset that is known to be copied. undefined: all offsets. */
  copiedTo?: number;
}

/** The reason why the target log cannot be a copy of the origin log. */
export interface BeginningDifference<B extends Beginning> {
  pair: B;
  /**
   * `missing`: the origin's first record (if compacted, the latest record of its key) is not on the target. `extra`:
   * the target's first record is not on the origin.
   */
  kind: "missing" | "extra";
  originOffset: number;
  targetOffset: number;
  text: string;
}

/**
 * `FEW`: offsets that are read where a copy is expected. To prove that there is no copy, whole ranges are read: of at
 * most `MANY` offsets each, in at most `WHOLE` partitions.
 */
const FEW = 64n;
const MANY = 20_000n;
const WHOLE = 200;

/**
 * Compares the first visible record of each partition on both sides. In a correct copy, the log that begins later
 * begins with a record of the other log. Each side may have deleted its own oldest records. A log that begins at offset
 * 0 has deleted nothing. This finds a topic that was deleted and created again, even if its last records are copies.
 *
 * Compaction removes single records. In a compacted partition, the latest record of the origin's first key must be on
 * the target. Reports no difference if the search would take too long, because the copy can still be correct.
 */
export async function compareBeginnings<B extends Beginning>(
  clusters: Clusters,
  pairs: readonly B[],
  isolation: Isolation,
  signal?: AbortSignal,
): Promise<{ compared: number; differences: BeginningDifference<B>[] }> {
  const [here, there] = await Promise.all([
    firstRecords(
      clusters.origin,
      pairs.map((p) => p.origin),
      isolation,
    ),
    // Read committed, because an exactly-once mirror leaves aborted records on the target.
    firstRecords(
      clusters.target,
      pairs.map((p) => p.target),
      "read_committed",
    ),
  ]);
  const differences: BeginningDifference<B>[] = [];
  const open: Open<B>[] = [];
  const compacted: Open<B>[] = [];
  let compared = 0;
  for (const pair of pairs) {
    const [first, copy] = [here.get(partitionKey(pair.origin)), there.get(partitionKey(pair.target))];
    if (first === undefined || copy === undefined || first.offset > (pair.copiedTo ?? Infinity)) continue;
    compared++;
    if (isCopy(first, copy)) continue;
    const [originWhole, targetWhole] = [pair.origin.from === 0n, pair.target.from === 0n];
    const different = { pair, first, copy, originWhole, targetWhole };
    if (pair.compacted) compacted.push(different);
    // Both logs still have their very first record.
    else if (originWhole && targetWhole && first.offset === 0 && copy.offset === 0)
      differences.push(differ(different, "missing"));
    // A log that begins at 0 without its first record was compacted at some time, even if its policy is different now.
    else
      open.push({
        ...different,
        originWhole: originWhole && first.offset === 0,
        targetWhole: targetWhole && copy.offset === 0,
      });
  }
  differences.push(
    ...(await searched(clusters, open, isolation, signal)),
    ...(await latestOfFirstKeys(clusters, compacted, isolation, signal)),
  );
  return { compared, differences };
}

interface First extends Fingerprint {
  /** Base64. */
  key: string;
}

interface Open<B> {
  pair: B;
  first: First;
  copy: Fingerprint;
  /** True if the log begins at offset 0, so nothing was ever deleted from it. */
  originWhole: boolean;
  targetWhole: boolean;
}

async function searched<B extends Beginning>(
  { origin, target }: Clusters,
  open: readonly Open<B>[],
  isolation: Isolation,
  signal?: AbortSignal,
): Promise<BeginningDifference<B>[]> {
  const onTarget = await search(
    target,
    "read_committed",
    open.map(({ pair, first, copy }) => {
      const time = first.timestamp === NO_TIMESTAMP || copy.stamped ? undefined : first.timestamp;
      return { range: pair.target, time, notBefore: true, like: (record) => isCopy(first, record) };
    }),
    signal,
  );
  const left = open.filter((o, i) => o.originWhole || onTarget[i] === false);
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
  return open.flatMap((o, i) => {
    const notOnOrigin = foundOnOrigin.get(o) === false;
    if (o.originWhole && notOnOrigin) return [differ(o, "extra")];
    return onTarget[i] === false && (o.targetWhole || notOnOrigin) ? [differ(o, "missing")] : [];
  });
}

async function latestOfFirstKeys<B extends Beginning>(
  { origin, target }: Clusters,
  compacted: readonly Open<B>[],
  isolation: Isolation,
  signal?: AbortSignal,
): Promise<BeginningDifference<B>[]> {
  const short = compacted
    .filter(({ pair, targetWhole }) => targetWhole && pair.origin.to - pair.origin.from <= MANY)
    .slice(0, WHOLE);
  const latest = new Map<PartitionRange, Fingerprint & { alive: boolean }>();
  const keys = new Map(short.map(({ pair, first }) => [pair.origin, first.key]));
  await scan(
    origin,
    short.map(({ pair }) => pair.origin),
    {
      isolation,
      signal,
      visit(range, record) {
        if (keyText(record) === keys.get(range))
          latest.set(range, { ...fingerprint(record), alive: !record.isTombstone() });
      },
    },
  );
  const wanted = short.flatMap((o) => {
    const record = latest.get(o.pair.origin);
    return record?.alive === true && record.offset <= (o.pair.copiedTo ?? Infinity) ? [{ ...o, record }] : [];
  });
  const found = await search(
    target,
    "read_committed",
    wanted.map(({ pair, copy, record }) => {
      const time = record.timestamp === NO_TIMESTAMP || copy.stamped ? undefined : record.timestamp;
      return { range: pair.target, time, notBefore: true, like: (other) => isCopy(record, other) };
    }),
    signal,
  );
  return wanted
    .filter((_, i) => found[i] === false)
    .map(({ pair, copy, record }) => {
      const where = `${pair.origin.topic}-${pair.origin.partition}`;
      const text = `${where}: the target, which has deleted nothing, does not hold the origin's latest record of its first key, ${textOf(record)}: was the topic deleted and created again?`;
      return { pair, kind: "missing", originOffset: record.offset, targetOffset: copy.offset, text };
    });
}

const keyText = (record: RecordCursor): string => record.key()?.toString("base64") ?? "";

function differ<B extends Beginning>(
  { pair, first, copy, originWhole, targetWhole }: Open<B>,
  kind: "missing" | "extra",
): BeginningDifference<B> {
  const { topic, partition } = pair.origin;
  const deleted = (whole: boolean) => (whole ? ", which has deleted nothing," : "");
  const why =
    kind === "missing"
      ? `the target${deleted(targetWhole)} does not hold this record and begins with ${textOf(copy)}`
      : `the target begins with ${textOf(copy)}, which the origin${deleted(originWhole)} does not hold`;
  const text = `${topic}-${partition}: the origin begins with ${textOf(first)}, but ${why}: was the topic deleted and created again?`;
  return { pair, kind, originOffset: first.offset, targetOffset: copy.offset, text };
}

const textOf = (r: Fingerprint): string => `offset ${r.offset} (timestamp ${r.timestamp}, ${r.size} bytes)`;

/** Returns the first visible record of each range. Absent if there is none or if it cannot be read yet. */
async function firstRecords(
  port: KafkaPort,
  ranges: readonly PartitionRange[],
  isolation: Isolation,
): Promise<Map<string, First>> {
  const found = new Map<string, First>();
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
        found.set(partitionKey(request), { ...fingerprint(record), key: keyText(record) });
        return STOP;
      });
      if (!stopped && fetched.records.length > 0 && BigInt(next) < to)
        again.push({ topic: request.topic, partition: request.partition, offset: BigInt(next) });
    });
    open = again;
  }
  return found;
}

interface Wanted {
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
async function search(
  port: KafkaPort,
  isolation: Isolation,
  wanted: readonly Wanted[],
  signal?: AbortSignal,
): Promise<(boolean | undefined)[]> {
  if (wanted.length === 0) return [];
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
  const expected = wanted.map(({ range }) => {
    const at = byTime.get(partitionKey(range)) ?? range.from;
    return at < 0n ? range.to : max(at, range.from);
  });
  const found: (boolean | undefined)[] = wanted.map(() => undefined);
  const look = async (asked: readonly [PartitionRange, number][]) => {
    const ranges = new Map(asked);
    await scan(port, [...ranges.keys()], {
      isolation,
      signal,
      visit(range, record) {
        const i = ranges.get(range)!;
        if (!wanted[i]!.like(fingerprint(record))) return undefined;
        found[i] = true;
        return STOP;
      },
    });
  };
  await look(
    wanted.map(({ range }, i) => [{ ...range, from: expected[i]!, to: min(expected[i]! + FEW, range.to) }, i]),
  );
  const whole = wanted
    .flatMap(({ range, time, notBefore }, i): [PartitionRange, number][] => {
      const from = time !== undefined && notBefore ? expected[i]! : range.from;
      return found[i] === true || range.to - from > MANY ? [] : [[{ ...range, from }, i]];
    })
    .slice(0, WHOLE);
  await look(whole);
  for (const [, i] of whole) found[i] ??= false;
  return found;
}

const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
