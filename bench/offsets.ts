/**
 * Measures the cost of moving consumer groups: many groups, most of them at the end of the log, and one group far
 * behind. The benchmark writes the records directly to both clusters with equal timestamps. A mirror would leave the
 * same state, but takes longer.
 *
 *   npm run bench offsets -- [--groups 1000] [--topics 100] [--partitions 20] [--mb 512] [--rounds 3] [--quick]
 */
import { randomBytes } from "node:crypto";
import { loadavg } from "node:os";
import { join } from "node:path";
import { Kafka, logLevel, type Message, type Producer } from "kafkajs";
import { type KafkaCluster, startKafkaCluster } from "@kafka-migration/sandbox/kafka";
import { openKafka, type CountingPort } from "../engine/kafka/client";
import type { MigrationModel } from "../engine/model";
import { type AppliedOffsets, applyOffsets, planOffsets, type OffsetPlan, revertOffsets } from "../engine/offsets";
import { silent } from "../engine/progress";
import { bytesText } from "../engine/units";
import {
  benchArguments,
  count,
  fullSpeed,
  inLanes,
  inWorkspace,
  median,
  plainModel,
  print,
  program,
  progress,
  sizeOf,
  table,
} from "./common";

const values = benchArguments({
  groups: { type: "string" },
  topics: { type: "string" },
  partitions: { type: "string", default: "20" },
  mb: { type: "string" },
  rounds: { type: "string" },
});
const sizes = {
  groups: sizeOf(values, "groups", 1000, 100),
  topics: sizeOf(values, "topics", 100, 10),
  partitions: count("partitions", values.partitions),
  mb: sizeOf(values, "mb", 512, 40),
};
const rounds = sizeOf(values, "rounds", 3, 1);
/** Seconds. `many`: for 1,000 groups on 2,000 partitions. `behind`: for one group, however far behind it is. */
const WANTED_S = { many: 5, behind: 2 };
const RECORDS_PER_PARTITION = 50;
const RECORD_BYTES = 1000;
const SENDS_AT_ONCE = 4;
const FIRST_TIMESTAMP = Date.now() - 3_600_000;

/**
 * `cpu`: CPU seconds of this process only. They show the cost of the work even if the machine is busy with other
 * things.
 */
async function timed<T>(work: (open: typeof openKafka) => Promise<T>): Promise<Timed<T>> {
  const ports: CountingPort[] = [];
  const open: typeof openKafka = async (connection, side) => {
    const port = await openKafka(connection, side);
    ports.push(port);
    return port;
  };
  const start = performance.now();
  const used = process.cpuUsage();
  const result = await work(open);
  const { user, system } = process.cpuUsage(used);
  const requests = ports.reduce((sum, p) => sum + p.requestCount(), 0);
  return { seconds: (performance.now() - start) / 1000, cpu: (user + system) / 1_000_000, requests, result };
}

interface Cost {
  seconds: number;
  cpu: number;
  requests: number;
}
interface Timed<T> extends Cost {
  result: T;
}

const STEPS = ["plan", "apply", "both"] as const;

interface Pair {
  origin: KafkaCluster;
  target: KafkaCluster;
}

function modelOf({ origin, target }: Pair, groups: string): MigrationModel {
  return plainModel(origin.connection, target.connection, { topicsPattern: "bench-.*", groupsPattern: groups });
}

async function writers(pair: Pair): Promise<Producer[]> {
  return Promise.all(
    [pair.origin, pair.target].map(async ({ bootstrapServers, ca, admin }) => {
      const sasl = { mechanism: "scram-sha-512" as const, ...admin };
      const producer = new Kafka({
        brokers: bootstrapServers.split(","),
        ssl: { ca: [ca] },
        sasl,
        logLevel: logLevel.NOTHING,
      }).producer({ idempotent: true, maxInFlightRequests: 1 });
      await producer.connect();
      return producer;
    }),
  );
}

