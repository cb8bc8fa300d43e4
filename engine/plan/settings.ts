import type { Clusters } from "../clusters";
import type { ConfigEntry, KafkaPort, TopicDescription } from "../kafka/port";
import { partitionKey } from "../log/partition";
import type { MirrorModel } from "../model";
import { targetTopicName } from "../naming";
import { type ReplicationRule, wantedFactors } from "../replication";
import { factorsOf } from "../replication/read";
import type { TopicFacts } from "./types";

/** How long, and up to which size, each topic keeps its records. */
export async function readRetention(
  origin: KafkaPort,
  topics: readonly string[],
): Promise<Map<string, Pick<TopicFacts, "retentionMs" | "retentionBytes">>> {
  const configs = await origin.describeTopicConfigs(topics);
  return new Map([...configs].map(([topic, config]) => [topic, retentionOf(config)]));
}

function retentionOf(config: ReadonlyMap<string, ConfigEntry>): Pick<TopicFacts, "retentionMs" | "retentionBytes"> {
  if (!(config.get("cleanup.policy")?.value ?? "delete").split(",").some((p) => p.trim() === "delete")) return {};
  const limit = (key: string) => Number(config.get(key)?.value ?? -1);
  const [ms, bytes] = [limit("retention.ms"), limit("retention.bytes")];
  return { ...(ms >= 0 ? { retentionMs: ms } : {}), ...(bytes >= 0 ? { retentionBytes: bytes } : {}) };
}

/**
 * Replicas that each topic needs on the target: those that the mirror creates it with, or those that it gets at the
 * cutover if they are more. By the name on the origin.
 */
export async function readFactors(
  { origin, target }: Clusters,
  mirror: MirrorModel,
  topics: readonly TopicDescription[],
  rules: readonly ReplicationRule[],
): Promise<Map<string, number>> {
  const [now, brokers] = [await factorsOf(origin, topics), (await target.describeCluster()).brokers];
  const first = mirror.replicationFactor > 0 ? mirror.replicationFactor : await defaultFactor(target, brokers[0]!.id);
  const named = topics.map((t) => ({
    name: targetTopicName(mirror, t.name),
    factor: now.get(t.name)!,
    minInsync: 1,
  }));
  const wanted = wantedFactors(named, rules);
  return new Map(
    topics.map((t, i) => {
      const factor = Math.max(first, wanted.get(named[i]!.name)!.factor);
      return [t.name, Math.min(factor, brokers.length)];
    }),
  );
}

async function defaultFactor(target: KafkaPort, broker: number): Promise<number> {
  const configs = await target.describeBrokerConfigs([broker]);
  return Number(configs.get(broker)?.get("default.replication.factor")?.value ?? 1);
}

/** Bytes of all replicas of each topic, if they are as large as their leaders. By the name on the target. */
export async function readTargetBytes(
  target: KafkaPort,
  topics: readonly TopicDescription[],
): Promise<Map<string, number>> {
  const sizes = await target.partitionSizes(topics.map((t) => t.name));
  return new Map(
    topics.map((t) => [
      t.name,
      t.partitions.reduce((sum, { partition, replicas }) => {
        const size = Number(sizes.get(partitionKey({ topic: t.name, partition })) ?? 0n);
        return sum + size * replicas.length;
      }, 0),
    ]),
  );
}
