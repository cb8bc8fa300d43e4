/**
 * An error of the sandbox. It has the same fields as the package's errors: code, what was seen, fix. It is a separate
 * type because the sandbox does not depend on the engine.
 */
export class SandboxError extends Error {
  /** Stable code in upper case, e.g. `PROCESS_EXITED`. */
  readonly code: string;
  /** What to do next, in one sentence. */
  readonly fix: string;

  constructor(code: string, seen: string, options: { fix: string; cause?: unknown }) {
    super(`${code}: ${seen}\nfix: ${options.fix}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "SandboxError";
    this.code = code;
    this.fix = options.fix;
  }
}
