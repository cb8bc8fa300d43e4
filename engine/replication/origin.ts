import { isMigrationError } from "../errors";
import type { KafkaPort, TopicDescription } from "../kafka/port";
import { partitionKey } from "../log/partition";

/**
 * The factor of each topic: the largest number of replicas of any partition, as it will be when what is under way is done.
 * While a partition moves, metadata shows its coming and its going replicas together (KIP-455). Where the reassignments may
 * not be listed, or not at all (before Kafka 2.4), the factor is as shown.
 */
export async function factorsOf(port: KafkaPort, topics: readonly TopicDescription[]): Promise<Map<string, number>> {
  const ongoing = await port.listReassignments().catch((error: unknown) => {
    if (isMigrationError(error)) return [];
    throw error;
  });
  const going = new Map(ongoing.map((r) => [partitionKey(r), r.removing]));
  const staying = (topic: string, partition: number, replicas: readonly number[]) =>
    replicas.filter((id) => !going.get(partitionKey({ topic, partition }))?.includes(id)).length;
  return new Map(
    topics.map((t) => [t.name, Math.max(1, ...t.partitions.map((p) => staying(t.name, p.partition, p.replicas)))]),
  );
}
