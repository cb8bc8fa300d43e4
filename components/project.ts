import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/**
 * Returns the relative path from the program's folder to the folder with Pulumi.yaml. Programs, plugins and steps run
 * in the program's folder. The path is the same on every machine that has the project. Empty if both folders are the
 * same, or if there is no Pulumi.yaml. Searches the parent folders, because not every Pulumi version tells its programs
 * (`getRootDirectory` of 3.248 can return "rootDirectory").
 */
export function projectFolder(): string {
  const program = process.cwd();
  for (let folder = program; ; folder = dirname(folder)) {
    if (["Pulumi.yaml", "Pulumi.yml", "Pulumi.json"].some((file) => existsSync(join(folder, file))))
      return relative(program, folder);
    if (folder === dirname(folder)) return "";
  }
}
