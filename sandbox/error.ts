/**
 * What goes wrong in the sandbox, in the shape of the package's errors (code, what was seen, fix). It is a type of its own
 * because the sandbox knows nothing of the engine.
 */
export class SandboxError extends Error {
  /** Stable, upper-case, e.g. `PROCESS_EXITED`. */
  readonly code: string;
  /** What to do next, one sentence. */
  readonly fix: string;

  constructor(code: string, seen: string, options: { fix: string; cause?: unknown }) {
    super(`${code}: ${seen}\nfix: ${options.fix}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "SandboxError";
    this.code = code;
    this.fix = options.fix;
  }
}
