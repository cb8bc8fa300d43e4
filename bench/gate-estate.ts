import type { KafkaCluster } from "@kafka-migration/sandbox/kafka";
import { applicationClient } from "@kafka-migration/sandbox/story";
import type { Connection, MigrationModel } from "../engine/model";
import { connectorNames } from "../engine/naming";
import { openKafka, type CountingPort } from "../engine/kafka/client";
import { inLanes } from "./common";

export interface EstateSize {
  topics: number;
  /** Partitions per topic. */
  partitions: number;
}

export interface Pair {
  origin: KafkaCluster;
  target: KafkaCluster;
}

export const RECORDS = 20;
const VALUE_BYTES = 200;
const TASKS = 4;
/**
 * Every tenth topic holds transactions on the origin. Its logs end with a marker, so the gate must read the log to
 * decide.
 */
const TRANSACTIONAL_EVERY = 10;
/** How many times Connect's offsets topic holds the offset of each partition, as before the log cleaner runs. */
const FLUSHES = 5;
const FIRST_TIMESTAMP = Date.now() - 3_600_000;
const LANES = 4;
const SETTLE_LIMIT_MS = 120_000;

/**
 * Creates a finished copy, and writes the records that a mirror's worker would have written about it. No mirror has to
 * run.
 */
export async function makeEstate(pair: Pair, { topics, partitions }: EstateSize): Promise<MigrationModel> {
  const { model, names } = estateOf(pair.origin.connection, pair.target.connection, { topics, partitions });
  const [origin, target] = await Promise.all([
    openKafka(pair.origin.connection, "origin"),
    openKafka(pair.target.connection, "target"),
  ]);
  try {
    await Promise.all(
      [origin, target].map((port) =>
        inLanes(names, LANES, (name) => port.createTopic(name, { partitions, replicationFactor: 1 })),
      ),
    );
    for (const [topic, count] of storageTopics(model)) {
      await target.createTopic(topic, {
        partitions: count,
        replicationFactor: 1,
        configs: { "cleanup.policy": "compact" },
      });
    }
    await writeRecords(pair, names, partitions);
    await writeStorage(pair, model, names, partitions);
    await settled(origin, names, partitions);
  } finally {
    await Promise.all([origin.close(), target.close()]);
  }
  return model;
}

/** The names of the topics, and the model of their mirror. */
export function estateOf(
  origin: Connection,
  target: Connection,
  { topics, partitions }: EstateSize,
): { model: MigrationModel; names: string[] } {
  const prefix = `gate-${topics * partitions}`;
  const names = Array.from({ length: topics }, (_, i) => `${prefix}-${i}`);
  const model: MigrationModel = {
    origin,
    target,
    mirror: {
      originAlias: "origin",
      targetAlias: "target",
      groupId: `mm2-${prefix}`,
      offsetStorageTopic: `mm2-${prefix}-offsets`,
      configStorageTopic: `mm2-${prefix}-configs`,
      statusStorageTopic: `mm2-${prefix}-status`,
      topicsPattern: `${prefix}-.*`,
      groupsPattern: ".*",
      offsetSyncsLocation: "target",
      policyClass: "org.apache.kafka.connect.mirror.IdentityReplicationPolicy",
      kafkaVersion: "4.3.1",
      heartbeats: false,
      isolationLevel: "read_committed",
      exactlyOnce: false,
      syncGroupOffsets: false,
      replicationFactor: 1,
      offsetFlushIntervalMs: 5_000,
      refreshTopicsIntervalSeconds: 60,
    },
  };
  return { model, names };
}

/** Connect's storage topics and their numbers of partitions. */
export const storageTopics = ({ mirror }: MigrationModel) =>
  [
    [mirror.offsetStorageTopic, 25],
    [mirror.configStorageTopic, 1],
    [mirror.statusStorageTopic, 5],
  ] as const;

export const transactional = (index: number): boolean => index % TRANSACTIONAL_EVERY === 0;

