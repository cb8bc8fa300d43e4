/** The topics, applications and groups that the benchmarks of a cutover use. */
import { createScramUser, type ClusterConnection, type KafkaCluster } from "@kafka-migration/sandbox/kafka";
import { applicationClient } from "@kafka-migration/sandbox/story";
import type { CountingPort } from "../engine/kafka/client";
import { inLanes } from "./common";

export interface EstateSizes {
  /** Partitions of each topic. */
  partitions: number;
  /** Records of each partition before the benchmark begins. */
  records: number;
  groups: number;
}

const APPLICATION = { username: "bench-application", password: "bench-application-password" };
const VALUE_BYTES = 200;

/** The connection of the application that writes. An ACL cannot stop a super user, so it has its own login. */
export function asApplication({ connection }: KafkaCluster): ClusterConnection {
  return { ...connection, sasl: { ...connection.sasl, ...APPLICATION } };
}

/** Makes the topics with records in them, and an application that may write to all topics with this prefix. */
export async function makeEstate(
  origin: KafkaCluster,
  port: CountingPort,
  prefix: string,
  topics: readonly string[],
  { partitions, records }: EstateSizes,
): Promise<void> {
  await createScramUser(origin, APPLICATION.username, APPLICATION.password);
  await port.createAcls([
    {
      resourceType: "topic",
      resourceName: prefix,
      patternType: "prefixed",
      principal: `User:${APPLICATION.username}`,
      host: "*",
      operation: "All",
      permission: "allow",
    },
  ]);
  await inLanes(topics, 4, (topic) => port.createTopic(topic, { partitions, replicationFactor: 1 }));
  const producer = applicationClient(origin.connection, "bench").producer();
  await producer.connect();
  try {
    await inLanes(topics, 4, async (topic) => {
      const messages = Array.from({ length: records * partitions }, (_, i) => ({
        partition: i % partitions,
        key: `key-${i}`,
        value: `${topic} ${i} `.padEnd(VALUE_BYTES, "x"),
      }));
      await producer.send({ topic, messages });
    });
  } finally {
    await producer.disconnect();
  }
}

/** Commits the groups' offsets, as consumers that have read everything do. One group in ten stays behind. */
export async function commitGroups(
  port: CountingPort,
  name: string,
  topics: readonly string[],
  { partitions, groups }: EstateSizes,
): Promise<void> {
  const ends = await port.listOffsets(
    topics.flatMap((topic) => Array.from({ length: partitions }, (_, partition) => ({ topic, partition }))),
    "latest",
  );
  const all = Array.from({ length: groups }, (_, i) => i);
  await inLanes(all, 16, async (i) => {
    const topic = topics[i % topics.length]!;
    const at = (end: bigint): bigint => (i % 10 === 0 ? end / 2n : end);
    const own = ends.filter((e) => e.topic === topic);
    await port.alterGroupOffsets(
      `${name}-${i}`,
      own.map((e) => ({ topic, partition: e.partition, offset: at(e.offset), metadata: "" })),
    );
  });
}
