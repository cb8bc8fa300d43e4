/**
 * The brokers of both clusters for the largest estate of `bench gate`. They are a process of their own, so that their
 * memory and their work do not count as the gate's. They hold the same copy as real ones (gate-estate.ts), only with
 * the same records in every topic.
 */
import type { Connection, MigrationModel } from "../engine/model";
import type { NewRecord } from "../engine/records/encode";
import { type EstateSize, estateOf, messages, storageRecords, storageTopics, transactional } from "./gate-estate";
import { SimulatedCluster, simulatedLog, type SimulatedTopic } from "./simulated-cluster";

/** Brokers of origin and target, as in the benchmark with real ones. */
const [ORIGIN_BROKERS, TARGET_BROKERS] = [1, 3];
/** Records of one batch in Connect's storage topics. */
const BATCH = 100;
const TASK_RECORD_BATCH = 1;

type Topics = Map<string, SimulatedTopic>;

const asRecord = ({ key, value, timestamp }: { key: string; value: string; timestamp?: string }): NewRecord => ({
  key: Buffer.from(key),
  value: Buffer.from(value),
  ...(timestamp === undefined ? {} : { timestamp: Number(timestamp) }),
});

function dataTopics(names: readonly string[], partitions: number): { origin: Topics; target: Topics } {
  const records = messages("simulated", 1).map(asRecord);
  const [plain, transaction] = [simulatedLog([records]), simulatedLog([records], true)];
  const topic = (log: typeof plain): SimulatedTopic => ({
    logs: Array.from({ length: partitions }, () => log),
    configs: { "cleanup.policy": "delete" },
  });
  return {
    origin: new Map(names.map((name, i) => [name, topic(transactional(i) ? transaction : plain)])),
    target: new Map(names.map((name) => [name, topic(plain)])),
  };
}

function storage(model: MigrationModel, names: readonly string[], partitions: number): Topics {
  const written = storageRecords(model, names, partitions);
  return new Map(
    storageTopics(model).map(([topic, count]) => {
      const groups = Array.from({ length: count }, (): NewRecord[][] => []);
      for (const { messages } of written.filter((w) => w.topic === topic)) {
        const most = topic === model.mirror.offsetStorageTopic ? BATCH : TASK_RECORD_BATCH;
        const byPartition = new Map<number, typeof messages>();
        for (const one of messages) {
          const partition = hashOf(one.key) % count;
          const same = byPartition.get(partition);
          if (same === undefined) byPartition.set(partition, [one]);
          else same.push(one);
        }
        for (const [partition, some] of byPartition)
          for (let from = 0; from < some.length; from += most)
            groups[partition]!.push(some.slice(from, from + most).map(asRecord));
      }
      return [topic, { logs: groups.map((group) => simulatedLog(group)), configs: { "cleanup.policy": "compact" } }];
    }),
  );
}

/** Records with the same key are in the same partition. */
function hashOf(key: string): number {
  let hash = 0;
  for (let i = 0; i < key.length; i++) hash = (hash * 31 + key.charCodeAt(i)) >>> 0;
  return hash;
}

async function start({ topics, partitions }: EstateSize): Promise<MigrationModel> {
  const nowhere: Connection = { bootstrapServers: "127.0.0.1:1" };
  const { model, names } = estateOf(nowhere, nowhere, { topics, partitions });
  const { origin, target } = dataTopics(names, partitions);
  for (const [name, topic] of storage(model, names, partitions)) target.set(name, topic);
  const [here, there] = await Promise.all([
    SimulatedCluster.start(ORIGIN_BROKERS, origin),
    SimulatedCluster.start(TARGET_BROKERS, target),
  ]);
  const at = ({ bootstrapServers }: SimulatedCluster): Connection => ({ bootstrapServers });
  return { ...model, origin: at(here), target: at(there) };
}

process.once("message", (size: EstateSize) => {
  process.once("disconnect", () => process.exit());
  start(size).then(
    (model) => process.send!(model),
    (error: Error) => {
      process.stderr.write(`${error.stack}\n`);
      process.exit(1);
    },
  );
});
