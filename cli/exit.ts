import { isMigrationError } from "../engine/errors";

/** The exit codes. They are documented in docs/command-line.md. */
export const EXIT = {
  fine: 0,
  /** Not complete, a difference was found, or something blocks the cutover. */
  no: 1,
  /** Wrong usage or configuration. */
  usage: 2,
  /** A cluster cannot be reached, or it refuses the credentials or the request. */
  cluster: 3,
  /** A bug in this program. */
  fault: 4,
  /** Ctrl-C. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const CLUSTER = [
  "KAFKA_UNREACHABLE",
  "KAFKA_TLS",
  "KAFKA_AUTHENTICATION",
  "KAFKA_TOKEN",
  "KAFKA_TOKEN_UNAVAILABLE",
  "KAFKA_UNAUTHORIZED",
  "KAFKA_NOT_AVAILABLE",
  "KAFKA_THROTTLED",
  "KAFKA_CLOSED",
  "KAFKA_UNSUPPORTED",
  "KAFKA_UNKNOWN_TOPIC",
  "KAFKA_REFUSED",
];
const USAGE = [
  "KAFKA_ADDRESS",
  "SELECTION_EMPTY",
  "PATTERN_INVALID",
  "PLAN_SPLIT",
  "CONFIG_INVALID",
  "MIGRATION_SETTINGS",
  "MIRROR_SETTINGS",
  "REPLICATION_RULE_INVALID",
  "REPLICATION_OPTIONS_INVALID",
  "CONNECT_STORAGE_MISSING",
];
const FAULT = ["VERIFY_THREAD_ENDED"];
const INTERRUPTED = ["INTERRUPTED", "REPLICATION_INTERRUPTED"];

export function exitCodeOf(error: unknown): ExitCode {
  if (isAbort(error)) return EXIT.interrupted;
  if (!isMigrationError(error)) return EXIT.fault;
  const { code, details } = error;
  if (INTERRUPTED.includes(code)) return EXIT.interrupted;
  if (code.startsWith("CLI_") || USAGE.includes(code)) return EXIT.usage;
  if (FAULT.includes(code)) return EXIT.fault;
  if (CLUSTER.includes(code)) return EXIT.cluster;
  // Preflight collects all errors. If a cluster cannot be reached, that is the cause of the other errors.
  if (code === "PREFLIGHT_FAILED" && details.some((d) => CLUSTER.some((c) => d.startsWith(`${c}:`))))
    return EXIT.cluster;
  return EXIT.no;
}

export function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === "AbortError" || (error as { code?: unknown }).code === "ABORT_ERR");
}
