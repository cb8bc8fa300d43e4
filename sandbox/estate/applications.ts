import { setTimeout as pause } from "node:timers/promises";
import type { Kafka, KafkaMessage } from "kafkajs";
import { SandboxError } from "../error";

/** A record as a consumer saw it. Comparisons use the content of the record, not its offset. */
export interface SeenRecord {
  offset: string;
  timestamp: string;
  key: string | null;
  value: string | null;
  headers: string;
}

export type PartitionOffsets = Map<number, bigint>;

const LIMIT_MS = 120_000;

export function describeRecord(message: KafkaMessage): SeenRecord {
  const text = (value: Buffer | null | undefined) => (value ? value.toString("base64") : null);
  const headers = Object.entries(message.headers ?? {}).map(([key, value]) => [
    key,
    Buffer.from((value as Buffer | string | undefined) ?? "").toString("base64"),
  ]);
  return {
    offset: message.offset,
    timestamp: message.timestamp,
    key: text(message.key),
    value: text(message.value),
    headers: JSON.stringify(headers),
  };
}

/** Low and high watermarks as kafkajs sees them. For a transactional topic, `high` is the last stable offset. */
export async function endOffsets(
  kafka: Kafka,
  topic: string,
): Promise<{ low: PartitionOffsets; high: PartitionOffsets }> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const all = await admin.fetchTopicOffsets(topic);
    return {
      low: new Map(all.map((o) => [o.partition, BigInt(o.low)])),
      high: new Map(all.map((o) => [o.partition, BigInt(o.high)])),
    };
  } finally {
    await admin.disconnect();
  }
}

interface Reading {
  groupId: string;
  topic: string;
  /**
   * Called for each record in order. Returns true if the partition is finished; the group then continues at the next
   * record.
   */
  each: (partition: number, message: KafkaMessage) => boolean;
  partitions: number[];
  /** Offsets to commit without reading up to them. */
  standing?: PartitionOffsets;
  from?: PartitionOffsets;
  commit: boolean;
  metadata?: string;
  limitMs?: number;
}

/**
 * Runs one real consumer of a group until every partition is finished, commits the requested offsets, and leaves the
 * group. Retries while the coordinator of a new cluster is still loading: kafkajs itself gives up immediately if that
 * happens during the join.
 * @throws SandboxError CONSUMER_STARVED naming the partitions that never got their record
 */
async function read(kafka: Kafka, reading: Reading): Promise<PartitionOffsets> {
  const until = Date.now() + (reading.limitMs ?? LIMIT_MS);
  for (;;) {
    try {
      return await readOnce(kafka, reading, until);
    } catch (error) {
      if ((error as { type?: string }).type !== "GROUP_LOAD_IN_PROGRESS" || Date.now() > until) throw error;
      await pause(200);
    }
  }
}

async function readOnce(kafka: Kafka, reading: Reading, until: number): Promise<PartitionOffsets> {
  const consumer = kafka.consumer({
    groupId: reading.groupId,
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: 200,
    sessionTimeout: 30_000,
  });
  const open = new Set(reading.partitions);
  const next: PartitionOffsets = new Map(reading.standing ?? []);
  if (open.size === 0 && next.size === 0) return next;
  let failed: Error | undefined;
  let joined = false;
  consumer.on(consumer.events.GROUP_JOIN, () => {
    joined = true;
  });
  consumer.on(consumer.events.CRASH, (event) => {
    failed = event.payload.error;
  });
  await consumer.connect();
  try {
    await consumer.subscribe({ topics: [reading.topic], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch, resolveOffset, heartbeat, isRunning }) => {
        if (!open.has(batch.partition)) return;
        for (const message of batch.messages) {
          if (!isRunning()) return;
          const done = reading.each(batch.partition, message);
          if (done) {
            open.delete(batch.partition);
            consumer.pause([{ topic: reading.topic, partitions: [batch.partition] }]);
            return;
          }
          next.set(batch.partition, BigInt(message.offset) + 1n);
          resolveOffset(message.offset);
        }
        await heartbeat();
      },
    });
    for (const [partition, offset] of reading.from ?? [])
      consumer.seek({ topic: reading.topic, partition, offset: String(offset) });
    while ((open.size > 0 || !joined) && failed === undefined && Date.now() < until) await pause(50);
    if (failed) throw failed;
    if (open.size > 0) {
      throw new SandboxError(
        "CONSUMER_STARVED",
        `group ${reading.groupId} got no further on ${reading.topic}, partitions ${[...open].join(", ")}`,
        { fix: "look whether the broker is up and the records are there" },
      );
    }
    if (reading.commit && next.size > 0) {
      await consumer.commitOffsets(
        [...next].map(([partition, offset]) => ({
          topic: reading.topic,
          partition,
          offset: String(offset),
          metadata: reading.metadata ?? null,
        })),
      );
    }
    return next;
  } finally {
    await consumer.disconnect();
  }
}

