import { spawn, type ChildProcess } from "node:child_process";
import { realpath } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { ask } from "./tools";

/** Maximum milliseconds for a plugin to start and to answer. */
const LIMIT_MS = 15_000;

/** Address of an engine that does not exist. A plugin connects to it only when it has something to log. */
const NO_ENGINE = "127.0.0.1:1";

/**
 * Finds the version of a Pulumi resource plugin. It uses the three ways in which plugins provide it: the folder in
 * which Pulumi installed it (`resource-<kind>-v<version>`), the flag `-version` (bridged plugins, the stand-in), and
 * `GetPluginInfo` of Pulumi's plugin protocol (the kubernetes plugin, which has no such flag).
 * @returns the version without a leading `v`; undefined if the program does not answer as a plugin
 */
export async function pluginVersion(path: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  return (await versionOfFolder(path)) ?? (await versionByFlag(path, env)) ?? (await versionByProtocol(path, env));
}

/** Reads the version from the folder's name. The file on the PATH may be a link to the file in that folder. */
async function versionOfFolder(path: string): Promise<string | undefined> {
  const file = await realpath(path).catch(() => path);
  return new RegExp(`^resource-${kindOf(file)}-v(\\d+\\.\\d+\\.\\d+)$`).exec(basename(dirname(file)))?.[1];
}

const kindOf = (file: string): string =>
  basename(file)
    .replace(/^pulumi-resource-/, "")
    .replace(/[^\w-]/g, "");

/**
 * The answer must contain a line that holds only the version: the text that rejects an unknown flag may contain an
 * address.
 */
async function versionByFlag(path: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  return /^v?(\d+\.\d+\.\d+)(?:[-+]\S*)?\s*$/m.exec((await ask(path, ["-version"], env)) ?? "")?.[1];
}

/** Starts the plugin as the engine does, asks for its version, and stops it. */
async function versionByProtocol(path: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const child = spawn(path, [NO_ENGINE], { env, cwd: "/", stdio: ["ignore", "pipe", "ignore"] });
  const deadline = Date.now() + LIMIT_MS;
  try {
    const port = await firstLine(child, LIMIT_MS);
    if (port === undefined || !/^\d{1,5}$/.test(port)) return undefined;
    return /^v?(\d+\.\d+\.\d+)/.exec((await pluginInfo(Number(port), deadline)) ?? "")?.[1];
  } finally {
    child.kill("SIGKILL");
  }
}

/** Undefined if the program exits, cannot be started or prints nothing within the limit. */
function firstLine(child: ChildProcess, limitMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), limitMs);
    const done = (line?: string): void => {
      clearTimeout(timer);
      resolve(line);
    };
    let text = "";
    child.once("error", () => done());
    child.once("close", () => done());
    child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      const [line, rest] = text.split(/\r?\n/, 2);
      if (rest !== undefined) done(line);
    });
  });
}

async function pluginInfo(port: number, deadline: number): Promise<string | undefined> {
  // Load gRPC late: only a plugin that answers in no other way needs it.
  const { empty, grpc, services } = await import("../kubernetes-plugin/rpc.js");
  const client = new services.ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  try {
    return await new Promise<string | undefined>((resolve) => {
      client.getPluginInfo(
        new empty.Empty(),
        new grpc.Metadata(),
        { deadline },
        (error: unknown, info?: { getVersion(): string }) => resolve(error ? undefined : info?.getVersion()),
      );
    });
  } finally {
    client.close();
  }
}
