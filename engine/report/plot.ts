import { html, type Html } from "./escape";
import { figure } from "../units";
import type { Sample } from "./types";

const WIDTH = 720;
const HEIGHT = 180;
const LEFT = 44;
const BOTTOM = 24;
const TOP = 10;

/**
 * Complete partitions in per cent over time, as an inline SVG. Undefined with fewer than two points, which make no
 * line.
 */
export function progressPlot(samples: readonly Sample[]): Html | undefined {
  const points = samples.filter((s) => Number.isFinite(Date.parse(s.at)) && s.partitions > 0);
  if (points.length < 2) return undefined;
  const first = Date.parse(points[0]!.at);
  const span = Math.max(1, Date.parse(points.at(-1)!.at) - first);
  const most = Math.max(1, ...points.map((p) => p.left));
  const x = (s: Sample) => LEFT + ((Date.parse(s.at) - first) / span) * (WIDTH - LEFT - 12);
  const y = (share: number) => TOP + (1 - share) * (HEIGHT - TOP - BOTTOM);
  const path = (share: (s: Sample) => number) =>
    points.map((p, i) => `${i === 0 ? "M" : "L"}${x(p).toFixed(1)} ${y(share(p)).toFixed(1)}`).join(" ");
  const complete = path((s) => s.complete / s.partitions);
  const last = points.at(-1)!;
  const lines = [0, 0.5, 1].map(
    (share) =>
      html`<line class="grid" x1="${LEFT}" x2="${WIDTH - 12}" y1="${y(share)}" y2="${y(share)}"/><text x="${LEFT - 8}" y="${y(share) + 4}" text-anchor="end">${Math.round(share * 100)}%</text>`,
  );
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Complete partitions and records left over time">
${lines}
<path class="area" d="${complete} L${x(last).toFixed(1)} ${y(0).toFixed(1)} L${x(points[0]!).toFixed(1)} ${y(0).toFixed(1)} Z"/>
<path class="left" d="${path((s) => s.left / most)}"/>
<path class="line" d="${complete}"/>
<circle cx="${x(last).toFixed(1)}" cy="${y(last.complete / last.partitions).toFixed(1)}" r="4"/>
<text x="${LEFT}" y="${HEIGHT - 6}">${clock(points[0]!.at)}</text><text x="${WIDTH - 12}" y="${HEIGHT - 6}" text-anchor="end">${clock(last.at)}</text>
</svg><p class="legend"><span class="key line"></span>partitions complete <span class="key left"></span>records left (highest: ${figure(most)})</p>`;
}

/** Formats an ISO time as `2026-05-04 10:30:00 UTC`. */
export function clock(at: string): string {
  const time = new Date(at);
  return Number.isNaN(time.getTime()) ? at : `${time.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
