import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { repositoryRoot } from "@kafka-migration/sandbox";
import { expect, it } from "vitest";

const run = (name: string, argv: readonly string[]) =>
  spawnSync(process.execPath, [join(repositoryRoot, "dist", "bench", `${name}.js`), ...argv], {
    encoding: "utf8",
    timeout: 30_000,
  });

it.each([
  ["threads", ["--mb", "abc"], "--mb abc: a whole number from 1 on is wanted"],
  ["gate", ["--partitions", "100,0"], "--partitions 0: a whole number from 1 on is wanted"],
  ["cutover", ["--profile", "fast"], "--profile fast: one of guide, tuned, least is wanted"],
  ["throttle", ["--layouts", "1-1,9-9"], "--layouts 9-9: one of 1-1, 1-3, 3-1, 3-3 is wanted"],
  ["throughput", ["--brokers", "2"], "--brokers 2: one of 1, 3 is wanted"],
  ["throughput", ["--heap", "0"], "--heap 0: a size like 512m or 2g is wanted"],
])("the benchmark %s refuses %j before it starts anything, in one line", (name, argv, line) => {
  const { status, stdout, stderr } = run(name, argv);
  expect([status, stdout, stderr]).toEqual([2, "", `${line}\n`]);
});

it("an unknown benchmark is one message", () => {
  const { status, stderr } = run("main", ["throughputt"]);
  expect([status, stderr]).toEqual([
    1,
    expect.stringMatching(/^unknown benchmark "throughputt"\nfix: one of [^\n]+\n$/),
  ]);
});
