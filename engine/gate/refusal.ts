import { MigrationError } from "../errors";
import type { MirrorModel } from "../model";
import { mayBeEmpty } from "../parts";
import { nothingSelected } from "../selection";
import { FIXES, order } from "./fixes";
import { verdictOf } from "./rule";
import type { GateFinding } from "./types";
import type { Look } from "./look";

const NAMED = 20;

/** Why GATE_BLOCKED is thrown. */
export const CANNOT = "the copy cannot become complete as things stand";

/** What the gate knows when it gives up. */
interface Known {
  /** The last look that succeeded, and what it found. */
  look: Look | undefined;
  against: readonly GateFinding[];
  mirror: MirrorModel;
  /** The error of the last step, if the brokers throttled it until the limit. */
  throttled?: string;
  /** The error of the last step, if it failed temporarily. */
  failure?: string;
}

/**
 * Returns the gate's error with the first findings, causes before symptoms, and the number of the others by kind.
 * @param seen what happened, without the progress of the copy
 */
export function refusal(
  code: string,
  seen: string,
  { look, against, mirror, throttled, failure }: Known,
): MigrationError {
  if (look !== undefined && look.topics.length === 0 && look.hiddenTopics.length === 0 && !mayBeEmpty(mirror))
    return nothingSelected(look.visibleTopics, mirror);
  const complete =
    look === undefined ? 0 : [...look.partitions.values()].filter((p) => verdictOf(p.facts) === "complete").length;
  const progress =
    look === undefined
      ? ""
      : `: ${complete} of ${look.partitions.size} partitions in ${look.topics.length} topics are complete`;
  // One failed task explains a thousand partitions that are behind.
  const ordered = [...against].sort((a, b) => order(a) - order(b));
  const details = [...(throttled === undefined ? [] : [throttled]), ...ordered.slice(0, NAMED).map((f) => f.text)];
  const rest = new Map<string, number>();
  for (const f of ordered.slice(NAMED)) rest.set(f.kind, (rest.get(f.kind) ?? 0) + 1);
  for (const [kind, count] of rest) details.push(`${count} more: ${kind}`);
  if (failure !== undefined)
    details.push(`${look === undefined ? "no look succeeded" : "a later look failed"}: ${failure}`);
  return new MigrationError(code, seen + progress, { details, fix: FIXES[ordered[0]?.kind ?? "behind"] });
}
