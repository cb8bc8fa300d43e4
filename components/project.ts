import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/**
 * From the program's folder, in which programs, plugins and steps run, to the one with Pulumi.yaml: the same on every
 * machine that has the project. Empty when it is the same folder, or there is none.
 * Found by looking upwards, as not every Pulumi tells its programs (`getRootDirectory` of 3.248 may say "rootDirectory").
 */
export function projectFolder(): string {
  const program = process.cwd();
  for (let folder = program; ; folder = dirname(folder)) {
    if (["Pulumi.yaml", "Pulumi.yml", "Pulumi.json"].some((file) => existsSync(join(folder, file))))
      return relative(program, folder);
    if (folder === dirname(folder)) return "";
  }
}
