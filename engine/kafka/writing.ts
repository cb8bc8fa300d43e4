import { encodeBatch, type NewRecord } from "../records/encode";
import { produce } from "./api/produce";
import { partitionName, type Cluster } from "./cluster";
import { loadLibrary } from "./library";
import type { KafkaPort, TopicPartition } from "./port";
import { inParallel } from "../side-by-side";

const TIMEOUT_MS = 20_000;
/** Maximum bytes in one batch, unless a single record is larger. */
const BATCH_BYTES = 500_000;

/** The part of the port that writes records. */
export function writing(cluster: Cluster): Pick<KafkaPort, "append" | "appendByKey"> {
  return {
    append: (topic, records) => appendTo(cluster, { topic, partition: 0 }, records),
    async appendByKey(topic, partitions, records) {
      const { murmur2 } = await loadLibrary();
      const byPartition = new Map<number, NewRecord[]>();
      for (const record of records) {
        // Utils.toPositive(Utils.murmur2(key)) % partitions, as in Kafka's BuiltInPartitioner.
        const partition = (murmur2(record.key) & 0x7fffffff) % partitions;
        const same = byPartition.get(partition);
        if (same === undefined) byPartition.set(partition, [record]);
        else same.push(record);
      }
      await inParallel([...byPartition], ([partition, some]) => appendTo(cluster, { topic, partition }, some));
    },
  };
}

async function appendTo(cluster: Cluster, place: TopicPartition, records: readonly NewRecord[]): Promise<void> {
  for (const batch of batches(records)) await appendBatch(cluster, place, encodeBatch(batch, Date.now()));
}

async function appendBatch(cluster: Cluster, place: TopicPartition, records: Buffer): Promise<void> {
  await cluster.untilAllAnswered("write to", [place], partitionName, async (open, settle) => {
    const groups = await cluster.byLeader(open, settle);
    await cluster.each(groups, async (broker) => {
      const topics = [{ topic: place.topic, partitions: [{ partition: place.partition, records }] }];
      const answers = (await cluster.links.send(broker, produce, { timeoutMs: TIMEOUT_MS, topics })).flatMap(
        (t) => t.partitions,
      );
      const answer = answers.find((a) => a.partition === place.partition);
      if (answer !== undefined) settle(place, answer.errorCode);
    });
  });
}

function batches<T extends NewRecord>(records: readonly T[]): T[][] {
  const found: T[][] = [];
  let size = 0;
  for (const record of records) {
    const bytes = record.key.length + (record.value?.length ?? 0);
    if (found.length === 0 || size + bytes > BATCH_BYTES) {
      found.push([record]);
      size = bytes;
    } else {
      found.at(-1)!.push(record);
      size += bytes;
    }
  }
  return found;
}
