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
    `${errors.length} finding${errors.length === 1 ? "" : "s"} stop${errors.length === 1 ? "s" : ""} the ` +
      "migration before anything was changed",
    {
      fix: "correct each finding as it says and run again",
      details: errors.map((f) => `${f.code}: ${f.seen}. Fix: ${f.fix}`),
    },
  );
}

/**
 * The codes of preflight's findings, as in docs/preflight.md. They may be listed in `accept`. The ones of connections
 * and privileges still stop a migration.
 */
export const FINDING_CODES: readonly string[] = `
KAFKA_UNREACHABLE KAFKA_AUTHENTICATION KAFKA_UNAUTHORIZED PRIVILEGE_MISSING MIRROR_PRIVILEGES_MISSING WAVES_REFUSED
NO_AUTHENTICATION
PRIVILEGE_UNKNOWN CLUSTER_OPEN CLUSTER_OPEN_UNKNOWN MIRROR_OPPOSITE RECORD_EXCEEDS_REQUEST SAME_CLUSTER SELECTION_EMPTY
NO_GROUP_SELECTED SYSTEM_TOPICS_SELECTED STREAMS_TOPICS_LEFT TARGET_NAMES_EQUAL TARGET_NAME_COLLIDES TARGET_NAME_INVALID
GROUP_NAME_BREAKS_CHECKPOINTS SINK_GROUPS_LEFT TOPIC_RENAMED TOPIC_CANNOT_RETURN INTERNAL_NAMES_EQUAL
INTERNAL_NAME_SELECTED INTERNAL_NAME_TAKEN INTERNAL_TOPIC_LEFT_OVER OFFSETS_LEFT_OVER CONNECT_GROUP_TAKEN MIRROR_RENAMED TARGET_TOPIC_HAS_DATA
TARGET_TOPIC_WRITTEN TARGET_TOPIC_OWNED TARGET_TOPIC_PARTITIONS TARGET_TOPIC_GROWS PARTITION_OFFLINE BROKERS_TOO_FEW REPLICATION_TOO_LARGE
MIN_INSYNC_TOO_HIGH TOPIC_DELETION_DISABLED TARGET_AUTO_CREATES TARGET_RETENTION_DELETES TARGET_RETENTION_SHORTER
TARGET_RETENTION_BYTES_SMALLER TARGET_REFUSES_SETTINGS TARGET_REFUSES_FUTURE TARGET_REFUSES_PAST TARGET_STAMPS_RECORDS TARGET_CLEANUP_DIFFERS
TARGET_MESSAGE_SIZE_SMALLER MIRROR_COPIES_ABORTED TARGET_SETTINGS_LOST TARGET_RECOMPRESSES INVENTORY_OLD`
  .trim()
  .split(/\s+/);
