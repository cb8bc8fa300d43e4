import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { freePorts, isPortClash, supervise } from "../processes";

let base: string;
const parents: ChildProcess[] = [];
/** What a broken watchdog would leave behind. */
const children: number[] = [];
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "kafka-migration-processes-"));
});
afterEach(async () => {
  for (const parent of parents.splice(0)) parent.kill("SIGKILL");
  for (const pid of children.splice(0)) if (alive(pid)) process.kill(pid, "SIGKILL");
  await rm(base, { recursive: true, force: true });
});

/**
 * A program that never ends by itself; `stubborn` ignores SIGTERM, `child` starts another one in a session of its own.
 */
const program = (kind: "plain" | "stubborn" | "child"): string[] => [
  "-e",
  `
  ${kind === "stubborn" ? 'process.on("SIGTERM", () => {});' : ""}
  ${kind === "child" ? 'const c = require("child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { detached: true, stdio: "ignore" }); console.log("child", c.pid);' : ""}
  console.log("runs");
  setInterval(() => {}, 1000);
  `,
];

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

async function eventually(what: string, probe: () => boolean | Promise<boolean>, limitMs = 15_000): Promise<void> {
  const limit = Date.now() + limitMs;
  while (!(await probe())) {
    if (Date.now() > limit) throw new Error(`not within ${limitMs} ms: ${what}`);
    await delay(50);
  }
}

/**
 * A parent of its own process, with three children, that can be killed. It runs the compiled code, as a user's would.
 */
async function startParent(folder: string): Promise<{ parent: ChildProcess; pids: number[] }> {
  const code = `
    const { supervise } = require(${JSON.stringify(resolve(__dirname, "../dist/processes"))});
    const s = supervise(${JSON.stringify(folder)});
    const start = (name, args) => s.start({ name, command: process.execPath, args, log: ${JSON.stringify(folder)} + "/" + name + ".log" });
    const all = [start("plain", ${JSON.stringify(program("plain"))}), start("stubborn", ${JSON.stringify(program("stubborn"))}), start("child", ${JSON.stringify(program("child"))})];
    const { readFileSync } = require("fs");
    (async () => {
      for (const one of all) await one.until("a first line", () => /runs/.test(readFileSync(one.log, "utf8")) || undefined, 20000);
      const grandchild = Number(/child (\\d+)/.exec(readFileSync(all[2].log, "utf8"))[1]);
      console.log(JSON.stringify([...all.map((one) => one.pid), grandchild]));
    })();
  `;
  const parent = spawn(process.execPath, ["-e", code], { stdio: ["ignore", "pipe", "inherit"], detached: true });
  parents.push(parent);
  const line = await new Promise<string>((settle, fail) => {
    let text = "";
    parent.stdout?.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes("\n")) settle(text);
    });
    parent.once("exit", () => fail(new Error(`the parent ended: ${text}`)));
  });
  const pids = JSON.parse(line) as number[];
  children.push(...pids);
  return { parent, pids };
}

describe("after the parent ends", () => {
  for (const signal of ["SIGKILL", "SIGINT", "SIGTERM"] as const) {
    it(`by ${signal}, no process and no folder is left, not even of a child that ignores SIGTERM`, async () => {
      const folder = join(base, "sandbox");
      const { parent, pids } = await startParent(folder);
      expect(pids).toHaveLength(4);
      expect(pids.every(alive)).toBe(true);
      // To the whole group, as a terminal does: the children must not be in it.
      process.kill(-(parent.pid as number), signal);
      // Only Linux lets the watchdog find a grandchild that left its group.
      await eventually("children gone", () => !(process.platform === "linux" ? pids : pids.slice(0, 3)).some(alive));
      await eventually("folder gone", () => !existsSync(folder));
    });
  }

  it("a process that only reuses a pid is left alone", async () => {
    const bystander = spawn(process.execPath, program("plain"), { stdio: "ignore", detached: true });
    parents.push(bystander);
    const watchdog = spawn(process.execPath, [resolve(__dirname, "../processes/watchdog.js"), "300"], {
      stdio: ["pipe", "ignore", "ignore"],
    });
    const gone = new Promise((settle) => watchdog.once("exit", settle));
    watchdog.stdin.end(`${JSON.stringify({ add: bystander.pid, start: "1" })}\n`);
    await gone;
    expect(alive(bystander.pid as number)).toBe(process.platform === "linux");
  });

  it("files that existed before stay", async () => {
    const folder = join(base, "given");
    await mkdir(folder);
    await writeFile(join(folder, "mine.txt"), "kept");
    const { parent, pids } = await startParent(folder);
    parent.kill("SIGKILL");
    await eventually("children gone", () => !pids.slice(0, 3).some(alive));
    await delay(300);
    expect(await readFile(join(folder, "mine.txt"), "utf8")).toBe("kept");
  });
});

