import { defaultExclude, defineConfig } from "vitest/config";

/** A whole run works in two lanes (scripts/lanes.js), each of them one file at a time. */
const lane = process.env.KAFKA_MIGRATION_TEST_LANE;
const stories = "test/e2e/**/*.test.ts";

export default defineConfig({
  test: {
    include: [lane === "stories" ? stories : "test/**/*.test.ts"],
    exclude: [...defaultExclude, ...(lane === "rest" ? [stories] : [])],
    globalSetup: ["test/support/global-setup.ts"],
    // Real brokers on few cores: one file at a time keeps a loaded machine from turning waits into failures.
    fileParallelism: false,
    // A shared runner may stall for longer than a broker's session: one second chance there, and vitest still says so.
    retry: process.env.CI ? 1 : 0,
    testTimeout: 120_000,
    hookTimeout: 300_000,
    teardownTimeout: 60_000,
    pool: "forks",
  },
});
