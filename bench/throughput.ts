/**
 * Compares MirrorMaker 2 with the `guide` profile to MirrorMaker 2 with the `tuned` profile. Both copy the same data
 * between the same clusters, in alternating rounds: once on loopback and once with a delay to the target. On loopback
 * Kafka's own consumer tool reads the same records from the origin in turn with them: no copy can be much faster.
 *
 *   npm run bench throughput -- [--mb 1000] [--delayed-mb 400] [--warm-rounds 4] [--rounds 5] [--delayed-rounds 2]
 *                               [--partitions 24] [--record-bytes 1000] [--brokers 1] [--workers 1] [--delay 40]
 *                               [--heap 2g] [--incompressible] [--quick]
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { type KafkaCluster, startKafkaCluster } from "@kafka-migration/sandbox/kafka";
import { openKafka, type CountingPort } from "../engine/kafka/client";
import {
  benchArguments,
  bytesOf,
  choice,
  count,
  fullSpeed,
  inWorkspace,
  median,
  print,
  program,
  progress,
  recordsOf,
  sizeOf,
  table,
  type Workspace,
  wrongArgument,
} from "./common";
import { readWithTool } from "./consumer-tool";
import { startDelayedProxy } from "./delayed-proxy";
import { fill } from "./fill";
import { BenchMirror } from "./mirror";

/** Wanted ratios of the steady rate of `tuned`: on loopback to Kafka's consumer tool, with the delay to `guide`. */
const WANTED = { loopback: 0.85, delayed: 16 } as const;
const PROFILES = ["guide", "tuned"] as const;
type Profile = (typeof PROFILES)[number];

const values = benchArguments({
  mb: { type: "string" },
  "delayed-mb": { type: "string" },
  "warm-rounds": { type: "string" },
  rounds: { type: "string" },
  "delayed-rounds": { type: "string" },
  partitions: { type: "string", default: "24" },
  "record-bytes": { type: "string", default: "1000" },
  brokers: { type: "string", default: "1" },
  workers: { type: "string", default: "1" },
  delay: { type: "string", default: "40" },
  heap: { type: "string", default: "2g" },
  incompressible: { type: "boolean", default: false },
});
const sizes = { loopback: sizeOf(values, "mb", 1000, 100), delayed: sizeOf(values, "delayed-mb", 400, 20) };
const rounds = { loopback: sizeOf(values, "rounds", 5, 1), delayed: sizeOf(values, "delayed-rounds", 2, 1) };
/**
 * Copies that do not count. A JVM needs several GB of data to compile the code that a long copy runs. With a delay it
 * hardly matters.
 */
const warmRounds = { loopback: sizeOf(values, "warm-rounds", 4, 1), delayed: 1 };
const partitions = count("partitions", values.partitions);
const recordBytes = count("record-bytes", values["record-bytes"]);
const brokers = oneOrMore("brokers", values.brokers, 3);
const workers = oneOrMore("workers", values.workers, 2);
if (!/^[1-9]\d*[kmg]$/i.test(values.heap)) wrongArgument("heap", values.heap, "a size like 512m or 2g");
const delayMs = count("delay", values.delay);
/** What the clusters must accept: a batch of one record, with room for its headers. */
const maxMessageBytes = Math.max(1_048_588, recordBytes + 10_000);

const execute = promisify(execFile);
const SAMPLE_MS = 100;
const COPY_LIMIT_MS = 20 * 60_000;
/**
 * Minimum time before the benchmark first asks the worker about failed tasks, and between two such requests. It asks
 * only if no record arrived since the last sample.
 */
const STALLED_MS = 10_000;

interface Rate {
  /** MB/s from the request to create the connector to the last record. */
  overall: number;
  /** MB/s without the first and the last tenth of the records. */
  steady: number;
  /** Bytes stored on the target per byte of the records. */
  stored: number;
}

interface Filled {
  topic: string;
  records: number;
}

/** One broker (or worker), or as many as the other choice says. */
function oneOrMore<N extends number>(name: string, value: string, more: N): 1 | N {
  return Number(choice(name, value, ["1", String(more)])) as 1 | N;
}

