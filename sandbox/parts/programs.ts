import { lstat, readdir } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { pluginVersion } from "./plugin-version";
import { ask, isProgram, onPath } from "./tools";
import type { Part, PartName } from "./types";
import { accepts, compareVersions, oldest, versionIn } from "./versions";

export type Program =
  | "pulumi"
  | "pulumi-language-nodejs"
  | "kube-apiserver"
  | "kube-controller-manager"
  | "etcd"
  | "pulumi-resource-kafka"
  | "pulumi-resource-kubernetes";

/** Environment in which pulumi does not look for a newer release and sends nothing else over the network. */
const quiet = (): NodeJS.ProcessEnv => ({ ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" });

/** Asks a program for its version, without a leading `v`. Undefined if it does not answer as that program does. */
export async function versionOf(program: Program, path: string): Promise<string | undefined> {
  switch (program) {
    case "pulumi":
      return versionIn((await ask(path, ["version"], quiet())) ?? "");
    case "kube-apiserver":
    case "kube-controller-manager":
      return versionIn(/Kubernetes v\S+/.exec((await ask(path, ["--version"])) ?? "")?.[0] ?? "");
    case "etcd":
      return versionIn(/etcd Version: \S+/.exec((await ask(path, ["--version"])) ?? "")?.[0] ?? "");
    case "pulumi-resource-kafka":
    case "pulumi-resource-kubernetes":
      return pluginVersion(path, quiet());
    case "pulumi-language-nodejs":
      throw new Error("the language host has no word for its version: see answersAsLanguageHost");
  }
}

/** The language host does not report its version. It is recognised by the flags that only it has. */
export async function answersAsLanguageHost(path: string): Promise<boolean> {
  return /Usage of [\s\S]*-tsconfig/.test((await ask(path, ["-h"])) ?? "");
}

/** Finds a program on the PATH. Undefined if its version is not acceptable. */
export async function programOnPath(
  name: "kube-apiserver" | "kube-controller-manager" | "etcd",
  least: string,
): Promise<Part[] | undefined> {
  const path = await onPath(name);
  const version = path && (await versionOf(name, path));
  return path && version && accepts(version, least) ? [{ name, path, version, origin: "path" }] : undefined;
}

/** `pulumi` works only with a language host of the same release. Both must therefore come from the same folder. */
export async function pulumiOnPath(): Promise<Part[] | undefined> {
  const path = await onPath("pulumi");
  if (!path) return undefined;
  const host = join(dirname(path), "pulumi-language-nodejs");
  if (!(await isProgram(host)) || !(await answersAsLanguageHost(host))) return undefined;
  const version = await versionOf("pulumi", path);
  if (!version || !accepts(version, oldest.pulumi)) return undefined;
  return [
    { name: "pulumi", path, version, origin: "path" },
    { name: "pulumi-language-nodejs", path: host, version, origin: "path" },
  ];
}

/** Why the first plugin on the PATH is not used. Undefined: there is none, or it is used. */
export async function whyPluginIsNotUsed(kind: "kafka" | "kubernetes", least: string): Promise<string | undefined> {
  const name: PartName & Program = `pulumi-resource-${kind}`;
  for (const folder of (process.env.PATH ?? "").split(delimiter).filter((entry) => entry !== "")) {
    const path = join(folder, name);
    if (await isProgram(path)) {
      const version = await versionOf(name, path);
      if (version === undefined) return `${path} does not answer as a plugin does`;
      if (accepts(version, least)) return undefined;
      return `${path} has version ${version}, not ${least} or a newer one of ${least.split(".")[0]}.x`;
    }
    const file = await lstat(path).catch(() => undefined);
    if (file !== undefined && !file.isDirectory())
      return `${path} ${file.isSymbolicLink() ? "is a link that leads to no program" : "is not executable"}`;
  }
  return undefined;
}

/**
 * Finds a plugin on the PATH, else the newest acceptable one in Pulumi's own plugin folder (whose folder names contain
 * the version).
 */
export async function plugin(kind: "kafka" | "kubernetes", least: string): Promise<Part[] | undefined> {
  const name: PartName & Program = `pulumi-resource-${kind}`;
  const path = await onPath(name);
  const version = path && (await versionOf(name, path));
  if (path && version && accepts(version, least)) return [{ name, path, version, origin: "path" }];
  const home = process.env.PULUMI_HOME ?? join(homedir(), ".pulumi");
  const entries = await readdir(join(home, "plugins")).catch((): string[] => []);
  const installed = entries
    // Pulumi keeps this mark beside a plugin until the plugin is completely installed.
    .filter((entry) => !entries.includes(`${entry}.partial`))
    .map((entry) => ({ entry, version: new RegExp(`^resource-${kind}-v(\\d+\\.\\d+\\.\\d+)$`).exec(entry)?.[1] }))
    .filter(
      (one): one is { entry: string; version: string } => one.version !== undefined && accepts(one.version, least),
    )
    .sort((a, b) => compareVersions(b.version, a.version));
  for (const one of installed) {
    const file = join(home, "plugins", one.entry, name);
    if (await isProgram(file)) return [{ name, path: file, version: one.version, origin: "path" }];
  }
  return undefined;
}