describe("a supervised process", () => {
  it("ends with its supervisor, which deletes its folder", async () => {
    const supervisor = supervise(join(base, "s"));
    expect((await stat(supervisor.folder)).mode & 0o777).toBe(0o700);
    const child = supervisor.start({
      name: "child",
      command: process.execPath,
      args: program("plain"),
      log: join(supervisor.folder, "c.log"),
    });
    await child.until(
      "a line",
      async () => ((await readFile(child.log, "utf8")).includes("runs") ? true : undefined),
      20_000,
    );
    expect((await stat(child.log)).mode & 0o777).toBe(0o600);
    await supervisor.stop();
    expect(alive(child.pid)).toBe(false);
    expect(child.exit).toMatchObject({ signal: "SIGTERM" });
    expect(existsSync(supervisor.folder)).toBe(false);
    expect(() => supervisor.start({ name: "late", command: "true", args: [], log: join(base, "late.log") })).toThrow(
      /SANDBOX_STOPPING/,
    );
  });

  it("that ends early is an error with the last lines of its log", async () => {
    const supervisor = supervise(join(base, "s"));
    const child = supervisor.start({
      name: "broken",
      command: process.execPath,
      args: ["-e", 'console.error("the disk is full"); process.exit(7)'],
      log: join(supervisor.folder, "b.log"),
    });
    await expect(child.until("an answer", () => undefined, 20_000)).rejects.toThrow(
      /PROCESS_EXITED: broken ended \(exit code 7\) before an answer[\s\S]*the disk is full/,
    );
    await supervisor.stop();
  });

  it("that is not ready in time is an error with the last lines of its log", async () => {
    const supervisor = supervise(join(base, "s"));
    const child = supervisor.start({
      name: "slow",
      command: process.execPath,
      args: program("plain"),
      log: join(supervisor.folder, "s.log"),
    });
    await child.until(
      "a line",
      async () => ((await readFile(child.log, "utf8")).includes("runs") ? true : undefined),
      20_000,
    );
    await expect(child.until("an answer", () => undefined, 200)).rejects.toThrow(
      /PROCESS_NOT_READY: slow: an answer did not come within 0.2 s[\s\S]*runs/,
    );
    await supervisor.stop();
  });

  it("whose program does not exist is an error that names the program", async () => {
    const supervisor = supervise(join(base, "s"));
    const child = supervisor.start({
      name: "absent",
      command: join(base, "no-such-program"),
      args: [],
      log: join(supervisor.folder, "a.log"),
    });
    await expect(child.until("an answer", () => undefined, 5_000)).rejects.toThrow(
      /absent ended[\s\S]*no-such-program ENOENT/,
    );
    await supervisor.stop();
  });

  it("uses the supervisor of the folder around it", async () => {
    const outer = supervise(join(base, "s"));
    expect(supervise(join(base, "s", "deeper", "down"))).toBe(outer);
    const beside = supervise(join(base, "s-2"));
    expect(beside).not.toBe(outer);
    await Promise.all([outer.stop(), beside.stop()]);
  });

  it("keeps a watchdog even if the watchdog is killed", async () => {
    const folder = join(base, "sandbox");
    const { parent, pids } = await startParent(folder);
    const watchdogs = async (): Promise<number[]> => {
      const lists = await readFile(`/proc/${parent.pid}/task/${parent.pid}/children`, "utf8").catch(() => "");
      const found = [];
      for (const pid of lists.split(" ").filter(Boolean).map(Number)) {
        if ((await readFile(`/proc/${pid}/cmdline`, "latin1").catch(() => "")).includes("watchdog.js")) found.push(pid);
      }
      return found;
    };
    const [first] = await watchdogs();
    if (first === undefined) return; // No /proc/.../children on this system.
    process.kill(first, "SIGKILL");
    await eventually("another watchdog", async () => (await watchdogs()).some((pid) => pid !== first));
    await delay(300);
    parent.kill("SIGKILL");
    await eventually("children gone", () => !pids.some(alive));
    await eventually("folder gone", () => !existsSync(folder));
  });
});

describe("free ports", () => {
  it("differ from each other, from earlier ones, and from taken ones", async () => {
    const many = (await Promise.all(Array.from({ length: 10 }, () => freePorts(20)))).flat();
    expect(new Set(many).size).toBe(200);
    expect(Math.min(...many)).toBeGreaterThanOrEqual(12_000);
    expect(Math.max(...many)).toBeLessThan(32_768);
  });

  it("that were taken meanwhile are recognised in the messages of Node, Java and Go", async () => {
    const server = createServer();
    const [port = 0] = await freePorts(1);
    await new Promise<void>((settle) => server.listen(port, "127.0.0.1", settle));
    const clash = await new Promise<Error>((settle) => createServer().once("error", settle).listen(port, "127.0.0.1"));
    server.close();
    expect(isPortClash(clash.message)).toBe(true);
    expect(
      isPortClash(
        "org.apache.kafka.common.KafkaException: Socket server failed to bind to 127.0.0.1:9092: Address already in use.",
      ),
    ).toBe(true);
    expect(isPortClash("listen tcp 127.0.0.1:6443: bind: address already in use")).toBe(true);
    expect(isPortClash("connection refused")).toBe(false);
  });
});
