import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { availableParallelism, cpus, loadavg, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs, type ParseArgsConfig } from "node:util";
import { supervise, type Supervisor } from "@kafka-migration/sandbox";
import { type KafkaCluster, type KafkaParts, kafkaParts } from "@kafka-migration/sandbox/kafka";
import type { KafkaPort } from "../engine/kafka/port";
import type { Connection, MigrationModel, MirrorModel } from "../engine/model";

/**
 * JVM options that undo the sandbox's defaults. The sandbox's JVMs start fast and run slowly: they use only the first
 * compiler and no AES instructions. A benchmark needs the options that Kafka's own scripts choose.
 */
export const fullSpeed = ["-XX:TieredStopAtLevel=4", "-XX:-UseSerialGC", "-XX:+UseG1GC"];

export const print = (line = ""): void => void process.stdout.write(`${line}\n`);
/** Writes progress to stderr, so that stdout holds only the tables. */
export const progress = (line: string): void => void process.stderr.write(`${line}\n`);

export interface Workspace {
  supervisor: Supervisor;
  folder: string;
  parts: KafkaParts;
}

/**
 * Runs the work in its own temporary folder. Stops all processes and removes the folder when the work ends, fails or is
 * interrupted.
 */
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

/**
 * Client properties with which Kafka's own tools reach a cluster. They hold a password: write them only to a file that
 * no other user can read.
 */
export function clientProperties({ connection }: KafkaCluster): Record<string, string> {
  return {
    "bootstrap.servers": connection.bootstrapServers,
    "security.protocol": "SASL_SSL",
    "ssl.truststore.type": "PEM",
    "ssl.truststore.certificates": connection.tls.ca,
    "sasl.mechanism": connection.sasl.mechanism,
    "sasl.jaas.config":
      `org.apache.kafka.common.security.scram.ScramLoginModule required username="${connection.sasl.username}" ` +
      `password="${connection.sasl.password}";`,
  };
}

type Options = NonNullable<ParseArgsConfig["options"]>;
const QUICK = { quick: { type: "boolean", default: false } } as const;

/** The values of a benchmark's arguments and `quick`. A wrong argument ends the program with one message and code 2. */
export function benchArguments<const T extends Options>(
  own: T,
): ReturnType<typeof parseArgs<{ options: T & typeof QUICK }>>["values"] {
  const options = { ...own, ...QUICK };
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\nfix: one of --${Object.keys(options).join(", --")}\n`);
    process.exit(2);
  }
}

/** The number of an argument. Without the argument: `usual`, or `quick` with `--quick`. */
export function sizeOf<Name extends string>(
  values: { quick: boolean } & Partial<Record<Name, string>>,
  name: Name,
  usual: number,
  quick: number,
): number {
  const value = values[name];
  return value === undefined ? (values.quick ? quick : usual) : count(name, value);
}

/**
 * Runs a benchmark as a program. On an error it prints what to do, or else the stack, to stderr, and sets exit code 1.
 */
export function program(main: () => Promise<void>): void {
  main().catch((error: unknown) => {
    const { message, stack = message } = error instanceof Error ? error : new Error(String(error));
    process.stderr.write(`${message.includes("\nfix: ") ? message : stack}\n`);
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
  return (
    `${availableParallelism()} cores (${model}), ${Math.round(totalmem() / 1024 ** 3)} GB, load ` +
    `${load.toFixed(1)} at the start; Node ${process.versions.node}, Kafka ${version ?? "?"}, Java ` +
    `${javaVersion(java)}; ${new Date().toISOString().slice(0, 16)}Z`
  );
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

/**
 * Formats rows as columns. Each column is as wide as its widest cell; the first is left-aligned, the others
 * right-aligned.
 */
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

/** Runs `work` for every item, at most `lanes` at a time. Items start in their order. */
export async function inLanes<T>(items: readonly T[], lanes: number, work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) await work(items[next++] as T);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/** Ends the program with one message and code 2. */
export function wrongArgument(name: string, value: string, wanted: string): never {
  process.stderr.write(`--${name} ${value}: ${wanted} is wanted\n`);
  process.exit(2);
}

/** Parses an argument that must be a whole number of at least 1. */
export function count(name: string, value: string): number {
  const number = Number(value);
  return Number.isInteger(number) && number >= 1 ? number : wrongArgument(name, value, "a whole number from 1 on");
}

/** Returns the value of an argument that must be one of these. */
export function choice<const T extends string>(name: string, value: string, of: readonly T[]): T {
  return of.find((one) => one === value) ?? wrongArgument(name, value, `one of ${of.join(", ")}`);
}

/** A mirror of every topic and group, with what a benchmark changes. No worker runs with it. */
export function plainModel(origin: Connection, target: Connection, changes: Partial<MirrorModel> = {}): MigrationModel {
  return {
    origin,
    target,
    mirror: {
      originAlias: "origin",
      targetAlias: "target",
      groupId: "mm2",
      offsetStorageTopic: "mm2-offsets",
      configStorageTopic: "mm2-configs",
      statusStorageTopic: "mm2-status",
      topicsPattern: ".*",
      groupsPattern: ".*",
      offsetSyncsLocation: "source",
      policyClass: "org.apache.kafka.connect.mirror.IdentityReplicationPolicy",
      kafkaVersion: "4.3.1",
      heartbeats: false,
      isolationLevel: "read_uncommitted",
      exactlyOnce: false,
      syncGroupOffsets: false,
      replicationFactor: 1,
      offsetFlushIntervalMs: 60_000,
      refreshTopicsIntervalSeconds: 600,
      ...changes,
    },
  };
}

/** Records of a topic, by its end offsets. 0 until all of its partitions have leaders. */
export async function recordsOf(port: KafkaPort, topic: string, partitions: number): Promise<number> {
  const [found] = await port.describeTopics([topic]);
  if (found === undefined || found.partitions.length < partitions || found.partitions.some((p) => p.leader < 0))
    return 0;
  const ends = await port.listOffsets(
    found.partitions.map(({ partition }) => ({ topic, partition })),
    "latest",
  );
  return ends.reduce((sum, end) => sum + Number(end.offset), 0);
}

/** Bytes of a topic's logs on its leaders. */
export async function bytesOf(port: KafkaPort, topic: string): Promise<number> {
  return [...(await port.partitionSizes([topic])).values()].reduce((sum, bytes) => sum + Number(bytes), 0);
}
