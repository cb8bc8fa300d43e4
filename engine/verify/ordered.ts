import type { Clusters } from "../clusters";
import { partitionKey, type PartitionRange } from "../log/partition";
import { type DigestState, SequenceDigest } from "../records/digest";
import type { Isolation } from "../records/read";
import { scan } from "../records/scan";
import { sideBySide } from "../side-by-side";
import { align } from "./align";
import { Differences } from "./differences";
import { logSequence } from "./entries";
import { type Pair, TARGET_ISOLATION } from "./pairs";
import type { PartitionResult } from "./types";

export interface Watch {
  /** Called with what threads have read. What is read here is counted at the ports (`countReads`). */
  bytes(side: "origin" | "target", count: number): void;
  done(pair: Pair, result: PartitionResult): void;
  /** Called after each piece with the position up to which one side of a pair was read. */
  reached?(pair: Pair, side: "origin" | "target", at: Reached): void;
  /** Returns the position up to which an earlier run read one side of a pair. */
  reachedBefore?(pair: Pair, side: "origin" | "target"): Reached | undefined;
  signal?: AbortSignal | undefined;
}

/** The state of a side that was read in part. */
export interface Reached extends DigestState {
  /** The next offset to read. */
  next: number;
}

/** Number of records of a partition after which an interrupted run can continue. The same on both sides. */
const PIECE = 100_000;

export interface Digested {
  count: number;
  digest: string;
}

/**
 * Compares every visible record of the pairs in order. Compares the count and digest of both sides, for all partitions
 * in parallel, in constant memory. If they differ, reads both sides again to find the differences.
 * @param piece number of records of a partition after which an interrupted run can continue. Default 100,000
 */
export async function compareInOrder(
  clusters: Clusters,
  pairs: readonly Pair[],
  isolation: Isolation,
  watch: Watch,
  piece?: number,
): Promise<void> {
  const origin = new Map<string, Digested>();
  const target = new Map<string, Digested>();
  const different: Pair[] = [];
  const byTarget = new Map(pairs.map((p) => [partitionKey(p.target), p]));
  const byOrigin = new Map(pairs.map((p) => [partitionKey(p.origin), p]));
  const settle = (pair: Pair) => {
    const [a, b] = [origin.get(partitionKey(pair.origin)), target.get(partitionKey(pair.target))];
    if (a === undefined || b === undefined) return;
    if (a.count === b.count && a.digest === b.digest)
      watch.done(pair, {
        ...name(pair),
        proof: a.count === 0 ? "nothing to compare" : "exact",
        originRecords: a.count,
        targetRecords: b.count,
        differences: [],
      });
    else different.push(pair);
  };
  await sideBySide(
    (signal) =>
      digests(
        clusters,
        "origin",
        pairs,
        isolation,
        { ...watch, signal },
        (range, digested) => {
          origin.set(partitionKey(range), digested);
          settle(byOrigin.get(partitionKey(range))!);
        },
        piece,
      ),
    (signal) =>
      digests(
        clusters,
        "target",
        pairs,
        TARGET_ISOLATION,
        { ...watch, signal },
        (range, digested) => {
          target.set(partitionKey(range), digested);
          settle(byTarget.get(partitionKey(range))!);
        },
        piece,
      ),
    watch.signal,
  );
  for (const pair of different) {
    watch.signal?.throwIfAborted();
    watch.done(pair, await findDifferences(clusters, pair, isolation));
  }
}

/** Computes count and digest of one side of the pairs. */
export async function digests(
  clusters: Clusters,
  side: "origin" | "target",
  pairs: readonly Pair[],
  isolation: Isolation,
  watch: Pick<Watch, "reached" | "reachedBefore" | "signal">,
  done: (range: PartitionRange, digested: Digested) => void,
  piece = PIECE,
): Promise<void> {
  // The key is the range object. Looking up a string key would cost more than the digest of a small record.
  const running = new Map<PartitionRange, { pair: Pair; digest: SequenceDigest }>();
  for (const pair of pairs) {
    const before = watch.reachedBefore?.(pair, side);
    const range = before === undefined ? pair[side] : { ...pair[side], from: BigInt(before.next) };
    running.set(range, { pair, digest: new SequenceDigest(pair.timestamps, before) });
  }
  await scan(clusters[side], [...running.keys()], {
    isolation,
    visit: (range, record) => {
      const { pair, digest } = running.get(range)!;
      digest.add(record);
      if (digest.count % piece === 0) {
        const next = record.offset + 1;
        const state = digest.fold();
        watch.reached?.(pair, side, { ...state, next });
      }
    },
    done: (range) => {
      const { digest } = running.get(range)!;
      running.delete(range);
      done(range, { count: digest.count, digest: digest.hex() });
    },
    signal: watch.signal,
  });
}

async function findDifferences(clusters: Clusters, pair: Pair, isolation: Isolation): Promise<PartitionResult> {
  const differences = new Differences(pair);
  const counts = await align(
    logSequence(clusters.origin, pair.origin, isolation),
    logSequence(clusters.target, pair.target, TARGET_ISOLATION),
    (mismatch) => differences.addMismatch(mismatch),
  );
  return {
    ...name(pair),
    proof: "exact",
    originRecords: counts.origin,
    targetRecords: counts.target,
    differences: differences.done(),
  };
}

export function name(pair: Pair): { topic: string; partition: number } {
  return { topic: pair.origin.topic, partition: pair.origin.partition };
}
