import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { withLock } from "./parts/lock";
import { startTime } from "./processes/managed";
import { tempFolder } from "./test/parts-support";

const quick = { progress: () => {}, pollMs: 10 };

/** Creates a lock as another run would have created it. */
function lockOf(path: string, owner: { pid: number; host?: string; start?: string }, ageMs = 0): void {
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, "owner.json"), JSON.stringify({ host: hostname(), token: "theirs", ...owner }));
  const then = new Date(Date.now() - ageMs);
  utimesSync(join(path, "owner.json"), then, then);
}

/** The id of a process that has exited. */
const deadPid = (): number => spawnSync(process.execPath, ["-e", ""]).pid;

describe("withLock", () => {
  it("runs one owner at a time, and leaves nothing behind", async () => {
    const base = tempFolder();
    let inside = 0;
    let most = 0;
    const runs = Array.from({ length: 8 }, (_, i) =>
      withLock(join(base, "lock"), quick, async () => {
        most = Math.max(most, ++inside);
        await new Promise((resolve) => setImmediate(resolve));
        inside--;
        return i;
      }),
    );
    expect(await Promise.all(runs)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(most).toBe(1);
    expect(readdirSync(base)).toEqual([]);
  });

  it("releases the lock if the work fails", async () => {
    const path = join(tempFolder(), "lock");
    await expect(withLock(path, quick, () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
    expect(existsSync(path)).toBe(false);
  });

  it("waits for a running owner, reports it, and stops waiting if nothing is left to do", async () => {
    const path = join(tempFolder(), "lock");
    const other = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
    try {
      lockOf(path, { pid: other.pid ?? 0, start: startTime(other.pid ?? 0) ?? "" }, 3_600_000);
      const lines: string[] = [];
      let asked = 0;
      const result = await withLock(
        path,
        { pollMs: 10, progress: (line) => lines.push(line), done: async () => ++asked === 3 },
        async () => "ran",
      );
      expect(result).toBeUndefined();
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatch(new RegExp(`^parts: waiting for run ${other.pid}, which is getting them \\(\\d+ s\\)$`));
      await expect(withLock(path, { ...quick, limitMs: 30 }, async () => "ran")).rejects.toThrow(
        new RegExp(`PARTS_LOCKED: run ${other.pid} on .*\\nfix: end that run, or remove ${path}`),
      );
      expect(existsSync(join(path, "owner.json"))).toBe(true);
    } finally {
      other.kill("SIGKILL");
    }
  });

  it("takes the lock of a dead owner, one waiter at a time", async () => {
    const path = join(tempFolder(), "lock");
    lockOf(path, { pid: deadPid() });
    const lines: string[] = [];
    let inside = 0;
    let most = 0;
    const runs = Array.from({ length: 6 }, () =>
      withLock(path, { pollMs: 5, progress: (line) => lines.push(line) }, async () => {
        most = Math.max(most, ++inside);
        await new Promise((resolve) => setTimeout(resolve, 5));
        inside--;
        return true;
      }),
    );
    expect(await Promise.all(runs)).toEqual(Array(6).fill(true));
    expect(most).toBe(1);
    expect(lines.filter((line) => line.includes("has gone"))).toHaveLength(1);
  });

  it("is not confused by a later process with the same pid", async () => {
    if (startTime(process.pid) === undefined) return; // Only Linux provides the start time of a process.
    const path = join(tempFolder(), "lock");
    lockOf(path, { pid: process.pid, start: "1" });
    expect(await withLock(path, { ...quick, limitMs: 1_000 }, async () => "ran")).toBe("ran");
  });

  it("decides about an owner on another machine by its last heartbeat", async () => {
    const path = join(tempFolder(), "lock");
    lockOf(path, { pid: 1, host: "elsewhere" });
    await expect(withLock(path, { ...quick, limitMs: 30 }, async () => "ran")).rejects.toThrow("PARTS_LOCKED");
    lockOf(path, { pid: 1, host: "elsewhere" }, 600_000);
    expect(await withLock(path, { ...quick, limitMs: 1_000 }, async () => "ran")).toBe("ran");
  });
});
