import { MigrationError } from "../errors";
import type { Side } from "../model";
import { someOf } from "../units";

/** One problem that preflight found. */
export interface PreflightFinding {
  /** Stable, e.g. `TARGET_TOPIC_HAS_DATA`. It may be listed in `accept`. */
  code: string;
  /** `error` stops the migration, `warning` does not. */
  severity: "error" | "warning";
  /** What was found, with names and numbers. */
  seen: string;
  /** What to type or change. */
  fix: string;
  side?: Side;
}

export function error(code: string, seen: string, fix: string): PreflightFinding {
  return { code, severity: "error", seen, fix };
}

export function warning(code: string, seen: string, fix: string): PreflightFinding {
  return { code, severity: "warning", seen, fix };
}

/** Converts a MigrationError of another part into a finding. */
export function findingOf(thrown: MigrationError): PreflightFinding {
  const [first = ""] = thrown.message.split("\n");
  const seen = first.startsWith(`${thrown.code}: `) ? first.slice(thrown.code.length + 2) : first;
  return error(
    thrown.code,
    thrown.details.length === 0 ? seen : `${seen}: ${someOf(thrown.details).replaceAll("\n", " ")}`,
    thrown.fix,
  );
}

/** Findings whose code is accepted become warnings. */
export function accepting(findings: readonly PreflightFinding[], accepted: readonly string[]): PreflightFinding[] {
  return findings.map((f) => (f.severity === "error" && accepted.includes(f.code) ? { ...f, severity: "warning" } : f));
}

/** @throws MigrationError PREFLIGHT_FAILED with every error among the findings; returns if there is none */
export function refuse(findings: readonly PreflightFinding[]): void {
  const errors = findings.filter((f) => f.severity === "error");
  if (errors.length === 0) return;
  throw new MigrationError(
    "PREFLIGHT_FAILED",
    `${errors.length} finding${errors.length === 1 ? "" : "s"} stop${errors.length === 1 ? "s" : ""} the migration before anything was changed`,
    {
      fix: "correct each finding as it says and run again",
      details: errors.map((f) => `${f.code}: ${f.seen}. Fix: ${f.fix}`),
    },
  );
}