async function main(): Promise<void> {
  await inWorkspace(async (workspace) => {
    const origin = await startKafkaCluster({
      name: "origin",
      brokers,
      folder: join(workspace.folder, "origin"),
      heap: "1g",
      brokerConfig,
      jvmOptions: fullSpeed,
      parts: workspace.parts,
      progress,
    });
    const topics = {
      loopback: await filled(workspace, origin, "loopback"),
      delayed: await filled(workspace, origin, "delayed"),
    };
    print(
      `records of ${recordBytes} bytes${values.incompressible ? " that do not compress" : ""} in ` +
        `${partitions} partitions, TLS and SCRAM on both sides, ${some(brokers, "broker")} each side, ` +
        `${some(workers, "worker")} with a heap of ${values.heap}, rounds in turn after ${warmRounds.loopback} (behind the delay ` +
        `${warmRounds.delayed}) to warm up, medians`,
    );
    print();
    const rows = [
      [
        "",
        "profile",
        "MB copied",
        "MB/s, start included",
        "MB/s, steady",
        "each round (steady)",
        "bytes stored per byte",
      ],
    ];
    const direct = await compare(workspace, origin, topics, "loopback");
    const delayed = await compare(workspace, origin, topics, "delayed");
    for (const [network, rates] of [
      ["loopback", direct],
      ["delayed", delayed],
    ] as const) {
      const name = network === "loopback" ? "loopback" : `${delayMs} ms to the target`;
      for (const profile of PROFILES) {
        const all = rates[profile];
        const of = (key: keyof Rate, digits: number) => median(all.map((r) => r[key])).toFixed(digits);
        rows.push([
          name,
          profile,
          String(sizes[network]),
          of("overall", 1),
          of("steady", 1),
          all.map((r) => r.steady.toFixed(1)).join(" "),
          of("stored", 2),
        ]);
      }
      const ratio = (key: "overall" | "steady") =>
        median(rates.tuned.map((r) => r[key])) / median(rates.guide.map((r) => r[key]));
      const toGuide = network === "delayed" ? verdict(ratio("steady"), WANTED.delayed) : "";
      rows.push([name, "tuned : guide", "", ratio("overall").toFixed(2), ratio("steady").toFixed(2), toGuide, ""]);
      if (network === "delayed") continue;
      const tool = median(rates.tool);
      const ofTool = median(rates.tuned.map((r) => r.steady)) / tool;
      const each = rates.tool.map((r) => r.toFixed(1)).join(" ");
      rows.push([name, "consumer tool", String(sizes[network]), "", tool.toFixed(1), each, ""]);
      rows.push([name, "tuned : tool", "", "", ofTool.toFixed(2), verdict(ofTool, WANTED.loopback), ""]);
    }
    print(table(rows));
  });
}

const brokerConfig = {
  "message.max.bytes": String(maxMessageBytes),
  "replica.fetch.max.bytes": String(maxMessageBytes),
};

const some = (count: number, what: string): string => (count === 1 ? `one ${what}` : `${count} ${what}s`);

/** The wanted ratios are for records of 1000 bytes that compress. With others the floor is not asked for. */
function verdict(ratio: number, wanted: number): string {
  if (values.incompressible || recordBytes !== 1000) return "";
  const kept = ratio >= wanted;
  if (!kept) process.exitCode = 1;
  return `wanted: ${wanted}; ${kept ? "kept" : "NOT kept"}`;
}

async function filled(workspace: Workspace, origin: KafkaCluster, size: keyof typeof sizes): Promise<Filled> {
  const topic = `bench-${size}`;
  const records = Math.floor((sizes[size] * 1_000_000) / recordBytes);
  const port = await openKafka(origin.connection, "origin");
  await port
    .createTopic(topic, {
      partitions,
      replicationFactor: 1,
      configs: { "retention.ms": "-1", "max.message.bytes": String(maxMessageBytes) },
    })
    .finally(() => port.close());
  const begun = performance.now();
  await fill(workspace, origin, topic, records, recordBytes, values.incompressible);
  progress(`${topic}: ${records} records in ${((performance.now() - begun) / 1000).toFixed(1)} s`);
  return { topic, records };
}

interface Rates extends Record<Profile, Rate[]> {
  /** MB/s at which Kafka's consumer tool read the origin. */
  tool: number[];
}

