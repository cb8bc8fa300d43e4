"use strict";
/*
 * `npm start` and `npm test` need no command before them. This script updates the dependencies and the build, then
 * starts the program that its first argument names. It is plain JavaScript without dependencies, because it runs before
 * any dependency is installed.
 */
const { spawn, spawnSync } = require("node:child_process");
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
const { argumentsOf, laned, passSignals, runLanes } = require("./lanes");

const root = path.dirname(__dirname);
const at = (...parts) => path.join(root, ...parts);

const vitest = () => [process.execPath, [at("node_modules", "vitest", "vitest.mjs"), "run"]];

const PROGRAMS = {
  start: () => [process.execPath, [at("sandbox", "dist", "main.js")]],
  test: vitest,
  "test:unit": vitest,
  "test:brokers": vitest,
  "test:stories": vitest,
  types: () => undefined,
  doctor: () => [process.execPath, [at("sandbox", "dist", "doctor-main.js")]],
  bench: () => [process.execPath, [at("dist", "bench", "main.js")]],
  review: () => [process.execPath, [at("dist", "policies", "review", "main.js")]],
  build: () => undefined,
};

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    fail(
      `Node ${process.versions.node} is too old.\nfix: use Node 20.19 or newer (ES modules can be required from there on)`,
    );
  }
}

function step(what, command, args) {
  const begun = Date.now();
  process.stderr.write(`${what} ...\n`);
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  if (result.status !== 0) fail(`${result.stdout ?? ""}${result.stderr ?? ""}${what} failed`);
  process.stderr.write(`${what}: done in ${((Date.now() - begun) / 1000).toFixed(1)} s\n`);
}

/** Stores a hash of the lock file beside the installed dependencies, to see when they are out of date. */
function installDependencies() {
  const stamp = at("node_modules", ".installed-from");
  const wanted = createHash("sha256")
    .update(fs.readFileSync(at("package-lock.json")))
    .digest("hex");
  const have = fs.existsSync(stamp) ? fs.readFileSync(stamp, "utf8") : "";
  if (have === wanted) return;
  // A build runs below anyway. With --ignore-scripts the installation does not run a second one.
  step("installing the dependencies (npm ci)", "npm", ["ci", "--ignore-scripts", "--no-fund", "--no-audit"]);
  fs.writeFileSync(stamp, wanted);
}

function newest(folder) {
  let latest = 0;
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === "node_modules" || entry.name === "dist" || entry.name.startsWith(".")) continue;
    const full = path.join(folder, entry.name);
    if (entry.isDirectory()) latest = Math.max(latest, newest(full));
    else if (/\.(ts|json)$/.test(entry.name)) latest = Math.max(latest, fs.statSync(full).mtimeMs);
  }
  return latest;
}

/**
 * Removes output whose source was deleted. Imports would still find such a file, and would prefer it to a folder with
 * the same name.
 */
function sweep(folder, of) {
  if (!fs.existsSync(folder)) return;
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const [compiled, source] = [path.join(folder, entry.name), path.join(of, entry.name)];
    if (entry.isDirectory()) {
      if (fs.existsSync(source)) sweep(compiled, source);
      else fs.rmSync(compiled, { recursive: true });
      continue;
    }
    const plain = /^(.*?)(\.d\.ts|\.js|\.js\.map)$/.exec(source)?.[1];
    if (plain !== undefined && !fs.existsSync(`${plain}.ts`) && !fs.existsSync(`${plain}.js`)) fs.rmSync(compiled);
  }
}

/** The sandbox is a package of its own and comes first: the benchmarks use its declarations. */
function build() {
  // Where older versions compiled the sandbox.
  fs.rmSync(at("dist", "sandbox"), { recursive: true, force: true });
  compile("compiling the sandbox (tsc)", at("sandbox"));
  if (!compile("compiling (tsc)", root)) return;
  for (const file of ["PulumiPolicy.yaml", "package.json"])
    fs.copyFileSync(at("policies", file), at("dist", "policies", file));
}

/** Returns false if the output is newer than every source. */
function compile(what, folder) {
  const output = path.join(folder, "dist");
  sweep(output, folder);
  const stamp = path.join(output, ".built");
  if (fs.existsSync(stamp) && fs.statSync(stamp).mtimeMs > newest(folder)) return false;
  const begun = new Date();
  const tsc = at("node_modules", "typescript", "bin", "tsc");
  step(what, process.execPath, [tsc, "-p", path.join(folder, "tsconfig.json")]);
  fs.writeFileSync(stamp, "");
  fs.utimesSync(stamp, begun, begun);
  return true;
}

/** Vitest removes the types without checking them. This checks the types that the tests use. */
function checkTests() {
  step("checking the tests' types (tsc)", process.execPath, [
    at("node_modules", "typescript", "bin", "tsc"),
    "-p",
    at("tsconfig.test.json"),
  ]);
}

function run(command, args) {
  const child = spawn(command, args, { cwd: root, stdio: "inherit" });
  passSignals([child]);
  child.on("exit", (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
}

const [name, ...rest] = process.argv.slice(2);
const program = PROGRAMS[name];
if (program === undefined) fail(`unknown program "${name}"\nfix: one of ${Object.keys(PROGRAMS).join(", ")}`);
checkNode();
// `npm ci` starts the build itself (prepare). Installing again from inside it would never end.
if (!rest.includes("--no-install")) installDependencies();
const [kind, lane] = name.split(":");
// Unit tests import the sources, so they need no build.
if (lane !== "unit") build();
if (name === "types" || (kind === "test" && lane !== "unit")) checkTests();
if (lane !== undefined) process.env.KAFKA_MIGRATION_TEST_LANE = lane;
const target = program();
if (name === "test" && laned(rest))
  void runLanes(target[0], [...target[1], ...rest], root).then((code) => process.exit(code));
else if (target) run(target[0], [...target[1], ...argumentsOf(rest, "all")]);
