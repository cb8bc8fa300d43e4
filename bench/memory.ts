/**
 * Measures the memory of the whole sandbox, including the mirror, while a migration runs on it. Once a second it adds
 * up the resident sets of all sandbox processes and of this process. Linux only. Pages that processes share (class
 * archives, libraries) count once for each process.
 *
 *   npm run bench memory -- [--mb 300] [--quick]
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { startSandbox } from "@kafka-migration/sandbox";
import { runStory } from "@kafka-migration/sandbox/story";
import { benchArguments, print, program, progress, sizeOf, table } from "./common";

const values = benchArguments({ mb: { type: "string" } });
const bulkMb = sizeOf(values, "mb", 300, 20);
const LIMIT_GB = 4;
const EVERY_MS = 1000;

interface Process {
  name: string;
  rss: number;
}

async function main(): Promise<void> {
  if (process.platform !== "linux")
    throw new Error(`memory is read from /proc, which ${process.platform} does not have\nfix: run it on Linux`);
  const interrupt = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interrupt.abort());
  const sandbox = await startSandbox({ progress, signal: interrupt.signal });
  try {
    const { name, value } = sandbox.supervisor.mark;
    let peak: Process[] = [];
    let withMirror: Process[] = [];
    const timer = setInterval(() => {
      const now = processes(`${name}=${value}`);
      if (sum(now) > sum(peak)) peak = now;
      if (now.some((p) => p.name.startsWith("MirrorMaker 2")) && sum(now) > sum(withMirror)) withMirror = now;
    }, EVERY_MS);
    const ended = new Promise<never>((_, reject) =>
      interrupt.signal.addEventListener("abort", () => reject(new Error("interrupted"))),
    );
    ended.catch(() => {});
    await Promise.race([
      runStory({ sandbox, bulkBytes: bulkMb * 1_000_000, progress, signal: interrupt.signal }),
      ended,
    ]).finally(() => clearInterval(timer));
    if (withMirror.length === 0)
      throw new Error("no mirror was seen: the figure would not be that of the whole sandbox");
    print(
      `the sandbox's processes when they held most, during a whole migration of ${bulkMb} MB and what belongs to it`,
    );
    print();
    const rows = byName(peak).map(([process, all]) => [process, String(all.length), mb(sum(all))]);
    print(table([["process", "number", "MB"], ...rows, ["together", String(peak.length), mb(sum(peak))]]));
    print(
      `most with the mirror running: ${mb(sum(withMirror))} MB; wanted: under ${LIMIT_GB} GB; ` +
        `${sum(peak) < LIMIT_GB * 1e9 ? "kept" : "NOT kept"}`,
    );
    if (sum(peak) >= LIMIT_GB * 1e9) process.exitCode = 1;
  } finally {
    await sandbox.stop();
  }
}

const sum = (all: readonly Process[]): number => all.reduce((total, p) => total + p.rss, 0);
const mb = (bytes: number): string => (bytes / 1e6).toFixed(0);

function byName(all: readonly Process[]): [string, Process[]][] {
  const groups = new Map<string, Process[]>();
  for (const one of all) groups.set(one.name, [...(groups.get(one.name) ?? []), one]);
  return [...groups].sort(([, a], [, b]) => sum(b) - sum(a));
}

/**
 * Lists this process and every process of the sandbox. Sandbox processes carry the sandbox's mark in their environment.
 */
function processes(mark: string): Process[] {
  const found: Process[] = [{ name: "this program", rss: process.memoryUsage.rss() }];
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const folder = join("/proc", entry);
      if (!readFileSync(join(folder, "environ"), "latin1").split("\0").includes(mark)) continue;
      const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(join(folder, "status"), "utf8"))?.[1];
      if (kilobytes !== undefined)
        found.push({
          name: nameOf(readFileSync(join(folder, "cmdline"), "utf8").split("\0")),
          rss: Number(kilobytes) * 1024,
        });
    } catch {
      // The process ended in the meantime, or belongs to another user.
    }
  }
  return found;
}

const JAVA: Record<string, string> = {
  "kafka.Kafka": "Kafka broker",
  "org.apache.kafka.connect.cli.ConnectDistributed": "MirrorMaker 2 (Connect worker)",
  "org.apache.kafka.tools.ProducerPerformance": "Kafka's load tool",
  "kafka.tools.StorageTool": "Kafka's format tool",
};

function nameOf(command: readonly string[]): string {
  const main = command.find((word) => JAVA[word] !== undefined);
  return main === undefined ? (command[0] ?? "").split("/").at(-1)! : JAVA[main]!;
}

program(main);
