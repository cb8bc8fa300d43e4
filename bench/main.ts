/** `npm run bench [name] [-- its arguments]`: runs one benchmark, or all of them one after the other. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { machineLine, print, program } from "./common";

const BENCHMARKS = [
  "throughput",
  "gate",
  "verification",
  "threads",
  "offsets",
  "cutover",
  "up",
  "preview",
  "waves",
  "inventory",
  "memory",
  "throttle",
];

async function main(): Promise<void> {
  const [name, ...rest] = process.argv.slice(2);
  if (name === "--help") {
    print(`npm run bench [name] [-- its arguments]\nnames: ${BENCHMARKS.join(", ")}\narguments: docs/benchmarks.md`);
    return;
  }
  const chosen = name === undefined || name.startsWith("-") ? BENCHMARKS : [name];
  const args = chosen.length === 1 ? rest : process.argv.slice(2);
  if (!BENCHMARKS.includes(chosen[0]!))
    throw new Error(`unknown benchmark "${name}"\nfix: one of ${BENCHMARKS.join(", ")}`);
  print(await machineLine());
  for (const one of chosen) {
    const file = join(__dirname, `${one}.js`);
    if (!existsSync(file)) throw new Error(`${one} is not built\nfix: npm run build`);
    print(`\n${one} ${args.join(" ")}`.trimEnd());
    const code = await run(file, args);
    if (code !== 0) process.exitCode = code;
  }
}

/** Runs each benchmark in its own process, so that memory and warm code of one do not affect the next. */
function run(file: string, args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [file, ...args], { stdio: "inherit" });
  // A terminal sends Ctrl-C to the child directly. The child cleans up and exits first.
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => signal !== "SIGINT" && child.kill(signal));
  return new Promise((resolve) => child.once("exit", (code) => resolve(code ?? 1)));
}

program(main);
