import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
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
