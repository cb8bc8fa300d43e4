import { rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writeLauncher } from "../kubernetes-plugin/launcher";
import type { PulumiParts } from "./types";

/**
 * Fills the folder that comes first on Pulumi's PATH. It holds the command line, the language host, the plugins, the
 * npm package's script for dynamic providers, and a script that starts a policy pack where the language host cannot.
 */
export async function writeBin(bin: string, parts: PulumiParts): Promise<void> {
  const { "pulumi-resource-kubernetes": kubernetes, ...others } = parts;
  for (const [name, path] of Object.entries(others)) if (path !== undefined) await link(path, join(bin, name));
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
 * Pulumi runs this script in the pack's folder as `pulumi-analyzer-policy-node ADDRESS .`. It uses the pack's own SDK.
 */
const policyScript = `#!/bin/sh
runner=$(node -p "require.resolve('@pulumi/pulumi/cmd/run-policy-pack', { paths: [process.cwd()] })") || exit 1
exec node "$runner" "$@"
`;
