import { defined } from "../objects";
import type { AppliedOffsets } from "../offsets";
import { countsOf } from "./rows";
import type { PartFacts, ReportInput, ReturnGate, ReturnPause } from "./types";

/** The results of a migration's steps that the report needs. They are small enough to be kept in the stack's state. */
export type ReportFacts = Pick<
  ReportInput,
  | "preflight"
  | "access"
  | "gate"
  | "abandonedAt"
  | "fenceClosedAt"
  | "fenceRaisedAt"
  | "fenceEarlier"
  | "fenceEmpty"
  | "verification"
  | "connectors"
  | "offsets"
  | "replication"
>;

/** More lines than the report shows, so that the report can say how many more there are. */
const MOST_LINES = 300;

/**
 * Removes what the report does not show. A migration of 1,000 groups on 2,000 partitions has up to two million offsets.
 * Here each group is one line.
 */
export function factsOf<F extends PartFacts>(found: F): F {
  const { gate, verification, offsets } = found;
  return {
    ...found,
    ...(gate === undefined ? {} : { gate: { ...gate, cleared: {}, warnings: gate.warnings.slice(0, MOST_LINES) } }),
    ...(verification === undefined
      ? {}
      : {
          verification: {
            at: verification.at,
            result: {
              ...verification.result,
              differences: verification.result.differences.slice(0, MOST_LINES),
              notes: verification.result.notes.slice(0, MOST_LINES),
            },
          },
        }),
    ...(offsets === undefined ? {} : { offsets: { ...offsets, groups: offsets.groups.map(countsOf) } }),
  };
}

/** What the report needs of a return: the gate's times, and one line for each group. Undefined: nothing returned. */
export function returnPause(
  gate: ReturnGate | null | undefined,
  applied: AppliedOffsets | null | undefined,
): ReturnPause | undefined {
  if (gate === null || gate === undefined) return undefined;
  const { passedAt, durationMs, partitions, quietFrom, closedAt } = gate;
  // An older version recorded no times.
  if (quietFrom === undefined && closedAt === undefined) return undefined;
  return {
    stopped: defined({ fenceClosedAt: closedAt, gate: defined({ passedAt, durationMs, partitions, quietFrom }) }),
    groups: (applied?.groups ?? []).map(countsOf),
  };
}
