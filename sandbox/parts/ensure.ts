import { join } from "node:path";
import { SandboxError } from "../error";
import { cacheFolder } from "./cache";
import { getParts } from "./get";
import { locate } from "./locate";
import { withLock } from "./lock";
import type { Origin, Part, PartName } from "./types";

/**
 * Returns the parts. Looks for each on the PATH, then in the cache folder, then downloads it from the official source,
 * then builds it.
 *
 * Two runs at the same time do not collide: the second waits for the parts that the first is getting. An interrupted
 * run leaves no partly installed part and no process. Its downloads and compiled files stay in `<cache>/build` for the
 * next run, which removes them at the end.
 *
 * `java` is only looked for. No registry serves `pulumi-resource-kubernetes`: if it is neither installed nor
 * downloadable, its origin is `stand-in` and its path is empty.
 *
 * With `KAFKA_MIGRATION_NO_DOWNLOAD=1` in the environment, nothing is downloaded from official sources, only built.
 *
 * Aborting `signal` ends the call early. No process runs when the promise has settled.
 *
 * @throws SandboxError `PARTS_TOOLS_MISSING` (names every part and tool at once), `PART_STEP_FAILED`, `PART_REFUSED`,
 * `PARTS_NO_ROOM`, `PARTS_LOCKED`, `PARTS_INTERRUPTED`
 */
export async function ensureParts(
  names: PartName[],
  progress: (line: string) => void,
  signal?: AbortSignal,
): Promise<Record<PartName, Part>> {
  const cache = cacheFolder();
  const found = await locate(names, cache, progress);
  const missing = (): PartName[] => names.filter((name) => found[name] === undefined);
  const lookAgain = async (): Promise<boolean> => {
    Object.assign(found, await locate(missing(), cache, () => {}));
    return missing().length === 0;
  };
  if (missing().length > 0) {
    const work = async (): Promise<Map<PartName, Origin>> =>
      (await lookAgain()) ? new Map() : getParts(missing(), cache, progress, signal);
    const options = { progress, done: lookAgain, ...(signal ? { signal } : {}) };
    const made = await withLock(join(cache, "lock"), options, work).catch((error: unknown) => {
      if (!signal?.aborted) throw error;
      throw new SandboxError("PARTS_INTERRUPTED", `getting ${missing().join(", ")} was interrupted`, {
        fix: "start it again: it goes on from there",
        cause: error,
      });
    });
    await lookAgain();
    for (const part of Object.values(found)) part.origin = made?.get(part.name) ?? part.origin;
  }
  const lost = missing();
  if (lost.length > 0) {
    throw new SandboxError("PART_REFUSED", `${lost.join(", ")} went away right after being installed in ${cache}`, {
      fix: "run it again; something removes files from that folder",
    });
  }
  return found as Record<PartName, Part>;
}
