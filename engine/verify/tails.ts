import type { Clusters } from "../clusters";
import { partitionKey } from "../log/partition";
import { type Isolation, pickLast } from "../records/read";
import { isCopy, type TailRecord, tailRecord } from "../records/same";
import { align, type Mismatch } from "./align";
import type { EntryRange } from "./sequence";
import { compareLatest, addKeyDifference } from "./compacted";
import { Differences } from "./differences";
import { listSequence } from "./entries";
import { name, type Watch } from "./ordered";
import { type Pair, TARGET_ISOLATION } from "./pairs";

/** Maximum entries in memory. Each partition needs the entries of its tail on both sides. */
const ENTRIES_TOGETHER = 50_000;

/**
 * Compares the last records of each partition, many partitions at a time. Compares the whole partition if it is
 * compacted and its last records are not enough for a decision.
 */
export async function compareTails(
  clusters: Clusters,
  pairs: readonly Pair[],
  count: number,
  isolation: Isolation,
  watch: Watch,
): Promise<void> {
  const undecided: Pair[] = [];
  const together = Math.max(1, Math.floor(ENTRIES_TOGETHER / (2 * count)));
  for (let from = 0; from < pairs.length; from += together) {
    watch.signal?.throwIfAborted();
    const some = pairs.slice(from, from + together);
    const [here, there] = await Promise.all([
      pickLast(
        clusters.origin,
        some.map((p) => p.origin),
        count,
        isolation,
        tailRecord,
      ),
      pickLast(
        clusters.target,
        some.map((p) => p.target),
        count,
        TARGET_ISOLATION,
        tailRecord,
      ),
    ]);
    for (const pair of some) {
      if (
        !(await comparePair(
          pair,
          here.get(partitionKey(pair.origin))!,
          there.get(partitionKey(pair.target))!,
          count,
          watch,
        ))
      )
        undecided.push(pair);
    }
  }
  await compareLatest(clusters, undecided, isolation, watch);
}

/** @returns false if the tails are not enough for a decision */
async function comparePair(
  pair: Pair,
  here: TailRecord[],
  there: TailRecord[],
  count: number,
  watch: Watch,
): Promise<boolean> {
  const differences = new Differences(pair);
  const whole = { origin: here.length < count, target: there.length < count };
  const [a, b] = [here, there].map((tail) => (pair.originCompacts ? tail.filter((e) => e.key !== null) : tail));
  if (pair.compacted && !(decides(a!, b!, whole.origin, whole.target) && decides(b!, a!, whole.target, whole.origin)))
    return false;
  if (pair.compacted) compareKeys(pair, differences, a!, b!, whole);
  else await compareBackwards(differences, here, there, whole);
  watch.done(pair, {
    ...name(pair),
    proof: here.length === 0 && there.length === 0 ? "nothing to compare" : "tail",
    ...(whole.origin ? { originRecords: here.length } : {}),
    ...(whole.target ? { targetRecords: there.length } : {}),
    differences: differences.done(),
  });
  return true;
}

/** Compares from the end backwards until the tail of one side has no more records. */
async function compareBackwards(
  differences: Differences,
  here: TailRecord[],
  there: TailRecord[],
  whole: { origin: boolean; target: boolean },
): Promise<void> {
  // Nearly every tail: the alignment would find nothing, and clients wait behind the fence.
  if (here.length === there.length && here.every((record, i) => isCopy(record, there[i]!))) return;
  const mismatches: Mismatch[] = [];
  await align(listSequence(here.toReversed()), listSequence(there.toReversed()), (mismatch) =>
    mismatches.push(mismatch),
  );
  for (const mismatch of mismatches.toReversed()) {
    const turned = forwards(mismatch);
    // Records before the start of the other tail are a difference only if the other tail is the whole log.
    if (turned.kind === "leading" && turned.origin !== undefined && !whole.target) continue;
    if (turned.kind === "leading" && turned.target !== undefined && !whole.origin) continue;
    if (turned.kind === "duplicate" && turned.rest && !whole.origin) continue;
    differences.addMismatch(turned);
  }
}

/** Converts a mismatch that was found backwards: its last records are the first ones in the log. */
function forwards(mismatch: Mismatch): Mismatch {
  switch (mismatch.kind) {
    case "missing":
      return mismatch.rest
        ? { kind: "leading", origin: turn(mismatch.origin) }
        : { kind: "missing", origin: turn(mismatch.origin) };
    case "extra":
      return mismatch.rest
        ? { kind: "leading", target: turn(mismatch.target) }
        : { kind: "extra", target: turn(mismatch.target) };
    case "duplicate":
      return { ...mismatch, target: turn(mismatch.target) };
    case "changed":
    case "order":
      return { kind: mismatch.kind, origin: turn(mismatch.origin), target: turn(mismatch.target) };
    case "leading":
      return mismatch.origin === undefined
        ? { kind: "extra", target: turn(mismatch.target!) }
        : { kind: "missing", origin: turn(mismatch.origin) };
    case "diverged":
      return mismatch;
  }
}

function turn(run: EntryRange): EntryRange {
  return { ...run, first: run.last, last: run.first };
}

/**
 * Returns true if the other tail contains the last key with a value in this tail, or if the other tail is the whole
 * log. If no key has a value, returns true only if this tail is the whole log.
 */
function decides(tail: TailRecord[], other: TailRecord[], whole: boolean, otherWhole: boolean): boolean {
  const keys = latest(tail);
  const last = tail.findLast((e) => e.alive && keys.get(e.key) === e);
  return last === undefined ? whole : otherWhole || other.some((e) => e.key === last.key);
}

function latest(tail: TailRecord[]): Map<string | null, TailRecord> {
  return new Map(tail.map((e) => [e.key, e]));
}

/**
 * Compares the latest record of each key in both tails. A key in only one tail counts if the other tail is the whole
 * log.
 */
function compareKeys(
  pair: Pair,
  differences: Differences,
  here: TailRecord[],
  there: TailRecord[],
  whole: { origin: boolean; target: boolean },
): void {
  const [a, b] = [latest(here), latest(there)];
  for (const [key, mine] of a) {
    const other = b.get(key);
    if (other === undefined ? whole.target : !isCopy(mine, other)) addKeyDifference(pair, differences, mine, other);
  }
  if (!whole.origin) return;
  for (const [key, other] of b) if (!a.has(key)) addKeyDifference(pair, differences, undefined, other);
}
