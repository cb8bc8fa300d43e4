// @ts-check
"use strict";
/**
 * The watchdog of one sandbox. It is a process in its own session and outlives its parent by a few seconds. Its stdin
 * is a pipe that only the parent holds, so end-of-file means that the parent has exited, for whatever reason. The
 * watchdog then stops the sandbox's processes and removes the folder. It is plain JavaScript, so that it runs both from
 * the sources (under a test runner) and from the build.
 *
 * Own code: packages (tree-kill, execa, foreground-child) end the children of a process that still runs, or one child.
 * None ends a whole tree after its parent was killed, with grandchildren in sessions of their own.
 *
 * Lines on stdin, JSON: {"mark":"NAME=value"} {"folder":"/path"} {"add":pid,"start":"ticks"} {"remove":pid}
 */
const { existsSync, readFileSync, readdirSync, rmSync } = require("node:fs");

const graceMs = Number(process.argv[2] ?? 3000);
/** @type {Map<number, string | undefined>} process group leader -> start time */
const processes = new Map();
/** @type {Set<string>} */
const folders = new Set();
let mark = "";

for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) process.on(signal, () => {});

/**
 * Reads the state and the start time from /proc. Both come after the command's name, which may contain spaces and
 * parentheses.
 * @param {number} pid
 */
function look(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0], start: fields[19] };
  } catch {
    return undefined;
  }
}

/** @param {number} pid @param {string | undefined} start */
function alive(pid, start) {
  if (existsSync("/proc/self/stat")) {
    const seen = look(pid);
    return seen !== undefined && seen.state !== "Z" && (start === undefined || seen.start === start);
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** @param {number} pid @param {NodeJS.Signals} signal */
function send(pid, signal) {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, signal);
    } catch {
      // The process has already exited, or is not the leader of a group.
    }
  }
}

/**
 * Processes with the mark in their environment: children whose pid the parent never reported, and their children.
 */
function marked() {
  /** @type {Map<number, string | undefined>} */
  const found = new Map();
  if (mark === "" || !existsSync("/proc/self/stat")) return found;
  for (const entry of readdirSync("/proc")) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    try {
      if (!readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(mark)) continue;
    } catch {
      continue;
    }
    const seen = look(pid);
    if (seen !== undefined && seen.state !== "Z") found.set(pid, seen.start);
  }
  return found;
}

/** @param {number} ms */
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function finish() {
  const all = new Map([...processes, ...marked()].filter(([pid, start]) => alive(pid, start)));
  for (const pid of all.keys()) send(pid, "SIGTERM");
  const limit = Date.now() + graceMs;
  while (Date.now() < limit && [...all].some(([pid, start]) => alive(pid, start))) await pause(50);
  // Other members of a group may outlive its leader, so every group gets SIGKILL.
  for (const pid of all.keys()) send(pid, "SIGKILL");
  for (const pid of marked().keys()) send(pid, "SIGKILL");
  // A process that is exiting may still create a file while its folder is being removed. The processes of a sandbox
  // inside of this folder may need all of their own watchdog's time.
  for (const end = Date.now() + graceMs + 5_000; Date.now() < end; ) {
    try {
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
      break;
    } catch {
      await pause(100);
    }
  }
  process.exit(0);
}

let rest = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (chunk) => {
  rest += chunk;
  const lines = rest.split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) {
    const message = JSON.parse(line);
    if (message.mark !== undefined) mark = message.mark;
    if (message.folder !== undefined) folders.add(message.folder);
    if (message.add !== undefined) processes.set(message.add, message.start);
    if (message.remove !== undefined) processes.delete(message.remove);
  }
});
process.stdin.on("end", () => void finish());
process.stdin.on("error", () => void finish());
