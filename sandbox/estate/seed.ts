import { createHash } from "node:crypto";
import { join } from "node:path";
import { writeFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { CompressionTypes, Kafka, logLevel, type Admin, type Message, type Producer } from "kafkajs";
import { SandboxError } from "../error";
import { classPath, environment, toolOptions } from "../kafka/java";
import type { ClusterConnection, KafkaParts } from "../kafka/types";
import { lastLines, type Supervisor } from "../processes";
import { estateTopics, type EstateTopic, type Filling } from "./topics";

export interface SeedOptions {
  connection: ClusterConnection;
  /** Runs Kafka's own load tool for the bulk topics. */
  supervisor: Supervisor;
  parts: KafkaParts;
  folder: string;
  /** Total bytes of all bulk topics, before compression. */
  bulkBytes: number;
  topics?: EstateTopic[];
  progress: (line: string) => void;
}

export interface Seeded {
  topics: number;
  partitions: number;
  records: number;
}

const HOSTED_LIMIT_MS = 30_000;
const HOSTED_PAUSE_MS = 100;

/** A kafkajs client that plays an application. It is not the client that the engine uses. */
export function applicationClient(connection: ClusterConnection, clientId: string): Kafka {
  return new Kafka({
    clientId,
    brokers: connection.bootstrapServers.split(","),
    ssl: { ca: [connection.tls.ca] },
    sasl: { mechanism: "scram-sha-512", username: connection.sasl.username, password: connection.sasl.password },
    logLevel: logLevel.NOTHING,
    retry: { retries: 20, initialRetryTime: 100, maxRetryTime: 2000 },
  });
}

/** Fills the origin. The content depends only on the topic's name, so that two runs create the same estate. */
export async function seedEstate(options: SeedOptions): Promise<Seeded> {
  const topics = options.topics ?? estateTopics();
  const kafka = applicationClient(options.connection, "estate-seed");
  const admin = kafka.admin();
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await admin.connect();
  try {
    await producer.connect();
    await admin.createTopics({
      waitForLeaders: true,
      timeout: 60_000,
      topics: topics.map(({ name, partitions, configs }) => ({
        topic: name,
        numPartitions: partitions,
        replicationFactor: 1,
        configEntries: Object.entries(configs ?? {}).map(([key, value]) => ({ name: key, value })),
      })),
    });
    for (const topic of topics) await hosted(admin, topic);
    options.progress(`${topics.length} topics made`);
    const inBulk = ({ filling }: EstateTopic) => filling.how === "bulk";
    const fillAll = async (some: EstateTopic[]) => {
      let records = 0;
      for (const topic of some) records += await fill(topic, kafka, producer, admin, options);
      return records;
    };
    // The load tool is a process of its own, which mostly starts.
    const lanes = [topics.filter(inBulk), topics.filter((topic) => !inBulk(topic))].map(fillAll);
    // Nothing may be written any more when this returns or fails.
    await Promise.allSettled(lanes);
    const records = (await Promise.all(lanes)).reduce((sum, n) => sum + n, 0);
    return { topics: topics.length, partitions: topics.reduce((sum, t) => sum + t.partitions, 0), records };
  } finally {
    await producer.disconnect();
    await admin.disconnect();
  }
}

/**
 * Waits until the brokers know every partition. Metadata shows leaders earlier than that. A producer that writes too
 * early can lose the first batch of a partition: of two batches in flight, the broker rejects the first but accepts the
 * second, and the first is then rejected permanently (KAFKA-15591, before Kafka 4.5).
 * @throws SandboxError `NOT_HOSTED` after 30 s
 */
export async function hosted(
  admin: Admin,
  { name, partitions }: Pick<EstateTopic, "name" | "partitions">,
): Promise<void> {
  for (const limit = Date.now() + HOSTED_LIMIT_MS; ; await pause(HOSTED_PAUSE_MS)) {
    // kafkajs itself fails at the first partition that is missing.
    const found = await admin.fetchTopicOffsets(name).then(
      (offsets) => offsets.length,
      () => 0,
    );
    if (found === partitions) return;
    if (Date.now() > limit)
      throw new SandboxError(
        "NOT_HOSTED",
        `topic ${name}: ${found} of ${partitions} partitions answer after ${HOSTED_LIMIT_MS / 1000} s`,
        { fix: "look at the brokers' logs" },
      );
  }
}

async function fill(
  topic: EstateTopic,
  kafka: Kafka,
  producer: Producer,
  admin: Admin,
  options: SeedOptions,
): Promise<number> {
  const filling = topic.filling;
  switch (filling.how) {
    case "empty":
      return 0;
    case "bulk":
      return fillInBulk(topic, filling, admin, options);
    case "keyed":
      return send(
        producer,
        topic,
        messages(topic, filling.records, (i) => `key-${i % 997}`),
      );
    case "compacted":
      return send(
        producer,
        topic,
        messages(
          topic,
          filling.records,
          (i) => `key-${i % filling.keys}`,
          (i) => i % 41 === 40,
        ),
      );
    case "transactional":
      return fillInTransactions(topic, filling, kafka);
    case "trimmed":
      return fillAndTrim(topic, filling, producer, admin);
  }
}

/**
 * Returns numbered records with headers. Each record contains its number, so that a reader can find out which ones are
 * missing.
 */
export function messages(
  topic: EstateTopic,
  count: number,
  key: (i: number) => string,
  tombstone: (i: number) => boolean = () => false,
): (Message & { partition: number })[] {
  return Array.from({ length: count }, (_, i) => ({
    partition: i % topic.partitions,
    key: key(i),
    value: tombstone(i) ? null : `${topic.name}#${i} ${createHash("sha256").update(`${topic.name}${i}`).digest("hex")}`,
    headers: {
      source: "estate",
      sequence: String(i),
      ...(i % 7 === 0 ? { trace: Buffer.from([0, 255, i % 256]) } : {}),
    },
  }));
}

async function send(producer: Producer, topic: EstateTopic, all: Message[]): Promise<number> {
  const BATCH = 3000;
  for (let from = 0; from < all.length; from += BATCH) {
    await producer.send({
      topic: topic.name,
      messages: all.slice(from, from + BATCH),
      compression: CompressionTypes.None,
    });
  }
  return all.length;
}

async function fillInTransactions(
  topic: EstateTopic,
  filling: Extract<Filling, { how: "transactional" }>,
  kafka: Kafka,
): Promise<number> {
  const producer = kafka.producer({ transactionalId: `seed-${topic.name}`, maxInFlightRequests: 1, idempotent: true });
  await producer.connect();
  try {
    const every = Math.max(1, Math.floor(filling.transactions / Math.max(1, filling.aborted)));
    const all = messages(topic, filling.transactions * filling.recordsEach, (i) => `key-${i}`);
    for (let n = 0; n < filling.transactions; n++) {
      const transaction = await producer.transaction();
      await transaction.send({
        topic: topic.name,
        messages: all.slice(n * filling.recordsEach, (n + 1) * filling.recordsEach),
      });
      if (n % every === every - 1) await transaction.abort();
      else await transaction.commit();
    }
    return all.length;
  } finally {
    await producer.disconnect();
  }
}

async function fillAndTrim(
  topic: EstateTopic,
  filling: Extract<Filling, { how: "trimmed" }>,
  producer: Producer,
  admin: Admin,
): Promise<number> {
  await send(
    producer,
    topic,
    messages(topic, filling.records, (i) => `key-${i}`),
  );
  const keepEach = Math.floor(filling.keep / topic.partitions);
  const ends = await admin.fetchTopicOffsets(topic.name);
  await admin.deleteTopicRecords({
    topic: topic.name,
    partitions: ends.map(({ partition, high }) => ({ partition, offset: String(Number(high) - keepEach) })),
  });
  return keepEach * topic.partitions;
}

/** Uses Kafka's own load tool. It is the only producer here that supports every codec, and it is fast. */
async function fillInBulk(
  topic: EstateTopic,
  filling: Extract<Filling, { how: "bulk" }>,
  admin: Admin,
  options: SeedOptions,
): Promise<number> {
  const { connection, supervisor, parts, folder } = options;
  const records = Math.floor((options.bulkBytes * filling.share) / filling.recordBytes);
  if (records === 0) return 0;
  const properties = join(folder, `seed-${topic.name}.properties`);
  const settings = {
    "bootstrap.servers": connection.bootstrapServers,
    "security.protocol": "SASL_SSL",
    "ssl.truststore.type": "PEM",
    "ssl.truststore.certificates": connection.tls.ca.trim().replace(/\r?\n/g, " \\\n"),
    "sasl.mechanism": connection.sasl.mechanism,
    "sasl.jaas.config":
      `org.apache.kafka.common.security.scram.ScramLoginModule required username="${connection.sasl.username}" ` +
      `password="${connection.sasl.password}";`,
    "compression.type": filling.codec,
    "batch.size": "131072",
    "linger.ms": "20",
  };
  await writeFile(
    properties,
    Object.entries(settings)
      .map(([k, v]) => `${k}=${v}\n`)
      .join(""),
    { mode: 0o600 },
  );
  const log = join(folder, `seed-${topic.name}.log`);
  const jars = await classPath(parts.kafka);
  const tool = supervisor.start({
    name: `load of ${topic.name}`,
    command: parts.java,
    args: [
      "-Xmx256m",
      ...(await toolOptions(parts, jars, folder)),
      "org.apache.kafka.tools.ProducerPerformance",
      "--topic",
      topic.name,
      "--num-records",
      String(records),
      "--record-size",
      String(filling.recordBytes),
      "--throughput",
      "-1",
      "--command-config",
      properties,
    ],
    env: { ...environment(), CLASSPATH: jars },
    log,
  });
  const { code } = await tool.exited;
  // The tool only prints the records that it could not send, and exits with 0.
  const written = (await admin.fetchTopicOffsets(topic.name)).reduce((sum, { high }) => sum + Number(high), 0);
  if (code !== 0 || written !== records) {
    throw new SandboxError(
      "SEED_FAILED",
      `filling ${topic.name} ended with code ${code} and ${written} of ${records} records:\n${lastLines(log)}`,
      { fix: "look at the lines above; is the disk full?" },
    );
  }
  options.progress(`${topic.name}: ${records} records of ${filling.recordBytes} bytes, ${filling.codec}`);
  return records;
}
