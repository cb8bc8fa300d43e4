/**
 * The one error type of the package. It says what was seen (names and numbers) and what to do next,
 * so that a platform engineer needs neither a stack trace nor the source.
 */
export class MigrationError extends Error {
  /** Stable, upper-case, e.g. `GATE_INCOMPLETE`; scripts may switch on it. */
  readonly code: string;
  /** What was seen, without the details. */
  readonly seen: string;
  /** What to type or change next, one sentence. */
  readonly fix: string;
  /** More findings of the same kind, one a line, already part of `message`. */
  readonly details: readonly string[];

  constructor(code: string, seen: string, options: { fix: string; details?: readonly string[]; cause?: unknown }) {
    const details = options.details ?? [];
    const lines = [seen, ...details.map((d) => `  - ${d}`), `fix: ${options.fix}`];
    super(`${code}: ${lines.join("\n")}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "MigrationError";
    this.code = code;
    this.seen = seen;
    this.fix = options.fix;
    this.details = details;
    // Pulumi's runtime shows an error that is marked so by its message alone; any other with its stack and, once more, its
    // fields. Not enumerable: it is no part of what was found. The engine knows nothing else of Pulumi.
    if (process.env.KAFKA_MIGRATION_DEBUG !== "1") Object.defineProperty(this, PULUMI_RUN_ERROR, { value: true });
  }
}

/** What `RunError.isInstance` of @pulumi/pulumi looks for. */
const PULUMI_RUN_ERROR = "__pulumiRunError";

/** True for a MigrationError of this or of another loaded copy of the package (instanceof would miss the latter). */
export function isMigrationError(error: unknown): error is MigrationError {
  return (
    error instanceof Error && error.name === "MigrationError" && typeof (error as { code?: unknown }).code === "string"
  );
}

/** Collects mistakes so that they are reported together, once. */
export class Mistakes {
  private readonly found: string[] = [];

  add(mistake: string): void {
    this.found.push(mistake);
  }

  get list(): readonly string[] {
    return this.found;
  }

  /** Throws one MigrationError with every mistake, or returns when there is none. */
  throwIfAny(code: string, seen: string, fix: string): void {
    if (this.found.length > 0) throw new MigrationError(code, seen, { fix, details: this.found });
  }
}
