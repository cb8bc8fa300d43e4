import { isMigrationError } from "../errors";
import type { KafkaPort, TopicDescription } from "../kafka/port";
import { partitionKey } from "../log/partition";

/**
 * The factor of each topic: the largest number of replicas of any partition, after reassignments in progress are done.
 * While a partition moves, metadata shows both its new and its old replicas (KIP-455). If reassignments cannot be
 * listed (no permission, or a broker before Kafka 2.4), the factor is the number that metadata shows.
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
