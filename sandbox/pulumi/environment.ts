import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { ensureParts } from "../parts";
import { supervise } from "../processes";
import { writeBin } from "./bin";
import { pulumiPartNames, pulumiPaths } from "./parts";
import { runCommand } from "./run";
import type { PulumiEnvironment, PulumiEnvironmentOptions } from "./types";

/**
 * Largest semi-space of each node process (the program, the dynamic provider, the stand-in for the kubernetes plugin),
 * in MB. With Node's default of 16, garbage takes about 30 MB more of each process, and an `up` a tenth less time.
 * `KAFKA_MIGRATION_SEMI_SPACE_MB` sets another size, for benchmarks and tests.
 */
const SEMI_SPACE_MB = 2;
const semiSpaceMb = (): string => process.env.KAFKA_MIGRATION_SEMI_SPACE_MB ?? String(SEMI_SPACE_MB);

/**
 * Creates a self-contained Pulumi: its own home, a file backend, a passphrase in a file of mode 0600, and plugins only
 * from a folder on the PATH. It neither reads nor changes the user's own Pulumi (login, settings, plugins) or
 * kubeconfig.
 */
export async function pulumiEnvironment(options: PulumiEnvironmentOptions): Promise<PulumiEnvironment> {
  const parts = options.parts ?? pulumiPaths(await ensureParts([...pulumiPartNames], options.progress ?? (() => {})));
  const supervisor = supervise(options.folder);
  const [home, state, bin, tmp] = [
    join(options.folder, "home"),
    join(options.folder, "state"),
    join(options.folder, "bin"),
    join(options.folder, "tmp"),
  ];
  for (const folder of [home, state, bin, tmp]) await mkdir(folder, { recursive: true, mode: 0o700 });
  const passphrase = join(options.folder, "passphrase");
  await writeFile(passphrase, options.passphrase ?? randomBytes(24).toString("base64url"), { mode: 0o600 });
  await writeBin(bin, options.standIn === true ? { ...parts, "pulumi-resource-kubernetes": undefined } : parts);
  const env: NodeJS.ProcessEnv = {
    ...inherited(),
    PATH: [bin, dirname(process.execPath), process.env.PATH ?? ""].join(delimiter),
    PULUMI_HOME: home,
    PULUMI_BACKEND_URL: pathToFileURL(state).href,
    PULUMI_CONFIG_PASSPHRASE_FILE: passphrase,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    NODE_OPTIONS: `--max-semi-space-size=${semiSpaceMb()}`,
    // If Pulumi is killed, its temporary files are removed with the rest.
    TMPDIR: tmp,
    [supervisor.mark.name]: supervisor.mark.value,
  };
  return {
    env,
    run: (args, run) => runCommand(supervisor, join(bin, "pulumi"), args, { ...run, env: { ...env, ...run.env } }),
  };
}

/**
 * The general variables that programs need, without the user's PULUMI_*, KUBECONFIG, NODE_OPTIONS or cloud credentials.
 */
function inherited(): NodeJS.ProcessEnv {
  const { HOME, LANG, LC_ALL, TZ, TERM, USER } = process.env;
  const env: NodeJS.ProcessEnv = { HOME, LANG, LC_ALL, TZ, TERM, USER };
  for (const [name, value] of Object.entries(process.env)) if (name.startsWith("KAFKA_MIGRATION_")) env[name] = value;
  return env;
}
