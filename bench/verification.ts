/**
 * Measures how fast the verification reads, as a ratio to Kafka's own consumer performance tool on the same records. It
 * measures one side alone, and both sides at once in mode `full`. A real MirrorMaker 2 makes the copy. The rounds
 * alternate between the tool and the verification. Each measurement runs in a new process.
 *
 *   npm run bench verification -- [--mb 1000] [--small-mb 300] [--rounds 3] [--partitions 24] [--quick]
 */
import { fork } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type KafkaCluster, startKafkaCluster } from "@kafka-migration/sandbox/kafka";
import { openKafka } from "../engine/kafka/client";
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
  type Workspace,
} from "./common";
import { readWithTool } from "./consumer-tool";
import { fill } from "./fill";
import { BenchMirror } from "./mirror";
import type { VerificationMeasure, VerificationTask } from "./verification-child";

const values = benchArguments({
  mb: { type: "string" },
  "small-mb": { type: "string" },
  rounds: { type: "string" },
  partitions: { type: "string", default: "24" },
});
const sizes = [
  { recordBytes: 1000, mb: sizeOf(values, "mb", 1000, 150) },
  { recordBytes: 100, mb: sizeOf(values, "small-mb", 300, 50) },
];
const rounds = sizeOf(values, "rounds", 3, 1);
const partitions = count("partitions", values.partitions);
const COPY_LIMIT_MS = 15 * 60_000;
const MEMORY_LIMIT_MB = 512;
const WANTED = { alone: 1, both: 0.8 };

interface Pair {
  origin: KafkaCluster;
  target: KafkaCluster;
}

/** MB/s of the records' own bytes, as the tool counts them. */
interface Round {
  toolOrigin: number;
  toolBoth: number;
  alone: number;
  both: number;
}

async function main(): Promise<void> {
  await inWorkspace(async (workspace) => {
    const start = (name: "origin" | "target") =>
      startKafkaCluster({
        name,
        brokers: 1,
        folder: join(workspace.folder, name),
        heap: "1g",
        jvmOptions: fullSpeed,
        parts: workspace.parts,
        progress,
      });
    const [origin, target] = await Promise.all([start("origin"), start("target")]);
    const models = await copied(workspace, { origin, target });
    print(
      `the same records in ${partitions} partitions, TLS and SCRAM, one broker each side, no compression; ` +
        `MB/s of the records' own bytes; ${rounds} ${rounds === 1 ? "round" : "rounds"} in turn, medians`,
    );
    print();
    const rows = [
      [
        "record",
        "MB",
        "tool: origin",
        "ours: origin",
        "ratio",
        "tool: both, in turn",
        "ours: both at once",
        "ratio",
        "our CPU s a GB",
        "peak memory (MB)",
      ],
    ];
    const kept: boolean[] = [];
    for (const [i, { recordBytes, mb }] of sizes.entries()) {
      const { all, measures } = await compare(workspace, { origin, target }, models[i]!, recordBytes, mb);
      const of = (key: keyof Round) => median(all.map((r) => r[key]));
      const [alone, both] = [
        median(all.map((r) => r.alone / r.toolOrigin)),
        median(all.map((r) => r.both / r.toolBoth)),
      ];
      const peak = Math.max(...measures.map((m) => m.peakBytes)) / 1024 ** 2;
      const cpu = median(measures.map((m) => m.cpuSeconds / ((m.records * recordBytes) / 1e9)));
      kept.push(alone >= WANTED.alone && both >= WANTED.both && peak < MEMORY_LIMIT_MB);
      rows.push([
        `${recordBytes} bytes`,
        String(mb),
        of("toolOrigin").toFixed(0),
        of("alone").toFixed(0),
        alone.toFixed(2),
        of("toolBoth").toFixed(0),
        of("both").toFixed(0),
        both.toFixed(2),
        cpu.toFixed(1),
        peak.toFixed(0),
      ]);
    }
    print(table(rows));
    print(
      `wanted: one side at least ${WANTED.alone}, both at least ${WANTED.both}, memory under ` +
        `${MEMORY_LIMIT_MB} MB; ${kept.every((k) => k) ? "kept" : "NOT kept"}`,
    );
    if (!kept.every((k) => k)) process.exitCode = 1;
  });
}

