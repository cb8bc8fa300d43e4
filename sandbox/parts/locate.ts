import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inspect, installedFolder } from "./cache";
import { findJava } from "./tools";
import type { Part, PartName } from "./types";
import { units, type Unit } from "./units";
import { oldest, versions } from "./versions";

export type Found = Partial<Record<PartName, Part>>;

/** What is there without getting anything: on the PATH first, then in the cache. A damaged copy counts as absent and is told. */
export async function locate(
  names: readonly PartName[],
  cache: string,
  progress: (line: string) => void,
): Promise<Found> {
  const found: Found = {};
  if (names.includes("java")) {
    const java = await findJava(oldest.java);
    if (java) found.java = { name: "java", path: java.path, version: java.version, origin: "path" };
  }
  for (const unit of units) {
    const wanted = (Object.keys(unit.provides) as PartName[]).filter((name) => names.includes(name));
    if (wanted.length === 0) continue;
    const parts = (await unit.elsewhere?.()) ?? (await cached(unit, cache, progress));
    for (const part of parts ?? []) if (wanted.includes(part.name)) found[part.name] = part;
  }
  if (names.includes(standIn.name) && !found[standIn.name] && (await standsInLately(cache)))
    found[standIn.name] = { ...standIn };
  return found;
}

async function cached(unit: Unit, cache: string, progress: (line: string) => void): Promise<Part[] | undefined> {
  const folder = installedFolder(cache, unit.name, unit.version);
  const state = await inspect(folder);
  if (!state) return undefined;
  if (state.wrong.length > 0) {
    progress(`${unit.name}: the copy in ${folder} is damaged (${state.wrong.slice(0, 3).join("; ")})`);
    return undefined;
  }
  return Object.entries(unit.provides).map(([name, file]) => ({
    name: name as PartName,
    path: file === "" ? folder : join(folder, file),
    version: unit.version,
    origin: "cache",
  }));
}

/** The one part that can be neither built nor had from a registry. Its caller makes the stand-in. */
const standIn: Part = {
  name: "pulumi-resource-kubernetes",
  path: "",
  version: versions.kubernetesPlugin,
  origin: "stand-in",
};

/** Once the stand-in was taken, the download is not tried again for an hour: each try may cost seconds. */
const standInMark = (cache: string): string => join(cache, "kubernetes-plugin-stands-in");

export async function rememberStandIn(cache: string): Promise<void> {
  await writeFile(standInMark(cache), "");
}

async function standsInLately(cache: string): Promise<boolean> {
  const mark = await stat(standInMark(cache)).catch(() => undefined);
  return mark !== undefined && Date.now() - mark.mtimeMs < 3_600_000;
}
