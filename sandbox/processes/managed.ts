import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { SandboxError } from "../error";
import { lastLines } from "./log";
import type { Exit, ManagedProcess, ProcessSpec } from "./types";

/** Start time in clock ticks from /proc. Undefined if there is no /proc or no such process. */
export function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}

/**
 * Starts a process in its own session. A terminal's Ctrl-C then reaches only the parent, which decides in which order
 * to stop the others.
 */
export function startManaged(
  spec: ProcessSpec,
  mark: { name: string; value: string },
  ended: (pid: number) => void,
): ManagedProcess {
  const log = openSync(spec.log, "a", 0o600);
  let child: ChildProcess;
  try {
    child = spawn(spec.command, [...spec.args], {
      cwd: spec.cwd,
      env: { ...(spec.env ?? process.env), [mark.name]: mark.value },
      detached: true,
      stdio: ["ignore", log, log],
    });
  } finally {
    closeSync(log);
  }
  return new Managed(spec, child, ended);
}

class Managed implements ManagedProcess {
  readonly name: string;
  readonly pid: number;
  readonly log: string;
  readonly exited: Promise<Exit>;
  exit: Exit | undefined;
  private failure: Error | undefined;

  constructor(spec: ProcessSpec, child: ChildProcess, ended: (pid: number) => void) {
    this.name = spec.name;
    this.log = spec.log;
    this.pid = child.pid ?? -1;
    this.exited = new Promise((resolve) => {
      const settle = (exit: Exit) => {
        if (this.exit) return;
        this.exit = exit;
        ended(this.pid);
        resolve(exit);
      };
      child.once("exit", (code, signal) => settle({ code, signal }));
      child.once("error", (error) => {
        if (child.pid !== undefined) return;
        this.failure = error;
        settle({ code: 127, signal: null });
      });
    });
  }

  async stop(graceMs = 10_000): Promise<Exit> {
    if (this.exit) return this.exit;
    this.send("SIGTERM");
    const timer = setTimeout(() => this.send("SIGKILL"), graceMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(timer);
    }
  }

  kill(): Promise<Exit> {
    this.send("SIGKILL");
    return this.exited;
  }

  async until<T>(
    what: string | (() => string),
    probe: () => Promise<T | undefined> | T | undefined,
    limitMs: number,
    everyMs = 50,
  ): Promise<T> {
    const named = () => (typeof what === "string" ? what : what());
    const limit = Date.now() + limitMs;
    for (;;) {
      if (this.exit) throw this.ended(named());
      const found = await probe();
      if (found !== undefined) return found;
      if (Date.now() > limit) {
        throw new SandboxError(
          "PROCESS_NOT_READY",
          `${this.name}: ${named()} did not come within ${limitMs / 1000} s; its log ends with\n${lastLines(this.log)}`,
          {
            fix: `read ${this.log}; a machine under load may need a longer limit`,
          },
        );
      }
      await Promise.race([delay(everyMs), this.exited]);
    }
  }

  private ended(what: string): SandboxError {
    const how =
      this.failure?.message ?? (this.exit?.signal ? `signal ${this.exit.signal}` : `exit code ${this.exit?.code}`);
    return new SandboxError(
      "PROCESS_EXITED",
      `${this.name} ended (${how}) before ${what}; its log ends with\n${lastLines(this.log)}`,
      {
        fix: `read ${this.log}`,
      },
    );
  }

  private send(signal: NodeJS.Signals): void {
    if (this.exit || this.pid < 0) return;
    try {
      process.kill(-this.pid, signal);
    } catch {
      // The process has exited in the meantime.
    }
  }
}
