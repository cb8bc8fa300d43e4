/**
 * The only error type of the package. It says what was seen (names and numbers) and what to do next. A platform
 * engineer needs neither a stack trace nor the source.
 */
export class MigrationError extends Error {
  /** Stable and upper-case, e.g. `GATE_INCOMPLETE`. Scripts may switch on it. */
  readonly code: string;
  /** What was seen, without the details. */
  readonly seen: string;
  /** What to type or change next, one sentence. */
  readonly fix: string;
  /** More findings of the same kind, one per line. `message` already contains them. */
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
    // Pulumi's runtime prints only the message of an error with this mark. It prints any other error with its stack and
    // then its fields again. The mark is not enumerable because it is not part of the finding. The engine knows nothing
    // else about Pulumi.
    if (process.env.KAFKA_MIGRATION_DEBUG !== "1") Object.defineProperty(this, PULUMI_RUN_ERROR, { value: true });
  }
}

/** Returns the same error with another way to go on. */
export const withFix = ({ code, seen, details }: MigrationError, fix: string): MigrationError =>
  new MigrationError(code, seen, { details, fix });

/** The property that `RunError.isInstance` of @pulumi/pulumi checks. */
const PULUMI_RUN_ERROR = "__pulumiRunError";

/**
 * Returns true for a MigrationError of this or of another loaded copy of the package. `instanceof` would miss the
 * latter.
 */
export function isMigrationError(error: unknown): error is MigrationError {
  return (
    error instanceof Error && error.name === "MigrationError" && typeof (error as { code?: unknown }).code === "string"
  );
}

/** Collects mistakes and reports them together, in one error. */
export class Mistakes {
  private readonly found: string[] = [];

  add(mistake: string): void {
    this.found.push(mistake);
  }

  get list(): readonly string[] {
    return this.found;
  }

  /** Throws one MigrationError with every mistake. Returns if there is none. */
  throwIfAny(code: string, seen: string, fix: string): void {
    if (this.found.length > 0) throw new MigrationError(code, seen, { fix, details: this.found });
  }
}

/**
 * Returns one error for work on several clusters that failed: the first error, with what was seen at the others as
 * details. An error of another kind wins, because it is a fault of this package.
 */
export function joinedError(errors: readonly unknown[]): unknown {
  const [first, ...others] = errors;
  const unknown = errors.find((error) => !isMigrationError(error));
  if (unknown !== undefined || !isMigrationError(first)) return unknown ?? first;
  const known = others.filter(isMigrationError);
  if (known.length === 0) return first;
  return new MigrationError(first.code, first.seen, {
    details: [...first.details, ...known.flatMap((e) => [`${e.code}: ${e.seen}`, ...e.details])],
    fix: [...new Set([first, ...known].map((e) => e.fix))].join("; "),
    cause: first,
  });
}
