import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { reportHtml } from "./page";
import type { Report, Sample } from "./types";

export interface WrittenReport {
  html: string;
  json: string;
}

/**
 * Writes `<folder>/<name>.html` and `<folder>/<name>.json`, each one completely or not at all. Creates the folder.
 * @throws the file system's own error
 */
export async function writeReport(folder: string, report: Report): Promise<WrittenReport> {
  const paths = reportPaths(folder, report.name);
  await mkdir(folder, { recursive: true });
  await replace(paths.json, `${JSON.stringify(report, null, 2)}\n`);
  await replace(paths.html, reportHtml(report));
  return paths;
}

/** The report in this folder. Undefined if there is none or it cannot be read. */
export async function earlierReport(folder: string, name: string): Promise<Report | undefined> {
  try {
    const report = JSON.parse(await readFile(reportPaths(folder, name).json, "utf8")) as Partial<Report>;
    const lists = [report.progress, report.timeline, report.warnings, report.figures, report.topics, report.groups];
    return report.version === 1 && lists.every((list) => Array.isArray(list)) ? (report as Report) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The points of the plot in an earlier report in this folder. Empty if that report is about a migration that was
 * destroyed.
 */
export async function earlierSamples(folder: string, name: string): Promise<Sample[]> {
  const report = await earlierReport(folder, name);
  return report === undefined || report.phase === "destroy" ? [] : report.progress.filter(isSample);
}

function isSample(value: unknown): value is Sample {
  const s = value as Partial<Sample> | null;
  return (
    typeof s?.at === "string" &&
    [s.partitions, s.complete, s.left].every((n) => typeof n === "number" && Number.isFinite(n))
  );
}

/**
 * The paths of the report. The name is the stack's. A character that some system does not allow in a file name becomes
 * `_`.
 */
export function reportPaths(folder: string, name: string): WrittenReport {
  const base = fileBase(name);
  return { html: join(folder, `${base}.html`), json: join(folder, `${base}.json`) };
}

export const fileBase = (name: string): string => `migration-${name.replace(/[^\w.-]/g, "_")}`;

async function replace(path: string, text: string): Promise<void> {
  const draft = `${path}.${process.pid}.tmp`;
  await writeFile(draft, text);
  await rename(draft, path);
}
