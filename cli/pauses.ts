import { lengthText, type PartPause, partPauseText, type Pause, type Report } from "../engine/report";
import { table } from "./table";

/** Maximum number of groups in the text. `--json` has all. */
const MOST_GROUPS = 20;

/** The pauses of one part. */
interface PartPauses extends PartPause {
  /** Absent: there are no waves. Null: everything outside the waves. */
  wave?: string | null;
}

/** The pauses of a report, as `--json` prints them. */
export interface Pauses {
  parts: PartPauses[];
  groups: ({ group: string } & ({ waited: Pause } | { notStopped: true }))[];
}

/** Only parts and groups of which something is known. */
export function pausesOf({ waves, producers, groupsWaited, groups }: Report): Pauses {
  const parts: PartPauses[] =
    waves === undefined
      ? [pauseOf({ producers, groupsWaited })]
      : waves.map((row) => ({ wave: row.wave ?? null, ...pauseOf(row) }));
  return {
    parts: parts.filter((part) => part.producers !== undefined || part.groupsWaited !== undefined),
    groups: groups.flatMap(({ group, waited, notStopped }): Pauses["groups"] =>
      waited !== undefined ? [{ group, waited }] : notStopped === true ? [{ group, notStopped }] : [],
    ),
  };
}

const pauseOf = ({ producers, groupsWaited }: Pick<Report, "producers" | "groupsWaited">): PartPause => ({
  ...(producers === undefined ? {} : { producers }),
  ...(groupsWaited === undefined ? {} : { groupsWaited }),
});

/** The same as text: a line for each part, and the slowest groups. */
export function pauseLines({ parts, groups }: Pauses): string[] {
  const lines = parts.flatMap((part) => {
    const text = partText(part);
    return text === undefined ? [] : [part.wave === undefined ? text : `${nameOf(part.wave)}: ${text}`];
  });
  const lengthOf = (group: Pauses["groups"][number]): number =>
    "waited" in group ? Date.parse(group.waited.to ?? group.waited.from) - Date.parse(group.waited.from) : Infinity;
  const rows = [...groups]
    .sort((a, b) => lengthOf(b) - lengthOf(a))
    .map((row) =>
      "waited" in row
        ? [row.group, lengthText(row.waited) ?? "not over yet", row.waited.from, row.waited.to ?? ""]
        : [row.group, "had members on the origin", "", ""],
    );
  return rows.length === 0 ? lines : [...lines, "", ...table(["group", "waited", "from", "to"], rows, MOST_GROUPS)];
}

const nameOf = (wave: string | null): string => (wave === null ? "everything else" : `wave ${wave}`);

function partText({ producers, groupsWaited }: PartPauses): string | undefined {
  const open =
    producers !== undefined && producers.to === undefined ? `producers wait since ${producers.from}` : undefined;
  const known = partPauseText({
    ...(producers === undefined ? {} : { producers }),
    ...(groupsWaited === undefined ? {} : { groupsWaited }),
  });
  const texts = [open, known].filter((text) => text !== undefined);
  return texts.length === 0 ? undefined : texts.join("; ");
}
