import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { chmod, mkdir, readdir, readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { SandboxError } from "../error";
import type { Supervisor } from "../processes";
import type { Source } from "./published";
import { duration, runStep } from "./work";

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
  if (source.inside !== undefined) {
    await unpackFolder(file, source.inside, folder, supervisor, progress);
  } else if (source.packed) {
    await mkdir(folder, { recursive: true });
    await unpack(file, files, folder, supervisor, progress);
  } else {
    await mkdir(folder, { recursive: true });
    await rename(file, join(folder, source.name));
    await chmod(join(folder, source.name), 0o755);
  }
  progress(
    `${source.name}: downloaded in ${duration(started)}, ${expected === undefined ? "no checksum is published" : `${source.algorithm} as published`}`,
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
      `${new URL(url).hostname} does not answer (${limit.signal.aborted ? `nothing in ${timing.answerMs / 1000} s` : (cause ?? (error as Error).message)})`,
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
      `${new URL(response.url).hostname} stopped in the middle of ${file.split("/").at(-1)} (${(error as Error).message})`,
    );
  } finally {
    clearTimeout(timer);
  }
  return hash.digest("hex");
}

/** Unpacks one folder of the archive, whatever the name of the archive's top folder is. */
async function unpackFolder(
  archive: string,
  inside: string,
  folder: string,
  supervisor: Supervisor,
  progress: (line: string) => void,
): Promise<void> {
  const out = join(supervisor.folder, "unpacked-folder");
  await mkdir(out, { recursive: true });
  await runStep(
    supervisor,
    {
      name: `unpacking ${inside}`,
      command: "tar",
      args: ["-xzf", archive, "-C", out],
      log: join(supervisor.folder, "unpack.log"),
    },
    progress,
  );
  const [root] = await readdir(out);
  const found = root === undefined ? undefined : join(out, root, inside);
  if (found === undefined || !(await stat(found).catch(() => undefined))?.isDirectory())
    throw failed(archive, `holds no folder ${inside}`);
  await rename(found, folder);
}

async function unpack(
  archive: string,
  files: readonly string[],
  folder: string,
  supervisor: Supervisor,
  progress: (line: string) => void,
): Promise<void> {
  const log = join(supervisor.folder, "archive.log");
  await runStep(supervisor, { name: "listing the archive", command: "tar", args: ["-tzf", archive], log }, progress);
  const entries = (await readFile(log, "utf8")).split("\n");
  for (const name of files) {
    const entry = entries.find((one) => one === name || one.endsWith(`/${name}`));
    if (entry === undefined) throw failed(archive, `holds no ${name}`);
    const out = join(supervisor.folder, "unpacked");
    await mkdir(out, { recursive: true });
    await runStep(
      supervisor,
      {
        name: `unpacking ${name}`,
        command: "tar",
        args: ["-xzf", archive, "-C", out, entry],
        log: join(supervisor.folder, "unpack.log"),
      },
      progress,
    );
    await rename(join(out, entry), join(folder, name));
  }
}

function failed(url: string, what: string): SandboxError {
  return new SandboxError("PART_DOWNLOAD_FAILED", `${url} ${what}`, {
    fix: "put the program on the PATH, or let it be built",
  });
}
