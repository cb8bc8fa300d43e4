import type { LogBounds } from "../log/bounds";
import type { OffsetRange } from "../log/partition";

/** What is known about one origin partition. S is the start of its log, E the end. */
export interface PartitionFacts extends LogBounds {
  /** The last stable offset. It is below E while a transaction is open. */
  stable: number;
  /** N: the last origin offset that the mirror reports as copied. Undefined: it has copied none. */
  mirrored?: number | undefined;
  /**
   * Exclusive. An earlier look found no visible record from N+1 up to here, so deletions in that range lose nothing.
   */
  clearedTo?: number | undefined;
  /** Whether [max(N+1, S), E) holds a visible record. Undefined: not read yet. */
  visibleInGap?: boolean | undefined;
  /** True: every visible record of the gap was found on the target. Undefined: not looked for, or not found. */
  copiedInGap?: boolean | undefined;
}

export type Verdict = "complete" | "behind" | "look" | "open transaction" | "truncated" | "stale offsets";

/** The offsets that the mirror may still have to copy. */
export function gap(p: PartitionFacts): OffsetRange {
  return { from: Math.max((p.mirrored ?? -1) + 1, p.start), to: p.end };
}

/**
 * Decides whether everything that a consumer can see is copied. docs/gate.md explains the rule and the cases that break
 * simpler rules. `look` means that the gap must be read to decide.
 */
export function verdictOf(p: PartitionFacts): Verdict {
  const { from, to } = gap(p);
  if (p.mirrored !== undefined && p.mirrored >= p.end) return "stale offsets";
  if (p.mirrored !== undefined && p.start > Math.max(p.mirrored + 1, p.clearedTo ?? 0)) return "truncated";
  if (p.stable < p.end) return "open transaction";
  if (from >= to) return "complete";
  if (p.visibleInGap === undefined) return "look";
  return p.visibleInGap && p.copiedInGap !== true ? "behind" : "complete";
}
