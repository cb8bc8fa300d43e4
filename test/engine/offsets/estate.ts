import { Kafka, logLevel, type Message } from "kafkajs";
import type { TestCluster } from "@kafka-migration/sandbox/testing";
import { openKafka } from "../../../engine/kafka/client";
import type { KafkaPort } from "../../../engine/kafka/port";
import { eventually } from "../support/mirror";

/** kafkajs plays the applications and is the witness: it shares no code with the engine. */
export function application(cluster: TestCluster): Kafka {
  const { ca, admin, bootstrapServers } = cluster;
  return new Kafka({
    brokers: bootstrapServers.split(","),
    ssl: { ca: [ca] },
    sasl: { mechanism: "scram-sha-512", ...admin },
    logLevel: logLevel.NOTHING,
  });
}

export interface Estate {
  plain: string;
  transactional: string;
  compacted: string;
  trimmed: string;
  disordered: string;
  same: string;
  empty: string;
  elsewhere: string;
}

/** Topics of every awkward kind on the origin; each record's value says which one it is. */
export async function seed(cluster: TestCluster, port: KafkaPort, prefix: string): Promise<Estate> {
  const name = (kind: string): string => `${prefix}-data-${kind}`;
  const estate = {
    plain: name("plain"),
    transactional: name("transactional"),
    compacted: name("compacted"),
    trimmed: name("trimmed"),
    disordered: name("disordered"),
    same: name("same"),
    empty: name("empty"),
    elsewhere: `${prefix}-elsewhere`,
  };
  const compaction = {
    "cleanup.policy": "compact",
    "segment.ms": "300",
    "min.cleanable.dirty.ratio": "0.01",
    "max.compaction.lag.ms": "1",
  };
  for (const topic of Object.values(estate)) {
    await port.createTopic(topic, {
      partitions: topic === estate.plain ? 2 : 1,
      replicationFactor: 1,
      configs: topic === estate.compacted ? compaction : { "retention.ms": "-1" },
    });
  }
  const kafka = application(cluster);
  const producer = kafka.producer();
  await producer.connect();
  const send = (topic: string, messages: Message[]) => producer.send({ topic, messages });
  const numbered = (
    topic: string,
    from: number,
    to: number,
    more: (i: number) => Partial<Message> = () => ({}),
  ): Message[] =>
    Array.from({ length: to - from }, (_, i) => ({
      partition: 0,
      value: `${topic}#${from + i}`,
      headers: { n: String(from + i) },
      ...more(from + i),
    }));
  for (let i = 0; i < 3000; i += 250)
    await send(
      estate.plain,
      numbered(estate.plain, i, i + 250, (n) => ({ partition: n % 2, key: `k${n}` })),
    );
  await send(estate.trimmed, numbered(estate.trimmed, 0, 200));
  await send(
    estate.disordered,
    numbered(estate.disordered, 0, 300, (n) => ({ timestamp: String(1_700_000_000_000 + ((n * 7919) % 300) * 1000) })),
  );
  // Runs of records that are equal in everything.
  await send(
    estate.same,
    Array.from({ length: 200 }, (_, n) => ({
      partition: 0,
      value: "ping",
      timestamp: String(1_700_000_000_000 + Math.floor(n / 40) * 1000),
    })),
  );
  await send(estate.elsewhere, numbered(estate.elsewhere, 0, 10));
  for (let round = 0; round < 6; round++) {
    await send(
      estate.compacted,
      numbered(estate.compacted, round * 50, round * 50 + 50, (n) => ({ key: `k${n % 23}` })),
    );
    await new Promise((resolve) => setTimeout(resolve, 350));
  }
  await producer.disconnect();
  await transactions(kafka, estate.transactional, numbered(estate.transactional, 0, 120));
  await trim(kafka, estate.trimmed, 70);
  await eventually(
    "compaction of the origin's topic",
    async () => (await count(cluster, estate.compacted)) < 300,
    240_000,
  );
  return estate;
}