async function writeRecords({ origin, target }: Pair, names: readonly string[], partitions: number): Promise<void> {
  const [here, there] = [applicationClient(origin.connection, "bench"), applicationClient(target.connection, "bench")];
  const [toOrigin, toTarget] = [here.producer(), there.producer()];
  const inTransactions = here.producer({ transactionalId: names[0]!, idempotent: true, maxInFlightRequests: 1 });
  const producers = [toOrigin, toTarget, inTransactions];
  await Promise.all(producers.map((p) => p.connect()));
  try {
    const indexed = names.map((topic, index) => ({ topic, index, messages: messages(topic, partitions) }));
    await inLanes(indexed, LANES, async ({ topic, index, messages }) => {
      if (!transactional(index)) await toOrigin.send({ topic, messages });
      await toTarget.send({ topic, messages });
    });
    for (const { topic, messages } of indexed.filter(({ index }) => transactional(index))) {
      const transaction = await inTransactions.transaction();
      await transaction.send({ topic, messages });
      await transaction.commit();
    }
  } finally {
    await Promise.all(producers.map((p) => p.disconnect()));
  }
}

export function messages(topic: string, partitions: number) {
  return Array.from({ length: RECORDS * partitions }, (_, i) => ({
    partition: i % partitions,
    key: `key-${i}`,
    value: `${topic} ${i} `.padEnd(VALUE_BYTES, "x"),
    timestamp: String(FIRST_TIMESTAMP + i),
  }));
}

/** Writes Connect's records about the source connector, its tasks, and how far each partition is copied. */
async function writeStorage({ target }: Pair, model: MigrationModel, names: readonly string[], partitions: number) {
  const producer = applicationClient(target.connection, "bench").producer();
  await producer.connect();
  try {
    for (const { topic, messages } of storageRecords(model, names, partitions))
      for (let from = 0; from < messages.length; from += 2000)
        await producer.send({ topic, messages: messages.slice(from, from + 2000) });
  } finally {
    await producer.disconnect();
  }
}

/** Connect's records, in their order. */
export function storageRecords(
  { mirror }: MigrationModel,
  names: readonly string[],
  partitions: number,
): { topic: string; messages: { key: string; value: string }[] }[] {
  const { source } = connectorNames(mirror);
  const all = names.flatMap((topic) => Array.from({ length: partitions }, (_, partition) => ({ topic, partition })));
  const json = (key: string, value: unknown) => ({ key, value: JSON.stringify(value) });
  const tasks = Array.from({ length: TASKS }, (_, task) =>
    all
      .filter((_, i) => i % TASKS === task)
      .map((p) => `${p.topic}-${p.partition}`)
      .join(","),
  );
  const config = [
    json(`connector-${source}`, {
      properties: { topics: mirror.topicsPattern, "consumer.isolation.level": mirror.isolationLevel },
    }),
    ...tasks.map((assigned, task) =>
      json(`task-${source}-${task}`, { properties: { "task.assigned.partitions": assigned } }),
    ),
    json(`commit-${source}`, { tasks: TASKS }),
  ];
  const running = { state: "RUNNING", trace: null, worker_id: "127.0.0.1:8083", generation: 1 };
  const status = [
    json(`status-connector-${source}`, running),
    ...tasks.map((_, task) => json(`status-task-${source}-${task}`, running)),
  ];
  const flush = (number: number) =>
    all.map(({ topic, partition }) =>
      json(JSON.stringify([source, { cluster: mirror.originAlias, partition, topic }]), {
        offset: Math.floor((RECORDS * number) / FLUSHES) - 1,
      }),
    );
  return [
    { topic: mirror.configStorageTopic, messages: config },
    { topic: mirror.statusStorageTopic, messages: status },
    ...Array.from({ length: FLUSHES }, (_, i) => ({ topic: mirror.offsetStorageTopic, messages: flush(i + 1) })),
  ];
}

/**
 * Waits until every transaction marker is written. A marker appears a moment after the end of its transaction was
 * acknowledged.
 */
async function settled(origin: CountingPort, names: readonly string[], partitions: number): Promise<void> {
  const ends = names
    .filter((_, i) => transactional(i))
    .flatMap((topic) => Array.from({ length: partitions }, (_, partition) => ({ topic, partition })));
  for (const limit = Date.now() + SETTLE_LIMIT_MS; ; ) {
    const stable = await origin.listOffsets(ends, "last-stable");
    const open = stable.filter((s) => Number(s.offset) !== RECORDS + 1);
    if (open.length === 0) return;
    if (Date.now() > limit)
      throw new Error(
        `${open[0]!.topic}-${open[0]!.partition}: its transaction did not end within ` +
          `${SETTLE_LIMIT_MS / 1000} s (and ${open.length - 1} more)`,
      );
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