/**
 * Lets a group consume a share of each partition and stop there. 0 is the start (nothing is read, the start is
 * committed), 1 is the end.
 * @returns the committed offsets
 */
export async function consumeShare(
  kafka: Kafka,
  group: { groupId: string; topic: string; at: number; metadata?: string },
): Promise<PartitionOffsets> {
  const { low, high } = await endOffsets(kafka, group.topic);
  const goal = new Map(
    [...high].map(([p, end]) => [p, low.get(p)! + BigInt(Math.floor(Number(end - low.get(p)!) * group.at))]),
  );
  // A group at the very start or end does not have to read anything here.
  const standing = new Map([...goal].filter(([p, offset]) => offset === low.get(p)! || offset === high.get(p)!));
  return read(kafka, {
    ...(group.metadata === undefined ? {} : { metadata: group.metadata }),
    groupId: group.groupId,
    topic: group.topic,
    partitions: [...goal.keys()].filter((p) => !standing.has(p)),
    standing,
    commit: true,
    each: (partition, message) => BigInt(message.offset) >= goal.get(partition)!,
  });
}

/** Returns the first record that a group gets on each partition from its current position. Commits nothing. */
export async function firstRecords(
  kafka: Kafka,
  options: { groupId: string; topic: string; partitions: number[]; from?: PartitionOffsets; limitMs?: number },
): Promise<Map<number, SeenRecord>> {
  const first = new Map<number, SeenRecord>();
  await read(kafka, {
    ...options,
    commit: false,
    each: (partition, message) => {
      first.set(partition, describeRecord(message));
      return true;
    },
  });
  return first;
}

/** A producer that keeps sending numbered records until it is stopped. */
export interface LiveProducer {
  /** Stops the producer. @returns how many records were acknowledged */
  stop(): Promise<number>;
  readonly sent: number;
}

/**
 * Starts one such producer per topic. Aborting the signal stops them as `stop` does, so that nothing writes to brokers
 * that are about to stop.
 */
export async function startProducers(
  kafka: Kafka,
  topics: readonly string[],
  perSecond: number,
  signal?: AbortSignal,
): Promise<LiveProducer> {
  const started = await Promise.allSettled(topics.map((topic) => startProducer(kafka, topic, perSecond)));
  const producers = started.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  let stopped: Promise<number> | undefined;
  const stop = () =>
    (stopped ??= Promise.all(producers.map((p) => p.stop())).then((sent) => sent.reduce((a, b) => a + b, 0)));
  const failed = started.find((one) => one.status === "rejected");
  if (failed !== undefined) {
    await stop().catch(() => {});
    throw failed.reason as Error;
  }
  const abort = () => void stop().catch(() => {});
  if (signal?.aborted === true) abort();
  else signal?.addEventListener("abort", abort, { once: true });
  return {
    get sent() {
      return producers.reduce((sum, p) => sum + p.sent, 0);
    },
    async stop() {
      signal?.removeEventListener("abort", abort);
      return stop();
    },
  };
}

export async function startProducer(kafka: Kafka, topic: string, perSecond: number): Promise<LiveProducer> {
  const producer = kafka.producer({ allowAutoTopicCreation: false, idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  let running = true;
  let sent = 0;
  let failure: Error | undefined;
  const EVERY_MS = 100;
  const loop = (async () => {
    while (running) {
      const count = Math.max(1, Math.round((perSecond * EVERY_MS) / 1000));
      const batch = Array.from({ length: count }, (_, i) => ({
        key: `live-${(sent + i) % 50}`,
        value: `${topic} live#${sent + i}`,
      }));
      await producer.send({ topic, messages: batch, acks: -1 });
      sent += count;
      await pause(EVERY_MS);
    }
  })().catch((error: Error) => {
    failure = error;
  });
  return {
    get sent() {
      return sent;
    },
    async stop() {
      running = false;
      await loop;
      await producer.disconnect().catch(() => {});
      if (failure) throw failure;
      return sent;
    },
  };
}
