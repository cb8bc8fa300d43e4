import type { Exit } from "../processes";
import type { KafkaParts } from "../kafka/types";

export interface ConnectWorkerOptions {
  /** Folder of this worker (properties, log); made when absent. */
  folder: string;
  /** The worker's whole configuration; `listeners` and `rest.advertised.*` are set here (loopback, a free port). May hold secrets: the file has mode 0600. */
  properties: Readonly<Record<string, string>>;
  /** Used in errors. Default `connect`. */
  name?: string;
  /** JVM heap, e.g. `512m` (default). */
  heap?: string;
  /** JVM options after the sandbox's own, as for a cluster. */
  jvmOptions?: readonly string[];
  /** Longest wait for the REST interface, milliseconds. Default 60000. */
  limitMs?: number;
  /** Aborted while it starts: the process is ended and the start fails. Without effect afterwards. */
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
  /** Settles when the process is gone. */
  readonly exited: Promise<Exit>;
  /** SIGTERM (a worker flushes its offsets), SIGKILL after `graceMs` (default 20000). */
  stop(graceMs?: number): Promise<void>;
  /** SIGKILL: what the worker has not flushed is lost. */
  kill(): void;
}
