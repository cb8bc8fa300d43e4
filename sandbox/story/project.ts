import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { SandboxError } from "../error";
import type { PulumiEnvironment, PulumiResult } from "../pulumi";

export type Settings = Record<string, unknown>;

/** One stack of one Pulumi project, driven through the real command line. */
export interface Project {
  readonly stack: string;
  readonly folder: string;
  /** Sets configuration; text as it is, everything else as JSON. Secrets go through standard input, never through arguments. */
  set(settings: Settings, secrets?: Record<string, string>): Promise<void>;
  /** A key's value as it is kept: text, or JSON. */
  setting(key: string): Promise<string>;
  /**
   * An up (or destroy) whose whole process group is killed (SIGKILL) when a line says this; frees Pulumi's lock afterwards.
   * @throws SandboxError NOT_KILLED when no line said it
   */
  killedUp(line: RegExp, command?: "up" | "destroy"): Promise<KilledResult>;
  /** @param how `diff`: with every value that changes. */
  preview(how?: { diff?: boolean }): Promise<PulumiResult>;
  up(options?: RunOptions): Promise<PulumiResult>;
  /** Brings the state to what Kubernetes has now; changes nothing there. */
  refresh(): Promise<PulumiResult>;
  destroy(options?: RunOptions): Promise<PulumiResult>;
  /** What a destroy would delete, as Pulumi lists it. */
  previewDestroy(): Promise<PulumiResult>;
  outputs(): Promise<Record<string, unknown>>;
  /** The state as Pulumi exports it; secrets stay encrypted. */
  exported(): Promise<string>;
  /** Takes what `exported` gave for the stack's state. */
  imported(state: string): Promise<void>;
}

export interface KilledResult extends PulumiResult {
  /** What was under way, as Pulumi's state has it: the name of each resource that was being made, changed or removed. */
  underWay: string[];
}

export interface RunOptions {
  /** Return a non-zero exit code instead of throwing. */
  mayFail?: boolean;
  signal?: AbortSignal;
  onLine?: (line: string) => void;
  onStart?: (pid: number) => void;
}

