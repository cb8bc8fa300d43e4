import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, readFile, rename, chmod } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { SandboxError } from "../error";
import type { Supervisor } from "../processes";
import { versions } from "./versions";
import { duration, runStep } from "./work";

/** Programs with an official archive or file of their own. */
export type Published = "pulumi" | "etcd" | "kube-apiserver";

/** An official download and the file that carries its checksum. */
export interface Source {
  url: string;
  checksums: string;
  algorithm: "sha256" | "sha512";
  /** Name of the file in the list of checksums. */
  name: string;
  packed: boolean;
}

/** Where the vendors publish these; undefined for a platform that they do not serve. */
export function sourceOf(from: Published, platform: string = process.platform, cpu: string = process.arch): Source | undefined {
  if (!["linux", "darwin"].includes(platform) || !["x64", "arm64"].includes(cpu)) return undefined;
  const arch = cpu === "x64" ? "amd64" : cpu;
  if (from === "pulumi") {
    const name = `pulumi-v${versions.pulumi}-${platform}-${cpu}.tar.gz`;
    const release = `https://github.com/pulumi/pulumi/releases/download/v${versions.pulumi}`;
    return { url: `https://get.pulumi.com/releases/sdk/${name}`, checksums: `${release}/pulumi-${versions.pulumi}-checksums.txt`, algorithm: "sha256", name, packed: true };
  }
  // Kubernetes publishes servers, and etcd its plain archives, for Linux only.
  if (platform !== "linux") return undefined;
  if (from === "etcd") {
    const name = `etcd-v${versions.etcd}-linux-${arch}.tar.gz`;
    const release = `https://github.com/etcd-io/etcd/releases/download/v${versions.etcd}`;
    return { url: `${release}/${name}`, checksums: `${release}/SHA256SUMS`, algorithm: "sha256", name, packed: true };
  }
  const url = `https://dl.k8s.io/v${versions.kubernetes}/bin/linux/${arch}/kube-apiserver`;
  return { url, checksums: `${url}.sha256`, algorithm: "sha256", name: "kube-apiserver", packed: false };
}

/** Thrown when nothing answers: one such failure ends all tries to download in a run. */
export class Unreachable extends Error {}

export interface Timing {
  /** Until the first byte of an answer. */
  answerMs: number;
  /** Between two pieces of a body. */
  stallMs: number;
}

const usual: Timing = { answerMs: 4_000, stallMs: 20_000 };

/** Fetches, compares the checksum, and puts `files` into `folder`. @throws Unreachable, SandboxError `PART_DOWNLOAD_FAILED` */
export async function download(source: Source, files: readonly string[], folder: string, supervisor: Supervisor, progress: (line: string) => void, signal?: AbortSignal, timing: Timing = usual): Promise<void> {
  const started = Date.now();
  const list = await (await answer(source.checksums, timing, signal)).text();
  const expected = checksumIn(list, source.name);
  if (expected === undefined) throw failed(source.checksums, `has no checksum for ${source.name}`);
  progress(`${source.name}: downloading`);
  const file = join(supervisor.folder, source.name);
  const found = await save(await answer(source.url, timing, signal), file, source.algorithm, timing);
  if (found !== expected) throw failed(source.url, `has the ${source.algorithm} ${found}, but ${source.checksums} says ${expected}`);
  await mkdir(folder, { recursive: true });
  if (!source.packed) {
    await rename(file, join(folder, source.name));
    await chmod(join(folder, source.name), 0o755);
  } else {
    await unpack(file, files, folder, supervisor, progress);
  }
  progress(`${source.name}: downloaded in ${duration(started)}, ${source.algorithm} as published`);
}

/** Throws Unreachable when Pulumi's download site does not answer within seconds. */
export async function reachable(signal?: AbortSignal, timing: Timing = usual): Promise<void> {
  await (await answer("https://get.pulumi.com/latest-version", timing, signal)).text();
}

/** `<hex>  <name>` lines (with `*` or `./` before the name), or a file with nothing but the checksum. */
export function checksumIn(list: string, name: string): string | undefined {
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
    response = await fetch(url, { signal: signal ? AbortSignal.any([signal, limit.signal]) : limit.signal, redirect: "follow" });
  } catch (error) {
    const cause = (error as { cause?: { code?: string } }).cause?.code;
    throw new Unreachable(`${new URL(url).hostname} does not answer (${limit.signal.aborted ? `nothing in ${timing.answerMs / 1000} s` : (cause ?? (error as Error).message)})`);
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
    throw new Unreachable(`${new URL(response.url).hostname} stopped in the middle of ${file.split("/").at(-1)} (${(error as Error).message})`);
  } finally {
    clearTimeout(timer);
  }
  return hash.digest("hex");
}

async function unpack(archive: string, files: readonly string[], folder: string, supervisor: Supervisor, progress: (line: string) => void): Promise<void> {
  const log = join(supervisor.folder, "archive.log");
  await runStep(supervisor, { name: "listing the archive", command: "tar", args: ["-tzf", archive], log }, progress);
  const entries = (await readFile(log, "utf8")).split("\n");
  for (const name of files) {
    const entry = entries.find((one) => one === name || one.endsWith(`/${name}`));
    if (entry === undefined) throw failed(archive, `holds no ${name}`);
    const out = join(supervisor.folder, "unpacked");
    await mkdir(out, { recursive: true });
    await runStep(supervisor, { name: `unpacking ${name}`, command: "tar", args: ["-xzf", archive, "-C", out, entry], log: join(supervisor.folder, "unpack.log") }, progress);
    await rename(join(out, entry), join(folder, name));
  }
}

function failed(url: string, what: string): SandboxError {
  return new SandboxError("PART_DOWNLOAD_FAILED", `${url} ${what}`, { fix: "put the program on the PATH, or let it be built" });
}
