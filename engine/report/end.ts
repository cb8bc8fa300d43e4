import type { Residue } from "../cleanup";
import { countText } from "../units";
import { buildReport, eachOnce } from "./build";
import type { Report, ReportInput } from "./types";

/** The facts after the mirror (`cleanup`), or the whole migration (`destroy`), was removed. */
export interface Ending {
  name: string;
  /** ISO 8601. */
  madeAt: string;
  phase: "cleanup" | "destroy";
  mirror: ReportInput["mirror"];
  /** Undefined: the clusters could not be asked. */
  residue?: readonly Residue[];
  /** Number of Kubernetes objects that were searched for. */
  objects: number;
  /** What could not be checked. */
  notes: readonly string[];
  abandoned: boolean;
}

/** The final report: everything from the earlier one, plus what the migration has left behind. */
export function endReport(earlier: Report | undefined, ending: Ending): Report {
  const { name, madeAt, phase, mirror, residue, notes } = ending;
  const before = earlier ?? buildReport({ name, madeAt, mirror });
  const left = residue?.length ?? 0;
  const where = `both clusters${ending.objects === 0 ? "" : ` and for ${countText(ending.objects, "object")} in Kubernetes`}`;
  return {
    ...before,
    madeAt,
    phase,
    headline: headline(ending),
    warnings: eachOnce([
      ...(residue ?? []).map((r) => `residue: ${r.side} ${r.kind} ${r.name}: ${r.what}`),
      ...notes,
      ...before.warnings,
    ]),
    timeline: [
      ...before.timeline,
      {
        at: madeAt,
        what:
          `${phase === "destroy" ? "Destroyed" : "Cleaned up"}; ` +
          `${residue === undefined ? "the search for residue failed" : `searched for residue on ${where}: ${left === 0 ? "none" : countText(left, "piece")}`}`,
      },
    ],
    residue: residue === undefined ? null : [...residue],
  };
}

function headline({ phase, residue, notes, abandoned }: Ending): Report["headline"] {
  const done = `${abandoned ? "Abandoned and " : ""}${phase === "destroy" ? "destroyed" : "cleaned up"}`;
  const text = done[0]!.toUpperCase() + done.slice(1);
  if (residue === undefined) return { tone: "waiting", text: `${text}, but the search for residue failed` };
  const left =
    residue.length > 0
      ? `, but ${countText(residue.length, "piece")} of residue found`
      : notes.length > 0
        ? ": no residue in the places that could be searched"
        : ": no residue";
  if (abandoned) return { tone: "bad", text: `${text}${left}; it was not proved that the copy is complete` };
  return {
    tone:
      residue.length === 0 && notes.length === 0
        ? "good"
        : residue.every((r) => r.foreign === true)
          ? "waiting"
          : "bad",
    text: text + left,
  };
}
