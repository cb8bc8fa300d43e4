import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import { SandboxError } from "../error";
import { startManaged, startTime } from "./managed";
import type { ManagedProcess, ProcessSpec, Supervisor } from "./types";

/** Environment variable that marks every process of a sandbox, so that the shutdown finds all of them. */
const markName = "KAFKA_MIGRATION_SANDBOX";

const open = new Map<string, FolderSupervisor>();

/**
 * Returns the supervisor whose folder is `folder` or contains it, or a new one if there is none. A new supervisor
 * creates the folder (mode 0700) and removes it at the end, unless the folder existed before and was not empty.
 */
export function supervise(folder: string): Supervisor {
  const wanted = resolve(folder);
  for (const [path, supervisor] of open) {
    if (wanted === path || wanted.startsWith(path + sep)) {
      mkdirSync(wanted, { recursive: true, mode: 0o700 });
      return supervisor;
    }
  }
  return new FolderSupervisor(wanted);
}

class FolderSupervisor implements Supervisor {
  private readonly ours: boolean;
  readonly mark = { name: markName, value: randomBytes(12).toString("hex") };
  private readonly adopted = new Set<number>();
  private readonly running = new Map<number, ManagedProcess>();
  private watchdog: ChildProcess;
  private stopping: Promise<void> | undefined;

  constructor(readonly folder: string) {
    this.ours = !existsSync(folder) || readdirSync(folder).length === 0;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.watchdog = this.startWatchdog();
    open.set(folder, this);
  }

  start(spec: ProcessSpec): ManagedProcess {
    if (this.stopping)
      throw new SandboxError("SANDBOX_STOPPING", `${spec.name} was not started: the sandbox is being stopped`, {
        fix: "start a new sandbox",
      });
    const managed = startManaged(spec, this.mark, (pid) => {
      this.running.delete(pid);
      this.tell({ remove: pid });
    });
    if (managed.pid > 0) {
      this.running.set(managed.pid, managed);
      this.tell({ add: managed.pid, start: startTime(managed.pid) });
    }
    return managed;
  }

  adopt(pid: number): () => void {
    this.adopted.add(pid);
    this.tell({ add: pid, start: startTime(pid) });
    return () => {
      this.adopted.delete(pid);
      this.tell({ remove: pid });
    };
  }

  stop(): Promise<void> {
    this.stopping ??= this.finish();
    return this.stopping;
  }

  private async finish(): Promise<void> {
    await Promise.all([...this.running.values()].map((child) => child.stop(3_000)));
    open.delete(this.folder);
    if (this.ours) await rm(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    this.watchdog.ref();
    const gone = new Promise<void>((settle) => this.watchdog.once("exit", () => settle()));
    this.watchdog.stdin?.end();
    await gone;
  }

  private tell(message: object): void {
    this.watchdog.stdin?.write(`${JSON.stringify(message)}\n`);
  }

  private startWatchdog(): ChildProcess {
    const child = spawn(process.execPath, [join(__dirname, "watchdog.js")], {
      cwd: "/",
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
      env: {},
    });
    // The process and its pipe must not keep the parent's event loop alive.
    child.unref();
    (child.stdin as unknown as { unref?: () => void } | null)?.unref?.();
    child.stdin?.on("error", () => {});
    // If a user ended the watchdog, start a new one. Without it, a crash would leave processes behind.
    child.once("exit", () => {
      if (!this.stopping) this.watchdog = this.startWatchdog();
    });
    const lines: object[] = [{ mark: `${markName}=${this.mark.value}` }];
    if (this.ours) lines.push({ folder: this.folder });
    for (const pid of [...this.running.keys(), ...this.adopted]) lines.push({ add: pid, start: startTime(pid) });
    for (const line of lines) child.stdin?.write(`${JSON.stringify(line)}\n`);
    return child;
  }
}
