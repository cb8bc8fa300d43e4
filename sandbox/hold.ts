import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { startKafkaCluster, type KafkaCluster } from "./kafka";
import { supervise } from "./processes";

/**
 * Starts an origin (1 broker) and a target (3 brokers in 3 racks), and writes their connections to a file (mode 0600).
 * Several test runs can then share the clusters. They run until standard input ends or SIGTERM or SIGINT arrives.
 *
 *     node sandbox/dist/hold.js --out clusters.json [--stay] [--folder DIR]
 *
 * `--stay`: do not stop at the end of standard input (for a background job).
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { out: { type: "string" }, stay: { type: "boolean", default: false }, folder: { type: "string" } },
  });
  if (!values.out) throw new Error("--out FILE is missing: the file that will tell how to reach the clusters");
  const out = resolve(values.out);
  const folder = values.folder ?? join(tmpdir(), `kafka-migration-hold-${process.pid}`);
  const supervisor = supervise(folder);
  const ended = endOfWork(values.stay);
  const progress = (line: string): void => console.log(line);
  try {
    const booted = Promise.all([
      startKafkaCluster({ name: "origin", brokers: 1, folder: join(folder, "origin"), progress }),
      startKafkaCluster({ name: "target", brokers: 3, folder: join(folder, "target"), progress }),
    ]);
    booted.catch(() => {});
    const clusters = await Promise.race([booted, ended.then(() => undefined)]);
    if (clusters === undefined) return;
    await writeFile(out, JSON.stringify({ origin: describe(clusters[0]), target: describe(clusters[1]) }, null, 2), {
      mode: 0o600,
    });
    progress(`held until the end of ${values.stay ? "process " + process.pid : "standard input"}: ${out}`);
    await ended;
    await rm(out, { force: true });
    await Promise.all(clusters.map((cluster) => cluster.stop()));
  } finally {
    await supervisor.stop();
  }
}

/** Plain data, which tests read as `TestCluster`. */
function describe(cluster: KafkaCluster): object {
  const { name, bootstrapServers, ca, clusterId, admin, connection, brokerIds } = cluster;
  return { name, bootstrapServers, ca, clusterId, admin, connection, brokerIds };
}

function endOfWork(stay: boolean): Promise<void> {
  return new Promise((settle) => {
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => settle());
    if (stay) return;
    process.stdin.on("end", () => settle());
    process.stdin.on("error", () => settle());
    process.stdin.resume();
  });
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(1);
  },
);
