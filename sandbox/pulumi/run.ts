import { spawn } from "node:child_process";
import { constants } from "node:os";
import type { Readable } from "node:stream";
import type { Supervisor } from "../processes";
import type { PulumiResult, PulumiRunOptions } from "./types";

/** Milliseconds from SIGINT at the time limit to SIGKILL. Pulumi needs this time to write its state. */
const graceMs = 20_000;

/** Runs one command in its own process group, with its output in pipes. */
export function runCommand(
  supervisor: Supervisor,
  command: string,
  args: readonly string[],
  options: PulumiRunOptions,
): Promise<PulumiResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...args], {
      cwd: options.cwd,
      env: options.env,
      detached: true,
      stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    });
    const { pid } = child;
    const timers: NodeJS.Timeout[] = [];
    const send = (signal: NodeJS.Signals): void => {
      try {
        if (pid !== undefined) process.kill(-pid, signal);
      } catch {
        // The process has exited in the meantime.
      }
    };
    const interrupt = (): void => {
      send("SIGINT");
      timers.push(setTimeout(() => send("SIGKILL"), graceMs));
    };
    const release = pid === undefined ? () => {} : supervisor.adopt(pid);
    const clean = (): void => {
      for (const timer of timers) clearTimeout(timer);
      options.signal?.removeEventListener("abort", interruptOnce);
      release();
    };
    const interruptOnce = (): void => send("SIGINT");
    if (options.limitMs !== undefined) timers.push(setTimeout(interrupt, options.limitMs));
    options.signal?.addEventListener("abort", interruptOnce);
    if (options.signal?.aborted) interruptOnce();
    child.once("error", (error) => {
      clean();
      reject(error);
    });
    if (child.stdin) {
      child.stdin.on("error", () => {});
      child.stdin.end(options.input);
    }
    const stdout = lines(child.stdout as Readable, (line) => options.onLine?.(line, "stdout"));
    const stderr = lines(child.stderr as Readable, (line) => options.onLine?.(line, "stderr"));
    child.once("close", (code, signal) => {
      clean();
      resolve({
        exitCode: code ?? 128 + (signal ? constants.signals[signal] : 0),
        stdout: stdout.text(),
        stderr: stderr.text(),
      });
    });
    if (pid !== undefined) options.onStart?.(pid);
  });
}

/** Collects the text of a stream and calls `told` for each complete line, and for a last line without a line end. */
function lines(stream: Readable, told: (line: string) => void): { text: () => string } {
  let text = "";
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    text += chunk;
    const parts = (rest + chunk).split(/\r?\n/);
    rest = parts.pop() ?? "";
    for (const line of parts) told(line);
  });
  stream.on("end", () => {
    if (rest !== "") told(rest);
  });
  return { text: () => text };
}
