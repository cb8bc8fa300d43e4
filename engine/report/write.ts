import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { reportHtml } from "./page";
import type { Report, Sample } from "./types";

export interface WrittenReport {
  html: string;
  json: string;
}

/**
 * Writes `<folder>/<name>.html` and `<folder>/<name>.json`, each whole or not at all; makes the folder.
 * @throws the file system's own error
 */
export async function writeReport(folder: string, report: Report): Promise<WrittenReport> {
  const paths = pathsOf(folder, report.name);
  await mkdir(folder, { recursive: true });
  await replace(paths.json, `${JSON.stringify(report, null, 2)}\n`);
  await replace(paths.html, reportHtml(report));
  return paths;
}

/** The points of the plot that an earlier report in this folder has; none when there is none, or it can't be read. */
export async function earlierSamples(folder: string, name: string): Promise<Sample[]> {
  try {
    const { progress } = JSON.parse(await readFile(pathsOf(folder, name).json, "utf8")) as Partial<Report>;
    return Array.isArray(progress) ? progress.filter(isSample) : [];
  } catch {
    return [];
  }
}

function isSample(value: unknown): value is Sample {
  const s = value as Partial<Sample> | null;
  return typeof s?.at === "string" && [s.partitions, s.complete, s.left].every((n) => typeof n === "number" && Number.isFinite(n));
}

/** Names are the stack's; whatever can't be in a file name on some system becomes `_`. */
function pathsOf(folder: string, name: string): WrittenReport {
  const base = `migration-${name.replace(/[^\w.-]/g, "_")}`;
  return { html: join(folder, `${base}.html`), json: join(folder, `${base}.json`) };
}

async function replace(path: string, text: string): Promise<void> {
  const draft = `${path}.${process.pid}.tmp`;
  await writeFile(draft, text);
  await rename(draft, path);
}
