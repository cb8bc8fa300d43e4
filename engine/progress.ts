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

/** Passes on only lines that are not in `said`, and adds them to it. */
export function withoutRepeats(progress: Progress, said: Set<string>): Progress {
  const once = (pass: (line: string) => void) => (line: string) => {
    if (said.has(line)) return;
    said.add(line);
    pass(line);
  };
  return { info: once((line) => progress.info(line)), warn: once((line) => progress.warn(line)) };
}

/** Limits a wait: `signal` stops it at an interruption, `limitMs` is its longest duration. */
export interface Patience {
  /** Longest wait in milliseconds. */
  limitMs: number;
  signal?: AbortSignal;
}
