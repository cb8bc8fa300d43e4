import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { classPath, environment, kafkaParts, startJava, toolOptions } from "../kafka/java";
import type { KafkaParts } from "../kafka";
import { supervise, type ManagedProcess, type Supervisor } from "../processes";

/** Unpacks the codecs' native libraries and ends as a killed process does. */
const PROGRAM = `public class Codecs {
  public static void main(String[] arguments) throws Exception {
    net.jpountz.lz4.LZ4Factory.nativeInstance();
    org.xerial.snappy.Snappy.compress("x".getBytes());
    Runtime.getRuntime().halt(137);
  }
}`;

let supervisor: Supervisor;
let parts: KafkaParts;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kafka-migration-java-"));
  supervisor = supervise(folder);
  parts = await kafkaParts(undefined, () => {});
  await writeFile(program(), PROGRAM);
});
afterAll(() => supervisor.stop());

const unpacked = async () => (await readdir(folder)).filter((file) => /^(liblz4|snappy)-.*\.so$/.test(file));

/** Java takes a source file in the main class's place. */
const program = () => join(folder, "Codecs.java");

async function worker(): Promise<ManagedProcess> {
  const started = await startJava(supervisor, {
    name: "codecs",
    mainClass: program(),
    args: [],
    heap: "128m",
    folder,
    logName: "worker",
    parts,
    kind: "broker",
    mayArchive: false,
  });
  return started.process;
}

async function tool(): Promise<ManagedProcess> {
  const jars = await classPath(parts.kafka);
  const args = [...(await toolOptions(parts, jars, folder)), program()];
  return supervisor.start({
    name: "codecs",
    command: parts.java,
    args,
    cwd: folder,
    env: { ...environment(), CLASSPATH: jars },
    log: join(folder, "tool.log"),
  });
}

test.each([
  ["broker or worker", worker],
  ["tool", tool],
] as const)("files that a %s unpacks are in its own folder, and stay there if it is killed", async (_, start) => {
  const before = (await unpacked()).length;
  const process = await start();
  const { code } = await process.exited;
  expect(code, await readFile(process.log, "utf8")).toBe(137);
  expect(await unpacked()).toHaveLength(before + 2);
});
