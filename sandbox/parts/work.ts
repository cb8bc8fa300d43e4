import { setTimeout as delay } from "node:timers/promises";
import { SandboxError } from "../error";
import { lastLines, type ManagedProcess, type ProcessSpec, type Supervisor } from "../processes";

/** Interval in milliseconds between the progress lines of a long step. */
const stillEveryMs = 15_000;

/**
 * Runs a program to its end. The program also ends when this process ends, for whatever reason. Calls `onTick` every
 * second and once before the end. Adds the text of `state` to the regular progress lines.
 *
 * @throws SandboxError `PART_STEP_FAILED` with the last lines of its log
 */
export async function runStep(
  supervisor: Supervisor,
  spec: ProcessSpec,
  progress: (line: string) => void,
  options: { state?: () => Promise<string>; onTick?: () => Promise<void> } = {},
): Promise<void> {
  const started = Date.now();
  let told = started;
  const running: ManagedProcess = supervisor.start(spec);
  while (!running.exit) {
    await Promise.race([running.exited, delay(1_000)]);
    await options.onTick?.();
    if (!running.exit && Date.now() - told >= stillEveryMs) {
      told = Date.now();
      const state = await options.state?.();
      progress(`${spec.name} goes on after ${duration(started)}${state ? `, ${state}` : ""}`);
    }
  }
  const { code, signal } = running.exit;
  if (code !== 0) {
    throw new SandboxError(
      "PART_STEP_FAILED",
      `${spec.name} ended with ${signal ?? `exit code ${code}`}; it said last\n${lastLines(running.log)}`,
      {
        fix:
          "mend what the lines above name (often the network or the disk) and run it again: what was fetched and " +
          "compiled so far is kept",
      },
    );
  }
}

/** Formats a duration, e.g. `8.1 s` or `4 min 05 s`. */
export function duration(startedAt: number): string {
  const seconds = (Date.now() - startedAt) / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${String(Math.floor(seconds % 60)).padStart(2, "0")} s`;
}
