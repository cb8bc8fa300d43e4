import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { availableParallelism, cpus, loadavg, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { kafkaParts } from "../sandbox/kafka/java";
import type { KafkaCluster, KafkaParts } from "../sandbox/kafka";
import { supervise, type Supervisor } from "../sandbox/processes";

/** The sandbox's JVMs start quickly and run slowly (first compiler only, no AES instructions): a benchmark wants what Kafka's own scripts choose. */
export const fullSpeed = ["-XX:TieredStopAtLevel=4", "-XX:-UseSerialGC", "-XX:+UseG1GC"];

export const print = (line = ""): void => void process.stdout.write(`${line}\n`);
/** What is under way goes to stderr, so that stdout holds the tables only. */
export const progress = (line: string): void => void process.stderr.write(`${line}\n`);

export interface Workspace {
  supervisor: Supervisor;
  folder: string;
  parts: KafkaParts;
}

/** Does the work in a folder of its own; nothing is left of it, whatever ends it. */
export async function inWorkspace(work: (workspace: Workspace) => Promise<void>): Promise<void> {
  const parts = await kafkaParts(undefined, progress);
  const supervisor = supervise(await mkdtemp(join(tmpdir(), "kafka-migration-bench-")));
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => void supervisor.stop().finally(() => process.exit(130)));
  try {
    await work({ supervisor, folder: supervisor.folder, parts });
  } finally {
    await supervisor.stop();
  }
}

/** How Kafka's own tools reach a cluster; for a file that only this user may read. */
export function clientProperties({ connection }: KafkaCluster): Record<string, string> {
  return {
    "bootstrap.servers": connection.bootstrapServers,
    "security.protocol": "SASL_SSL",
    "ssl.truststore.type": "PEM",
    "ssl.truststore.certificates": connection.tls.ca,
    "sasl.mechanism": connection.sasl.mechanism,
    "sasl.jaas.config": `org.apache.kafka.common.security.scram.ScramLoginModule required username="${connection.sasl.username}" password="${connection.sasl.password}";`,
  };
}

/** Runs a benchmark as a program. */
export function program(main: () => Promise<void>): void {
  main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  });
}

export async function machineLine(): Promise<string> {
  const { kafka, java } = await kafkaParts(undefined, progress);
  const version = readdirSync(kafka)
    .map((jar) => /^kafka-clients-([\d.]+)\.jar$/.exec(jar)?.[1])
    .find((v) => v !== undefined);
  const load = loadavg()[0] ?? 0;
  const model = cpus()[0]?.model.trim() ?? "unknown processor";
  return `${availableParallelism()} cores (${model}), ${Math.round(totalmem() / 1024 ** 3)} GB, load ${load.toFixed(1)} at the start; Node ${process.versions.node}, Kafka ${version ?? "?"}, Java ${javaVersion(java)}; ${new Date().toISOString().slice(0, 16)}Z`;
}

function javaVersion(java: string): string {
  try {
    return /JAVA_VERSION="([^"]+)"/.exec(readFileSync(join(java, "..", "..", "release"), "utf8"))?.[1] ?? "?";
  } catch {
    return "?";
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) throw new Error("no values to take a median of");
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Columns as wide as their widest cell; the first one to the left, numbers to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Several at a time, in order of their start. */
export async function inLanes<T>(items: readonly T[], lanes: number, work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) await work(items[next++] as T);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/** A whole number given as an argument. */
export function count(name: string, value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1)
    throw new Error(`--${name} ${value}: a whole number from 1 on is wanted`);
  return number;
}
