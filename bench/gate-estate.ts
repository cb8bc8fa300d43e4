import type { KafkaCluster } from "@kafka-migration/sandbox/kafka";
import { applicationClient } from "@kafka-migration/sandbox/story";
import type { MigrationModel } from "../engine/model";
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

const RECORDS = 20;
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
  const prefix = `gate-${topics * partitions}`;
  const model = modelOf(pair, prefix);
  const names = Array.from({ length: topics }, (_, i) => `${prefix}-${i}`);
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
    for (const [topic, count] of [
      [model.mirror.offsetStorageTopic, 25],
      [model.mirror.configStorageTopic, 1],
      [model.mirror.statusStorageTopic, 5],
    ] as const) {
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

function modelOf({ origin, target }: Pair, prefix: string): MigrationModel {
  return {
    origin: origin.connection,
    target: target.connection,
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
}

const transactional = (index: number): boolean => index % TRANSACTIONAL_EVERY === 0;

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

function messages(topic: string, partitions: number) {
  return Array.from({ length: RECORDS * partitions }, (_, i) => ({
    partition: i % partitions,
    key: `key-${i}`,
    value: `${topic} ${i} `.padEnd(VALUE_BYTES, "x"),
    timestamp: String(FIRST_TIMESTAMP + i),
  }));
}

/** Writes Connect's records about the source connector, its tasks, and how far each partition is copied. */
async function writeStorage(
  { target }: Pair,
  { mirror }: MigrationModel,
  names: readonly string[],
  partitions: number,
): Promise<void> {
  const { source } = connectorNames(mirror);
  const all = names.flatMap((topic) => Array.from({ length: partitions }, (_, partition) => ({ topic, partition })));
  const json = (key: string, value: unknown) => ({ key, value: JSON.stringify(value) });
  const producer = applicationClient(target.connection, "bench").producer();
  await producer.connect();
  try {
    const tasks = Array.from({ length: TASKS }, (_, task) =>
      all
        .filter((_, i) => i % TASKS === task)
        .map((p) => `${p.topic}-${p.partition}`)
        .join(","),
    );
    await producer.send({
      topic: mirror.configStorageTopic,
      messages: [
        json(`connector-${source}`, {
          properties: { topics: mirror.topicsPattern, "consumer.isolation.level": mirror.isolationLevel },
        }),
        ...tasks.map((assigned, task) =>
          json(`task-${source}-${task}`, { properties: { "task.assigned.partitions": assigned } }),
        ),
        json(`commit-${source}`, { tasks: TASKS }),
      ],
    });
    const running = { state: "RUNNING", trace: null, worker_id: "127.0.0.1:8083", generation: 1 };
    await producer.send({
      topic: mirror.statusStorageTopic,
      messages: [
        json(`status-connector-${source}`, running),
        ...tasks.map((_, task) => json(`status-task-${source}-${task}`, running)),
      ],
    });
    for (let flush = 1; flush <= FLUSHES; flush++) {
      const offset = Math.floor((RECORDS * flush) / FLUSHES) - 1;
      for (let from = 0; from < all.length; from += 2000) {
        const some = all
          .slice(from, from + 2000)
          .map(({ topic, partition }) =>
            json(JSON.stringify([source, { cluster: mirror.originAlias, partition, topic }]), { offset }),
          );
        await producer.send({ topic: mirror.offsetStorageTopic, messages: some });
      }
    }
  } finally {
    await producer.disconnect();
  }
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
