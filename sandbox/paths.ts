import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** Folder of this package, `sandbox/` in the repository. The same from the sources and from the compiled files. */
export const packageRoot = above(__dirname);

/** Root of the repository. */
export const repositoryRoot = dirname(packageRoot);

function above(folder: string): string {
  return existsSync(join(folder, "package.json")) ? folder : above(dirname(folder));
}
