import { summaryText } from "../access";
import { countText } from "../units";
import type { AccessRows, PartFacts, ReportInput } from "./types";

/** The comparisons of all parts, joined. The newest one has the numbers. Undefined: nothing was compared. */
export function accessRows(input: ReportInput): AccessRows | undefined {
  const parts: (PartFacts & { wave?: string })[] = [input, ...(input.waves ?? [])];
  const found = parts.flatMap(({ access }) => (access === undefined ? [] : [access]));
  const newest = [...found].sort((a, b) => a.at.localeCompare(b.at)).at(-1);
  if (newest === undefined) return undefined;
  const once = (lines: readonly string[]) => [...new Set(lines)];
  const results = found.map(({ result }) => result);
  const left = results.reduce((sum, { left: some = 0 }) => sum + some, 0);
  const differences = once(results.flatMap((result) => result.differences.map(({ text }) => text)));
  const more = left === 0 ? [] : [`and ${left} more; \`kafka-migration access\` lists all of them`];
  const equal = results.every((result) => result.equal);
  return {
    at: newest.at,
    tone: equal ? "good" : differences.length > 0 ? "bad" : "waiting",
    summary:
      equal || results.length === 1
        ? summaryText(newest.result)
        : `${countText(differences.length + left, "difference")} between the clusters`,
    differences: [...differences, ...more],
    unknown: once(results.flatMap(({ unknown }) => unknown)),
    notes: once(results.flatMap(({ notes }) => notes)),
  };
}
