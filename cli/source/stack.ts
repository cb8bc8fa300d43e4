import { spawn } from "node:child_process";
import { MigrationError } from "../../engine/errors";

export interface StackOptions {
  /** Default: the selected stack. */
  stack?: string;
  /** Folder of the Pulumi project. Default: the working directory. */
  cwd?: string;
  signal?: AbortSignal;
}

/**
 * The stack's state with its secrets, from `pulumi stack export --show-secrets`. The state goes from the child's pipe
 * into memory and is not stored anywhere else.
 * @throws MigrationError CLI_PULUMI_MISSING, CLI_STACK with Pulumi's own message
 */
export async function exportStack({ stack, cwd, signal }: StackOptions): Promise<string> {
  const named = stack === undefined ? [] : ["--stack", stack];
  const state = await pulumi(["stack", "export", "--show-secrets", "--non-interactive", ...named], cwd, signal);
  if (state.code === 0) return state.out;
  throw new MigrationError(
    "CLI_STACK",
    `the state of ${stack === undefined ? "the selected stack" : `stack "${stack}"`} cannot be read: ` +
      `${pulumisWords(state.err)}`,
    {
      fix:
        "set the stack with --stack and the project's folder with --cwd, log in with `pulumi login`, and set " +
        "the passphrase for Pulumi (PULUMI_CONFIG_PASSPHRASE_FILE)",
    },
  );
}

/** Name of the stack that is selected in the folder, or `selected` if Pulumi does not return one. */
export async function selectedStack({ cwd, signal }: StackOptions): Promise<string> {
  const { code, out } = await pulumi(["stack", "--show-name", "--non-interactive"], cwd, signal);
  return code === 0 && out.trim() !== "" ? out.trim() : "selected";
}

/** Pulumi's version. Undefined if Pulumi is not installed. */
export async function pulumiVersion(signal?: AbortSignal): Promise<string | undefined> {
  try {
    const { code, out } = await pulumi(["version"], undefined, signal);
    return code === 0 ? out.trim() : undefined;
  } catch (error) {
    if (error instanceof MigrationError) return undefined;
    throw error;
  }
}

function pulumi(
  args: readonly string[],
  cwd: string | undefined,
  signal: AbortSignal | undefined,
): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn("pulumi", [...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" },
      ...(cwd === undefined ? {} : { cwd }),
      ...(signal === undefined ? {} : { signal }),
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    child.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") return reject(error);
      // Node.js reports a missing folder in the same way.
      reject(
        new MigrationError(
          "CLI_PULUMI_MISSING",
          cwd === undefined ? "pulumi is not on the PATH" : `pulumi is not on the PATH, or there is no folder ${cwd}`,
          {
            fix: "install Pulumi, correct --cwd, or use a model with --model",
          },
        ),
      );
    });
    child.once("close", (code) =>
      resolve({ code: code ?? 1, out: Buffer.concat(out).toString("utf8"), err: Buffer.concat(err).toString("utf8") }),
    );
  });
}

function pulumisWords(err: string): string {
  const lines = err
    .split("\n")
    .map((l) => l.replace(/^error:\s*/, "").trim())
    .filter((l) => l !== "");
  return lines.slice(0, 3).join(" ") || "pulumi printed no reason";
}
