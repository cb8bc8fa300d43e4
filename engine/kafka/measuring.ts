import { partitionKey, replicaKey } from "../log/partition";
import { DESCRIBE_LOG_DIRS, describeDisks, listNewest } from "./api/records";
import { byTopic, partitionName, type Cluster } from "./cluster";
import { CLUSTER_AUTHORIZATION_FAILED, NONE } from "./error-codes";
import type { DiskSpace, KafkaPort, ListedOffset, Replica, TopicPartition } from "./port";
import { describeTopics } from "./reading";

/** ListOffsets reads this value as "the record with the highest timestamp". */
const NEWEST = -3n;

type Measuring = Pick<KafkaPort, "partitionSizes" | "replicaSizes" | "diskSpace" | "newestRecords">;

/** The part of the port that reads sizes, free space and the age of records. */
export function measuring(cluster: Cluster): Measuring {
  return {
    partitionSizes: (topics) => sizes(cluster, topics),
    replicaSizes: (replicas) => replicaSizes(cluster, replicas),
    diskSpace: () => diskSpace(cluster),
    newestRecords: (partitions) => newestRecords(cluster, partitions),
  };
}

async function sizes(cluster: Cluster, topics: readonly string[]): Promise<Map<string, bigint>> {
  const described = await describeTopics(cluster, topics);
  const leaders = described.flatMap((t) =>
    t.partitions.filter((p) => p.leader >= 0).map((p) => ({ topic: t.name, partition: p.partition, broker: p.leader })),
  );
  const sizes = await replicaSizes(cluster, leaders);
  return new Map(
    leaders.flatMap((l) => {
      const size = sizes.get(replicaKey(l));
      return size === undefined ? [] : [[partitionKey(l), size]];
    }),
  );
}

async function replicaSizes(cluster: Cluster, replicas: readonly Replica[]): Promise<Map<string, bigint>> {
  const found = new Map<string, bigint>();
  const askedAgain = new Set<number>();
  const groups = new Map<number, Replica[]>();
  for (const replica of replicas) {
    const held = groups.get(replica.broker);
    if (held === undefined) groups.set(replica.broker, [replica]);
    else held.push(replica);
  }
  await cluster.untilAllAnswered(
    "read sizes from",
    [...groups.keys()],
    (id) => `broker ${id}`,
    async (brokers, settle) => {
      const asked = new Map(brokers.map((broker) => [broker, groups.get(broker)!]));
      await cluster.each(asked, async (broker, items) => {
        const link = await cluster.links.broker(broker);
        const api = DESCRIBE_LOG_DIRS.find((a) => link.speaks(a.key, a.version)) ?? DESCRIBE_LOG_DIRS.at(-1)!;
        const { errorCode, topics } = await cluster.links.sendOn(
          link,
          api,
          byTopic(items, (i) => i.partition),
        );
        for (const { topic, partitions: held } of topics) {
          for (const p of held) if (!p.future) found.set(replicaKey({ topic, partition: p.partition, broker }), p.size);
        }
        // A replica can have left the broker since, so a second response that lacks it is accepted.
        const lacks = errorCode === NONE && items.some((replica) => !found.has(replicaKey(replica)));
        if (lacks && !askedAgain.has(broker)) return void askedAgain.add(broker);
        // A principal that may not describe the cluster gets no sizes. This is not an error.
        settle(broker, errorCode === CLUSTER_AUTHORIZATION_FAILED ? NONE : errorCode);
      });
    },
  );
  return found;
}

async function newestRecords(cluster: Cluster, partitions: readonly TopicPartition[]): Promise<ListedOffset[]> {
  const found = new Map<string, ListedOffset>();
  await cluster.untilAllAnswered("list the newest record of", partitions, partitionName, async (open, settle) => {
    const groups = await cluster.byLeader(open, settle);
    await cluster.each(groups, async (broker, items) => {
      const link = await cluster.links.broker(broker);
      if (!link.speaks(listNewest.key, listNewest.version)) return items.forEach((item) => settle(item));
      const asked = new Map(items.map((item) => [partitionName(item), item]));
      const topics = byTopic(items, (i) => ({ partition: i.partition, timestamp: NEWEST }));
      const answers = await cluster.links.sendOn(link, listNewest, { readCommitted: false, topics });
      for (const { topic, partitions: listed } of answers) {
        for (const { partition, errorCode, ...rest } of listed) {
          if (errorCode === NONE) found.set(partitionKey({ topic, partition }), { topic, partition, ...rest });
          settle(asked.get(partitionName({ topic, partition })), errorCode);
        }
      }
    });
  });
  return [...found.values()];
}

async function diskSpace(cluster: Cluster): Promise<DiskSpace[]> {
  const found = new Map<number, DiskSpace>();
  await cluster.everyBroker("read the disk space of", async (broker, link) => {
    if (!link.speaks(describeDisks.key, describeDisks.version)) return undefined;
    const { errorCode, directories } = await cluster.links.sendOn(link, describeDisks, []);
    const known = directories.filter((d) => !d.offline && d.totalBytes >= 0 && d.usableBytes >= 0);
    if (errorCode === NONE && known.length > 0)
      found.set(broker, { broker, ...sumOfVolumes(known), unknownDirectories: directories.length - known.length });
    return errorCode === CLUSTER_AUTHORIZATION_FAILED ? NONE : errorCode;
  });
  return [...found.values()].sort((a, b) => a.broker - b.broker);
}

/** Two directories with exactly the same total and usable bytes are on the same volume. */
function sumOfVolumes(directories: readonly { totalBytes: number; usableBytes: number }[]) {
  const volumes = new Map(directories.map((d) => [`${d.totalBytes}:${d.usableBytes}`, d]));
  const sum = { totalBytes: 0, usableBytes: 0 };
  for (const { totalBytes, usableBytes } of volumes.values()) {
    sum.totalBytes += totalBytes;
    sum.usableBytes += usableBytes;
  }
  return sum;
}
