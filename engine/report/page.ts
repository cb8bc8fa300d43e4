/** Own templates and plot: the page is one file without scripts, and `html` escapes every name from a cluster. */
import { connectorSection } from "./connectors";
import { html, Html } from "./escape";
import { atMost } from "../units";
import { clock, progressPlot } from "./plot";
import { STYLE } from "./style";
import { lengthText, startText } from "./pause";
import type { GroupRow, GroupsPause, Pause, Report, Tone, TopicRow, WaveRow } from "./types";

/**
 * Maximum number of rows of a table on the page. The JSON file has all rows. Rows with problems come first, so that
 * they are never cut off.
 */
const MOST_ROWS = 5_000;

const MARKS: Record<Tone, string> = { good: "\u2713", waiting: "\u2026", bad: "\u2717" };

/** The report as one self-contained page: no script, no URL, and all text escaped. */
export function reportHtml(report: Report): string {
  const { name, phase, madeAt, mirror, headline } = report;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Kafka migration ${name}</title>
<style>${new Html(STYLE)}</style>
</head>
<body><main>
<header>
<h1>Kafka migration ${name}</h1>
<p class="sub">${mirror.originAlias} ${"\u2192"} ${mirror.targetAlias}${phase === null ? "" : ` \u00b7 phase ${phase}`} · made ${clock(madeAt)}</p>
</header>
<section class="headline ${headline.tone}">${headline.text}</section>
${warnings(report)}
${figures(report)}
${progress(report)}
${pauses(report)}
${waves(report)}
<section><h2>Timeline</h2>${
    report.timeline.length === 0
      ? nothing("Nothing has happened yet.")
      : html`<ol class="timeline">${report.timeline.map((e) => html`<li><time datetime="${e.at}">${clock(e.at)}</time>${e.what}</li>`)}</ol>`
  }</section>
<section><h2>Topics (${report.topics.length})</h2>${report.topics.length === 0 ? nothing(`None known yet; the pattern is ${mirror.topicsPattern}`) : topics(report.topics)}</section>
<section><h2>Consumer groups (${report.groups.length})</h2>${report.groups.length === 0 ? nothing(`None known yet; the pattern is ${mirror.groupsPattern}`) : groups(report.groups)}</section>
${connectorSection(report.connectors, MOST_ROWS)}
${access(report)}
<section><h2>Residue</h2>${residue(report)}</section>
</main></body>
</html>
`;
  return page.text;
}

const nothing = (text: string): Html => html`<p class="none">${text}</p>`;
const empty = new Html("");
const DASH = "\u2013";

function warnings({ warnings: lines, headline }: Report): Html {
  if (lines.length === 0) return empty;
  return html`<section class="${headline.tone === "bad" ? "stop" : "warn"}"><h2>To check (${lines.length})</h2><ul class="warnings">${lines.map((w) => html`<li>${w}</li>`)}</ul></section>`;
}

function figures({ figures: found }: Report): Html {
  if (found.length === 0) return empty;
  return html`<section><dl class="figures">${found.map(([what, value]) => html`<div><dt>${what}</dt><dd>${value}</dd></div>`)}</dl></section>`;
}

function progress(report: Report): Html {
  const plot = progressPlot(report.progress);
  return plot === undefined ? empty : html`<section><h2>Progress</h2>${plot}</section>`;
}

function mark(tone: Tone, proof: string): Html {
  return html`<span class="mark ${tone}">${MARKS[tone]}</span> ${proof}`;
}

function cut(count: number): Html {
  return count <= MOST_ROWS ? empty : nothing(`and ${count - MOST_ROWS} more, in the JSON file`);
}

function topics(rows: readonly TopicRow[]): Html {
  const replication = rows.some((r) => r.replication !== undefined);
  const left = rows.some((r) => r.left !== undefined);
  return html`<div class="scroll"><table><thead><tr><th>Topic</th><th class="n">Partitions</th><th class="n">Records</th>${left ? html`<th class="n">Left</th>` : empty}<th>Proof</th>${replication ? html`<th>Replicas</th>` : empty}</tr></thead><tbody>${rows
    .slice(0, MOST_ROWS)
    .map(
      (
        r,
      ) => html`<tr><td class="name">${r.topic}${r.target === undefined ? empty : html`<small>${r.target} on the target</small>`}</td><td class="n" data-of="Partitions">${r.partitions}</td><td class="n" data-of="Records">${atMost(r.records, r.recordsAtMost)}</td>${left ? html`<td class="n" data-of="Left">${r.left === undefined ? "" : atMost(r.left, true)}</td>` : empty}<td>${mark(r.tone, r.proof)}</td>${replication ? html`<td data-of="Replicas">${r.replication ?? "already correct"}</td>` : empty}</tr>
`,
    )}</tbody></table></div>${cut(rows.length)}`;
}

function groups(rows: readonly GroupRow[]): Html {
  const exact = rows.some((r) => r.exact !== undefined);
  const waited = rows.some((r) => r.waited !== undefined || r.notStopped === true);
  return html`<div class="scroll"><table><thead><tr><th>Group</th><th class="n">Offsets</th>${exact ? html`<th class="n">Exact</th><th class="n">Read again</th>` : empty}${waited ? html`<th>Waited</th>` : empty}<th>Proof</th></tr></thead><tbody>${rows
    .slice(0, MOST_ROWS)
    .map(
      (
        r,
      ) => html`<tr><td class="name">${r.group}</td><td class="n" data-of="Offsets">${r.offsets}</td>${exact ? html`<td class="n" data-of="Exact">${r.exact ?? ""}</td><td class="n" data-of="Read again">${r.rereads === undefined ? "" : atMost(r.rereads, r.rereadsAtMost)}</td>` : empty}${waited ? html`<td data-of="Waited">${r.notStopped === true ? "not stopped" : pauseOf(r.waited)}</td>` : empty}<td>${mark(r.tone, r.proof)}</td></tr>
`,
    )}</tbody></table></div>${cut(rows.length)}`;
}

function access({ access: found }: Report): Html {
  if (found === undefined) return empty;
  const { at, tone, summary, differences, unknown, notes } = found;
  const lines = [...differences, ...unknown.map((text) => `Not compared: ${text}`), ...notes];
  const shown = lines.slice(0, MOST_ROWS);
  const list = shown.length === 0 ? empty : html`<ul>${shown.map((line) => html`<li>${line}</li>`)}</ul>`;
  return html`<section><h2>Access</h2><p>${mark(tone, `${summary} (${clock(at)})`)}</p>${list}${cut(lines.length)}</section>`;
}

function waves({ waves: rows }: Report): Html {
  if (rows === undefined) return empty;
  return html`<section><h2>Waves (${rows.length - 1})</h2><div class="scroll"><table><thead><tr><th>Wave</th><th>State</th><th>Producers waited</th><th>Groups waited</th><th>Groups moved</th><th>Proof</th></tr></thead><tbody>${rows.map(
    (
      r,
    ) => html`<tr><td class="name">${r.wave ?? "everything else"}</td><td data-of="State">${r.state}<small>phase ${r.phase}</small></td><td data-of="Producers waited">${pauseOf(r.producers)}</td><td data-of="Groups waited">${groupsPauseOf(r.groupsWaited)}</td><td data-of="Groups moved">${movedText(r)}</td><td>${mark(r.tone, r.proof)}</td></tr>
`,
  )}</tbody></table></div></section>`;
}

function movedText({ groupsMovedAt, groupsMovedBefore }: WaveRow): string {
  const before = groupsMovedBefore === undefined ? [] : [`${groupsMovedBefore} before the cutover`];
  const all = [...(groupsMovedAt === undefined ? [] : [clock(groupsMovedAt)]), ...before];
  return all.length === 0 ? DASH : all.join("; ");
}

/** The length, and from when to when. */
function pauseOf(pause: Pause | undefined): Html | string {
  if (pause === undefined) return DASH;
  const { from, to } = pause;
  if (to === undefined) return `since ${clock(from)}`;
  const start = startText(pause);
  return html`${lengthText(pause)!}<small>${clock(from)} to ${clock(to)}</small>${start === undefined ? empty : html`<small>${start}</small>`}`;
}

function groupsPauseOf(found: GroupsPause | undefined): Html | string {
  if (found === undefined) return DASH;
  const { slowest, groups, notStopped } = found;
  const others = notStopped === undefined ? empty : html`<small>${notStopped} not stopped</small>`;
  if (slowest === undefined) return html`${DASH}${others}`;
  return html`${pauseOf(slowest)}<small>${groups === 1 ? "" : `slowest of ${groups}: `}${slowest.group}</small>${others}`;
}

/** Without waves. Each wave has its own. */
function pauses({ producers, groupsWaited }: Report): Html {
  if (producers === undefined && groupsWaited === undefined) return empty;
  return html`<section><h2>Pause</h2><dl class="figures"><div><dt>Producers waited</dt><dd>${pauseOf(producers)}</dd></div><div><dt>Groups waited</dt><dd>${groupsPauseOf(groupsWaited)}</dd></div></dl></section>`;
}

function residue({ residue: found, phase }: Report): Html {
  if (found === null)
    return nothing(
      phase === "destroy" ? "The search for residue failed." : "The search starts when the mirror is gone.",
    );
  if (found.length === 0)
    return html`<p class="good">${MARKS.good} ${phase === "destroy" ? "None found." : "None found on either cluster."}</p>`;
  return html`<div class="scroll"><table><thead><tr><th>What</th><th>Where</th><th>Name</th><th>Reason</th></tr></thead><tbody>${found.map(
    (r) => html`<tr><td>${r.kind}</td><td>${r.side}</td><td class="name">${r.name}</td><td>${r.what}</td></tr>
`,
  )}</tbody></table></div>`;
}
