/**
 * Measures an unchanged `pulumi preview` of a migration, as a pull request runs it: Pulumi's own command, the sandbox's
 * API server, and the kubernetes plugin that the sandbox has (Pulumi's own, or its stand-in).
 *
 *   npm run bench preview -- [--rounds 5] [--quick]
 */
import { startSandbox } from "@kafka-migration/sandbox";
import type { Project } from "@kafka-migration/sandbox/story";
import { openKafka } from "../engine/kafka/client";
import { makeTopics } from "./applications";
import { benchArguments, median, print, program, progress, sizeOf } from "./common";
import { openStack, timed, withUsualMemory } from "./stack";

const values = benchArguments({ rounds: { type: "string" } });
const rounds = sizeOf(values, "rounds", 5, 1);

const PREFIX = "bench-preview";
const SIZES = { partitions: 5, groups: 1, records: 10 };
const WANTED_S = 3.5;

async function main(): Promise<void> {
  withUsualMemory();
  const interrupt = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interrupt.abort());
  const plugin: string[] = [];
  const sandbox = await startSandbox({
    signal: interrupt.signal,
    progress: (line) => {
      if (line.startsWith("kubernetes plugin: ")) plugin.push(line);
      progress(line);
    },
  });
  try {
    const port = await openKafka(sandbox.origin.connection, "origin");
    await makeTopics(sandbox.origin, port, [`${PREFIX}-1`], SIZES).finally(() => port.close());
    const project = await openStack(sandbox, PREFIX, { fence: true, gate: {}, verify: { mode: "full" } });
    await timed("up that starts the mirror", () => project.up({ onLine: () => {} }));
    report(await measure(project), plugin);
  } finally {
    await sandbox.stop();
  }
}

interface Measured {
  seconds: number[];
  resources: number;
}

async function measure(project: Project): Promise<Measured> {
  const seconds: number[] = [];
  let resources = 0;
  for (let round = 1; round <= rounds; round++) {
    seconds.push(
      await timed(`preview ${round}`, async () => {
        const { exitCode, stdout, stderr } = await project.preview();
        const unchanged = /^\s+(\d+) unchanged$/m.exec(stdout)?.[1];
        if (exitCode !== 0 || unchanged === undefined || /^\s+[-+~]/m.test(stdout))
          throw new Error(`the preview ended with code ${exitCode}, or something changes:\n${stdout}\n${stderr}`);
        resources = Number(unchanged);
      }),
    );
  }
  return { seconds, resources };
}

function report({ seconds, resources }: Measured, plugin: readonly string[]): void {
  const middle = median(seconds);
  for (const line of plugin) print(line);
  print(
    `an unchanged preview of ${resources} resources: ${middle.toFixed(1)} s ` +
      `(${seconds.map((one) => one.toFixed(1)).join(" ")})`,
  );
  print(`wanted: under ${WANTED_S} s; ${middle < WANTED_S ? "kept" : "NOT kept"}`);
  if (middle >= WANTED_S) process.exitCode = 1;
}

program(main);
