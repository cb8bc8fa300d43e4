import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";

/** `$KAFKA_MIGRATION_CACHE`, else `$XDG_CACHE_HOME/pulumi-kafka-migration`, else `~/.cache/pulumi-kafka-migration`. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env.KAFKA_MIGRATION_CACHE) return env.KAFKA_MIGRATION_CACHE;
  return join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "pulumi-kafka-migration");
}

/** Folder of one installed version, e.g. `<cache>/parts/etcd/3.7.0`. */
export function installedFolder(cache: string, name: string, version: string): string {
  return join(cache, "parts", name, version);
}

/** A folder beside the installed parts, so that one rename moves a finished part into place. */
export function draftFolder(cache: string): string {
  return join(cache, "drafts", `${process.pid}-${randomBytes(4).toString("hex")}`);
}

/**
 * Describes what was installed. It is written before the folder is moved into place, so a folder with a manifest is
 * complete.
 */
export interface Manifest {
  version: string;
  origin: "download" | "build";
  files: Record<string, { bytes: number; sha256: string }>;
}

const manifestName = "manifest.json";

/** Records every file of `draft` in the manifest and moves the folder to `final`. Replaces an existing folder. */
export async function install(
  draft: string,
  final: string,
  about: Pick<Manifest, "version" | "origin">,
): Promise<void> {
  const files: Manifest["files"] = {};
  for (const name of (await readdir(draft)).sort()) {
    files[name] = { bytes: (await stat(join(draft, name))).size, sha256: await sha256(join(draft, name)) };
  }
  await writeFile(join(draft, manifestName), `${JSON.stringify({ ...about, files } satisfies Manifest, null, 2)}\n`);
  await mkdir(dirname(final), { recursive: true });
  // A running program survives the move of its file, but not an overwrite.
  const replaced = `${draft}.replaced`;
  await rename(final, replaced).catch(ignoreMissing);
  await rename(draft, final);
  await rm(replaced, { recursive: true, force: true });
}

/**
 * Compares an installed folder with its manifest: names and sizes, and with `deep` the checksum of every file.
 * @returns undefined if nothing is installed there; else the manifest and the faults (empty if there are none)
 */
export async function inspect(
  folder: string,
  deep = false,
): Promise<{ manifest?: Manifest; wrong: string[] } | undefined> {
  const present = await readdir(folder).catch(ignoreMissing);
  if (!present) return undefined;
  let manifest: Manifest;
  try {
    manifest = JSON.parse(await readFile(join(folder, manifestName), "utf8")) as Manifest;
  } catch {
    return { wrong: [`${manifestName} is missing or not readable`] };
  }
  const wrong = present
    .filter((name) => name !== manifestName && !(name in manifest.files))
    .map((name) => `${name} does not belong there`);
  for (const [name, { bytes, sha256: expected }] of Object.entries(manifest.files)) {
    const path = join(folder, name);
    const found = await stat(path).catch(ignoreMissing);
    if (!found) wrong.push(`${name} is missing`);
    else if (found.size !== bytes) wrong.push(`${name} has ${found.size} bytes, not ${bytes}`);
    else if (deep && (await sha256(path)) !== expected)
      wrong.push(`${name} has other content than when it was installed`);
  }
  return { manifest, wrong };
}

async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT") return undefined;
  throw error;
}
