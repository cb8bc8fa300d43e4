import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { supervise } from "@kafka-migration/sandbox";

const DONE = "KAFKA_MIGRATION_TEST_TEMPORARY_FILES";

/**
 * All temporary files of a run are in one folder, which goes with it: also those of tests that forget theirs, and when
 * the run is killed.
 */
export default function setup(): (() => Promise<void>) | undefined {
  // vitest calls this for each project of a run (vitest.config.mts).
  if (process.env[DONE] === String(process.pid)) return undefined;
  process.env[DONE] = String(process.pid);
  const before = process.env.TMPDIR;
  const supervisor = supervise(mkdtempSync(join(tmpdir(), "km-tests-")));
  process.env.TMPDIR = supervisor.folder;
  return async () => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    await supervisor.stop();
  };
}
