/**
 * Measures how long applications wait in a real `pulumi up`: with the sandbox's operator and API server, Pulumi's own
 * command, and its time between the steps. Each round cuts over one more wave of the stack, behind its fence. The
 * pauses are those that the report states.
 *
 *   npm run bench up -- [--topics 50] [--partitions 10] [--groups 100] [--records 200] [--rounds 3] [--quick]
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Sandbox, startSandbox } from "@kafka-migration/sandbox";
import type { Project } from "@kafka-migration/sandbox/story";
import { openKafka } from "../engine/kafka/client";
import type { Report } from "../engine/report";
import { commitGroups, type EstateSizes, makeTopics } from "./applications";
import { benchArguments, count, fullSpeed, median, print, program, progress, sizeOf, table } from "./common";
import { openStack, reportFolder, timed, withUsualMemory } from "./stack";
import { startWriter } from "./writer";

const values = benchArguments({
  topics: { type: "string" },
  partitions: { type: "string", default: "10" },
  groups: { type: "string" },
  records: { type: "string", default: "200" },
  rounds: { type: "string" },
});
const topics = sizeOf(values, "topics", 50, 10);
const rounds = sizeOf(values, "rounds", 3, 1);
const sizes: EstateSizes = {
  partitions: count("partitions", values.partitions),
  groups: sizeOf(values, "groups", 100, 20),
  records: count("records", values.records),
};

const PREFIX = "bench-up";
/** The application of the wave writes for this long before its `up` begins. */
const WRITING_MS = 3_000;
const waveNames = Array.from({ length: rounds }, (_, i) => `w${i + 1}`);
const topicsOf = (wave: string) => Array.from({ length: topics }, (_, i) => `${PREFIX}-${wave}-${i}`);
/** The waves' settings, if so many have been cut over. */
const waves = (cutOver: number) => ({
  waves: waveNames.map((name, i) => ({
    name,
    topics: `${PREFIX}-${name}-.*`,
    groups: `${PREFIX}-${name}-.*`,
    phase: i < cutOver ? "cutover" : "mirror",
  })),
});

/** Seconds. */
interface Round {
  producers: number;
  groups: number;
  up: number;
}

async function main(): Promise<void> {
  withUsualMemory();
  const interrupt = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interrupt.abort());
  const sandbox = await startSandbox({
    origin: { heap: "512m", jvmOptions: fullSpeed },
    target: { heap: "512m", jvmOptions: fullSpeed },
    signal: interrupt.signal,
    progress,
  });
  try {
    report(await measure(sandbox));
  } finally {
    await sandbox.stop();
  }
}

async function measure(sandbox: Sandbox): Promise<Round[]> {
  const port = await openKafka(sandbox.origin.connection, "origin");
  try {
    for (const wave of waveNames) await makeTopics(sandbox.origin, port, topicsOf(wave), sizes);
    const project = await openStack(sandbox, PREFIX, { fence: true, gate: {}, ...waves(0) });
    await timed("up that starts the mirror", () => project.up({ onLine: () => {} }));
    const found: Round[] = [];
    for (const [i, wave] of waveNames.entries()) {
      const up = await cutOver(project, sandbox, wave, i, () =>
        commitGroups(port, `${PREFIX}-${wave}`, topicsOf(wave), sizes),
      );
      found.push({ ...pausesIn(reportFolder(sandbox), wave), up });
      progress(`${wave}: producers waited ${found.at(-1)!.producers.toFixed(1)} s`);
    }
    return found;
  } finally {
    await port.close();
  }
}

/**
 * The application of a wave writes until the stack raises the fence. Its groups have read everything by then, except
 * those that lag.
 * @returns seconds of the whole `up`
 */
async function cutOver(
  project: Project,
  sandbox: Sandbox,
  wave: string,
  index: number,
  commit: () => Promise<void>,
): Promise<number> {
  const writer = await startWriter(sandbox.origin.connection, topicsOf(wave), sizes.partitions);
  try {
    await sleep(WRITING_MS);
    await commit();
    await project.set(waves(index + 1));
    return await timed(`up that cuts over ${wave}`, () =>
      project.up({
        onLine: (line) => {
          if (line.includes(`running wave ${wave}: `)) progress(`  ${new Date().toISOString()} ${line.trim()}`);
          if (line.includes(`wave ${wave}: fence: `) && line.includes(" closed for ")) void writer.stop();
        },
      }),
    );
  } finally {
    await writer.stop();
  }
}

function pausesIn(folder: string, wave: string): Pick<Round, "producers" | "groups"> {
  const file = join(folder, "migration-bench.json");
  const row = (JSON.parse(readFileSync(file, "utf8")) as Report).waves!.find((one) => one.wave === wave)!;
  const seconds = ({ from, to }: { from: string; to?: string }) => (Date.parse(to!) - Date.parse(from)) / 1000;
  return { producers: seconds(row.producers!), groups: seconds(row.groupsWaited!.slowest!) };
}

function report(found: readonly Round[]): void {
  print(
    `a wave of ${topics * sizes.partitions} partitions in ${topics} topics and ${sizes.groups} groups (one in ten ` +
      `behind), fence, profile tuned, verification in mode tail; seconds`,
  );
  print();
  const line = (what: string, key: keyof Round) => {
    const all = found.map((round) => round[key]);
    return [what, median(all).toFixed(1), all.map((one) => one.toFixed(1)).join(" ")];
  };
  print(
    table([
      ["as the report states it", "median", "each round"],
      line("producers waited", "producers"),
      line("groups waited", "groups"),
      line("the whole up", "up"),
    ]),
  );
}

program(main);
