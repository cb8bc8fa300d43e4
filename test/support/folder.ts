import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, onTestFinished } from "vitest";

const made: string[] = [];

afterAll(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A new folder that is gone after the test, or after the test file if a hook or the file itself makes it. */
export function temporaryFolder(what: string): string {
  const folder = mkdtempSync(join(tmpdir(), `kafka-migration-${what}-`));
  try {
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  } catch {
    made.push(folder);
  }
  return folder;
}
