import type { Clusters } from "../clusters";
import type { KafkaPort } from "../kafka/port";
import { readOffsets } from "../log/bounds";
import { partitionKey, type PartitionRange, type TopicPartition } from "../log/partition";
import type { Isolation } from "../records/read";
import { type Fingerprint, fingerprint } from "../records/same";
import { scan } from "../records/scan";
import { earliestTime, isGapCopied } from "./gap-copy";

/** A longer gap is not read: waiting for the mirror's own offset is faster. In offsets. */
export const LONGEST_GAP = 5_000;
/** More records around the gap are not read either. Their timestamps are out of order by too much. In offsets. */
const LONGEST_NEIGHBOURHOOD = 20_000;
/** Offsets that are read at a time and in one look. They limit memory and time. */
const SLICE = 20_000;
const ALL = 200_000;

/** A gap in a partition of the origin, and the copy of this partition. */
export interface Gap {
  origin: PartitionRange;
  target: TopicPartition;
}

/**
 * Looks for the records of each gap at the end of the target's partition. `isGapCopied` explains what is necessary.
 * @returns the keys (of the origin) of the partitions whose gap is copied without doubt. A gap that is too long, or
 *   whose records are not unique, is never among them
 */
export async function copiedGaps(
  clusters: Clusters,
  gaps: readonly Gap[],
  isolation: Isolation,
  signal?: AbortSignal,
): Promise<Set<string>> {
  const copied = new Set<string>();
  for (const slice of slices(gaps))
    for (const key of await copiedIn(clusters, slice, isolation, signal)) copied.add(key);
  return copied;
}

const lengthOf = ({ from, to }: PartitionRange): number => Number(to - from);

/** Shortest gaps first, so that as many partitions as possible are decided. */
function slices(gaps: readonly Gap[]): Gap[][] {
  const sorted = gaps
    .filter((g) => lengthOf(g.origin) <= LONGEST_GAP)
    .sort((a, b) => lengthOf(a.origin) - lengthOf(b.origin));
  const found: Gap[][] = [];
  let all = 0;
  let some = SLICE;
  for (const gap of sorted) {
    all += lengthOf(gap.origin);
    if (all > ALL) break;
    some += lengthOf(gap.origin);
    if (some > SLICE) {
      found.push([]);
      some = lengthOf(gap.origin);
    }
    found.at(-1)!.push(gap);
  }
  return found;
}

async function copiedIn(
  { origin, target }: Clusters,
  gaps: readonly Gap[],
  isolation: Isolation,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const records = await readAll(
    origin,
    gaps.map((g) => g.origin),
    isolation,
    signal,
  );
  const timed = gaps.flatMap((gap) => {
    const since = earliestTime(records.get(partitionKey(gap.origin))!);
    return since === undefined ? [] : [{ ...gap, since }];
  });
  // A broker's time index finds the first record after a time for sure, but not always the first one at that time.
  const from = (t: { since: number }) => t.since - 1;
  const copies = timed.map((t) => ({ ...t.target, since: t.since }));
  const [here, there, ends] = await Promise.all([
    readOffsets(
      origin,
      timed.map((t) => ({ ...t.origin, since: t.since })),
      from,
    ),
    readOffsets(target, copies, from),
    readOffsets(target, copies, "latest"),
  ]);
  const near = timed.flatMap(({ origin: gap, target: copy }) => {
    const first = here.get(partitionKey(gap)) ?? -1n;
    const firstCopy = there.get(partitionKey(copy)) ?? -1n;
    if (first < 0n || firstCopy < 0n) return [];
    const before = { ...gap, from: first < gap.from ? first : gap.from, to: gap.from };
    const end = { ...copy, from: firstCopy, to: ends.get(partitionKey(copy))! };
    return [before, end].some((range) => lengthOf(range) > LONGEST_NEIGHBOURHOOD) ? [] : [{ gap, before, end }];
  });
  const [before, end, starts] = await Promise.all([
    readAll(
      origin,
      near.map((n) => n.before),
      isolation,
      signal,
    ),
    // An exactly-once mirror leaves aborted records on the target.
    readAll(
      target,
      near.map((n) => n.end),
      "read_committed",
      signal,
    ),
    // Not before the first offsets were read: deletions in between must show.
    readOffsets(
      origin,
      near.map((n) => n.before),
      "earliest",
    ),
  ]);
  return near.flatMap((n) => {
    const key = partitionKey(n.gap);
    const start = starts.get(key)!;
    // A record that retention has deleted may equal one of the gap. An older record that is left shows that none does.
    if (start > 0n && n.before.from <= start) return [];
    const evidence = { gap: records.get(key)!, before: before.get(key)!, target: end.get(partitionKey(n.end))! };
    return isGapCopied(evidence) ? [key] : [];
  });
}

async function readAll(
  port: KafkaPort,
  ranges: readonly PartitionRange[],
  isolation: Isolation,
  signal: AbortSignal | undefined,
): Promise<Map<string, Fingerprint[]>> {
  const found = new Map<string, Fingerprint[]>(ranges.map((r) => [partitionKey(r), []]));
  await scan(port, ranges, {
    isolation,
    visit: (range, record) => void found.get(partitionKey(range))!.push(fingerprint(record)),
    signal,
  });
  return found;
}
