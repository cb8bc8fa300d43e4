import { cpSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SandboxError } from "../error";
import { repositoryRoot } from "../paths";
import type { PulumiEnvironment, PulumiResult } from "../pulumi";

export type Settings = Record<string, unknown>;

/** One stack of one Pulumi project, controlled through the real command line. */
export interface Project {
  readonly stack: string;
  readonly folder: string;
  /**
   * Sets configuration. Strings are set as they are, everything else as JSON. Secrets are passed through standard
   * input, never as arguments.
   */
  set(settings: Settings, secrets?: Record<string, string>): Promise<void>;
  /** The stored value of a key: a string, or JSON. */
  setting(key: string): Promise<string>;
  /**
   * Runs an up (or destroy) and kills its whole process group (SIGKILL) when a line of output matches `line`. Then
   * releases Pulumi's lock.
   * @throws SandboxError NOT_KILLED when no line matched
   */
  killedUp(line: RegExp, command?: "up" | "destroy"): Promise<KilledResult>;
  /** @param how `diff`: show every value that changes */
  preview(how?: { diff?: boolean }): Promise<PulumiResult>;
  up(options?: RunOptions): Promise<PulumiResult>;
  /** Updates the state from Kubernetes. Changes nothing in Kubernetes. */
  refresh(): Promise<PulumiResult>;
  destroy(options?: RunOptions): Promise<PulumiResult>;
  /** Lists what a destroy would delete, as Pulumi prints it. */
  previewDestroy(): Promise<PulumiResult>;
  outputs(): Promise<Record<string, unknown>>;
  /** The state as Pulumi exports it. Secrets stay encrypted. */
  exported(): Promise<string>;
  /** Imports a state that `exported` returned. */
  imported(state: string): Promise<void>;
}

export interface KilledResult extends PulumiResult {
  /** The pending operations in Pulumi's state: the name of each resource that was being created, changed or deleted. */
  underWay: string[];
}

export interface RunOptions {
  /** True: return a non-zero exit code instead of throwing. */
  mayFail?: boolean;
  signal?: AbortSignal;
  onLine?: (line: string) => void;
  onStart?: (pid: number) => void;
}

/** Creates a new stack of the project in `folder`. */
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
      const pairs = Object.entries(settings).flatMap(([key, value]) => [
        "--plaintext",
        `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`,
      ]);
      if (pairs.length > 0) await run(["config", "set-all", ...at, ...pairs], quiet);
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
          `pulumi ${command} ended with code ${result.exitCode} and never said ` +
            `${line}:\n${result.stdout}\n${result.stderr}`,
          { fix: "name a line that the command says" },
        );
      }
      mendCheckpoint(pulumi);
      await run(["cancel", "--yes", ...at], { ...quiet, mayFail: true });
      const { stdout } = await run(["stack", "export", ...at], quiet);
      // Pulumi keeps the pending operations of an earlier kill until the user resolves them.
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

/** Names of the resources whose operations started and never finished, according to the state. */
function underWayIn(state: string): string[] {
  const { deployment } = JSON.parse(state) as { deployment?: { pending_operations?: { resource: { urn: string } }[] } };
  return (deployment?.pending_operations ?? []).map(({ resource }) => resource.urn.split("::").at(-1)!);
}

/**
 * Repairs the file backend after a kill. If Pulumi (3.259) is killed while it writes a checkpoint, the small file with
 * the checkpoint's attributes can be empty. Every command then fails with "failed to load checkpoint: EOF", although
 * the checkpoint itself is complete. Without the attributes file, Pulumi reads the checkpoint again. Other backends do
 * not have this problem.
 */
function mendCheckpoint(pulumi: PulumiEnvironment): void {
  const stacks = join(fileURLToPath(pulumi.env.PULUMI_BACKEND_URL!), ".pulumi", "stacks");
  for (const entry of readdirSync(stacks, { recursive: true, encoding: "utf8" })) {
    const file = join(stacks, entry);
    if (entry.endsWith(".json.attrs") && statSync(file).size === 0) rmSync(file);
  }
}

/**
 * Prepares the repository's own project, as in a clone, in a folder where Pulumi may write the configuration file of
 * the stack. The folder gets `Pulumi.yaml`, the compiled program and a link to the dependencies. The program must be a
 * copy: it resolves links, and looks for its files beside its real path.
 */
export function ownProject(folder: string): string {
  mkdirSync(folder, { recursive: true });
  for (const name of ["Pulumi.yaml", "package.json", "dist"])
    cpSync(join(repositoryRoot, name), join(folder, name), { recursive: true });
  symlinkSync(join(repositoryRoot, "node_modules"), join(folder, "node_modules"));
  return folder;
}
