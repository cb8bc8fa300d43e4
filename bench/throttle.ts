/**
 * Measures how exactly `mirror.throttleBytesPerSecond` limits a MirrorMaker 2 that always has something to copy: the
 * bytes that are appended on the target between two instants, after the copy has run for two windows of the quota.
 *
 *   npm run bench throttle -- [--mb-per-second 3] [--windows 6] [--profile least] [--partitions 12]
 *                             [--layouts 1-1,1-3,3-3] [--quick]
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type KafkaCluster, startKafkaCluster } from "@kafka-migration/sandbox/kafka";
import { PROFILES } from "../components/settings/mirror";
import { fetchBytesOf, LIMITING_QUOTA, quotaOf, shareOf } from "../engine/copy-throttle";
import { openKafka, type CountingPort } from "../engine/kafka/client";
import type { Side } from "../engine/model";
import { SIDES } from "../engine/sides";
import {
  benchArguments,
  bytesOf,
  choice,
  count,
  fullSpeed,
  inWorkspace,
  print,
  program,
  progress,
  recordsOf,
  table,
  type Workspace,
} from "./common";
import { fill } from "./fill";
import { BenchMirror } from "./mirror";

/** What a quota counts over, in ms. A fast client sends all of it at once and then waits. */
const WINDOW_MS = 11_000;
/** Windows before the measurement. In the first one the mirror starts, and may send what an idle time left. */
const SETTLE = 2;
/** Largest difference from the rate that was asked for. */
const WITHIN = 0.1;
const POLL_MS = 250;
const RECORD_BYTES = 1000;
/** The default of producers. */
const BATCH_BYTES = 16_384;
const TOPIC = "bench-throttle";

const values = benchArguments({
  "mb-per-second": { type: "string", default: "3" },
  windows: { type: "string" },
  profile: { type: "string", default: "least" },
  partitions: { type: "string", default: "12" },
  layouts: { type: "string", default: "1-1,1-3,3-3" },
});
const rate = count("mb-per-second", values["mb-per-second"]) * 1_000_000;
const windows = count("windows", values.windows ?? (values.quick ? "2" : "6"));
const partitions = count("partitions", values.partitions);
const profile = choice("profile", values.profile, PROFILES);
type Brokers = 1 | 3;
const LAYOUTS = ["1-1", "1-3", "3-1", "3-3"] as const;
const layouts = values.layouts
  .split(",")
  .map((text) => choice("layouts", text, LAYOUTS).split("-").map(Number) as [Brokers, Brokers]);
/** The longest copy, its start and a reserve. */
const RECORDS = Math.ceil((rate * ((windows + SETTLE) * 1.2 * WINDOW_MS + 20_000)) / 1000 / RECORD_BYTES);

interface Measured {
  bytes: number;
  seconds: number;
}

async function main(): Promise<void> {
  print(
    `profile ${profile}, ${rate / 1e6} MB/s asked for, ${partitions} partitions, records of ${RECORD_BYTES} bytes in ` +
      `batches of ${BATCH_BYTES}, TLS and SCRAM on both sides`,
  );
  print();
  const rows = [["brokers of origin and target", "MB appended", "seconds", "MB/s", "of the rate"]];
  for (const [origin, target] of layouts.slice(0, values.quick ? 1 : undefined)) {
    const { bytes, seconds } = await inLayout(origin, target);
    const part = bytes / seconds / rate;
    const kept = Math.abs(part - 1) <= WITHIN;
    if (!kept) process.exitCode = 1;
    rows.push([
      `${origin} and ${target}`,
      (bytes / 1e6).toFixed(1),
      seconds.toFixed(1),
      (bytes / seconds / 1e6).toFixed(2),
      `${part.toFixed(3)}${kept ? "" : " NOT within 10 %"}`,
    ]);
  }
  print(table(rows));
}

async function inLayout(origin: Brokers, target: Brokers): Promise<Measured> {
  let measured: Measured | undefined;
  await inWorkspace(async (workspace) => {
    const clusters = {
      origin: await cluster(workspace, "origin", origin),
      target: await cluster(workspace, "target", target),
    };
    const ports = {
      origin: await openKafka(clusters.origin.connection, "origin"),
      target: await openKafka(clusters.target.connection, "target"),
    };
    const fetchBytes = fetchBytesOf(rate, origin);
    const brokers = { origin, target };
    let mirror: BenchMirror | undefined;
    try {
      await ports.origin.createTopic(TOPIC, { partitions, replicationFactor: 1, configs: { "retention.ms": "-1" } });
      await fill(workspace, clusters.origin, TOPIC, RECORDS, RECORD_BYTES, true, BATCH_BYTES);
      mirror = await BenchMirror.start(workspace, {
        profile,
        ...clusters,
        targetBootstrap: clusters.target.bootstrapServers,
        originBrokers: origin,
        targetBrokers: target,
        name: "throttled",
        source: { "consumer.fetch.max.bytes": fetchBytes, "consumer.max.partition.fetch.bytes": fetchBytes },
      });
      // The JVMs compile the code.
      const warm = await mirror.copy(TOPIC, "warming-up");
      await until(async () => (await recordsOf(ports.target, TOPIC, partitions)) >= RECORDS);
      await warm();
      await ports.target.deleteTopics([TOPIC]);
      for (const side of SIDES)
        await ports[side].alterUserQuota(
          clusters[side].admin.username,
          LIMITING_QUOTA[side],
          quotaOf(side, shareOf(rate, brokers[side]), fetchBytes),
        );
      await mirror.copy(TOPIC, "limited");
      measured = await measure(ports.target);
      progress(`${origin} and ${target} brokers: ${(measured.bytes / measured.seconds / rate).toFixed(3)} of the rate`);
    } finally {
      await mirror?.stop();
      await Promise.all([ports.origin.close(), ports.target.close()]);
    }
  });
  return measured!;
}

const cluster = ({ folder, parts }: Workspace, name: Side, brokers: Brokers): Promise<KafkaCluster> =>
  startKafkaCluster({
    name,
    brokers,
    folder: join(folder, name),
    heap: brokers === 1 ? "1g" : "512m",
    jvmOptions: fullSpeed,
    parts,
    progress,
  });

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(POLL_MS);
}

async function measure(target: CountingPort): Promise<Measured> {
  await until(async () => (await recordsOf(target, TOPIC, partitions)) > 0);
  await sleep(SETTLE * WINDOW_MS);
  const look = async () => {
    const begun = performance.now();
    const bytes = await bytesOf(target, TOPIC);
    return { bytes, at: (begun + performance.now()) / 2 };
  };
  const from = await look();
  await sleep(windows * WINDOW_MS);
  const to = await look();
  if ((await recordsOf(target, TOPIC, partitions)) >= RECORDS)
    throw new Error("everything was copied before the measurement ended");
  return { bytes: to.bytes - from.bytes, seconds: (to.at - from.at) / 1000 };
}

program(main);
