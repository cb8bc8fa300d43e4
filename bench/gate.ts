/**
 * Measures what the gate costs on a complete copy: time, requests and memory at 100, 1,000 and 10,000 partitions. Also
 * measures the memory of the other steps and of the command line. One topic in ten ends with a transaction marker on
 * the origin, so that the gate has to read there. The gate compares the first and the last record of every partition.
 * The same at 100,000 partitions, against simulated brokers: real ones would need more than this machine.
 *
 *   npm run bench gate -- [--rounds 3] [--partitions 100,1000,10000] [--simulated 100000] [--quick]
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
import type { GateMeasure, GateTask } from "./gate-child";
import { type EstateSize, makeEstate } from "./gate-estate";

const values = benchArguments({
  rounds: { type: "string" },
  partitions: { type: "string" },
  simulated: { type: "string" },
});
const rounds = sizeOf(values, "rounds", 3, 1);
const sizes = (values.partitions ?? (values.quick ? "100,1000" : "100,1000,10000"))
  .split(",")
  .map((size) => count("partitions", size));
const simulated = sizeOf(values, "simulated", 100_000, 2_000);
const LIMIT_MB = 256;
/** Wanted of one look, seconds, for estates of up to this many partitions. */
const LOOK = { partitions: 10_000, seconds: 2 };
/** Wanted of the whole evaluation against simulated brokers. */
const EVALUATION_S = 20;
const PARTITIONS_PER_TOPIC = 50;

const topicsFor = (partitions: number): number => Math.max(10, Math.round(partitions / PARTITIONS_PER_TOPIC));
const megabytes = (bytes: number): number => bytes / 1024 ** 2;
const seconds = (ms: number): string => (ms / 1000).toFixed(2);

async function main(): Promise<void> {
  const kept = [await withBrokers(), await withSimulatedBrokers()];
  if (kept.includes(false)) process.exitCode = 1;
}

/** @returns whether what is wanted was kept */
async function withBrokers(): Promise<boolean> {
  let kept = false;
  await inWorkspace(async ({ folder, parts }) => {
    const start = (name: "origin" | "target", brokers: 1 | 3, heap: string) =>
      startKafkaCluster({ name, brokers, folder: join(folder, name), heap, jvmOptions: fullSpeed, parts, progress });
    const [origin, target] = await Promise.all([start("origin", 1, "1g"), start("target", 3, "768m")]);
    const rows = [[...HEAD, "peak memory (MB)", "all steps", "command line"]];
    let largest = 0;
    let look = 0;
    for (const size of sizes) {
      const topics = topicsFor(size);
      const begun = performance.now();
      const model = await makeEstate({ origin, target }, { topics, partitions: Math.round(size / topics) });
      progress(`${size} partitions are there after ${((performance.now() - begun) / 1000).toFixed(1)} s`);
      const all = await measureRounds({ model, steps: true, pulumi: true });
      const peak = (key: "peakBytes" | "peakBytesOfAll") => megabytes(Math.max(...all.map((m) => m[key])));
      const ofCommand = megabytes(await measureCommand(model, folder));
      largest = Math.max(largest, peak("peakBytesOfAll"), ofCommand);
      if (size <= LOOK.partitions) look = Math.max(look, median(all.map((m) => m.lookMs)) / 1000);
      const memory = [peak("peakBytes"), peak("peakBytesOfAll"), ofCommand];
      rows.push([...cells(topics, all), ...memory.map((mb) => mb.toFixed(0))]);
    }
    print(
      "a complete copy, one broker against three, each round in a new process like Pulumi's own for dynamic " +
        `providers (connecting included); medians of ${rounds}, memory: the highest`,
    );
    print();
    print(table(rows));
    const isQuick = look < LOOK.seconds;
    print(`one look wanted: under ${LOOK.seconds} s up to ${LOOK.partitions} partitions; ${word(isQuick)}`);
    print(`memory wanted: under ${LIMIT_MB} MB; ${word(largest < LIMIT_MB)}`);
    kept = isQuick && largest < LIMIT_MB;
  });
  return kept;
}

/** @returns whether what is wanted was kept */
async function withSimulatedBrokers(): Promise<boolean> {
  const topics = topicsFor(simulated);
  const brokers = fork(join(__dirname, "simulated-child.js"), { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  try {
    const model = await new Promise<MigrationModel>((resolve, reject) => {
      brokers.once("message", (answer) => resolve(answer as MigrationModel));
      brokers.once("exit", (code) => reject(new Error(`the simulated brokers ended with ${code}`)));
      brokers.send({ topics, partitions: Math.round(simulated / topics) } satisfies EstateSize);
    });
    progress(`${simulated} partitions are simulated`);
    const rows = [["process of", ...HEAD, "peak memory (MB)", "with more looks"]];
    const verdicts: [string, boolean][] = [];
    for (const [name, pulumi] of [
      ["the command line", false],
      ["Pulumi", true],
    ] as const) {
      const all = await measureRounds({ model, steps: false, pulumi });
      const peaks = (["peakBytes", "peakBytesOfLooks"] as const).map((key) =>
        megabytes(Math.max(...all.map((m) => m[key]))),
      );
      rows.push([name, ...cells(topics, all), ...peaks.map((mb) => mb.toFixed(0))]);
      verdicts.push([name, median(all.map((m) => m.ms)) < EVALUATION_S * 1000 && Math.max(...peaks) < LIMIT_MB]);
    }
    print();
    print("the same copy on simulated brokers in a process of their own, without TLS");
    print();
    print(table(rows));
    const said = verdicts.map(([name, kept]) => `${name} ${word(kept)}`).join(", ");
    print(`wanted: under ${EVALUATION_S} s and ${LIMIT_MB} MB, also with more looks; ${said}`);
    return verdicts.every(([, kept]) => kept);
  } finally {
    brokers.disconnect();
  }
}

const word = (kept: boolean): string => (kept ? "kept" : "NOT kept");

const HEAD = [
  "partitions",
  "topics",
  "seconds",
  "each round",
  "one look",
  "requests",
  "gaps read",
  "last records compared",
];

function cells(topics: number, all: readonly GateMeasure[]): string[] {
  const of = (key: keyof GateMeasure) => median(all.map((m) => m[key]));
  return [
    String(of("partitions")),
    String(topics),
    seconds(of("ms")),
    all.map((m) => seconds(m.ms)).join(" "),
    seconds(of("lookMs")),
    String(of("requests")),
    String(of("gapsRead")),
    String(of("lastRecordsCompared")),
  ];
}

async function measureRounds(task: GateTask): Promise<GateMeasure[]> {
  const all: GateMeasure[] = [];
  for (let round = 1; round <= rounds; round++) all.push(await measure(task));
  return all;
}

function measure(task: GateTask): Promise<GateMeasure> {
  const child = fork(join(__dirname, "gate-child.js"), { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  return new Promise((resolve, reject) => {
    child.once("message", (answer) => resolve(answer as GateMeasure));
    child.once("exit", (code) => reject(new Error(`the gate's process ended with ${code} and no answer`)));
    child.send(task);
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
