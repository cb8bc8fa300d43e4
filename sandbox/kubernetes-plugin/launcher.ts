import { access, chmod, mkdir, rename, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { SandboxError } from "../error";

const NAME = "pulumi-resource-kubernetes";

/**
 * Writes the executable script `pulumi-resource-kubernetes` into `binFolder`. Creates the folder if it is absent. The
 * script starts the stand-in with the current Node. Put the folder on the PATH of `pulumi`.
 *
 * @returns the script's path
 * @throws SandboxError `PLUGIN_NOT_BUILT` when the compiled stand-in is missing
 */
export async function writeLauncher(binFolder: string): Promise<string> {
  const main = await compiledMain();
  await mkdir(binFolder, { recursive: true });
  const script = join(resolve(binFolder), NAME);
  // Rename a complete file into place: another run may be starting it.
  const draft = `${script}.${process.pid}`;
  await writeFile(draft, `#!/bin/sh\nexec ${quote(process.execPath)} ${quote(main)} "$@"\n`);
  await chmod(draft, 0o755);
  await rename(draft, script);
  return script;
}

async function compiledMain(): Promise<string> {
  // The compiled program is beside this file when this file is compiled, and in dist when this file runs as TypeScript.
  const places = [
    join(__dirname, "main.js"),
    join(__dirname, "..", "..", "dist", "sandbox", "kubernetes-plugin", "main.js"),
  ];
  for (const place of places) {
    if (
      await access(place).then(
        () => true,
        () => false,
      )
    )
      return resolve(place);
  }
  throw new SandboxError("PLUGIN_NOT_BUILT", `the compiled kubernetes plugin is not at ${places.at(-1)}`, {
    fix: "run `npm run build`",
  });
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
