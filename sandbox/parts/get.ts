import { mkdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { SandboxError } from "../error";
import { supervise, type Supervisor } from "../processes";
import { checkRoom, findBuilders, refuseLacks, type Builders } from "./builders";
import { draftFolder, install, installedFolder, type Manifest } from "./cache";
import { download, reachable, Unreachable } from "./download";
import { buildPrograms, type GoProgram } from "./go";
import { locate, rememberStandIn } from "./locate";
import { sourceOf } from "./published";
import type { Origin, PartName } from "./types";
import { units, type Unit } from "./units";
import { duration, runStep } from "./work";

type Progress = (line: string) => void;

interface Context {
  cache: string;
  progress: Progress;
  supervisor: Supervisor;
  made: Map<PartName, Origin>;
  signal: AbortSignal | undefined;
}

/** Downloads or builds what these parts need, and installs it. Only the holder of the lock may call it. */
export async function getParts(
  names: readonly PartName[],
  cache: string,
  progress: Progress,
  signal?: AbortSignal,
): Promise<Map<PartName, Origin>> {
  const started = Date.now();
  const drafts = draftFolder(cache);
  // Remove drafts of interrupted runs. The lock ensures that no other run is active.
  await rm(dirname(drafts), { recursive: true, force: true });
  const context: Context = { cache, progress, supervisor: supervise(drafts), made: new Map(), signal };
  const interrupted = (): void => void context.supervisor.stop();
  signal?.addEventListener("abort", interrupted);
  try {
    signal?.throwIfAborted();
    const wanted = units.filter((unit) => Object.keys(unit.provides).some((name) => names.includes(name as PartName)));
    const left = await downloadAll(wanted, context);
    const { builders, lacks } = await findBuilders(left, names.includes("java"));
    refuseLacks(lacks);
    await buildAll(left, builders, context);
    if (left.some((unit) => unit.name === "pulumi-resource-kubernetes")) {
      progress("pulumi-resource-kubernetes: not here and not to be downloaded, the sandbox's stand-in takes its place");
      await rememberStandIn(cache);
      context.made.set("pulumi-resource-kubernetes", "stand-in");
    }
    await rm(join(cache, "build"), { recursive: true, force: true, maxRetries: 3 });
    if (left.some((unit) => unit.go || unit.maven)) progress(`parts: all there after ${duration(started)}`);
    return context.made;
  } finally {
    signal?.removeEventListener("abort", interrupted);
    await context.supervisor.stop();
  }
}

/**
 * Returns the units that could not be downloaded. If a site cannot be reached, no further download is tried. Any other
 * failure affects only its own unit.
 */
async function downloadAll(wanted: readonly Unit[], context: Context): Promise<Unit[]> {
  const left: Unit[] = [];
  let offline = process.env.KAFKA_MIGRATION_NO_DOWNLOAD === "1";
  // Plugins are downloaded by the pulumi command, so pulumi comes first.
  for (const unit of [...wanted.filter((one) => !one.plugin), ...wanted.filter((one) => one.plugin)]) {
    try {
      if (!offline && (await downloadUnit(unit, context))) continue;
    } catch (error) {
      context.signal?.throwIfAborted();
      offline = error instanceof Unreachable;
      const [first] = (error as Error).message.split("\n");
      context.progress(
        `${unit.name}: can't be downloaded (${first})${offline ? "; no further download is tried" : ""}`,
      );
    }
    left.push(unit);
  }
  return left;
}

/** Returns false if there is no source for a download. */
async function downloadUnit(unit: Unit, context: Context): Promise<boolean> {
  const { cache, progress, supervisor, signal } = context;
  const draft = join(supervisor.folder, `download-${unit.name}`);
  if (unit.plugin) {
    const { pulumi } = await locate(["pulumi"], cache, () => {});
    if (!pulumi) return false;
    await reachable(signal);
    await downloadPlugin(unit, unit.plugin, pulumi.path, draft, context);
  } else {
    if (!unit.archive) return false;
    const source = sourceOf(unit.archive);
    if (!source) return false;
    await download(source, Object.values(unit.provides), draft, supervisor, progress, signal);
    await unit.unpacked?.(draft);
  }
  await accept(unit, draft, "download", context);
  return true;
}

/**
 * The pulumi command knows where its plugins are and verifies the download. A separate Pulumi home keeps the user's
 * home unchanged.
 */
async function downloadPlugin(
  unit: Unit,
  kind: string,
  pulumi: string,
  draft: string,
  { supervisor, progress }: Context,
): Promise<void> {
  const home = join(supervisor.folder, "pulumi-home");
  await runStep(
    supervisor,
    {
      name: `${unit.name}: downloading`,
      command: pulumi,
      args: ["plugin", "install", "resource", kind, unit.version],
      env: { ...process.env, PULUMI_HOME: home, PULUMI_SKIP_UPDATE_CHECK: "true" },
      log: join(supervisor.folder, `${unit.name}.log`),
    },
    progress,
  );
  await mkdir(draft, { recursive: true });
  await rename(join(home, "plugins", `resource-${kind}-v${unit.version}`, unit.name), join(draft, unit.name));
}

/** Maven mostly waits for the network, so it runs at the same time as Go. */
async function buildAll(left: readonly Unit[], builders: Builders, context: Context): Promise<void> {
  const build = join(context.cache, "build");
  await mkdir(build, { recursive: true });
  const lanes = [buildWithMaven(left, builders, build, context), buildWithGo(left, builders, build, context)];
  try {
    await Promise.all(lanes);
  } catch (error) {
    // The other build may run for ten more minutes. Stop it, so that the failure is reported now.
    await context.supervisor.stop();
    await Promise.allSettled(lanes);
    throw error;
  }
}

async function buildWithMaven(
  left: readonly Unit[],
  { mvn, java }: Builders,
  build: string,
  context: Context,
): Promise<void> {
  const { supervisor, progress } = context;
  for (const unit of left) {
    if (!unit.maven || !mvn || !java) continue;
    const started = Date.now();
    progress(`${unit.name}: getting ${unit.version} with Maven`);
    const draft = join(supervisor.folder, `made-${unit.name}`);
    const work = { supervisor, mvn, java, repository: join(build, "m2"), progress };
    await unit.maven(work, draft);
    await accept(unit, draft, "build", context);
    progress(`${unit.name}: ready in ${duration(started)}`);
  }
}

async function buildWithGo(left: readonly Unit[], { go }: Builders, build: string, context: Context): Promise<void> {
  const units = left.filter((unit) => unit.go);
  if (units.length === 0 || !go) return;
  await checkRoom(context.cache);
  const programs = units.flatMap((unit) => unit.go ?? []);
  await buildPrograms(
    { supervisor: context.supervisor, go, build, progress: context.progress },
    programs,
    (program, file) => collect(units, program, file, context),
  );
}

/** Collects a finished program. Installs the unit when its last program is there. */
async function collect(building: readonly Unit[], program: GoProgram, file: string, context: Context): Promise<void> {
  const unit = building.find((one) => one.go?.includes(program));
  if (!unit?.go) return;
  const draft = join(context.supervisor.folder, `made-${unit.name}`);
  await mkdir(draft, { recursive: true });
  await rename(file, join(draft, installedName(program)));
  context.progress(`${installedName(program)}: built`);
  for (const one of unit.go) if (!(await stat(join(draft, installedName(one))).catch(() => undefined))) return;
  await accept(unit, draft, "build", context);
}

const installedName = (program: GoProgram): string => program.installedAs ?? program.makes;

async function accept(unit: Unit, draft: string, origin: Manifest["origin"], context: Context): Promise<void> {
  const wrong = await unit.check(draft);
  if (wrong !== undefined)
    throw new SandboxError("PART_REFUSED", `${unit.name} ${unit.version}: ${wrong}`, {
      fix: "run it again; should it stay so, put the part on the PATH",
    });
  await install(draft, installedFolder(context.cache, unit.name, unit.version), { version: unit.version, origin });
  for (const name of Object.keys(unit.provides)) context.made.set(name as PartName, origin);
}
