import { readdirSync, readFileSync } from "node:fs";
import { totalmem } from "node:os";
import { join, resolve } from "node:path";
import { defaultExclude, defineConfig } from "vitest/config";

/**
 * Three kinds of tests. Unit tests stand beside the code and need nothing but it. Those in `test/` and `sandbox/test/`
 * need brokers, an API server, the Pulumi engine or a compiler. Those in `test/e2e/` are whole migrations.
 * scripts/lanes.js sets the lane. Without a lane every file can be named. The whole suite divides the last two kinds
 * differently: into the files that share one pair of clusters, and those that share nothing.
 */
const lane = process.env.KAFKA_MIGRATION_TEST_LANE;
const unitFolders = ["bench", "cli", "components", "engine", "lifecycle", "policies", "sandbox", "stacks"];
const unit = `{${unitFolders.join(",")}}/**/*.test.ts`;
const rest = "{test,sandbox/test}/**/*.test.ts";
const stories = "test/e2e/**/*.test.ts";
/** Each of these files boots what it needs. */
const apart = [
  stories,
  "test/{components,policies,stacks}/**/*.test.ts",
  "test/engine/{kafka/faults,fence/operator}.test.ts",
  "test/*.test.ts",
  "sandbox/test/{java,kafka-own,kubernetes*,node,operator-*,parts-*,processes}.test.ts",
];
/** Two of them run at a time if the machine can hold two sandboxes and the shared clusters. In bytes. */
const MEMORY_FOR_TWO = 20e9;

interface Lane {
  include: string[];
  exclude: string[];
  /** Where its files are that need modules of their own. */
  folders: string[];
}
const LANES: Record<string, Lane> = {
  unit: { include: [unit], exclude: [rest], folders: unitFolders },
  brokers: { include: [rest], exclude: [stories], folders: ["test", "sandbox/test"] },
  stories: { include: [stories], exclude: [], folders: ["test/e2e"] },
  shared: { include: [rest], exclude: apart, folders: ["test"] },
  apart: { include: apart, exclude: [], folders: ["sandbox/test"] },
};
const workers: Record<string, number> = {
  // One more than the cores of a small machine: some unit tests wait for timers, processes or sockets.
  unit: 3,
  apart: totalmem() < MEMORY_FOR_TWO ? 1 : 2,
};
// Real brokers on few cores: one file at a time keeps a loaded machine from turning waits into failures.
const maxWorkers = workers[lane ?? ""] ?? 1;
const { include, exclude, folders } = LANES[lane ?? ""] ?? { include: [unit, rest], exclude: [], folders: [] };

/**
 * The tests that replace modules or keep state in them. Only they need modules of their own: the others load the code
 * once per worker, which spares two seconds of processor time per file.
 */
const OWN_MODULES = /\bvi\.(mock|doMock)\(|\/there-and-back"/;
const own = folders
  .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: "utf8" }).map((file) => join(folder, file)))
  .filter((file) => file.endsWith(".test.ts") && OWN_MODULES.test(readFileSync(file, "utf8")));

// A project's lists are added to those of the root, so the root has none in a lane.
const projects = [
  {
    extends: true as const,
    test: { name: "shared modules", isolate: false, include, exclude: [...defaultExclude, ...exclude, ...own] },
  },
  { extends: true as const, test: { name: "own modules", include: own, exclude: [...defaultExclude, ...exclude] } },
];

/** Tests load the sandbox's sources, not its compiled files (`exports` in sandbox/package.json). */
const alias = [
  { find: /^@kafka-migration\/sandbox$/, replacement: resolve("sandbox/index.ts") },
  { find: /^@kafka-migration\/sandbox\/(.*)$/, replacement: resolve("sandbox/public/$1.ts") },
];

export default defineConfig({
  resolve: { alias },
  test: {
    ...(lane === undefined ? { include, exclude: [...defaultExclude, ...exclude] } : { projects }),
    globalSetup: ["test/support/temporary-files.ts", ...(lane === "unit" ? [] : ["test/support/global-setup.ts"])],
    setupFiles: ["test/support/end-with-run.ts"],
    fileParallelism: maxWorkers > 1,
    maxWorkers,
    // A shared runner may stall for longer than a broker's session: one second chance there, and vitest still says so.
    retry: process.env.CI ? 1 : 0,
    testTimeout: 120_000,
    hookTimeout: 300_000,
    teardownTimeout: 60_000,
    pool: "forks",
    // The sandbox gives Pulumi's processes little memory, which costs a tenth of their time. Tests have more.
    env: { KAFKA_MIGRATION_SEMI_SPACE_MB: "16" },
    // Tests drop most objects at once. A larger young generation spares a tenth of the processor time.
    execArgv: lane === "unit" ? ["--max-semi-space-size=64"] : [],
  },
});
