import { readModelFile } from "./model-file";
import { exportStack, selectedStack, type StackOptions } from "./stack";
import { migrationOf } from "./state";
import type { LoadedMigration } from "./types";

export { pulumiVersion } from "./stack";
export type { Done, LoadedMigration, LoadedWave, Options } from "./types";

export interface Source extends StackOptions {
  /** Name of the migration in a stack with several. */
  migration?: string;
  /** Name of the wave that the command is about. Default: everything outside the waves. */
  wave?: string;
  /** File with a model, instead of a stack. */
  model?: string;
}

/** Finds the migration that a command applies to. */
export async function readMigration(source: Source): Promise<LoadedMigration> {
  if (source.model !== undefined) return readModelFile(source.model);
  const exported = await exportStack(source);
  return migrationOf(exported, source.stack ?? (await selectedStack(source)), source.migration, source.wave);
}
