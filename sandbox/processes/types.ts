/** How a child process ended. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface ProcessSpec {
  /** What people call it, e.g. `origin broker 1`; used in errors. */
  name: string;
  command: string;
  /** Seen by every user of the machine: never a secret. */
  args: readonly string[];
  cwd?: string;
  /** Replaces the environment altogether when given. */
  env?: NodeJS.ProcessEnv;
  /** File that takes stdout and stderr (mode 0600, appended). */
  log: string;
}

/** A process that ends when its parent ends, however that happens. */
export interface ManagedProcess {
  readonly name: string;
  readonly pid: number;
  readonly log: string;
  /** Settles once, when the process is gone; never rejects. */
  readonly exited: Promise<Exit>;
  /** Undefined while it runs. */
  readonly exit: Exit | undefined;
  /** SIGTERM, and SIGKILL after `graceMs` (default 10000); returns when it is gone. Fine to call twice. */
  stop(graceMs?: number): Promise<Exit>;
  /** SIGKILL now, as a crash would be; returns when it is gone. */
  kill(): Promise<Exit>;
  /**
   * Resolves with what `probe` returns once that is not undefined (asked every `everyMs`, default 50).
   * @throws SandboxError `PROCESS_EXITED` or `PROCESS_NOT_READY`, both with the last lines of the log.
   */
  until<T>(
    what: string,
    probe: () => Promise<T | undefined> | T | undefined,
    limitMs: number,
    everyMs?: number,
  ): Promise<T>;
}

/** Owns a folder and the processes that work in it. */
export interface Supervisor {
  readonly folder: string;
  start(spec: ProcessSpec): ManagedProcess;
  /** What a process that was started elsewhere needs in its environment to be found when its parent has gone. */
  readonly mark: { name: string; value: string };
  /**
   * For a process with pipes of its own, started elsewhere, detached and with the mark: it ends with its parent, too.
   * Call the answer when it has ended. `stop` leaves it to whoever started it.
   */
  adopt(pid: number): () => void;
  /** Ends every process that still runs, then removes the folder (when it was made here). */
  stop(): Promise<void>;
}