/** Fills the origin and lets a mirror copy it. Nothing is compressed, so that both sides hold the same bytes. */
async function copied(workspace: Workspace, pair: Pair): Promise<MigrationModel[]> {
  const mirror = await BenchMirror.start(workspace, {
    profile: "least",
    ...pair,
    targetBootstrap: pair.target.bootstrapServers,
    name: "verification",
  });
  const [origin, target] = [
    await openKafka(pair.origin.connection, "origin"),
    await openKafka(pair.target.connection, "target"),
  ];
  try {
    const models: MigrationModel[] = [];
    for (const { recordBytes, mb } of sizes) {
      const topic = topicOf(recordBytes);
      const records = recordsOf(recordBytes, mb);
      await origin.createTopic(topic, { partitions, replicationFactor: 1, configs: { "retention.ms": "-1" } });
      await fill(workspace, pair.origin, topic, records, recordBytes);
      const begun = performance.now();
      const end = await mirror.copy(topic, `bytes-${recordBytes}`);
      for (const limit = Date.now() + COPY_LIMIT_MS; (await written(target, topic)) < records; await sleep(500)) {
        if (Date.now() > limit)
          throw new Error(`${topic} is not copied after ${COPY_LIMIT_MS / 60_000} min\n${await mirror.status()}`);
      }
      progress(`${topic}: ${records} records copied in ${((performance.now() - begun) / 1000).toFixed(1)} s`);
      models.push(mirror.model(topic, `bytes-${recordBytes}`));
      await end();
    }
    return models;
  } finally {
    await Promise.all([origin.close(), target.close()]);
    await mirror.stop();
  }
}

async function written(port: Awaited<ReturnType<typeof openKafka>>, topic: string): Promise<number> {
  const [found] = await port.describeTopics([topic]);
  if (found === undefined || found.partitions.length < partitions || found.partitions.some((p) => p.leader < 0))
    return 0;
  const ends = await port.listOffsets(
    found.partitions.map(({ partition }) => ({ topic, partition })),
    "latest",
  );
  return ends.reduce((sum, end) => sum + Number(end.offset), 0);
}

const topicOf = (recordBytes: number): string => `bench-verify-${recordBytes}`;
const recordsOf = (recordBytes: number, mb: number): number => Math.floor((mb * 1e6) / recordBytes);

async function compare(
  workspace: Workspace,
  { origin, target }: Pair,
  model: MigrationModel,
  recordBytes: number,
  mb: number,
): Promise<{ all: Round[]; measures: VerificationMeasure[] }> {
  const topic = topicOf(recordBytes);
  const records = recordsOf(recordBytes, mb);
  const all: Round[] = [];
  const measures: VerificationMeasure[] = [];
  // Read both logs once before the first round, so that every round finds them equally warm.
  await measure({ model, what: "both" });
  for (let round = 1; round <= rounds; round++) {
    const tools = [
      await readWithTool(workspace, origin, topic, records),
      await readWithTool(workspace, target, topic, records),
    ];
    const alone = await measure({ model, what: "origin" });
    const both = await measure({ model, what: "both" });
    if (alone.records !== records || both.records !== 2 * records)
      throw new Error(
        `${alone.records} and ${both.records} records were read, ${records} and ${2 * records} are there`,
      );
    measures.push(alone, both);
    const rate = (read: number, seconds: number) => (read * recordBytes) / 1e6 / seconds;
    all.push({
      toolOrigin: rate(tools[0]!.records, tools[0]!.seconds),
      toolBoth: rate(tools[0]!.records + tools[1]!.records, tools[0]!.seconds + tools[1]!.seconds),
      alone: rate(alone.records, alone.seconds),
      both: rate(both.records, both.seconds),
    });
    progress(
      `${recordBytes} bytes, round ${round}: ${Object.entries(all.at(-1)!)
        .map(([name, value]) => `${name} ${value.toFixed(0)}`)
        .join(", ")} MB/s; our CPU ${alone.cpuSeconds.toFixed(1)} and ${both.cpuSeconds.toFixed(1)} s`,
    );
  }
  return { all, measures };
}

function measure(task: VerificationTask): Promise<VerificationMeasure> {
  const child = fork(join(__dirname, "verification-child.js"), { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  return new Promise((resolve, reject) => {
    child.once("message", (answer) => resolve(answer as VerificationMeasure));
    child.once("exit", (code) => reject(new Error(`the verification's process ended with ${code} and no answer`)));
    child.send(task);
  });
}

program(main);
