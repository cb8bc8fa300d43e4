/**
 * Measures what the gate costs on a complete copy: time, requests and memory at 100, 1,000 and 10,000 partitions. Also
 * measures the memory of the other steps and of the command line. One topic in ten ends with a transaction marker on
 * the origin, so that the gate has to read there. The gate compares the last record of every partition.
 *
 *   npm run bench gate -- [--rounds 3] [--partitions 100,1000,10000] [--quick]
 */
import { fork, spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startKafkaCluster } from "@kafka-migration/sandbox/kafka";
import type { MigrationModel } from "../engine/model";
import {
  benchArguments,
  count,
  fullSpeed,
  inWorkspace,
  median,
  print,
  program,
  progress,
  sizeOf,
  table,
} from "./common";
import type { GateMeasure } from "./gate-child";
import { makeEstate } from "./gate-estate";

const values = benchArguments({
  rounds: { type: "string" },
  partitions: { type: "string" },
});
const rounds = sizeOf(values, "rounds", 3, 1);
const sizes = (values.partitions ?? (values.quick ? "100,1000" : "100,1000,10000"))
  .split(",")
  .map((size) => count("partitions", size));
const LIMIT_MB = 256;

async function main(): Promise<void> {
  await inWorkspace(async ({ folder, parts }) => {
    const start = (name: "origin" | "target", brokers: 1 | 3, heap: string) =>
      startKafkaCluster({ name, brokers, folder: join(folder, name), heap, jvmOptions: fullSpeed, parts, progress });
    const [origin, target] = await Promise.all([start("origin", 1, "1g"), start("target", 3, "768m")]);
    const rows = [
      [
        "partitions",
        "topics",
        "seconds",
        "each round",
        "requests",
        "gaps read",
        "last records compared",
        "peak memory (MB)",
        "all steps",
        "command line",
      ],
    ];
    let largest = 0;
    for (const size of sizes) {
      const topics = Math.max(10, Math.round(size / 50));
      const begun = performance.now();
      const model = await makeEstate({ origin, target }, { topics, partitions: Math.round(size / topics) });
      progress(`${size} partitions are there after ${((performance.now() - begun) / 1000).toFixed(1)} s`);
      const all: GateMeasure[] = [];
      for (let round = 1; round <= rounds; round++) all.push(await measure(model));
      const of = (key: keyof GateMeasure) => median(all.map((m) => m[key]));
      const peak = (key: "peakBytes" | "peakBytesOfAll") => Math.max(...all.map((m) => m[key])) / 1024 ** 2;
      const ofCommand = (await measureCommand(model, folder)) / 1024 ** 2;
      largest = Math.max(largest, peak("peakBytesOfAll"), ofCommand);
      rows.push([
        String(of("partitions")),
        String(topics),
        (of("ms") / 1000).toFixed(2),
        all.map((m) => (m.ms / 1000).toFixed(2)).join(" "),
        String(of("requests")),
        String(of("gapsRead")),
        String(of("lastRecordsCompared")),
        peak("peakBytes").toFixed(0),
        peak("peakBytesOfAll").toFixed(0),
        ofCommand.toFixed(0),
      ]);
    }
    print(
      "a complete copy, one broker against three, each round in a new process like Pulumi's own for dynamic " +
        `providers (connecting included); medians of ${rounds}, memory: the highest`,
    );
    print();
    print(table(rows));
    print(`memory wanted: under ${LIMIT_MB} MB; ${largest < LIMIT_MB ? "kept" : "NOT kept"}`);
    if (largest >= LIMIT_MB) process.exitCode = 1;
  });
}

function measure(model: MigrationModel): Promise<GateMeasure> {
  const child = fork(join(__dirname, "gate-child.js"), { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  return new Promise((resolve, reject) => {
    child.once("message", (answer) => resolve(answer as GateMeasure));
    child.once("exit", (code) => reject(new Error(`the gate's process ended with ${code} and no answer`)));
    child.send(model);
  });
}

/**
 * Measures the memory of the command that does most: `rehearse` runs every read-only step of a cutover. It reports
 * findings because this estate holds only bare copies. They do not matter here.
 */
async function measureCommand(model: MigrationModel, folder: string): Promise<number> {
  const [file, peak] = [join(folder, "model.json"), join(folder, "peak")];
  await writeFile(file, JSON.stringify(model), { mode: 0o600 });
  const child = spawn(
    process.execPath,
    ["--require", join(__dirname, "peak-at-exit.js"), join(__dirname, "../cli/main.js"), "rehearse", "--model", file],
    {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, BENCH_PEAK_FILE: peak },
    },
  );
  const said: Buffer[] = [];
  child.stderr.on("data", (chunk: Buffer) => said.push(chunk));
  const code = await new Promise<number | null>((resolve) => child.once("exit", resolve));
  if (code === null || code > 1)
    throw new Error(`the command line ended with ${code}: ${Buffer.concat(said).toString("utf8").slice(-2000)}`);
  return Number(await readFile(peak, "utf8"));
}

program(main);
