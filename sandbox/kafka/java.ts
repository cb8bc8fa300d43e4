import { createHash, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile, realpath, rename, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { supervise, type ManagedProcess, type Supervisor } from "../processes";
import { cacheFolder, ensureParts } from "../parts";
import type { KafkaParts } from "./types";

export interface JavaOptions {
  /** Name of the process in messages. */
  name: string;
  mainClass: string;
  args: readonly string[];
  /** Maximum JVM heap, e.g. `384m`. */
  heap: string;
  /** Placed after the quick-start options, so that they override them. */
  jvmOptions?: readonly string[];
  /** Working folder. The log is `<folder>/<logName>.log`. */
  folder: string;
  logName: string;
  parts: KafkaParts;
  /** Processes of the same kind share one archive of loaded classes (CDS, or an AOT cache) in the cache folder. */
  kind: "broker" | "connect";
  /**
   * True if this process may write that archive when there is none yet. Only for a process that can exit normally
   * within `archiveGraceMs`.
   */
  mayArchive: boolean;
}

export interface JavaProcess {
  process: ManagedProcess;
  /**
   * Present if this process writes the archive of its classes when it exits. End it with SIGTERM and give it
   * `archiveGraceMs`. Call `keep` once the process has served clients: an archive written earlier would be of little
   * use.
   */
  archive?: { keep(): void };
}

/** Maximum time in milliseconds for a JVM to write its archive when it exits. A busy machine takes half a minute. */
export const archiveGraceMs = 45_000;

export async function kafkaParts(given: KafkaParts | undefined, progress: (line: string) => void): Promise<KafkaParts> {
  if (given) return given;
  const parts = await ensureParts(["java", "kafka"], progress);
  return { java: parts.java.path, kafka: parts.kafka.path };
}

/** All jars, sorted by name: an archive of classes is valid for exactly one class path. */
export async function classPath(kafka: string): Promise<string> {
  const jars = (await readdir(kafka)).filter((file) => file.endsWith(".jar")).sort();
  return jars.map((jar) => join(kafka, jar)).join(":");
}

/** Starts a Java program with few threads and little memory. Short start-up time matters here, not peak speed. */
export async function startJava(supervisor: Supervisor, options: JavaOptions): Promise<JavaProcess> {
  const path = await classPath(options.parts.kafka);
  const archive = await classArchive(options, path);
  const logging = join(options.folder, "log4j2.xml");
  await writeFile(logging, log4j, { mode: 0o600 });
  const process = supervisor.start({
    name: options.name,
    command: options.parts.java,
    args: [
      `-Xmx${options.heap}`,
      ...quickStart,
      ownTemporaryFiles(options.folder),
      ...archive.options,
      ...(options.jvmOptions ?? []),
      "-Djava.awt.headless=true",
      `-Dlog4j2.configurationFile=${logging}`,
      options.mainClass,
      ...options.args,
    ],
    cwd: options.folder,
    env: { ...environment(), CLASSPATH: path },
    log: join(options.folder, `${options.logName}.log`),
  });
  const { finish } = archive;
  if (!finish) return { process };
  let worth = false;
  void process.exited.then(() => finish(worth));
  return { process, archive: { keep: () => (worth = true) } };
}

/**
 * Excludes JAVA_TOOL_OPTIONS and similar variables: settings of the shell for other programs must not change the
 * sandbox.
 */
export function environment(): NodeJS.ProcessEnv {
  const { PATH, HOME, LANG, LC_ALL, TMPDIR, TZ } = process.env;
  return { PATH, HOME, LANG, LC_ALL, TMPDIR, TZ };
}

/**
 * The codecs unpack their native libraries into this folder, and they remain if the process is killed. In the process's
 * own folder they are removed with it.
 */
export function ownTemporaryFiles(folder: string): string {
  return `-Djava.io.tmpdir=${folder}`;
}

/** Options for a short-lived tool that works in this folder. The tool uses the brokers' archive if there is one. */
export async function toolOptions(parts: KafkaParts, path: string, folder: string): Promise<string[]> {
  const { file, use } = await archiveFor("broker", parts.java, path);
  return [...quickStart, ownTemporaryFiles(folder), ...(existsSync(file) ? [use(file)] : [])];
}

const FIRST_COMPILER = "-XX:TieredStopAtLevel=1";

/** Returns true unless these options, which come after the sandbox's own, choose another compiler. */
export const startsQuickly = (jvmOptions: readonly string[] = []): boolean =>
  !jvmOptions.some((option) => option.startsWith("-XX:TieredStopAtLevel=") && option !== FIRST_COMPILER);

const quickStart = [FIRST_COMPILER, "-XX:+UseSerialGC", "-XX:-UsePerfData", "-Xlog:disable", "-Xlog:all=error:stderr"];

/** Archives that a process of this sandbox will write. */
const underWay = new Set<string>();

async function classArchive(
  options: JavaOptions,
  path: string,
): Promise<{ options: string[]; finish?: (worth: boolean) => Promise<void> }> {
  const { file, use, write } = await archiveFor(options.kind, options.parts.java, path);
  if (existsSync(file)) return { options: [use(file)] };
  if (!options.mayArchive || underWay.has(file)) return { options: [] };
  underWay.add(file);
  // A folder of its own, which is removed even if this process is killed while the JVM writes. The rename is atomic, so
  // runs at the same time cannot damage each other's archive.
  const drafts = supervise(`${file}.${randomBytes(6).toString("hex")}`);
  const draft = join(drafts.folder, basename(file));
  return {
    options: [write(draft)],
    finish: async (worth) => {
      underWay.delete(file);
      if (worth && existsSync(draft)) await rename(draft, file);
      await drafts.stop();
    },
  };
}

interface Archive {
  file: string;
  /** The option that reads an archive. A JVM that cannot use it starts without it, only more slowly. */
  use(file: string): string;
  /** The option that writes an archive when the JVM exits. */
  write(file: string): string;
}

/** JEP 514: from this version on a JVM writes an AOT cache in one run. It starts faster from it than from CDS. */
const AOT_CACHE_SINCE = 25;

/** An archive is valid only for one JVM and one class path, so its name depends on both. */
async function archiveFor(kind: string, java: string, path: string): Promise<Archive> {
  const jars = await Promise.all(path.split(":").map(async (jar) => `${jar} ${(await stat(jar)).mtimeMs}`));
  const program = await realpath(java);
  const id = createHash("sha256")
    .update([program, (await stat(program)).mtimeMs, ...jars].join("\n"))
    .digest("hex")
    .slice(0, 16);
  const aot = (await majorVersion(program)) >= AOT_CACHE_SINCE;
  return {
    file: join(cacheFolder(), "cds", `${kind}-${id}.${aot ? "aot" : "jsa"}`),
    use: (file) => `-XX:${aot ? "AOTCache" : "SharedArchiveFile"}=${file}`,
    write: (file) => `-XX:${aot ? "AOTCacheOutput" : "ArchiveClassesAtExit"}=${file}`,
  };
}

/** The JVM's major version, from the file beside its programs that says so. 0 if there is none. */
async function majorVersion(program: string): Promise<number> {
  const release = await readFile(join(dirname(program), "..", "release"), "utf8").catch(() => "");
  return Number.parseInt(/^JAVA_VERSION="(\d+)/m.exec(release)?.[1] ?? "0", 10);
}

// The burst filter limits the log of a process that repeats the same message thousands of times a second.
const log4j = `<?xml version="1.0" encoding="UTF-8"?>
<Configuration status="ERROR">
  <Appenders>
    <Console name="out">
      <PatternLayout pattern="[%d] %p %m (%c)%n"/>
      <BurstFilter level="WARN" rate="200" maxBurst="5000"/>
    </Console>
  </Appenders>
  <Loggers>
    <Root level="INFO"><AppenderRef ref="out"/></Root>
    <Logger name="org.apache.kafka.clients" level="WARN"/>
    <Logger name="org.apache.kafka.common.config.AbstractConfig" level="WARN"/>
    <Logger name="kafka.server.KafkaConfig" level="WARN"/>
    <Logger name="state.change.logger" level="OFF"/>
    <Logger name="kafka.authorizer.logger" level="OFF"/>
    <Logger name="kafka.request.logger" level="OFF"/>
    <Logger name="org.reflections" level="ERROR"/>
  </Loggers>
</Configuration>
`;