async function manyGroups(pair: Pair): Promise<void> {
  const topics = Array.from({ length: sizes.topics }, (_, i) => `bench-many-${i}`);
  const ports = [await openKafka(pair.origin.connection, "origin"), await openKafka(pair.target.connection, "target")];
  const producers = await writers(pair);
  const padding = randomBytes(50).toString("hex");
  await inLanes(topics, SENDS_AT_ONCE, async (topic) => {
    for (const port of ports) await port.createTopic(topic, { partitions: sizes.partitions, replicationFactor: 1 });
    const messages: Message[] = [];
    for (let i = 0; i < RECORDS_PER_PARTITION; i++) {
      for (let partition = 0; partition < sizes.partitions; partition++)
        messages.push({
          partition,
          value: `${topic} ${partition} ${i} ${padding}`,
          timestamp: String(FIRST_TIMESTAMP + i),
        });
    }
    for (const producer of producers) await producer.send({ topic, messages });
  });
  const groups = Array.from({ length: sizes.groups }, (_, i) => i);
  await inLanes(groups, 16, async (i) => {
    // One group in ten lags behind. The others are at the end.
    const offset = BigInt(i % 10 === 0 ? 1 + (i % (RECORDS_PER_PARTITION - 2)) : RECORDS_PER_PARTITION);
    const offsets = Array.from({ length: sizes.partitions }, (_, partition) => ({
      topic: topics[i % topics.length] as string,
      partition,
      offset,
      metadata: "",
    }));
    await ports[0]?.alterGroupOffsets(`many-${i}`, offsets);
  });
  await Promise.all([...ports.map((p) => p.close()), ...producers.map((p) => p.disconnect())]);

  const model = modelOf(pair, "many-.*");
  const costs: Record<(typeof STEPS)[number], Cost>[] = [];
  let last: { plan: OffsetPlan; applied: AppliedOffsets } | undefined;
  for (let round = 1; round <= rounds; round++) {
    if (last !== undefined) await revertOffsets(model, last.applied, silent);
    const plan = await timed((open) => planOffsets(model, {}, silent, undefined, open));
    const apply = await timed((open) => applyOffsets(model, plan.result, {}, silent, open));
    const sum = (what: keyof Cost) => plan[what] + apply[what];
    costs.push({ plan, apply, both: { seconds: sum("seconds"), cpu: sum("cpu"), requests: sum("requests") } });
    last = { plan: plan.result, applied: apply.result };
    progress(`round ${round}: ${sum("seconds").toFixed(1)} s`);
  }
  const { offsets, exact, rereads } = last!.plan.summary;
  print(
    `${sizes.groups} groups with ${offsets} offsets on ${sizes.topics * sizes.partitions} partitions, one ` +
      `group in ten behind; medians of ${rounds} ${rounds === 1 ? "round" : "rounds"}, taken back in between ` +
      `(load ${loadavg()[0]?.toFixed(1)})`,
  );
  const middle = (step: (typeof STEPS)[number], what: keyof Cost) => median(costs.map((round) => round[step][what]));
  print(
    table([
      ["", "time", "each round", "of this process", "requests"],
      ...STEPS.map((step) => [
        step,
        `${middle(step, "seconds").toFixed(1)} s`,
        costs.map((round) => round[step].seconds.toFixed(1)).join(" "),
        `${middle(step, "cpu").toFixed(1)} s`,
        String(middle(step, "requests")),
      ]),
    ]),
  );
  verdict(`under ${WANTED_S.many} s`, middle("both", "seconds") < WANTED_S.many);
  print(
    `${exact} exact, ${rereads} records read again, ${last!.applied.written} written and read back, ` +
      `${bytesText(process.memoryUsage().rss)} of memory\n`,
  );
}

async function farBehind(pair: Pair): Promise<void> {
  // The same records in two topics. In the first, a few records prove the position. In the second, both logs must be
  // read.
  const kinds: { topic: string; configs: Record<string, string> }[] = [
    { topic: "bench-far-plain", configs: {} },
    {
      topic: "bench-far-compacted",
      configs: { "cleanup.policy": "compact", "min.compaction.lag.ms": String(7 * 86_400_000) },
    },
  ];
  const records = Math.floor((sizes.mb * 1_000_000) / RECORD_BYTES / kinds.length);
  const ports = [await openKafka(pair.origin.connection, "origin"), await openKafka(pair.target.connection, "target")];
  const producers = await writers(pair);
  const padding = randomBytes((RECORD_BYTES - 20) / 2).toString("hex");
  for (const { topic, configs } of kinds) {
    for (const port of ports)
      await port.createTopic(topic, {
        partitions: 1,
        replicationFactor: 1,
        configs: { "retention.ms": "-1", ...configs },
      });
    for (let from = 0; from < records; from += 900) {
      const messages = Array.from({ length: Math.min(900, records - from) }, (_, i) => ({
        partition: 0,
        key: String(from + i),
        value: `${from + i} ${padding}`,
        timestamp: String(FIRST_TIMESTAMP + from + i),
      }));
      await Promise.all(producers.map((producer) => producer.send({ topic, messages })));
    }
  }
  await Promise.all(producers.map((p) => p.disconnect()));
  let slowest = 0;
  const rows = [["records behind", "bytes", "by a few records", "of this process", "by both logs", "of this process"]];
  for (const lag of [records / 1000, records / 100, records / 10, records - 1].map(Math.floor)) {
    const row = [String(lag), bytesText(lag * RECORD_BYTES)];
    for (const { topic } of kinds) {
      const group = `far-${topic}-${lag}`;
      await ports[0]?.alterGroupOffsets(group, [{ topic, partition: 0, offset: BigInt(records - lag), metadata: "" }]);
      const { seconds, cpu, result } = await timed((open) => planAndApply(modelOf(pair, group), open));
      const p = result.groups[0]?.topics[0]?.partitions[0];
      if (p?.targetOffset !== String(records - lag) || !p.exact) throw new Error(`${group}: ${JSON.stringify(p)}`);
      if (topic === kinds[0]?.topic) slowest = Math.max(slowest, seconds);
      row.push(`${seconds.toFixed(2)} s`, `${cpu.toFixed(2)} s`);
    }
    rows.push(row);
  }
  print(
    `one group behind on one partition of ${records} records of 1 KB; connecting, planning, writing and ` +
      `reading back (load ${loadavg()[0]?.toFixed(1)})`,
  );
  print(table(rows));
  verdict(`by a few records under ${WANTED_S.behind} s whatever the lag`, slowest < WANTED_S.behind);
  await Promise.all(ports.map((p) => p.close()));
}

function verdict(wanted: string, kept: boolean): void {
  print(`wanted: ${wanted}; ${kept ? "kept" : "NOT kept"}`);
  if (!kept) process.exitCode = 1;
}

async function planAndApply(model: MigrationModel, open: typeof openKafka): Promise<OffsetPlan> {
  const plan = await planOffsets(model, {}, silent, undefined, open);
  await applyOffsets(model, plan, {}, silent, open);
  return plan;
}

program(() =>
  inWorkspace(async ({ folder, parts }) => {
    const start = (name: "origin" | "target", brokers: 1 | 3) =>
      startKafkaCluster({ name, brokers, folder: join(folder, name), jvmOptions: fullSpeed, parts, progress });
    const [origin, target] = await Promise.all([start("origin", 1), start("target", 3)]);
    await manyGroups({ origin, target });
    await farBehind({ origin, target });
  }),
);
