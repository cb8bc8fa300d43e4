/**
 * Where long work says how far it is. A line is complete, plain text without secrets; the receiver decides
 * where it goes (Pulumi's diagnostics, a terminal, a report).
 */
export interface Progress {
  /** Something a person should see now. */
  info(line: string): void;
  /** Something that may be wrong and does not stop the work. */
  warn(line: string): void;
}

export const silent: Progress = { info: () => {}, warn: () => {} };

/** Tells a wait when to stop: `AbortSignal` for an interruption, `limitMs` for its longest duration. */
export interface Patience {
  /** Longest wait in milliseconds. */
  limitMs: number;
  signal?: AbortSignal;
}
