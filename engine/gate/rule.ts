import type { LogBounds } from "../log/bounds";
import type { OffsetRange } from "../log/range";

/** What is known of one origin partition: S is its log's start, E its end. */
export interface PartitionFacts extends LogBounds {
  /** The last stable offset: below E while a transaction is open. */
  stable: number;
  /** N: the last origin offset that the mirror says it copied; undefined: it never copied one. */
  mirrored?: number | undefined;
  /** Up to here (exclusive) an earlier look found no visible record after N, so what is deleted of it is no loss. */
  clearedTo?: number | undefined;
  /** Whether [max(N+1, S), E) holds a visible record; undefined: nobody looked yet. */
  visibleInGap?: boolean | undefined;
}

export type Verdict = "complete" | "behind" | "look" | "open transaction" | "truncated" | "stale offsets";

/** The offsets that the mirror may still have to copy. */
export function gap(p: PartitionFacts): OffsetRange {
  return { from: Math.max((p.mirrored ?? -1) + 1, p.start), to: p.end };
}

/**
 * Is everything copied that a consumer could see? The reasons, and the cases that break simpler rules: docs/gate.md.
 * `look`: only reading the gap can tell.
 */
export function judge(p: PartitionFacts): Verdict {
  const { from, to } = gap(p);
  if (p.mirrored !== undefined && p.mirrored >= p.end) return "stale offsets";
  if (p.mirrored !== undefined && p.start > Math.max(p.mirrored + 1, p.clearedTo ?? 0)) return "truncated";
  if (p.stable < p.end) return "open transaction";
  if (from >= to) return "complete";
  if (p.visibleInGap === undefined) return "look";
  return p.visibleInGap ? "behind" : "complete";
}
