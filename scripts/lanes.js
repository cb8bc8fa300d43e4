"use strict";
/*
 * Runs all tests in two rows side by side: the tests that share one pair of clusters, one file at a time; and the unit
 * tests, with the files after them that boot their own parts (vitest.config.mts). Most of that time is waiting for
 * brokers, workers and Pulumi. Both rows take about the same time.
 */
const { spawn } = require("node:child_process");
const os = require("node:os");

/**
 * The lanes of one row run one after the other. The unit tests share their modules, so they are a lane of their own.
 */
const ROWS = [["unit", "apart"], ["shared"]];
/** In bytes: the memory of a sandbox and of the shared clusters (docs/benchmarks.md), and as much for all the rest. */
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

/** Runs both rows and returns the exit code when both have ended. A lane that fails does not stop another one. */
async function runLanes(command, args, cwd) {
  const children = new Set();
  let stopped = false;
  passSignals(children, () => {
    stopped = true;
  });
  const failed = [];
  const run = async (lane) => {
    const child = spawn(command, argumentsOf(args, lane), {
      cwd,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, KAFKA_MIGRATION_TEST_LANE: lane },
    });
    children.add(child);
    const code = await ended(child);
    children.delete(child);
    if (code !== 0) failed.push(lane);
  };
  await Promise.all(
    ROWS.map(async (row) => {
      for (const lane of row) if (!stopped) await run(lane);
    }),
  );
  process.stdout.write(failed.length === 0 ? "all lanes passed\n" : `failed in lane ${failed.join(" and ")}\n`);
  return failed.length === 0 ? 0 : 1;
}

/** The children receive the terminal's Ctrl-C directly. This process waits until they have cleaned up. */
function passSignals(children, before = () => {}) {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
    process.on(signal, () => {
      before();
      if (signal !== "SIGINT") for (const child of children) child.kill(signal);
    });
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
