"use strict";
/*
 * The whole test run in two lanes side by side: the stories, each with a sandbox of its own, and everything else. Each lane
 * works one file at a time, and most of that is waiting for brokers, workers and Pulumi.
 */
const { spawn } = require("node:child_process");
const os = require("node:os");

const LANES = ["stories", "rest"];
/** Two sandboxes and the clusters that the rest shares (docs/benchmarks.md), and as much again for what else runs. */
const MEMORY_WANTED = 14e9;

/** Named files, and options that are no reporters, are for one vitest as it is; so are machines with little memory. */
function laned(args) {
  return args.every((arg) => /^--(reporter|outputFile)/.test(arg)) && os.totalmem() >= MEMORY_WANTED;
}

/** `{lane}` in an argument, a file's name say, is the lane's name; `all` where there is one only. */
function argumentsOf(args, lane) {
  return args.map((arg) => arg.replaceAll("{lane}", lane));
}

/** Starts both and answers with the exit code when both have ended: a lane that fails does not stop the other. */
async function runLanes(command, args, cwd) {
  const children = LANES.map((lane) =>
    spawn(command, argumentsOf(args, lane), {
      cwd,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, KAFKA_MIGRATION_TEST_LANE: lane },
    }),
  );
  passSignals(children);
  const codes = await Promise.all(children.map(ended));
  const failed = LANES.filter((_, i) => codes[i] !== 0);
  process.stdout.write(failed.length === 0 ? "both lanes passed\n" : `failed in lane ${failed.join(" and ")}\n`);
  return failed.length === 0 ? 0 : 1;
}

/** The children get the terminal's Ctrl-C themselves; this process waits until they have cleaned up. */
function passSignals(children) {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
    process.on(signal, () => signal !== "SIGINT" && children.forEach((child) => child.kill(signal)));
}

function ended(child) {
  byLine(child.stdout, process.stdout);
  byLine(child.stderr, process.stderr);
  return new Promise((resolve) => child.on("close", (code) => resolve(code ?? 1)).on("error", () => resolve(1)));
}

/** Whole lines only: two lanes write to one place. */
function byLine(from, to) {
  let rest = "";
  from.setEncoding("utf8");
  from.on("data", (text) => {
    const all = rest + text;
    const end = all.lastIndexOf("\n") + 1;
    to.write(all.slice(0, end));
    rest = all.slice(end);
  });
  from.on("end", () => to.write(rest));
}

module.exports = { argumentsOf, laned, passSignals, runLanes };
