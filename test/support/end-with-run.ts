/**
 * A worker of vitest goes on when the run itself is killed, and its processes with it: until the end of its test file,
 * or of all its files. It ends here, and the sandbox's watchdogs end the rest.
 */
const HANDLED = Symbol.for("kafka-migration.end-with-run");
const marked = process as NodeJS.Process & { [HANDLED]?: boolean };
// This file is loaded again for each test file.
if (marked[HANDLED] !== true) {
  marked[HANDLED] = true;
  process.once("disconnect", () => process.exit(1));
}
export {};
