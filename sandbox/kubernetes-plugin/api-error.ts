/** Errors of the API server, and errors for requests that did not reach it. */

interface Status {
  message?: string;
  reason?: string;
  code?: number;
  details?: { kind?: string; retryAfterSeconds?: number };
}

export class ApiError extends Error {
  readonly code: number;
  readonly reason: string;
  /** Resource that the error is about, in the plural, e.g. `namespaces`. */
  readonly kind: string;

  constructor(code: number, status: Status, body: string) {
    super(status.message || body.slice(0, 300) || `the server answered ${code}`);
    this.code = code;
    this.reason = status.reason ?? "";
    this.kind = status.details?.kind ?? "";
  }

  static of(code: number, body: string): ApiError {
    let status: Status = {};
    try {
      const parsed: unknown = JSON.parse(body);
      if (typeof parsed === "object" && parsed !== null) status = parsed;
    } catch {
      // A proxy in between may answer without JSON. The body itself is then the message.
    }
    return new ApiError(code, status, body);
  }

  get notFound(): boolean {
    return this.code === 404;
  }

  get alreadyExists(): boolean {
    return this.code === 409 && this.reason === "AlreadyExists";
  }

  get conflict(): boolean {
    return this.code === 409 && this.reason === "Conflict";
  }

  get forbidden(): boolean {
    return this.code === 403;
  }
}

/** The server does not serve this kind in this version. Usually its CustomResourceDefinition is missing. */
export class NoMatchError extends Error {
  constructor(kind: string, apiVersion: string) {
    super(`no matches for kind "${kind}" in version "${apiVersion}"`);
  }
}

/** The server could not be reached. */
export class ConnectionError extends Error {
  constructor(method: string, url: string, cause: NodeJS.ErrnoException) {
    const what =
      cause.code === "ECONNREFUSED" ? `connect: connection refused` : cause.message || (cause.code ?? "failed");
    super(`${method[0]}${method.slice(1).toLowerCase()} "${url}": ${what}`, { cause });
  }
}

/** The operation was cancelled (Ctrl-C) before the server answered. */
export class CancelledError extends Error {
  constructor() {
    super("context canceled");
  }
}
