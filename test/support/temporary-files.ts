import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { supervise } from "@kafka-migration/sandbox";

/**
 * All temporary files of a run are in one folder, which goes with it: also those of tests that forget theirs, and when
 * the run is killed.
 */
export default function setup(): () => Promise<void> {
  const before = process.env.TMPDIR;
  const supervisor = supervise(mkdtempSync(join(tmpdir(), "km-tests-")));
  process.env.TMPDIR = supervisor.folder;
  return async () => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    await supervisor.stop();
  };
}
