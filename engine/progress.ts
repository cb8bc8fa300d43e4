/**
 * Receives progress of long work. A line is complete, plain text without secrets. The receiver decides where it goes
 * (Pulumi's diagnostics, a terminal, a report).
 */
export interface Progress {
  /** Something that a user should see now. */
  info(line: string): void;
  /** A possible problem that does not stop the work. */
  warn(line: string): void;
}

export const silent: Progress = { info: () => {}, warn: () => {} };

/** Limits a wait: `signal` stops it at an interruption, `limitMs` is its longest duration. */
export interface Patience {
  /** Longest wait in milliseconds. */
  limitMs: number;
  signal?: AbortSignal;
}
