import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll } from "vitest";
import { type TestCluster, type TestClusters, uniqueName, withClusters } from "@kafka-migration/sandbox/testing";
import { openKafka, type CountingPort } from "../../../engine/kafka/client";

/** An application, played by another client than the engine's. */
export function application(cluster: TestCluster): Kafka {
  return new Kafka({
    brokers: cluster.bootstrapServers.split(","),
    ssl: { ca: [cluster.ca] },
    sasl: { mechanism: "scram-sha-512", ...cluster.admin },
    logLevel: logLevel.NOTHING,
  });
}

export interface Ports {
  readonly clusters: TestClusters;
  readonly origin: CountingPort;
  readonly target: CountingPort;
  /** A new topic name that is deleted from both clusters afterwards. */
  topic(name: string): string;
  /** Deletes this topic from both clusters afterwards. */
  remember(topic: string): void;
  /** Runs after the file's tests. */
  atEnd(work: () => Promise<void>): void;
}

/** The real port to both clusters for one test file. */
export function withPorts(prefix: string): Ports {
  const clusters = withClusters();
  const topics: string[] = [];
  const ends: (() => Promise<void>)[] = [];
  let origin: CountingPort | undefined;
  let target: CountingPort | undefined;
  beforeAll(async () => {
    origin = await openKafka(clusters.origin.connection, "origin");
    target = await openKafka(clusters.target.connection, "target");
  });
  afterAll(async () => {
    await Promise.all(ends.map((end) => end()));
    await Promise.all(
      [origin, target].map(async (port) => {
        await port?.deleteTopics(topics);
        await port?.close();
      }),
    );
  });
  return {
    clusters,
    get origin() {
      return origin!;
    },
    get target() {
      return target!;
    },
    topic(name) {
      const topic = uniqueName(`${prefix}-${name}`);
      topics.push(topic);
      return topic;
    },
    remember(topic) {
      topics.push(topic);
    },
    atEnd(work) {
      ends.push(work);
    },
  };
}

/** Sends messages in one batch, acknowledged by all replicas. */
export async function produce(
  kafka: Kafka,
  topic: string,
  messages: {
    key?: string | null;
    value: string | null;
    partition?: number;
    timestamp?: string;
    headers?: Record<string, string>;
  }[],
  options: { gzip?: boolean } = {},
): Promise<void> {
  // Idempotent: this client sends a whole request again when one of its partitions was refused.
  const producer = kafka.producer({ idempotent: true });
  await producer.connect();
  await producer.send({
    topic,
    acks: -1,
    compression: options.gzip === true ? 1 : 0,
    messages: messages.map((m) => ({ partition: 0, ...m })),
  });
  await producer.disconnect();
}

/** Sends messages in a transaction and ends it, or leaves it open and returns how to end it. */
export async function transaction(
  kafka: Kafka,
  topic: string,
  values: string[],
  outcome: "commit" | "abort" | "open",
  timestamp = Date.now(),
): Promise<() => Promise<void>> {
  const producer = kafka.producer({ transactionalId: uniqueName("port-tx"), idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  const tx = await producer.transaction();
  await tx.send({
    topic,
    acks: -1,
    messages: values.map((value) => ({ key: value, value, partition: 0, timestamp: String(timestamp) })),
  });
  const end = async () => {
    if (outcome === "abort") await tx.abort();
    else await tx.commit();
    await producer.disconnect();
  };
  if (outcome !== "open") await end();
  return outcome === "open" ? end : async () => {};
}

/** Deletes a topic's records below an offset. */
export async function deleteBelow(kafka: Kafka, topic: string, offset: number): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  // The client deletes records of topics only whose metadata it has.
  await admin.fetchTopicOffsets(topic);
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(offset) }] });
  await admin.disconnect();
}
