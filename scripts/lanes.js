"use strict";
/*
 * Runs all tests in two lanes in parallel: the stories, each with its own sandbox, and all other tests. Each lane runs
 * one file at a time. Most of that time is waiting for brokers, workers and Pulumi.
 */
const { spawn } = require("node:child_process");
const os = require("node:os");

const LANES = ["stories", "rest"];
/**
 * In bytes: the memory of two sandboxes and of the clusters that the other tests share (docs/benchmarks.md), and the
 * same amount again for everything else that runs.
 */
const MEMORY_WANTED = 14e9;

/**
 * Use a single vitest if the arguments name files or contain options other than reporters, or if the machine has little
 * memory.
 */
function laned(args) {
  return args.every((arg) => /^--(reporter|outputFile)/.test(arg)) && os.totalmem() >= MEMORY_WANTED;
}

/**
 * Replaces `{lane}` in an argument, for example in a file name, by the name of the lane, or by `all` if there is only
 * one lane.
 */
function argumentsOf(args, lane) {
  return args.map((arg) => arg.replaceAll("{lane}", lane));
}

/** Starts both lanes and returns the exit code when both have ended. A lane that fails does not stop the other. */
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

/** The children receive the terminal's Ctrl-C directly. This process waits until they have cleaned up. */
function passSignals(children) {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
    process.on(signal, () => signal !== "SIGINT" && children.forEach((child) => child.kill(signal)));
}

function ended(child) {
  byLine(child.stdout, process.stdout);
  byLine(child.stderr, process.stderr);
  return new Promise((resolve) => child.on("close", (code) => resolve(code ?? 1)).on("error", () => resolve(1)));
}

/** Writes only whole lines, because two lanes write to the same output. */
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