/** Twelve transactions of ten records, every third of them aborted. */
async function transactions(kafka: Kafka, topic: string, messages: Message[]): Promise<void> {
  const producer = kafka.producer({ transactionalId: `${topic}-writer`, maxInFlightRequests: 1, idempotent: true });
  await producer.connect();
  for (let i = 0; i < messages.length; i += 10) {
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: messages.slice(i, i + 10) });
    if ((i / 10) % 3 === 2) await transaction.abort();
    else await transaction.commit();
  }
  await producer.disconnect();
}

async function trim(kafka: Kafka, topic: string, offset: number): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  await admin.fetchTopicOffsets(topic);
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(offset) }] });
  await admin.disconnect();
}

/** Visible records of partition 0, as a consumer of applications sees them. */
async function count(cluster: TestCluster, topic: string): Promise<number> {
  return (await readAll(cluster, topic, 1)).get(0)?.length ?? 0;
}

export interface Witnessed {
  offset: number;
  content: string;
}

/**
 * Everything in a topic by partition, aborted records included (that is how the mirror reads by default). The end is
 * found by a record of our own in a partition's last place, or by the log's end; a transaction's markers are not shown.
 */
export async function readAll(
  cluster: TestCluster,
  topic: string,
  partitions: number,
): Promise<Map<number, Witnessed[]>> {
  const kafka = application(cluster);
  const admin = kafka.admin();
  await admin.connect();
  const groupId = `offs-witness-${topic}-${Math.random().toString(36).slice(2)}`;
  const found = new Map<number, Witnessed[]>(Array.from({ length: partitions }, (_, p) => [p, []]));
  const consumer = kafka.consumer({ groupId, readUncommitted: true, maxWaitTimeInMs: 100 });
  const passed = new Map<number, bigint>();
  try {
    const ends = await admin.fetchTopicOffsets(topic);
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    consumer.on(
      consumer.events.END_BATCH_PROCESS,
      ({ payload }) => void passed.set(payload.partition, BigInt(payload.lastOffset)),
    );
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: true,
      eachBatch: async ({ batch }) => {
        passed.set(batch.partition, BigInt(batch.lastOffset()));
        for (const m of batch.messages) {
          const text = (b: Buffer | null | undefined) => (b === null || b === undefined ? null : b.toString("base64"));
          found.get(batch.partition)?.push({
            offset: Number(m.offset),
            content: JSON.stringify([m.timestamp, text(m.key), text(m.value), m.headers]),
          });
        }
      },
    });
    const open = ends.filter((e) => BigInt(e.high) > BigInt(e.low));
    // The last offset may be a marker, which is passed without being shown.
    await eventually(
      `the end of ${topic}`,
      async () => open.every((e) => (passed.get(e.partition) ?? -1n) >= BigInt(e.high) - 2n),
      60_000,
    );
  } finally {
    await consumer.disconnect();
    await admin.deleteGroups([groupId]).catch(() => {});
    await admin.disconnect();
  }
  return found;
}

/** Reads with a group from where it stands until it has `count` records and, for `quietMs`, no more. */
export async function resume(
  cluster: TestCluster,
  groupId: string,
  topic: string,
  count: number,
  quietMs = 1500,
): Promise<{ partition: number; offset: number; content: string }[]> {
  const consumer = application(cluster).consumer({ groupId, readUncommitted: true, maxWaitTimeInMs: 100 });
  const seen: { partition: number; offset: number; content: string }[] = [];
  let last = Date.now();
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: false });
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ partition, message }) => {
        last = Date.now();
        seen.push({ partition, offset: Number(message.offset), content: String(message.value) });
      },
    });
    await eventually(`${count} records of ${topic} for ${groupId}`, async () => seen.length >= count);
    await eventually("no more records", async () => Date.now() - last > quietMs);
  } finally {
    await consumer.disconnect();
  }
  return seen;
}

export const open = (cluster: TestCluster, side: "origin" | "target"): Promise<KafkaPort> =>
  openKafka(cluster.connection, side);
