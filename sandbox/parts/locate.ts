import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inspect, installedFolder } from "./cache";
import { findJava } from "./tools";
import type { Part, PartName } from "./types";
import { units, type Unit } from "./units";
import { oldest, versions } from "./versions";

export type Found = Partial<Record<PartName, Part>>;

/**
 * Finds the parts that are already there: first on the PATH, then in the cache. A damaged copy is reported and counts
 * as absent.
 */
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

/** The only part that can neither be built nor downloaded from a registry. The caller creates the stand-in. */
const standIn: Part = {
  name: "pulumi-resource-kubernetes",
  path: "",
  version: versions.kubernetesPlugin,
  origin: "stand-in",
};

/** After the stand-in was used, the download is not tried again for one hour, because each try may take seconds. */
const standInMark = (cache: string): string => join(cache, "kubernetes-plugin-stands-in");

export async function rememberStandIn(cache: string): Promise<void> {
  await writeFile(standInMark(cache), "");
}

async function standsInLately(cache: string): Promise<boolean> {
  const mark = await stat(standInMark(cache)).catch(() => undefined);
  return mark !== undefined && Date.now() - mark.mtimeMs < 3_600_000;
}
