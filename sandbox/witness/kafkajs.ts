import { setTimeout as pause } from "node:timers/promises";
import type { Kafka, KafkaMessage, Message } from "kafkajs";
import { SandboxError } from "../error";
import type { Goal, PartitionRead, ReadTask } from "./types";

/** A consumer that receives nothing for this many milliseconds is replaced by a new one. */
const PATIENCE_MS = 20_000;
const ATTEMPTS = 5;

interface Reading extends PartitionRead {
  upTo: Goal["upTo"];
  /** The end offset of the partition. */
  end: number;
  /** The offset at which the group continues. */
  next: number;
  done: boolean;
}

/**
 * Does with kafkajs what the Java witness does with `read`: reads committed records and identifies each by its own
 * number. "end" requires a log whose last offset holds a record, because kafkajs does not show the offset of a
 * transaction's marker.
 * @throws SandboxError CONSUMER_STARVED naming the partitions that made no progress
 */
export async function kafkajsRead(kafka: Kafka, task: ReadTask): Promise<PartitionRead[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await readOnce(kafka, task);
    } catch (error) {
      // On a busy machine, kafkajs may assign partitions from old metadata and leave out a topic. Nothing is committed
      // yet, so a retry is safe.
      if (!(error instanceof SandboxError) || attempt === ATTEMPTS) throw error;
    }
  }
}

async function readOnce(kafka: Kafka, task: ReadTask): Promise<PartitionRead[]> {
  const topics = [...new Set(task.goals.map((g) => g.topic))];
  const readings = await begin(kafka, task, topics);
  const open = () => [...readings.values()].filter((r) => !r.done);
  const consumer = kafka.consumer({
    groupId: task.group,
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: 100,
    sessionTimeout: 30_000,
  });
  let failed: Error | undefined;
  let joined = false;
  let patience = Date.now() + PATIENCE_MS;
  consumer.on(consumer.events.GROUP_JOIN, ({ payload: { memberAssignment } }) => {
    joined = true;
    const left = [...readings.values()].filter((r) => memberAssignment[r.topic]?.includes(r.partition) !== true);
    if (left.length > 0) failed = starved(task, left);
  });
  consumer.on(consumer.events.CRASH, (event) => {
    failed = event.payload.error;
  });
  await consumer.connect();
  try {
    await consumer.subscribe({ topics, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch, resolveOffset, heartbeat }) => {
        const reading = readings.get(`${batch.topic}:${batch.partition}`);
        for (const message of batch.messages) {
          if (reading === undefined || reading.done) break;
          take(message, reading);
          patience = Date.now() + PATIENCE_MS;
          resolveOffset(message.offset);
        }
        if (reading === undefined || reading.done)
          consumer.pause([{ topic: batch.topic, partitions: [batch.partition] }]);
        await heartbeat();
      },
    });
    while ((open().length > 0 || !joined) && failed === undefined && Date.now() < patience) await pause(50);
    if (failed) throw failed;
    if (open().length > 0) throw starved(task, open());
    if (task.metadata !== undefined) {
      const metadata = task.metadata;
      await consumer.commitOffsets(
        [...readings.values()].map((r) => ({
          topic: r.topic,
          partition: r.partition,
          offset: String(r.next),
          metadata,
        })),
      );
    }
  } finally {
    await consumer.disconnect();
  }
  return [...readings.values()].map(({ group, topic, partition, found, numbers, tombstones }) => ({
    group,
    topic,
    partition,
    found,
    numbers,
    tombstones,
  }));
}

function starved(task: ReadTask, left: readonly Reading[]): SandboxError {
  const where = left.map((r) => `${r.topic}-${r.partition} (at ${r.next} of ${r.end})`);
  return new SandboxError("CONSUMER_STARVED", `group ${task.group} got no further on ${where.join(", ")}`, {
    fix: "look whether the broker is up and the records are there",
  });
}

