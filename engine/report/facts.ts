import { countsOf } from "./rows";
import type { PartFacts, ReportInput } from "./types";

/** The results of a migration's steps that the report needs. They are small enough to be kept in the stack's state. */
export type ReportFacts = Pick<
  ReportInput,
  "preflight" | "access" | "gate" | "abandonedAt" | "fenceRaisedAt" | "verification" | "offsets" | "replication"
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
