import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { doctor } from "../doctor";
import { ensureParts } from "../parts";
import { kafkaArtifacts } from "../parts/jars";
import { versions } from "../parts/versions";
import { fakeProgram, setEnv, tempFolder } from "./parts-support";

const jars = kafkaArtifacts.map((name) => `${name}-${versions.kafka}.jar`);

/** An empty cache, and a Maven that needs no network: it notes each run and writes the jars that it is told to. */
function machine(mvn = `for jar in ${jars.join(" ")}; do echo "$jar" > "$out/$jar"; done`): {
  cache: string;
  runs: () => number;
  lines: string[];
  progress: (line: string) => void;
} {
  const cache = join(tempFolder(), "cache");
  const bin = tempFolder();
  const log = join(bin, "runs");
  const find =
    'for word in "$@"; do case $word in -DoutputDirectory=*) out=${word#-DoutputDirectory=};; esac; done; mkdir ' +
    '-p "$out"';
  fakeProgram(join(bin, "mvn"), `echo run >> ${log}\n${find}\n${mvn}`);
  fakeProgram(join(bin, "java"), `echo 'openjdk version "21.0.1"' >&2`);
  setEnv({
    KAFKA_MIGRATION_CACHE: cache,
    KAFKA_MIGRATION_NO_DOWNLOAD: "1",
    PATH: [bin, dirname(process.execPath), "/bin", "/usr/bin"].join(delimiter),
    PULUMI_HOME: tempFolder(),
    KAFKA_HOME: undefined,
  });
  const lines: string[] = [];
  return {
    cache,
    lines,
    progress: (line) => lines.push(line),
    runs: () => (existsSync(log) ? readFileSync(log, "utf8").split("\n").length - 1 : 0),
  };
}

describe("ensureParts", () => {
  it("gets a part once, and finds it afterwards", async () => {
    const { cache, runs, lines, progress } = machine();
    const path = join(cache, "parts", "kafka", versions.kafka);
    expect((await ensureParts(["kafka"], progress)).kafka).toEqual({
      name: "kafka",
      path,
      version: versions.kafka,
      origin: "build",
    });
    expect((await ensureParts(["kafka"], progress)).kafka).toEqual({
      name: "kafka",
      path,
      version: versions.kafka,
      origin: "cache",
    });
    expect(readdirSync(path)).toEqual([...jars, "manifest.json"].sort());
    expect(runs()).toBe(1);
    expect(readdirSync(cache)).toEqual(["drafts", "parts"].filter((name) => existsSync(join(cache, name))));
    expect(existsSync(join(cache, "drafts")) ? readdirSync(join(cache, "drafts")) : []).toEqual([]);
    expect(lines.some((line) => /^kafka: ready in \d/.test(line))).toBe(true);
  });

  it("lets two simultaneous runs share one build", async () => {
    const { runs, progress } = machine(`sleep 0.3; for jar in ${jars.join(" ")}; do echo "$jar" > "$out/$jar"; done`);
    const [one, two] = await Promise.all([ensureParts(["kafka"], progress), ensureParts(["kafka"], progress)]);
    expect(one.kafka.path).toBe(two.kafka.path);
    expect([one.kafka.origin, two.kafka.origin].sort()).toEqual(["build", "cache"]);
    expect(runs()).toBe(1);
  });

  it("installs nothing if a step fails, reports its last output, and works the next time", async () => {
    const { cache, progress } = machine("echo 'Could not resolve host'; exit 7");
    await expect(ensureParts(["kafka"], progress)).rejects.toThrow(
      /PART_STEP_FAILED: kafka: Maven ended with exit code 7[\s\S]*Could not resolve host/,
    );
    expect(existsSync(join(cache, "parts"))).toBe(false);
    expect(existsSync(join(cache, "lock"))).toBe(false);
    const bin = process.env.PATH?.split(delimiter)[0] ?? "";
    const script = readFileSync(join(bin, "mvn"), "utf8");
    writeFileSync(
      join(bin, "mvn"),
      script.replace(
        "echo 'Could not resolve host'; exit 7",
        `for jar in ${jars.join(" ")}; do echo "$jar" > "$out/$jar"; done`,
      ),
    );
    expect((await ensureParts(["kafka"], progress)).kafka.origin).toBe("build");
  });

  it("ends immediately if it is interrupted, with nothing running or installed", async () => {
    const { cache, lines } = machine('echo $$ > "$(dirname "$0")/pid"; sleep 60');
    const interrupt = new AbortController();
    const pidFile = join(process.env.PATH?.split(delimiter)[0] ?? "", "pid");
    const ensured = ensureParts(["kafka"], (line) => lines.push(line), interrupt.signal);
    const failure = expect(ensured).rejects.toThrow("PARTS_INTERRUPTED: getting kafka was interrupted");
    await vi.waitUntil(() => existsSync(pidFile) && readFileSync(pidFile, "utf8").endsWith("\n"), { timeout: 20_000 });
    interrupt.abort();
    await failure;
    const pid = Number(readFileSync(pidFile, "utf8"));
    expect(() => process.kill(pid, 0)).toThrow("ESRCH");
    expect(existsSync(join(cache, "parts"))).toBe(false);
    expect(existsSync(join(cache, "lock"))).toBe(false);
  });

  it("refuses a part with wrong content", async () => {
    const { cache, progress } = machine('echo x > "$out/kafka-server-4.0.0.jar"');
    await expect(ensureParts(["kafka"], progress)).rejects.toThrow(
      `PART_REFUSED: kafka ${versions.kafka}: ${jars.join(", ")} did not come with it`,
    );
    expect(existsSync(join(cache, "parts"))).toBe(false);
  });

  it("replaces a damaged copy, and reports the damage", async () => {
    const { cache, runs, lines, progress } = machine();
    await ensureParts(["kafka"], progress);
    rmSync(join(cache, "parts", "kafka", versions.kafka, jars[0] ?? ""));
    expect((await ensureParts(["kafka"], progress)).kafka.origin).toBe("build");
    expect(runs()).toBe(2);
    expect(lines).toContain(
      `kafka: the copy in ${join(cache, "parts", "kafka", versions.kafka)} is damaged (${jars[0]} is missing)`,
    );
  });

  it("names missing tools, and leaves nothing behind", async () => {
    const { cache, progress } = machine();
    rmSync(join(process.env.PATH?.split(delimiter)[0] ?? "", "mvn"));
    setEnv({ PATH: process.env.PATH?.split(delimiter)[0] ?? "" });
    await expect(ensureParts(["kafka"], progress)).rejects.toThrow(
      "PARTS_TOOLS_MISSING: a tool is missing to get parts of the sandbox\n  - kafka: needs Maven",
    );
    expect(existsSync(join(cache, "lock"))).toBe(false);
    expect(existsSync(join(cache, "parts"))).toBe(false);
  });
});

