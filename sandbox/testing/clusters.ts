import { readFile } from "node:fs/promises";
import { afterAll, beforeAll } from "vitest";
import { bootClusters, type TestCluster } from "./boot";

export { bootClusters, type RunningTestCluster, type TestCluster } from "./boot";

export interface TestClusters {
  /** One broker. */
  readonly origin: TestCluster;
  /** Three brokers in three racks. */
  readonly target: TestCluster;
}

/**
 * File with running clusters, written by `node sandbox/dist/hold.js --out FILE`: tests then use those and boot none.
 */
const sharedFile = "KAFKA_MIGRATION_TEST_CLUSTERS";

/**
 * A running origin and target for the tests of one file; call it at the top of the file and read the clusters inside
 * tests. Shared ones are used by several files: give topics, groups and users a prefix of your own (`uniqueName`).
 * `alone`: boots clusters that nobody else uses, whatever the environment says.
 */
export function withClusters(options: { alone?: boolean; brokerConfig?: Record<string, string> } = {}): TestClusters {
  let clusters: TestClusters | undefined;
  let stop: () => Promise<void> = async () => {};
  beforeAll(async () => {
    const file = process.env[sharedFile];
    if (file && !options.alone && !options.brokerConfig) {
      clusters = JSON.parse(await readFile(file, "utf8")) as TestClusters;
      return;
    }
    const booted = await bootClusters(options.brokerConfig);
    clusters = booted;
    stop = () => booted.supervisor.stop();
  }, 300_000);
  afterAll(() => stop(), 60_000);
  const get = (side: keyof TestClusters): TestCluster => {
    if (!clusters) throw new Error("the clusters are there inside tests and hooks only");
    return clusters[side];
  };
  return {
    get origin() {
      return get("origin");
    },
    get target() {
      return get("target");
    },
  };
}

/** A name that no other test run uses, e.g. `orders-lq3k9x-1`. */
export function uniqueName(prefix: string): string {
  counter += 1;
  return `${prefix}-${Date.now().toString(36)}${process.pid.toString(36)}-${counter}`;
}
let counter = 0;
