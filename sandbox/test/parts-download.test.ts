import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { checksumIn, download, Unreachable } from "../parts/download";
import { sourceOf, type Source } from "../parts/published";
import { supervise, type Supervisor } from "../processes";
import { tempFolder } from "./parts-support";

const open: { server?: Server; supervisor?: Supervisor } = {};

afterEach(async () => {
  open.server?.closeAllConnections();
  await new Promise((resolve) => (open.server ? open.server.close(resolve) : resolve(undefined)));
  await open.supervisor?.stop();
  delete open.server;
  delete open.supervisor;
});

type Answer = (response: ServerResponse) => void;

/** A download site on this machine, and what `download` needs to use it. */
async function site(
  pages: Record<string, Answer>,
  packed: boolean,
  limitMs = 20_000,
): Promise<{ source: Source; folder: string; get: (files: string[]) => Promise<void> }> {
  const server = createServer((request, response) => {
    const page = pages[request.url ?? ""];
    if (page) page(response);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  open.server = server;
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const temp = tempFolder();
  const supervisor = supervise(join(temp, "work"));
  open.supervisor = supervisor;
  const folder = join(temp, "got");
  const source: Source = {
    url: `${base}/thing`,
    checksums: `${base}/sums`,
    algorithm: "sha256",
    name: "thing",
    packed,
  };
  return {
    source,
    folder,
    get: (files) =>
      download(source, files, folder, supervisor, () => {}, undefined, { answerMs: limitMs, stallMs: limitMs }),
  };
}

const sha256 = (content: Buffer | string): string => createHash("sha256").update(content).digest("hex");
const says =
  (content: Buffer | string): Answer =>
  (response) =>
    void response.end(content);

describe("download", () => {
  it("accepts a program with the published checksum", async () => {
    const { folder, get } = await site({ "/thing": says("program"), "/sums": says(`${sha256("program")}\n`) }, false);
    await get(["thing"]);
    expect(readFileSync(join(folder, "thing"), "utf8")).toBe("program");
    expect(statSync(join(folder, "thing")).mode & 0o111).not.toBe(0);
  });

  it("extracts only the wanted files from an archive", async () => {
    const inner = join(tempFolder(), "thing-1.0");
    mkdirSync(inner);
    for (const name of ["wanted", "other"]) writeFileSync(join(inner, name), name);
    const archive = execFileSync("tar", ["-czf", "-", "-C", join(inner, ".."), "thing-1.0"]);
    const { folder, get } = await site(
      { "/thing": says(archive), "/sums": says(`${sha256(archive)}  ./thing\n`) },
      true,
    );
    await get(["wanted"]);
    expect(readFileSync(join(folder, "wanted"), "utf8")).toBe("wanted");
    expect(existsSync(join(folder, "other"))).toBe(false);
    await expect(get(["absent"])).rejects.toThrow(/PART_DOWNLOAD_FAILED: .* holds no absent/);
  });

  it("extracts a whole folder from an archive, also without a published checksum", async () => {
    const inner = join(tempFolder(), "kafka_2.13-1.0");
    mkdirSync(join(inner, "libs"), { recursive: true });
    for (const name of ["libs/a.jar", "LICENSE"]) writeFileSync(join(inner, name), name);
    const archive = execFileSync("tar", ["-czf", "-", "-C", join(inner, ".."), "kafka_2.13-1.0"]);
    const { folder, source, get } = await site({ "/thing": says(archive) }, true);
    delete source.checksums;
    source.inside = "absent";
    await expect(get([""])).rejects.toThrow(/PART_DOWNLOAD_FAILED: .* holds no folder absent/);
    source.inside = "libs";
    await get([""]);
    expect(readdirSync(folder)).toEqual(["a.jar"]);
  });

  it("refuses content that differs from what was published", async () => {
    const { folder, get } = await site(
      { "/thing": says("changed"), "/sums": says(`${sha256("program")}  thing\n`) },
      false,
    );
    await expect(get(["thing"])).rejects.toThrow(`has the sha256 ${sha256("changed")}, but`);
    expect(existsSync(folder)).toBe(false);
  });

  it("refuses what has no published checksum, and what does not exist", async () => {
    const unnamed = await site({ "/thing": says("program"), "/sums": says(`${sha256("program")}  another\n`) }, false);
    await expect(unnamed.get(["thing"])).rejects.toThrow("has no checksum for thing");
    const absent = await site({}, false);
    await expect(absent.get(["thing"])).rejects.toThrow("PART_DOWNLOAD_FAILED");
    await expect(absent.get(["thing"])).rejects.not.toBeInstanceOf(Unreachable);
  });

  it("gives up on a site that does not answer", async () => {
    const silent = await site({ "/sums": () => {} }, false, 300);
    await expect(silent.get(["thing"])).rejects.toThrow("127.0.0.1 does not answer (nothing in 0.3 s)");
    await new Promise((resolve) => {
      open.server?.closeAllConnections();
      open.server?.close(resolve);
    });
    delete open.server;
    await expect(silent.get(["thing"])).rejects.toBeInstanceOf(Unreachable);
  });

  it("gives up on a download that stops in the middle", async () => {
    const half: Answer = (response) => void response.writeHead(200, { "content-length": "100" }).write("half");
    const { get } = await site({ "/thing": half, "/sums": says(`${sha256("program")}  thing\n`) }, false, 2_000);
    await expect(get(["thing"])).rejects.toThrow("127.0.0.1 stopped in the middle of thing");
  });
});

describe("published checksums", () => {
  const hex = "AB".repeat(32);
  it("are found by the name of the file", () => {
    expect(checksumIn(`${"0".repeat(64)}  a-thing\n${hex}  thing\n`, "thing")).toBe(hex.toLowerCase());
    expect(checksumIn(`${hex} *./thing\n`, "thing")).toBe(hex.toLowerCase());
    expect(checksumIn(`${hex}\n`, "thing")).toBe(hex.toLowerCase());
    expect(checksumIn("thing\n", "thing")).toBeUndefined();
    const long = "0123 4567 89AB CDEF ".repeat(8);
    expect(checksumIn(`thing: ${long.slice(0, 80)}\n       ${long.slice(80)}\n`, "thing")).toBe(
      "0123456789abcdef".repeat(8),
    );
    expect(checksumIn(`another: ${long}\n`, "thing")).toBeUndefined();
  });
});

describe("sourceOf", () => {
  it("names the file for the platform", () => {
    expect(sourceOf("pulumi", "darwin", "arm64")?.name).toMatch(/^pulumi-v[\d.]+-darwin-arm64\.tar\.gz$/);
    expect(sourceOf("pulumi", "linux", "x64")?.name).toMatch(/-linux-x64\.tar\.gz$/);
    expect(sourceOf("etcd", "linux", "x64")?.name).toMatch(/-linux-amd64\.tar\.gz$/);
    expect(sourceOf("kube-apiserver", "linux", "arm64")?.url).toMatch(/\/linux\/arm64\/kube-apiserver$/);
  });

  it("has Kafka's jars and the CRDs for every platform", () => {
    expect(sourceOf("kafka", "win32", "x64")).toMatchObject({
      url: expect.stringMatching(/\/kafka_2\.13-[\d.]+\.tgz$/),
      algorithm: "sha512",
      inside: "libs",
    });
    expect(sourceOf("strimzi-crds", "darwin", "arm64")?.url).toMatch(/strimzi-crds-[\d.]+\.yaml$/);
  });

  it("is undefined if the vendor publishes nothing", () => {
    expect(sourceOf("kube-apiserver", "darwin", "arm64")).toBeUndefined();
    expect(sourceOf("pulumi", "win32", "x64")).toBeUndefined();
    expect(sourceOf("etcd", "linux", "riscv64")).toBeUndefined();
  });
});
