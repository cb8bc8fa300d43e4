import { existsSync } from "node:fs";
import { chmod, mkdir, rename, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { SandboxError } from "../error";
import { packageRoot } from "../paths";

const NAME = "pulumi-resource-kubernetes";

/**
 * Writes the executable script `pulumi-resource-kubernetes` into `binFolder`. Creates the folder if it is absent. The
 * script starts the stand-in with the current Node. Put the folder on the PATH of `pulumi`.
 *
 * @returns the script's path
 * @throws SandboxError `PLUGIN_NOT_BUILT` when the compiled stand-in is missing
 */
export async function writeLauncher(binFolder: string): Promise<string> {
  const main = join(packageRoot, "dist", "kubernetes-plugin", "main.js");
  if (!existsSync(main)) {
    throw new SandboxError("PLUGIN_NOT_BUILT", `the compiled kubernetes plugin is not at ${main}`, {
      fix: "run `npm run build`",
    });
  }
  await mkdir(binFolder, { recursive: true });
  const script = join(resolve(binFolder), NAME);
  // Rename a complete file into place: another run may be starting it.
  const draft = `${script}.${process.pid}`;
  await writeFile(draft, `#!/bin/sh\nexec ${quote(process.execPath)} ${quote(main)} "$@"\n`);
  await chmod(draft, 0o755);
  await rename(draft, script);
  return script;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
