import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { chmod, mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { extract, type Headers } from "tar-fs";
import { SandboxError } from "../error";
import type { Supervisor } from "../processes";
import type { Source } from "./published";
import { duration } from "./work";

/** Thrown when a server does not answer. After one such failure, a run tries no further download. */
export class Unreachable extends Error {}

export interface Timing {
  /** Maximum milliseconds until the first byte of an answer. */
  answerMs: number;
  /** Maximum milliseconds between two pieces of a body. */
  stallMs: number;
}

const usual: Timing = { answerMs: 4_000, stallMs: 20_000 };

/**
 * Downloads the source, compares the checksum, and puts `files` into `folder`.
 * @throws Unreachable, SandboxError `PART_DOWNLOAD_FAILED`
 */
export async function download(
  source: Source,
  files: readonly string[],
  folder: string,
  supervisor: Supervisor,
  progress: (line: string) => void,
  signal?: AbortSignal,
  timing: Timing = usual,
): Promise<void> {
  const started = Date.now();
  const expected = await published(source, timing, signal);
  progress(`${source.name}: downloading`);
  const file = join(supervisor.folder, source.name);
  const found = await save(await answer(source.url, timing, signal), file, source.algorithm, timing);
  if (expected !== undefined && found !== expected)
    throw failed(source.url, `has the ${source.algorithm} ${found}, but ${source.checksums} says ${expected}`);
  if (source.packed) await unpack(file, source, files, folder, signal);
  else {
    await mkdir(folder, { recursive: true });
    await rename(file, join(folder, source.name));
    await chmod(join(folder, source.name), 0o755);
  }
  progress(
    `${source.name}: downloaded in ${duration(started)}, ` +
      `${expected === undefined ? "no checksum is published" : `${source.algorithm} as published`}`,
  );
}

/** Returns the published checksum. Undefined if none is published. */
async function published(
  { checksums, name }: Source,
  timing: Timing,
  signal?: AbortSignal,
): Promise<string | undefined> {
  if (checksums === undefined) return undefined;
  const found = checksumIn(await (await answer(checksums, timing, signal)).text(), name);
  if (found === undefined) throw failed(checksums, `has no checksum for ${name}`);
  return found;
}

/** @throws Unreachable when Pulumi's download site does not answer within seconds */
export async function reachable(signal?: AbortSignal, timing: Timing = usual): Promise<void> {
  await (await answer("https://get.pulumi.com/latest-version", timing, signal)).text();
}

/**
 * Finds the checksum of a file. Accepts `<hex>  <name>` lines (with `*` or `./` before the name), a file that holds
 * only the checksum, and GnuPG's groups of digits (Apache).
 */
export function checksumIn(list: string, name: string): string | undefined {
  const [before, digits] = list.includes(":")
    ? [list.slice(0, list.indexOf(":")).trim(), list.slice(list.indexOf(":") + 1).replace(/\s+/g, "")]
    : [];
  if (before === name && digits !== undefined && /^([0-9a-fA-F]{64}|[0-9a-fA-F]{128})$/.test(digits))
    return digits.toLowerCase();
  for (const line of list.split("\n")) {
    const [hex = "", file] = line.trim().split(/\s+/);
    if (!/^[0-9a-fA-F]{64,128}$/.test(hex)) continue;
    if (file === undefined || file.replace(/^(\*|\.\/)+/, "") === name) return hex.toLowerCase();
  }
  return undefined;
}

async function answer(url: string, timing: Timing, signal?: AbortSignal): Promise<Response> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), timing.answerMs);
  let response: Response;
  try {
    response = await fetch(url, {
      signal: signal ? AbortSignal.any([signal, limit.signal]) : limit.signal,
      redirect: "follow",
    });
  } catch (error) {
    const cause = (error as { cause?: { code?: string } }).cause?.code;
    throw new Unreachable(
      `${new URL(url).hostname} does not answer ` +
        `(${limit.signal.aborted ? `nothing in ${timing.answerMs / 1000} s` : (cause ?? (error as Error).message)})`,
    );
  } finally {
    clearTimeout(timer);
  }
  if (!response.ok) throw failed(url, `answers ${response.status} ${response.statusText}`);
  return response;
}

async function save(response: Response, file: string, algorithm: Source["algorithm"], timing: Timing): Promise<string> {
  if (!response.body) throw failed(response.url, "has no content");
  const hash = createHash(algorithm);
  const stalled = new AbortController();
  const timer = setTimeout(() => stalled.abort(), timing.stallMs);
  try {
    await pipeline(
      Readable.fromWeb(response.body as import("node:stream/web").ReadableStream),
      async function* (pieces: AsyncIterable<Buffer>) {
        for await (const piece of pieces) {
          timer.refresh();
          hash.update(piece);
          yield piece;
        }
      },
      createWriteStream(file),
      { signal: stalled.signal },
    );
  } catch (error) {
    throw new Unreachable(
      `${new URL(response.url).hostname} stopped in the middle of ${file.split("/").at(-1)} ` +
        `(${(error as Error).message})`,
    );
  } finally {
    clearTimeout(timer);
  }
  return hash.digest("hex");
}

/**
 * Unpacks a `.tar.gz`. `place` returns where in `folder` an entry goes, or undefined for an entry that is left out.
 * @throws SandboxError `PART_DOWNLOAD_FAILED` if it contains none of them, or not all of `files`
 */
async function unpack(archive: string, source: Source, files: readonly string[], folder: string, signal?: AbortSignal) {
  const found = new Set<string>();
  const place = (entry: string): string | undefined => {
    // The name of the archive's top folder contains a version.
    if (source.inside !== undefined) return new RegExp(`^[^/]+/${source.inside}/(.+)$`).exec(entry)?.[1];
    return files.find((name) => (entry === name || entry.endsWith(`/${name}`)) && !found.has(name));
  };
  const map = (header: Headers): Headers => {
    // Folders are made where a file needs one. The archive of Pulumi has a folder `pulumi` and in it a file of that
    // name.
    const name = header.type === "directory" ? undefined : place(header.name);
    if (name !== undefined) found.add(name);
    return { ...header, name: name ?? "" };
  };
  const ignore = (_: string, header?: Headers): boolean => header?.name === "";
  await mkdir(folder, { recursive: true });
  await pipeline(createReadStream(archive), createGunzip(), extract(folder, { map, ignore }), { signal });
  const absent = source.inside === undefined ? files.find((name) => !found.has(name)) : undefined;
  if (absent !== undefined) throw failed(archive, `holds no ${absent}`);
  if (found.size === 0) throw failed(archive, `holds no folder ${source.inside}`);
}

function failed(url: string, what: string): SandboxError {
  return new SandboxError("PART_DOWNLOAD_FAILED", `${url} ${what}`, {
    fix: "put the program on the PATH, or let it be built",
  });
}
