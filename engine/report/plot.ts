import { html, type Html } from "./escape";
import { figure } from "../units";
import type { Sample } from "./types";

/** Units of the drawing. The page stretches it, and its texts are outside of it, so that a telephone can show them. */
const WIDTH = 720;
const HEIGHT = 180;
const MARGIN = 4;

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
  const x = (s: Sample) => ((Date.parse(s.at) - first) / span) * WIDTH;
  const y = (share: number) => MARGIN + (1 - share) * (HEIGHT - 2 * MARGIN);
  const path = (share: (s: Sample) => number) =>
    points.map((p, i) => `${i === 0 ? "M" : "L"}${x(p).toFixed(1)} ${y(share(p)).toFixed(1)}`).join(" ");
  const complete = path((s) => s.complete / s.partitions);
  const last = points.at(-1)!;
  const lines = [0, 0.5, 1].map((share) => html`<path class="grid" d="M0 ${y(share)} L${WIDTH} ${y(share)}"/>`);
  const title = "Complete partitions and records left over time";
  return html`<div class="plot"><div class="share"><span>100%</span><span>50%</span><span>0%</span></div>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${title}">
${lines}
<path class="area" d="${complete} L${x(last).toFixed(1)} ${y(0).toFixed(1)} L0 ${y(0).toFixed(1)} Z"/>
<path class="left" d="${path((s) => s.left / most)}"/>
<path class="line" d="${complete}"/>
</svg><div class="span"><span>${clock(points[0]!.at)}</span><span>${clock(last.at)}</span></div></div>
<p class="legend"><span class="key line"></span>partitions complete <span class="key left"></span>records left (highest: ${figure(most)})</p>`;
}

/** Formats an ISO time as `2026-05-04 10:30:00 UTC`. */
export function clock(at: string): string {
  const time = new Date(at);
  return Number.isNaN(time.getTime()) ? at : `${time.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
