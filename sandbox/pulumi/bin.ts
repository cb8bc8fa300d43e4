import { execFile } from "node:child_process";
import { link as hardLink, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { writeLauncher } from "../kubernetes-plugin/launcher";
import type { PulumiParts } from "./types";

/**
 * Fills the folder that comes first on Pulumi's PATH. It holds the command line, the language host, the plugins, the
 * npm package's script for dynamic providers, and a script that starts a policy pack where the language host cannot.
 */
export async function writeBin(bin: string, parts: PulumiParts): Promise<void> {
  const { "pulumi-resource-kubernetes": kubernetes, ...others } = parts;
  for (const [name, path] of Object.entries(others)) if (path !== undefined) await link(path, join(bin, name));
  await writeHost(bin, parts);
  if (kubernetes !== undefined) await link(kubernetes, join(bin, "pulumi-resource-kubernetes"));
  else await writeLauncher(bin);
  const sdk = dirname(require.resolve("@pulumi/pulumi/package.json"));
  await link(join(sdk, "pulumi-resource-pulumi-nodejs"), join(bin, "pulumi-resource-pulumi-nodejs"));
  await writeFile(join(bin, "pulumi-analyzer-policy-node"), policyScript, { mode: 0o700 });
}

async function link(path: string, name: string): Promise<void> {
  await rm(name, { force: true });
  await symlink(path, name);
}

/**
 * Pulumi sends the project's options (`runtime.options`) to the language host. The host that the sandbox can build
 * (3.68) knows them only as arguments, so it would load the TypeScript compiler in every program. A script in its place
 * hands on `typescript: false`. Pulumi warns if the host on the PATH is not the one beside its own file, so the file
 * must be here, too.
 */
async function writeHost(bin: string, parts: PulumiParts): Promise<void> {
  const host = parts["pulumi-language-nodejs"];
  const { stderr } = await promisify(execFile)(host, ["-h"]).catch((error: { stderr?: string }) => error);
  if (!/^\s+-typescript$/m.test(stderr ?? "")) return;
  const pulumi = join(bin, "pulumi");
  await rm(pulumi);
  try {
    await hardLink(await realpath(parts.pulumi), pulumi);
  } catch {
    // On another file system. Everything works, only more slowly.
    await link(parts.pulumi, pulumi);
    return;
  }
  const script = join(bin, "pulumi-language-nodejs");
  await rm(script);
  await writeFile(script, hostScript(host), { mode: 0o700 });
}

const hostScript = (host: string): string => `#!/bin/sh
folder=$PWD
while [ "$folder" != / ] && [ ! -f "$folder/Pulumi.yaml" ]; do folder=$(dirname "$folder"); done
if grep -q '^ *typescript: *false *$' "$folder/Pulumi.yaml" 2>/dev/null; then set -- -typescript=false "$@"; fi
exec '${host.replaceAll("'", "'\\''")}' "$@"
`;

/**
 * Pulumi runs this script in the pack's folder as `pulumi-analyzer-policy-node ADDRESS .`. It uses the pack's own SDK.
 */
const policyScript = `#!/bin/sh
runner=$(node -p "require.resolve('@pulumi/pulumi/cmd/run-policy-pack', { paths: [process.cwd()] })") || exit 1
exec node "$runner" "$@"
`;
