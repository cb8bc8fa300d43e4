/** How a child process ended. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface ProcessSpec {
  /** Name of the process in errors, e.g. `origin broker 1`. */
  name: string;
  command: string;
  /** Every user of the machine can see the arguments: never put a secret here. */
  args: readonly string[];
  cwd?: string;
  /** If given, replaces the whole environment. */
  env?: NodeJS.ProcessEnv;
  /** File for stdout and stderr. Mode 0600; output is appended. */
  log: string;
}

/** A process that ends when its parent ends, for whatever reason. */
export interface ManagedProcess {
  readonly name: string;
  readonly pid: number;
  readonly log: string;
  /** Settles once, when the process has exited. Never rejects. */
  readonly exited: Promise<Exit>;
  /** Undefined while the process runs. */
  readonly exit: Exit | undefined;
  /**
   * Sends SIGTERM, and SIGKILL after `graceMs` (default 10000). Returns when the process has exited. Safe to call
   * twice.
   */
  stop(graceMs?: number): Promise<Exit>;
  /** Sends SIGKILL now, as in a crash. Returns when the process has exited. */
  kill(): Promise<Exit>;
  /**
   * Calls `probe` every `everyMs` (default 50) until its result is not undefined, and resolves with that result. A
   * function as `what` is called when the error is written.
   * @throws SandboxError `PROCESS_EXITED` or `PROCESS_NOT_READY`, both with the last lines of the log
   */
  until<T>(
    what: string | (() => string),
    probe: () => Promise<T | undefined> | T | undefined,
    limitMs: number,
    everyMs?: number,
  ): Promise<T>;
}

/** Owns a folder and the processes that work in it. */
export interface Supervisor {
  readonly folder: string;
  start(spec: ProcessSpec): ManagedProcess;
  /**
   * Environment variable for a process that is started elsewhere. With it, the process is found after its parent has
   * exited.
   */
  readonly mark: { name: string; value: string };
  /**
   * Registers a process that was started elsewhere, with its own pipes, detached and with the mark. It then ends with
   * its parent, too. `stop` does not stop it: its caller does.
   * @returns a function to call when the process has exited
   */
  adopt(pid: number): () => void;
  /** Stops every process that still runs, then removes the folder if it was created here. */
  stop(): Promise<void>;
}
