import type { Clusters } from "../clusters";
import { isMigrationError, MigrationError } from "../errors";
import type { ConfigEntry, KafkaPort, OngoingReassignment, TopicDescription } from "../kafka/port";
import { partitionKey } from "../log/partition";
import type { MirrorModel } from "../model";
import { targetTopicName } from "../naming";
import { selectTopics } from "../selection";
import { type OriginReplication, type WantedFactor, wantedFactors } from "./factors";
import type { BrokerNow, PartitionNow, ReplicationInput, ReplicationRule, TopicNow } from "./types";

/** The input of a plan, read from both clusters. */
export interface ReplicationState {
  input: ReplicationInput;
  origin: OriginReplication[];
  wanted: Map<string, WantedFactor>;
  /** Effective `min.insync.replicas` of each migrated topic on the target. */
  targetMin: Map<string, number>;
  /** Topics on the target that have `min.insync.replicas` as a setting of their own. */
  ownMin: Set<string>;
  /** Migrated topics that do not exist on the target. */
  absent: string[];
  /** Reassignments of migrated topics that are in progress. */
  ongoing: OngoingReassignment[];
}

export interface WantedOptions {
  rules?: readonly ReplicationRule[];
  allowSameRack?: boolean;
  onlyAdd?: boolean;
  /** See `ReplicationOptions`. */
  leave?: readonly string[];
}

export async function readReplication(
  clusters: Clusters,
  mirror: MirrorModel,
  options: WantedOptions,
): Promise<ReplicationState> {
  const leave = new Set(options.leave);
  const origin = (await readOrigin(clusters, mirror)).filter((topic) => !leave.has(topic.name));
  const wanted = wantedFactors(origin, options.rules ?? []);
  const { target } = clusters;
  const [cluster, topics, allOngoing] = [
    await target.describeCluster(),
    await target.describeTopics(),
    await target.listReassignments(),
  ];
  const present = new Map(topics.map((t) => [t.name, t]));
  const names = origin.map((t) => t.name).filter((name) => present.has(name));
  const sizes = await target.partitionSizes(topics.map((t) => t.name));
  const size = (topic: string, partition: number): number =>
    Number(sizes.get(partitionKey({ topic, partition })) ?? 0n);
  const ongoing = allOngoing.filter((r) => wanted.has(r.topic));
  const moving = new Map(ongoing.map((r) => [partitionKey(r), r]));

  const partitionNow = (t: TopicDescription): PartitionNow[] =>
    t.partitions.map((p) => {
      const move = moving.get(partitionKey({ topic: t.name, partition: p.partition }));
      // The replicas after the reassignment in progress is done.
      const replicas = move === undefined ? p.replicas : move.replicas.filter((id) => !move.removing.includes(id));
      return { partition: p.partition, leader: p.leader, replicas, isr: p.isr, bytes: size(t.name, p.partition) };
    });
  const others = new Map<number, { replicas: number; bytes: number }>();
  for (const t of topics) {
    if (wanted.has(t.name)) continue;
    for (const p of t.partitions) {
      for (const id of p.replicas) {
        const load = others.get(id) ?? { replicas: 0, bytes: 0 };
        others.set(id, { replicas: load.replicas + 1, bytes: load.bytes + size(t.name, p.partition) });
      }
    }
  }
  const brokers = cluster.brokers.map(
    (b): BrokerNow => ({
      id: b.id,
      ...(b.rack === undefined ? {} : { rack: b.rack }),
      otherReplicas: others.get(b.id)?.replicas ?? 0,
      otherBytes: others.get(b.id)?.bytes ?? 0,
    }),
  );
  const configs = await target.describeTopicConfigs(names);
  return {
    input: {
      brokers,
      topics: names.map(
        (name): TopicNow => ({ name, factor: wanted.get(name)!.factor, partitions: partitionNow(present.get(name)!) }),
      ),
      allowSameRack: options.allowSameRack ?? false,
      onlyAdd: options.onlyAdd ?? false,
    },
    origin,
    wanted,
    targetMin: new Map(names.map((name) => [name, minInsync(configs.get(name), name, "target")])),
    ownMin: new Set(names.filter((name) => configs.get(name)?.get(MIN_INSYNC)?.source === "dynamic-topic")),
    absent: origin.map((t) => t.name).filter((name) => !present.has(name)),
    ongoing,
  };
}

async function readOrigin({ origin }: Clusters, mirror: MirrorModel): Promise<OriginReplication[]> {
  const names = selectTopics(await origin.listTopics(), mirror);
  if (names.length === 0) return [];
  const [topics, configs] = [await origin.describeTopics(names), await origin.describeTopicConfigs(names)];
  const factors = await factorsOf(origin, topics);
  return topics.map((t) => ({
    name: targetTopicName(mirror, t.name),
    factor: factors.get(t.name)!,
    minInsync: minInsync(configs.get(t.name), t.name, "origin"),
  }));
}

const MIN_INSYNC = "min.insync.replicas";

function minInsync(config: Map<string, ConfigEntry> | undefined, topic: string, side: string): number {
  const value = Number(config?.get(MIN_INSYNC)?.value ?? Number.NaN);
  if (Number.isInteger(value)) return value;
  throw new MigrationError(
    "REPLICATION_UNREADABLE",
    `the ${side} cluster did not return min.insync.replicas of topic ${topic}`,
    {
      fix: `grant the administrator DescribeConfigs on topic ${topic} of the ${side}`,
    },
  );
}

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
