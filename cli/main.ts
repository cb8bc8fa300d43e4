#!/usr/bin/env node
import { keepHeapSmall } from "../engine/memory";
import { run } from "./run";

keepHeapSmall();

/** The `kafka-migration` command. The first Ctrl-C ends the work cleanly, the second at once. */
const controller = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  });
}
// `| head` closes the pipe: that ends the output, not with a stack trace. The command's answer stays the exit code when it is
// known, which it is one turn later; else the code is what SIGPIPE would give.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  setImmediate(() => process.exit(process.exitCode ?? 141));
});

void run(process.argv.slice(2), { out: process.stdout, err: process.stderr }, controller.signal).then((code) => {
  process.exitCode = code;
  // The command is over: nothing that still runs may keep the process, once its reader has everything.
  process.stdout.write("", () => process.stderr.write("", () => process.exit(code)));
});