/** Runs both profiles on one new target. Each profile has a warm worker. */
async function compare(
  workspace: Workspace,
  origin: KafkaCluster,
  topics: Record<keyof typeof sizes, Filled>,
  network: keyof typeof sizes,
): Promise<Rates> {
  const proxy = network === "delayed" ? await startDelayedProxy(delayMs / 2) : undefined;
  const target = await startKafkaCluster({
    name: `target-${network}`,
    // The proxy has the address of one broker.
    brokers: proxy === undefined ? brokers : 1,
    folder: join(workspace.folder, `target-${network}`),
    heap: "1g",
    jvmOptions: fullSpeed,
    parts: workspace.parts,
    // Clients connect to the address that the broker advertises.
    brokerConfig: {
      ...brokerConfig,
      ...(proxy === undefined ? {} : { "advertised.listeners": `SASL_SSL://127.0.0.1:${proxy.port}` }),
    },
    progress,
  });
  proxy?.forwardTo(Number(target.bootstrapServers.split(":")[1]));
  const port = await openKafka(target.connection, "target");
  const mirrors: Partial<Record<Profile, BenchMirror>> = {};
  const rates: Rates = { guide: [], tuned: [], tool: [] };
  try {
    const targetBootstrap = proxy === undefined ? target.bootstrapServers : `127.0.0.1:${proxy.port}`;
    for (const profile of PROFILES)
      mirrors[profile] = await BenchMirror.start(workspace, {
        profile,
        origin,
        target,
        targetBootstrap,
        name: `${profile}-${network}`,
        heap: values.heap,
        originBrokers: brokers,
        targetBrokers: proxy === undefined ? brokers : 1,
        workers,
        ...(recordBytes > 900_000 ? { source: { "producer.override.max.request.size": maxMessageBytes } } : {}),
      });
    for (let round = 1 - warmRounds[network]; round <= rounds[network]; round++) {
      for (const profile of PROFILES) {
        const rate = await measured(
          mirrors[profile]!,
          port,
          topics[network],
          `${network} ${profile} ${round > 0 ? `round ${round}` : "warming up"}`,
          `${profile}${round}`,
        );
        if (round > 0) rates[profile].push(rate);
      }
      if (network === "delayed" || round <= 0) continue;
      const { topic, records } = topics[network];
      const read = await readWithTool(workspace, origin, topic, records);
      rates.tool.push((records * recordBytes) / 1e6 / read.seconds);
      progress(`consumer tool, round ${round}: ${rates.tool.at(-1)!.toFixed(1)} MB/s`);
    }
  } finally {
    await port.close();
    await Promise.all(Object.values(mirrors).map((mirror) => mirror.stop()));
    await target.stop();
    await proxy?.close();
  }
  return rates;
}

async function measured(
  mirror: BenchMirror,
  port: CountingPort,
  { topic, records }: Filled,
  what: string,
  round: string,
): Promise<Rate> {
  if ((await port.listTopics()).includes(topic)) await port.deleteTopics([topic]);
  // Flush what the previous copy left unwritten, so that it does not slow down this copy.
  await execute("sync");
  const begun = performance.now();
  const end = await mirror.copy(topic, round);
  const samples: Sample[] = [{ at: begun, records: 0 }];
  let askedAt = begun;
  for (const limit = begun + COPY_LIMIT_MS; samples.at(-1)!.records < records; await sleep(SAMPLE_MS)) {
    const now = { records: await recordsOf(port, topic, partitions), at: performance.now() };
    samples.push(now);
    if (now.at < limit && (now.records > samples.at(-2)!.records || now.at < askedAt + STALLED_MS)) continue;
    askedAt = now.at;
    const { text, failed } = await mirror.status();
    if (failed || now.at > limit)
      throw new Error(
        `${what}: ${now.records} of ${records} records after ${((now.at - begun) / 1000).toFixed(0)} s\n${text}`,
      );
  }
  const last = samples.at(-1)!;
  // More records would be duplicates. The rate would then not be that of a clean copy.
  if (last.records !== records)
    throw new Error(`${what}: ${last.records} records on the target, ${records} on the origin`);
  await end();
  const megabytes = (records * recordBytes) / 1e6;
  const stored = await bytesOf(port, topic);
  const rate = {
    overall: megabytes / ((last.at - begun) / 1000),
    steady: (0.8 * megabytes) / ((timeOf(0.9 * records, samples) - timeOf(0.1 * records, samples)) / 1000),
    stored: stored / (records * recordBytes),
  };
  progress(`${what}: ${rate.overall.toFixed(1)} MB/s, steady ${rate.steady.toFixed(1)} MB/s`);
  return rate;
}

interface Sample {
  /** Milliseconds. */
  at: number;
  records: number;
}

/** Returns the time at which the target held that many records. Interpolates linearly between two samples. */
function timeOf(wanted: number, samples: readonly Sample[]): number {
  const after = samples.findIndex((s) => s.records >= wanted);
  const [a, b] = [samples[after - 1]!, samples[after]!];
  return a.at + ((b.at - a.at) * (wanted - a.records)) / (b.records - a.records);
}

program(main);
