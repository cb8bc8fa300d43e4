import { MigrationError } from "../errors";
import type { KafkaPort, TopicPartition } from "../kafka/port";
import type { Progress } from "../progress";
import type { TransactionsOf } from "./types";

/** Partitions in one call: a response lists every producer that the leader remembers. */
const AT_A_TIME = 2_000;
const IDS_AT_A_TIME = 500;

/**
 * Transactional producers that have written to several of these partitions' topics (KIP-664, Kafka 2.8 and later).
 * Brokers remember a producer for a day after its last write (`producer.id.expiration.ms`).
 * @throws MigrationError KAFKA_UNSUPPORTED if the brokers do not report producers, or this user may not read them
 */
export async function readTransactions(
  origin: KafkaPort,
  partitions: readonly TopicPartition[],
  progress: Progress,
): Promise<TransactionsOf[]> {
  const topics = new Map<bigint, Set<string>>();
  for (let from = 0; from < partitions.length; from += AT_A_TIME) {
    if (partitions.length > AT_A_TIME)
      progress.info(`plan: reading producers, ${from} of ${partitions.length} partitions`);
    const producers = await origin.activeProducers(partitions.slice(from, from + AT_A_TIME));
    if (producers === undefined)
      throw new MigrationError("KAFKA_UNSUPPORTED", "the brokers do not report producers to this user", {
        fix: "use Kafka 2.8 or newer, and let the administrator read the topics",
      });
    for (const { producerId, topic, transactional } of producers) {
      if (!transactional) continue;
      const own = topics.get(producerId) ?? new Set();
      topics.set(producerId, own.add(topic));
    }
  }
  const shared = [...topics].filter(([, own]) => own.size > 1);
  const names = await namesOf(
    origin,
    shared.map(([id]) => id),
  );
  return shared.map(([id, own]) => ({ name: names.get(id) ?? `producer ${id}`, topics: [...own].sort() }));
}

async function namesOf(origin: KafkaPort, ids: readonly bigint[]): Promise<Map<bigint, string>> {
  const names = new Map<bigint, string>();
  for (let from = 0; from < ids.length; from += IDS_AT_A_TIME)
    for (const t of await origin.transactionsOf(ids.slice(from, from + IDS_AT_A_TIME)))
      names.set(t.producerId, t.transactionalId);
  return names;
}
