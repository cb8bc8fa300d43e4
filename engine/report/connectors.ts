import { countText, figure } from "../units";
import { Html, html } from "./escape";
import type { ConnectorRow, PartFacts, ReportInput, TimelineEntry } from "./types";

const empty = new Html("");

/** The source connectors of all parts. Undefined: no offsets were copied. */
export function connectorRows(input: ReportInput): ConnectorRow[] | undefined {
  const parts: readonly PartFacts[] = [input, ...(input.waves ?? [])];
  const rows = parts.flatMap(({ connectors }) => connectors?.copied ?? []);
  if (rows.length === 0) return undefined;
  const key = ({ cluster, connector }: ConnectorRow) => JSON.stringify([cluster, connector]);
  return [...rows].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

export const copiedEvent = ({ connectors }: PartFacts): TimelineEntry | undefined =>
  connectors === undefined || connectors.copied.length === 0
    ? undefined
    : { at: connectors.at, what: `Offsets of ${countText(connectors.copied.length, "source connector")} copied` };

/** The section of the page. */
export function connectorSection(rows: readonly ConnectorRow[] | undefined, most: number): Html {
  if (rows === undefined) return empty;
  return html`<section><h2>Source connectors (${rows.length})</h2><div class="scroll"><table><thead><tr><th>Connector</th><th>Connect cluster</th><th class="n">Offsets written</th><th class="n">Already there</th></tr></thead><tbody>${rows
    .slice(0, most)
    .map(
      (
        r,
      ) => html`<tr><td class="name">${r.connector}</td><td data-of="Connect cluster">${r.cluster}</td><td class="n" data-of="Offsets written">${figure(r.written)}</td><td class="n" data-of="Already there">${figure(r.same)}</td></tr>
`,
    )}</tbody></table></div>${rows.length <= most ? empty : html`<p class="none">and ${rows.length - most} more, in the JSON file</p>`}</section>`;
}