/** Makes a new stack of the project in `folder`. */
export async function openProject(
  pulumi: PulumiEnvironment,
  folder: string,
  stack: string,
  onLine: (line: string) => void,
): Promise<Project> {
  const at = ["--stack", stack, "--non-interactive"];
  const run = async (args: string[], options: RunOptions & { input?: string } = {}): Promise<PulumiResult> => {
    const { signal, input, onStart } = options;
    const result = await pulumi.run(args, {
      cwd: folder,
      onLine: (line) => (options.onLine ?? onLine)(line),
      ...(signal === undefined ? {} : { signal }),
      ...(input === undefined ? {} : { input }),
      ...(onStart === undefined ? {} : { onStart }),
    });
    if (result.exitCode !== 0 && options.mayFail !== true) {
      throw new SandboxError(
        "PULUMI_FAILED",
        `pulumi ${args[0]} ended with code ${result.exitCode}:\n${result.stdout}\n${result.stderr}`,
        { fix: "read Pulumi's own message above" },
      );
    }
    return result;
  };
  const quiet: RunOptions = { onLine: () => {} };
  await run(["stack", "select", "--create", stack, "--non-interactive"], quiet);
  return {
    stack,
    folder,
    async set(settings, secrets = {}) {
      for (const [key, value] of Object.entries(settings)) {
        const text = typeof value === "string" ? value : JSON.stringify(value);
        await run(["config", "set", ...at, "--plaintext", key, "--", text], quiet);
      }
      for (const [key, value] of Object.entries(secrets))
        await run(["config", "set", ...at, "--secret", key], { ...quiet, input: value });
    },
    async setting(key) {
      return (await run(["config", "get", ...at, key], quiet)).stdout.trim();
    },
    async killedUp(line, command = "up") {
      const left = underWayIn((await run(["stack", "export", ...at], quiet)).stdout);
      let pid: number | undefined;
      let killed = false;
      const result = await run([command, ...at, "--yes", "--skip-preview"], {
        mayFail: true,
        onStart: (started) => {
          pid = started;
        },
        onLine: (text) => {
          if (killed || pid === undefined || !line.test(text)) return;
          killed = true;
          process.kill(-pid, "SIGKILL");
        },
      });
      if (!killed) {
        throw new SandboxError(
          "NOT_KILLED",
          `pulumi ${command} ended with code ${result.exitCode} and never said ${line}:\n${result.stdout}\n${result.stderr}`,
          { fix: "name a line that the command says" },
        );
      }
      mendCheckpoint(pulumi);
      await run(["cancel", "--yes", ...at], { ...quiet, mayFail: true });
      const { stdout } = await run(["stack", "export", ...at], quiet);
      // Pulumi keeps what an earlier kill has left until somebody looks at it.
      return { ...result, underWay: underWayIn(stdout).filter((name) => !left.includes(name)) };
    },
    preview: (how = {}) => run(["preview", ...at, ...(how.diff === true ? ["--diff"] : [])], { mayFail: true }),
    up: (options) => run(["up", ...at, "--yes", "--skip-preview"], options),
    refresh: () => run(["refresh", ...at, "--yes", "--skip-preview"]),
    destroy: (options) => run(["destroy", ...at, "--yes", "--skip-preview"], options),
    previewDestroy: () => run(["destroy", ...at, "--preview-only"], { mayFail: true }),
    async outputs() {
      const { stdout } = await run(["stack", "output", "--json", ...at], quiet);
      return JSON.parse(stdout) as Record<string, unknown>;
    },
    async exported() {
      const { stdout } = await run(["stack", "export", ...at], quiet);
      return stdout;
    },
    async imported(state) {
      await run(["stack", "import", ...at], { ...quiet, input: state });
    },
  };
}

/** Resources' names of the operations that a state says were begun and never ended. */
function underWayIn(state: string): string[] {
  const { deployment } = JSON.parse(state) as { deployment?: { pending_operations?: { resource: { urn: string } }[] } };
  return (deployment?.pending_operations ?? []).map(({ resource }) => resource.urn.split("::").at(-1)!);
}

/**
 * A kill in the moment in which Pulumi's file backend (3.259) writes a checkpoint can leave the small file of its attributes
 * empty: every command then ends with "failed to load checkpoint: EOF", although the checkpoint itself is whole. Without
 * that file it is read again. Other backends have no such moment.
 */
function mendCheckpoint(pulumi: PulumiEnvironment): void {
  const stacks = join(fileURLToPath(pulumi.env.PULUMI_BACKEND_URL!), ".pulumi", "stacks");
  for (const entry of readdirSync(stacks, { recursive: true, encoding: "utf8" })) {
    const file = join(stacks, entry);
    if (entry.endsWith(".json.attrs") && statSync(file).size === 0) rmSync(file);
  }
}

/** The repository's root, found alike from the sources and from the compiled files. */
export const repositoryRoot = rootAbove(__dirname);

function rootAbove(folder: string): string {
  return existsSync(join(folder, "package.json")) ? folder : rootAbove(dirname(folder));
}

/**
 * The repository's own project as a clone has it, in a folder where Pulumi may write the stack's configuration file:
 * `Pulumi.yaml`, the compiled program (a copy: a program sees where it really lies, and looks for its files from there), and
 * a link to the dependencies.
 */
export function ownProject(folder: string): string {
  mkdirSync(folder, { recursive: true });
  for (const name of ["Pulumi.yaml", "package.json", "dist"])
    cpSync(join(repositoryRoot, name), join(folder, name), { recursive: true });
  symlinkSync(join(repositoryRoot, "node_modules"), join(folder, "node_modules"));
  return folder;
}
