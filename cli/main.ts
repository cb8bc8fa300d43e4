#!/usr/bin/env node
import { keepHeapSmall } from "../engine/memory";
import { run } from "./run";

keepHeapSmall();

/** The `kafka-migration` command. The first Ctrl-C ends the work cleanly, the second one ends it immediately. */
const controller = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  });
}
// `| head` closes the pipe. The output then ends without a stack trace. If the command has already finished, its own
// exit code is kept; it is set one turn of the event loop later. Otherwise the exit code is the same as for SIGPIPE.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  setImmediate(() => process.exit(process.exitCode ?? 141));
});

void run(process.argv.slice(2), { out: process.stdout, err: process.stderr }, controller.signal).then((code) => {
  process.exitCode = code;
  // The command has finished. Exit as soon as the output is written, even if something still runs.
  process.stdout.write("", () => process.stderr.write("", () => process.exit(code)));
});
