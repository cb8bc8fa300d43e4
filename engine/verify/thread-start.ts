import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { Worker } from "node:worker_threads";
import type { FromThread, ToThread } from "./thread-messages";

/** A running thread. */
export interface Thread {
  post(message: ToThread): void;
  /** Ends it at once, with its connections. */
  end(): void;
}

/** What the main thread hears of a thread. */
export interface Heard {
  message(message: FromThread): void;
  /** The thread ended without being asked to. */
  ended(reason: string): void;
}

export type StartThread = (heard: Heard) => Thread;

/**
 * Starts threads with the compiled program of this package, also if this code runs from sources. undefined: there is
 * none, because the package is not built or was bundled into one file.
 * @param self this file
 */
export function packageThread(self = __filename): StartThread | undefined {
  const folder = dirname(self);
  const folders: Record<string, string> = {
    // Beside this file. Another installed version of the package could have other messages.
    "thread-start.js": folder,
    "thread-start.ts": join(folder, "..", "..", "dist", "engine", "verify"),
  };
  const program = join(folders[basename(self)] ?? "", "thread.js");
  return basename(self) in folders && existsSync(program) ? workerThread(program) : undefined;
}

/** Starts threads with this program. It calls `serveThread`. */
export const workerThread =
  (program: string): StartThread =>
  (heard) => {
    // Hooks of the process (loaders, inspectors) are not for the threads.
    const worker = new Worker(program, { argv: [], execArgv: [] });
    worker.on("message", (message: FromThread) => heard.message(message));
    worker.on("messageerror", (error) => heard.ended(error.message));
    worker.on("error", (error: Error) => heard.ended(error.message));
    worker.on("exit", (code) => heard.ended(`exit code ${code}`));
    return { post: (message) => worker.postMessage(message), end: () => void worker.terminate() };
  };