async function begin(kafka: Kafka, task: ReadTask, topics: string[]): Promise<Map<string, Reading>> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const committed = new Map<string, { offset: string; metadata: string | null }>();
    const extents = new Map<string, { low: string; high: string }>();
    // Ask for one topic at a time. For several at once, kafkajs may leave out a topic for which it has no metadata yet.
    for (const topic of topics) {
      for (const t of await admin.fetchOffsets({ groupId: task.group, topics: [topic] }))
        for (const p of t.partitions) committed.set(`${topic}:${p.partition}`, p);
      for (const p of await admin.fetchTopicOffsets(topic)) extents.set(`${topic}:${p.partition}`, p);
    }
    return new Map(
      task.goals.map(({ topic, partition, upTo }) => {
        const key = `${topic}:${partition}`;
        const is = committed.get(key);
        const found =
          is === undefined || Number(is.offset) < 0 ? null : { offset: Number(is.offset), metadata: is.metadata ?? "" };
        const end = Number(extents.get(key)!.high);
        const next = Math.max(Number(extents.get(key)!.low), found?.offset ?? 0);
        return [
          key,
          {
            group: task.group,
            topic,
            partition,
            found,
            numbers: [],
            tombstones: [],
            upTo,
            end,
            next,
            done: upTo === -1 || next >= end,
          },
        ];
      }),
    );
  } finally {
    await admin.disconnect();
  }
}

function take(message: KafkaMessage, reading: Reading): void {
  const number = Number(message.headers!["n"]!.toString());
  // The record at the goal may be compacted away. The first record beyond the goal no longer belongs to the group.
  if (reading.upTo === "end" || number <= reading.upTo) {
    reading.numbers.push(number);
    if (message.value === null) reading.tombstones.push(number);
    reading.next = Number(message.offset) + 1;
  }
  reading.done = reading.upTo === "end" ? reading.next >= reading.end : number >= reading.upTo;
}

/** An application that writes numbered records to every partition of a topic until it is stopped. */
export interface Writer {
  /**
   * Stops writing. Returns the next number once the last record is acknowledged. Safe to call twice. A broker that
   * denies the write also ends it, as a fence does.
   */
  stop(): Promise<number>;
  /** False after it was stopped, or denied. */
  isWriting(): boolean;
  /** The longest time between two acknowledgements until now, in milliseconds. */
  longestPauseMs(): number;
}

const EVERY_MS = 100;

/** Writes one record to each partition at a time. The first record has the number `from`. */
export async function startWriter(kafka: Kafka, topic: string, partitions: number, from: number): Promise<Writer> {
  const producer = kafka.producer({ allowAutoTopicCreation: false, idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  let running = true;
  let next = from;
  let failure: unknown;
  let acknowledgedAt = Date.now();
  let longestMs = 0;
  const loop = (async () => {
    do {
      await producer.send({ topic, acks: -1, messages: numbered(topic, partitions, next) });
      next++;
      longestMs = Math.max(longestMs, Date.now() - acknowledgedAt);
      acknowledgedAt = Date.now();
      await pause(EVERY_MS);
    } while (running);
  })()
    .catch((error: unknown) => {
      running = false;
      if (!isDenied(error)) failure = error;
    })
    .finally(() => producer.disconnect());
  return {
    isWriting: () => running,
    async stop() {
      running = false;
      await loop;
      if (failure !== undefined) throw failure;
      return next;
    },
    longestPauseMs: () => longestMs,
  };
}

/** Nothing of a denied request is written: both partitions are of one topic. */
const isDenied = (error: unknown): boolean => {
  const { type, cause } = error as { type?: string; cause?: { type?: string } };
  return [type, cause?.type].includes("TOPIC_AUTHORIZATION_FAILED");
};

/** Returns records in the form of the Java witness, one per partition. */
function numbered(topic: string, partitions: number, n: number): (Message & { partition: number })[] {
  return Array.from({ length: partitions }, (_, partition) => ({
    partition,
    key: `key-${n}`,
    value: `${topic}-${partition}#${n}`,
    headers: { n: String(n) },
  }));
}
