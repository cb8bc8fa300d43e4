/**
 * Measures an unchanged `pulumi preview` of a migration, as a pull request runs it: Pulumi's own command, the sandbox's
 * API server, and the kubernetes plugin that the sandbox has (Pulumi's own, or its stand-in). In turn with it, the same
 * preview of the smallest program that uses the same parts: what no migration can be faster than.
 *
 *   npm run bench preview -- [--rounds 5] [--quick]
 */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Sandbox, startSandbox } from "@kafka-migration/sandbox";
import { openProject, type Project } from "@kafka-migration/sandbox/story";
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
    const smallest = await smallestProject(sandbox);
    await timed("up of the smallest program", () => smallest.up({ onLine: () => {} }));
    report(await measure(project, smallest), plugin);
  } finally {
    await sandbox.stop();
  }
}

/** One object of Kubernetes and one resource of a dynamic provider. */
async function smallestProject(sandbox: Sandbox): Promise<Project> {
  const folder = join(sandbox.folder, "smallest");
  mkdirSync(folder);
  symlinkSync(resolve("node_modules"), join(folder, "node_modules"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "smallest", main: "index.js" }));
  writeFileSync(
    join(folder, "Pulumi.yaml"),
    "name: smallest\nruntime:\n  name: nodejs\n  options:\n    typescript: false\n",
  );
  writeFileSync(
    join(folder, "index.js"),
    `const pulumi = require("@pulumi/pulumi");
const kubernetes = require("@pulumi/kubernetes");
const provider = new kubernetes.Provider("own", { kubeconfig: new pulumi.Config().require("kubeconfig") });
new kubernetes.core.v1.ConfigMap("one", { metadata: { name: "smallest" } }, { provider });
new (class extends pulumi.dynamic.Resource {})({ create: async () => ({ id: "one", outs: {} }) }, "one", {});
`,
  );
  const project = await openProject(sandbox.pulumi, folder, "bench", () => {});
  await project.set({ kubeconfig: sandbox.kubeconfig! });
  return project;
}

interface Measured {
  seconds: number[];
  smallest: number[];
  resources: number;
}

async function measure(project: Project, small: Project): Promise<Measured> {
  const seconds: number[] = [];
  const smallest: number[] = [];
  let resources = 0;
  for (let round = 1; round <= rounds; round++) {
    seconds.push(await timed(`preview ${round}`, async () => void (resources = await unchanged(project))));
    smallest.push(await timed(`preview ${round} of the smallest program`, () => unchanged(small)));
  }
  return { seconds, smallest, resources };
}

/** Previews the stack. @returns the number of its resources */
async function unchanged(project: Project): Promise<number> {
  const { exitCode, stdout, stderr } = await project.preview();
  const count = /^\s+(\d+) unchanged$/m.exec(stdout)?.[1];
  if (exitCode !== 0 || count === undefined || /^\s+[-+~]/m.test(stdout))
    throw new Error(`the preview ended with code ${exitCode}, or something changes:\n${stdout}\n${stderr}`);
  return Number(count);
}

function report({ seconds, smallest, resources }: Measured, plugin: readonly string[]): void {
  const middle = median(seconds);
  const line = (what: string, all: readonly number[]) =>
    print(`${what}: ${median(all).toFixed(1)} s (${all.map((one) => one.toFixed(1)).join(" ")})`);
  for (const one of plugin) print(one);
  line(`an unchanged preview of ${resources} resources`, seconds);
  line("of the smallest program with a dynamic provider and the plugin", smallest);
  print(`wanted: under ${WANTED_S} s; ${middle < WANTED_S ? "kept" : "NOT kept"}`);
  if (middle >= WANTED_S) process.exitCode = 1;
}

program(main);