/** A Go that answers its version, lists two packages, and builds by running `build` with the output folder in $out. */
function fakeGo(build: string): string {
  const bin = process.env.PATH?.split(delimiter)[0] ?? "";
  const find = 'while [ $# -gt 0 ]; do if [ "$1" = -o ]; then out=$2; fi; shift; done; mkdir -p "$out"';
  fakeProgram(
    join(bin, "go"),
    `case $1 in version) echo go version go1.26.0 linux/amd64;; list) echo one; echo two;; build) ${find}; ` +
      `${build};; esac`,
  );
  return bin;
}

const etcd = (version: string): string =>
  `printf '#!/bin/sh\\necho etcd Version: ${version}\\n' > "$out/server"; chmod +x "$out/server"`;

describe("a part that is built with Go", () => {
  it("is installed under its own name if it answers with its version", async () => {
    const { cache, lines, progress } = machine();
    fakeGo(etcd(versions.etcd));
    const path = join(cache, "parts", "etcd", versions.etcd, "etcd");
    expect((await ensureParts(["etcd"], progress)).etcd).toEqual({
      name: "etcd",
      path,
      version: versions.etcd,
      origin: "build",
    });
    expect(lines).toContain("etcd: compiling 2 packages");
    expect(existsSync(join(cache, "build"))).toBe(false);
  });

  it("is refused if it answers with another version", async () => {
    const { cache, progress } = machine();
    fakeGo(etcd("3.0.0"));
    await expect(ensureParts(["etcd"], progress)).rejects.toThrow(
      `PART_REFUSED: etcd ${versions.etcd}: etcd answers version 3.0.0, not ${versions.etcd}`,
    );
    expect(existsSync(join(cache, "parts"))).toBe(false);
  });

  it("does not delay the failure of another part", async () => {
    const { progress } = machine("exit 7");
    const bin = fakeGo('echo $$ > "$(dirname "$0")/pid"; exec sleep 600');
    await expect(ensureParts(["etcd", "kafka"], progress)).rejects.toThrow(
      "PART_STEP_FAILED: kafka: Maven ended with exit code 7",
    );
    const pid = existsSync(join(bin, "pid")) ? Number(readFileSync(join(bin, "pid"), "utf8")) : undefined;
    if (pid) expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  });
});

describe("doctor", () => {
  it("reports what is there, what is damaged and how to get the rest, and installs nothing", async () => {
    const { cache, progress, runs } = machine();
    await ensureParts(["kafka"], progress);
    const folder = join(cache, "parts", "kafka", versions.kafka);
    const line = async (name: string) => (await doctor()).find((one) => one.name === name);
    expect(await line("kafka")).toEqual({
      name: "kafka",
      state: "ready",
      text: `${versions.kafka} at ${folder} (as installed, by checksum)`,
    });
    const jar = readFileSync(join(folder, jars[1] ?? ""), "utf8");
    writeFileSync(join(folder, jars[1] ?? ""), jar.toUpperCase());
    expect(await line("kafka")).toMatchObject({
      state: "damaged",
      text: `${folder}: ${jars[1]} has other content than when it was installed`,
    });
    expect(await line("strimzi-crds")).toMatchObject({ state: "gettable", fix: "the next start gets it with Maven" });
    expect(await line("java")).toMatchObject({ state: "ready" });
    expect(runs()).toBe(1);
    expect((await doctor()).map((one) => one.name)).toHaveLength(9);
  });

  it("names the tool that a part needs", async () => {
    machine();
    setEnv({ PATH: "/nowhere" });
    expect((await doctor()).find((one) => one.name === "strimzi-crds")).toMatchObject({
      state: "missing",
      text: `${versions.strimzi} is not here`,
      fix: expect.stringContaining("needs Maven 3.6"),
    });
  });
});
