import type { Progress } from "../progress";
import { selectGroups } from "../selection";
import { countText } from "../units";
import type { PreflightFacts } from "./facts";
import type { PreflightFinding } from "./finding";

export interface PreflightResult {
  /** Topics, partitions and groups that the mirror will copy. */
  topics: number;
  partitions: number;
  groups: number;
  /** True if this mirror has run before. The records on the target are then its own copy so far. */
  resumes: boolean;
  warnings: PreflightFinding[];
  /** Groups of sink connectors that an exclusion leaves behind, although the pattern selects them. Absent: none. */
  sinkGroupsLeft?: string[];
}

export function resultOf(
  facts: PreflightFacts,
  warnings: PreflightFinding[],
  sinks: string[],
  progress: Progress,
): PreflightResult {
  const result = {
    topics: facts.selected.length,
    partitions: facts.selected.reduce((n, s) => n + s.origin.bounds.length, 0),
    groups: selectGroups(facts.originGroups, facts.mirror).length,
    resumes: facts.started,
    warnings,
    ...(sinks.length === 0 ? {} : { sinkGroupsLeft: sinks }),
  };
  progress.info(
    `preflight: ${countText(result.topics, "topic")} with ${countText(result.partitions, "partition")} and ` +
      `${countText(result.groups, "group")} to ` +
      `migrate${result.resumes ? ", the mirror has run before and goes on" : ""}; ` +
      `${countText(warnings.length, "warning")}`,
  );
  return result;
}
