/*
 * Own code: proper-lockfile (no release since 2021) knows only the age of a lock. A run that died would block others
 * for that long, and a run that was paused would lose its lock. This lock looks at the process of its owner.
 */
import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { SandboxError } from "../error";
import { startTime } from "../processes/managed";

/**
 * The holder of a lock. `start` (clock ticks since boot, Linux) distinguishes a process from a later one with the same
 * id.
 */
interface Owner {
  pid: number;
  host: string;
  start?: string;
  token: string;
}

export interface LockOptions {
  /** Called while another run holds the lock. Returns true if there is nothing left to wait for. */
  done?: () => Promise<boolean>;
  progress: (line: string) => void;
  /** Maximum wait in milliseconds. Default 45 minutes: three times the longest build. */
  limitMs?: number;
  /** Poll interval in milliseconds. Default 2000. */
  pollMs?: number;
  /** Aborting it ends the wait with its reason. */
  signal?: AbortSignal;
}

const ownerFile = "owner.json";
/**
 * Milliseconds. An owner on another machine (shared home folder) counts as gone if it has not updated its file for
 * `silentMs`.
 */
const signEveryMs = 5_000;
const silentMs = 120_000;

/**
 * Runs `work` while it holds the folder `path` as a lock. Takes over a lock whose owner has exited.
 *
 * @returns the result of `work`; undefined, without a run, if `done` returns true first
 * @throws SandboxError `PARTS_LOCKED` when the wait reaches its limit
 */
export async function withLock<T>(path: string, options: LockOptions, work: () => Promise<T>): Promise<T | undefined> {
  const owner: Owner = {
    pid: process.pid,
    host: hostname(),
    token: randomBytes(8).toString("hex"),
    ...born(process.pid),
  };
  if (!(await acquire(path, owner, options))) return undefined;
  const sign = setInterval(
    () => void utimes(join(path, ownerFile), new Date(), new Date()).catch(() => {}),
    signEveryMs,
  );
  sign.unref();
  try {
    return await work();
  } finally {
    clearInterval(sign);
    await release(path, owner);
  }
}

async function acquire(path: string, owner: Owner, options: LockOptions): Promise<boolean> {
  const { done, progress, signal, limitMs = 45 * 60_000, pollMs = 2_000 } = options;
  const started = Date.now();
  let told = 0;
  signal?.throwIfAborted();
  while (!(await create(path, owner))) {
    if (await done?.()) return false;
    const other = await readOwner(path);
    if (other && (await isGone(path, other))) {
      if (await takeAway(path, other))
        progress(`parts: the run ${other.pid} that was getting parts has gone; going on in its place`);
      continue;
    }
    const waited = Date.now() - started;
    if (waited > limitMs) {
      throw new SandboxError(
        "PARTS_LOCKED",
        `run ${other?.pid ?? "?"} on ${other?.host ?? "?"} has been getting parts for more than ` +
          `${Math.round(limitMs / 60_000)} min`,
        {
          fix: `end that run, or remove ${path} if there is none`,
        },
      );
    }
    if (told === 0 || Date.now() - told > 15_000) {
      progress(`parts: waiting for run ${other?.pid ?? "?"}, which is getting them (${Math.round(waited / 1000)} s)`);
      told = Date.now();
    }
    await delay(pollMs, undefined, signal ? { signal } : {});
  }
  return true;
}

/**
 * Writes a complete lock folder and renames it. A rename onto a folder that is not empty fails, so only one run can
 * succeed.
 */
async function create(path: string, owner: Owner): Promise<boolean> {
  const draft = `${path}.${owner.token}`;
  await mkdir(dirname(path), { recursive: true });
  await mkdir(draft);
  await writeFile(join(draft, ownerFile), JSON.stringify(owner));
  try {
    await rename(draft, path);
    return true;
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (["ENOTEMPTY", "EEXIST", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw error;
  }
}

async function release(path: string, owner: Owner): Promise<void> {
  if ((await readOwner(path))?.token !== owner.token) return;
  const gone = `${path}.${owner.token}.gone`;
  await rename(path, gone);
  await rm(gone, { recursive: true, force: true });
}

/** Several waiting runs may see the same dead owner. Only the run that creates the inner folder may remove the lock. */
async function takeAway(path: string, dead: Owner): Promise<boolean> {
  const claim = join(path, "taken-over");
  try {
    await mkdir(claim);
  } catch {
    const age = await ageMs(claim);
    // The run that created the inner folder has exited as well.
    if (age !== undefined && age > silentMs) await rm(claim, { recursive: true, force: true });
    return false;
  }
  if ((await readOwner(path))?.token !== dead.token) {
    await rm(claim, { recursive: true, force: true });
    return false;
  }
  await release(path, dead);
  return true;
}

async function readOwner(path: string): Promise<Owner | undefined> {
  try {
    return JSON.parse(await readFile(join(path, ownerFile), "utf8")) as Owner;
  } catch {
    return undefined;
  }
}

async function isGone(path: string, owner: Owner): Promise<boolean> {
  if (owner.host !== hostname()) return ((await ageMs(join(path, ownerFile))) ?? 0) > silentMs;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
  return owner.start !== undefined && startTime(owner.pid) !== owner.start;
}

async function ageMs(path: string): Promise<number | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found && Date.now() - found.mtimeMs;
}

function born(pid: number): { start?: string } {
  const start = startTime(pid);
  return start === undefined ? {} : { start };
}
