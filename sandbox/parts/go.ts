import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { SandboxError } from "../error";
import { packageRoot } from "../paths";
import type { Supervisor } from "../processes";
import { duration, runStep } from "./work";

export interface GoProgram {
  /** Folder of its go.mod below `go/`. */
  module: "." | "language-nodejs";
  package: string;
  /** File name that Go chooses. */
  makes: string;
  /** Name in the cache, if it differs. */
  installedAs?: string;
  /** Go variables that the linker sets. */
  set: Readonly<Record<string, string>>;
}

export interface GoWork {
  supervisor: Supervisor;
  go: string;
  /** Folder of the module cache and the build cache. It stays when a build is interrupted. */
  build: string;
  progress: (line: string) => void;
}

/**
 * Fetches and compiles programs. Calls `made` for each as soon as its file exists. Fetches the modules at the same
 * time, but compiles them one after the other. One run of the go command compiles all programs of a module. It keeps
 * every core busy, whereas several runs would wait for each other's linking.
 */
export async function buildPrograms(
  work: GoWork,
  programs: readonly GoProgram[],
  made: (program: GoProgram, file: string) => Promise<void>,
): Promise<void> {
  await mkdir(join(work.build, "tmp"), { recursive: true });
  const groups = (["language-nodejs", "."] as const)
    .map((module) => programs.filter((program) => program.module === module))
    .filter((group) => group.length > 0);
  const fetched = groups.map((group) => fetchModules(work, group));
  // The first failure is reported below. Until then, the others must not count as unhandled rejections.
  for (const one of fetched) one.catch(() => {});
  try {
    for (const [i, group] of groups.entries()) await compile(work, group, (await fetched[i]) ?? 0, made);
  } finally {
    await Promise.allSettled(fetched);
  }
}

/** Fetches the modules. @returns the number of packages to compile */
async function fetchModules(work: GoWork, programs: readonly GoProgram[]): Promise<number> {
  const started = Date.now();
  const names = namesOf(programs);
  work.progress(`${names}: fetching Go modules`);
  const log = join(work.supervisor.folder, `fetch-${programs[0]?.makes}.log`);
  // Go fetches as many modules at once as it has threads, and fetching is mostly waiting.
  const env = goEnvironment(work.build, { GOMAXPROCS: "16" });
  await runStep(
    work.supervisor,
    {
      ...goCommand(work, programs),
      name: `${names}: fetching Go modules`,
      args: ["list", "-tags", tags, "-deps", ...packagesOf(programs)],
      env,
      log,
    },
    work.progress,
  );
  const total = (await lines(log)).filter((line) => !line.startsWith("go: ")).length;
  work.progress(`${names}: Go modules fetched in ${duration(started)}`);
  return total;
}

async function compile(
  work: GoWork,
  programs: readonly GoProgram[],
  total: number,
  made: (program: GoProgram, file: string) => Promise<void>,
): Promise<void> {
  const started = Date.now();
  const names = namesOf(programs);
  const log = join(work.supervisor.folder, `compile-${programs[0]?.makes}.log`);
  const out = join(work.supervisor.folder, `compiled-${programs[0]?.makes}`);
  const waiting = new Set(programs);
  const collect = async (): Promise<void> => {
    for (const program of [...waiting]) {
      if (!existsSync(join(out, program.makes))) continue;
      waiting.delete(program);
      await made(program, join(out, program.makes));
    }
  };
  const state = async (): Promise<string> =>
    `${(await lines(log)).filter((line) => !line.startsWith("#")).length} of ${total} packages`;
  const args = [
    "build",
    "-v",
    "-tags",
    tags,
    ...compilerFlags,
    `-ldflags=${linkerFlags(programs)}`,
    "-o",
    `${out}/`,
    ...packagesOf(programs),
  ];
  work.progress(`${names}: compiling ${total} packages`);
  await runStep(
    work.supervisor,
    { ...goCommand(work, programs), name: `${names}: compiling`, args, env: goEnvironment(work.build), log },
    work.progress,
    { onTick: collect, state },
  );
  await collect();
  if (waiting.size > 0) {
    throw new SandboxError(
      "PART_STEP_FAILED",
      `go build ended well without ${[...waiting].map((program) => program.makes).join(", ")}`,
      { fix: "report this: the build's names do not agree with Go's" },
    );
  }
  work.progress(`${names}: compiled in ${duration(started)}`);
}

const namesOf = (programs: readonly GoProgram[]): string =>
  programs.map((program) => program.installedAs ?? program.makes).join(", ");
const packagesOf = (programs: readonly GoProgram[]): string[] => programs.map((program) => program.package);
const goCommand = (work: GoWork, programs: readonly GoProgram[]): { command: string; cwd: string } => ({
  command: work.go,
  cwd: join(goFolder(), programs[0]?.module ?? "."),
});

/** The build tags of Pulumi's own releases. They do not affect the other programs. */
const tags = "osusergo,grpcnotrace";

/**
 * Nobody debugs these programs. Without debug information, compiling is faster and the build cache a quarter smaller.
 */
const noDebug = "-dwarf=false";

/**
 * Packages to compile without the optimizer. They take more than half of the compile time, and their speed does not
 * matter: generated clients and type conversions, clouds, an OpenAPI library. Without the optimizer, a package takes
 * about a third less time.
 */
const unhurried = [
  "k8s.io/kubernetes/...",
  "k8s.io/api/...",
  "k8s.io/client-go/informers/...",
  "k8s.io/client-go/kubernetes/...",
  "k8s.io/client-go/applyconfigurations/...",
  "k8s.io/client-go/listers/...",
  "github.com/pb33f/...",
  "github.com/aws/...",
  "github.com/Azure/...",
  "cloud.google.com/...",
  "google.golang.org/api/...",
  "github.com/envoyproxy/...",
  "github.com/alecthomas/...",
  "github.com/go-git/...",
  "github.com/pulumi/pulumi/sdk/v3/go/pulumi/...",
  "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi/cloud/...",
  "go.opentelemetry.io/...",
];

const compilerFlags = [
  `-gcflags=all=${noDebug}`,
  ...unhurried.map((packages) => `-gcflags=${packages}=${noDebug} -N -l`),
];

function linkerFlags(programs: readonly GoProgram[]): string {
  return [
    "-s",
    "-w",
    ...programs.flatMap((program) => Object.entries(program.set).map(([name, value]) => `-X ${name}=${value}`)),
  ].join(" ");
}

/**
 * Environment for a build for this machine, without C, that accepts only modules with a checksum in go.sum. The caches
 * can be removed like any folder.
 */
function goEnvironment(build: string, more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { GOOS: _os, GOARCH: _arch, ...rest } = process.env;
  return {
    ...rest,
    CGO_ENABLED: "0",
    GOFLAGS: "-mod=readonly -modcacherw -buildvcs=false -trimpath",
    GOWORK: "off",
    GOMODCACHE: join(build, "modules"),
    GOCACHE: join(build, "compiled"),
    GOTMPDIR: join(build, "tmp"),
    ...more,
  };
}

/** Folder of the Go modules, which are part of this package. */
export const goFolder = (): string => join(packageRoot, "parts", "go");

async function lines(file: string): Promise<string[]> {
  const text = await readFile(file, "utf8").catch(() => "");
  return text.split("\n").filter((line) => line !== "");
}
