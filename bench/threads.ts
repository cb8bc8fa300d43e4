/**
 * Measures how much faster several threads compare. Brokers and network are left out: the Fetch responses of a real
 * broker are recorded, the broker is stopped, and each thread reads the recording from its own memory. Each measurement
 * runs in a new process. The rounds alternate between the numbers of threads.
 *
 *   npm run bench threads -- [--mb 8000] [--partitions 24] [--rounds 5] [--quick]
 */
import { fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { startKafkaCluster } from "@kafka-migration/sandbox/kafka";
import { openKafka } from "../engine/kafka/client";
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
  type Workspace,
} from "./common";
import { fill } from "./fill";
import { record, type ReplaySource } from "./replay";
import type { ThreadsMeasure, ThreadsTask } from "./threads-child";

const values = benchArguments({
  mb: { type: "string" },
  partitions: { type: "string", default: "24" },
  rounds: { type: "string" },
});
const mb = sizeOf(values, "mb", 8000, 2000);
const rounds = sizeOf(values, "rounds", 5, 1);
const partitions = count("partitions", values.partitions);
const RECORD_BYTES = 1000;
const RECORDED_MB = 16;
/** This many times the partitions, each read once, show what the memory depends on. */
const MORE = 10;
const WANTED = 1.6;

async function main(): Promise<void> {
  if (availableParallelism() < 2)
    throw new Error("this machine has one core\nfix: run it on a machine with two or more");
  await inWorkspace(async (workspace) => {
    const file = await recorded(workspace);
    const times = Math.max(1, Math.round((mb * 1e6) / (2 * partitions * RECORDED_MB * 1e6)));
    const source: ReplaySource = { file, topic: "replayed", partitions, times };
    const many = { ...source, partitions: partitions * MORE, times: 1 };
    const cases = [
      { source, threads: 1 },
      { source, threads: 2 },
      ...(availableParallelism() >= 4 ? [{ source, threads: 4 }] : []),
    ];
    const measures = cases.map(() => [] as ThreadsMeasure[]);
    // Once before the first round, so that every round finds the file equally warm.
    await measure(cases[0]!);
    for (let round = 1; round <= rounds; round++) {
      for (const [i, task] of cases.entries()) measures[i]!.push(await measure(task));
      progress(
        `round ${round}: ${measures.map((all, i) => `${cases[i]!.threads} threads ${all.at(-1)!.seconds.toFixed(1)} s`).join(", ")}`,
      );
    }
    const more = await measure({ source: many, threads: 2 });
    type Time = "seconds" | "ownSeconds";
    const rate = (one: ThreadsMeasure, time: Time) => one.bytes / 1e6 / one[time];
    const rateOf = (all: readonly ThreadsMeasure[], time: Time) => median(all.map((one) => rate(one, time)));
    const ratiosOf = (time: Time) =>
      measures.map((all) => median(all.map((one, round) => rate(one, time) / rate(measures[0]![round]!, time))));
    const [ratios, own] = [ratiosOf("seconds"), ratiosOf("ownSeconds")];
    const row = (task: ThreadsTask, all: ThreadsMeasure[], ratio: string, ownRatio: string) => [
      String(task.threads),
      String(task.source.partitions),
      (all[0]!.bytes / 1e6).toFixed(0),
      rateOf(all, "seconds").toFixed(0),
      ratio,
      rateOf(all, "ownSeconds").toFixed(0),
      ownRatio,
      median(all.map((one) => one.cpuSeconds / (one.bytes / 1e9))).toFixed(1),
      (Math.max(...all.map((one) => one.peakBytes)) / 1024 ** 2).toFixed(0),
    ];
    print(
      `mode full of recorded Fetch responses, read from memory: no broker, no network, no TLS; records of ${RECORD_BYTES} ` +
        `bytes, ${rounds} ${rounds === 1 ? "round" : "rounds"} in turn, medians`,
    );
    print();
    print(
      table([
        [
          "threads",
          "partitions",
          "MB of both sides",
          "MB/s",
          "ratio",
          "MB/s of own time",
          "ratio",
          "CPU s a GB",
          "peak memory (MB)",
        ],
        ...cases.map((task, i) => row(task, measures[i]!, ratios[i]!.toFixed(2), own[i]!.toFixed(2))),
        row({ source: many, threads: 2 }, [more], "-", "-"),
      ]),
    );
    const kept = own[1]! >= WANTED;
    print("own time: without the time for which the threads waited for a core, because something else ran there");
    print(`wanted: two threads at least ${WANTED} times one, in own time; ${kept ? "kept" : "NOT kept"}`);
    if (!kept) process.exitCode = 1;
  });
}

/** Records what a real broker returns for one partition. */
async function recorded(workspace: Workspace): Promise<string> {
  const cluster = await startKafkaCluster({
    name: "recorded",
    brokers: 1,
    folder: join(workspace.folder, "recorded"),
    heap: "512m",
    jvmOptions: fullSpeed,
    parts: workspace.parts,
    progress,
  });
  const port = await openKafka(cluster.connection, "origin");
  try {
    const topic = "recorded";
    const records = Math.floor((RECORDED_MB * 1e6) / RECORD_BYTES);
    await port.createTopic(topic, { partitions: 1, replicationFactor: 1, configs: { "retention.ms": "-1" } });
    await fill(workspace, cluster, topic, records, RECORD_BYTES);
    const file = join(workspace.folder, "recording");
    const bytes = await record(port, { topic, partition: 0, from: 0n, to: BigInt(records) }, file);
    progress(`${(bytes / 1e6).toFixed(1)} MB of Fetch responses recorded`);
    return file;
  } finally {
    await port.close();
    await cluster.stop();
  }
}

function measure(task: ThreadsTask): Promise<ThreadsMeasure> {
  const child = fork(join(__dirname, "threads-child.js"), { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  return new Promise((resolve, reject) => {
    child.once("message", (answer) => resolve(answer as ThreadsMeasure));
    child.once("exit", (code) => reject(new Error(`the process ended with ${code} and no answer`)));
    child.send(task);
  });
}

program(main);
