import type { Exit } from "../processes";
import type { KafkaParts } from "../kafka/types";

export interface ConnectWorkerOptions {
  /** Folder of this worker (properties, log). Created if absent. */
  folder: string;
  /**
   * The complete configuration of the worker. `listeners` and `rest.advertised.*` are set here (loopback, a free port).
   * It may hold secrets: the file has mode 0600.
   */
  properties: Readonly<Record<string, string>>;
  /** Name of the worker in errors. Default `connect`. */
  name?: string;
  /** JVM heap, e.g. `512m` (default). */
  heap?: string;
  /** JVM options after the sandbox's own, as for a cluster. */
  jvmOptions?: readonly string[];
  /** Maximum wait for the REST interface in milliseconds. Default 60000. */
  limitMs?: number;
  /** Aborting it during the start ends the process, and the start fails. It has no effect after the start. */
  signal?: AbortSignal;
  parts?: KafkaParts;
  progress?: (line: string) => void;
}

export interface ConnectWorker {
  /** `http://127.0.0.1:port`. */
  readonly restUrl: string;
  readonly pid: number;
  /** The worker's log file. */
  readonly log: string;
  /** Settles when the process has exited. */
  readonly exited: Promise<Exit>;
  /**
   * Sends SIGTERM, on which a worker flushes its offsets, and SIGKILL after `graceMs`. Default: 20000, or 45000 if it
   * also writes the archive of its classes.
   */
  stop(graceMs?: number): Promise<void>;
  /** Sends SIGKILL. Offsets that the worker has not flushed are lost. */
  kill(): void;
}
