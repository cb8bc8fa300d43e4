import { describeCluster } from "./api/cluster";
import { describeLogDirs, fetch, listOffsets } from "./api/records";
import { byTopic, partitionName, type Cluster, type Rejected } from "./cluster";
import { NONE, OFFSET_OUT_OF_RANGE, TOPIC_AUTHORIZATION_FAILED, UNKNOWN_TOPIC_OR_PARTITION } from "./failures";
import type { ClusterDescription, FetchedPartition, FetchOptions, FetchRequest, KafkaPort, ListedOffset, OffsetSpec, Replica, TopicDescription, TopicPartition } from "./port";

/** Bytes of one Fetch answer; with one a broker under way it bounds the memory. */
const ANSWER_BYTES = 16 * 1024 * 1024;
const TOPICS_PER_REQUEST = 2000;
/** What a broker takes instead of a time (ListOffsets): so a time before the epoch can not be asked for. */
const LATEST = -1n;
const EARLIEST = -2n;
const PARTITION_BYTES = 1024 * 1024;

type Reading = Pick<KafkaPort, "describeCluster" | "listTopics" | "describeTopics" | "topicOperations" | "listOffsets" | "fetch" | "partitionSizes" | "replicaSizes">;

/** The part of the port that reads topics, offsets and records. */
export function reading(cluster: Cluster): Reading {
  return {
    describeCluster: () => describe(cluster),
    async listTopics() {
      const { topics } = await cluster.metadata(null);
      return topics.filter((t) => t.errorCode === NONE).map((t) => t.name).sort();
    },
    describeTopics: (names) => describeTopics(cluster, names),
    topicOperations: (names) => topicOperations(cluster, names),
    listOffsets: (partitions, at) => offsets(cluster, partitions, at),
    fetch: (requests, options) => fetchAll(cluster, requests, options ?? {}),
    partitionSizes: (topics) => sizes(cluster, topics),
    replicaSizes: (replicas) => replicaSizes(cluster, replicas),
  };
}

async function describe(cluster: Cluster): Promise<ClusterDescription> {
  const told = await cluster.patiently(async () => {
    const link = await cluster.links.any();
    if (!link.speaks(describeCluster.key, describeCluster.version)) return undefined;
    cluster.links.requests++;
    return link.send(describeCluster, null);
  });
  if (told !== undefined) {
    if (told.errorCode !== NONE) throw cluster.fail("describe", "the cluster", told);
    const { clusterId, controllerId, brokers, operations } = told;
    return { clusterId, controllerId, brokers: sorted(brokers), authorizedOperations: operations };
  }
  const { clusterId, controllerId, brokers, clusterOperations } = await cluster.metadata([], true);
  return { clusterId, controllerId, brokers: sorted(brokers), authorizedOperations: clusterOperations };
}

function sorted<T extends { id: number }>(brokers: T[]): T[] {
  return brokers.sort((a, b) => a.id - b.id);
}

async function describeTopics(cluster: Cluster, names: readonly string[] | undefined): Promise<TopicDescription[]> {
  const found = new Map<string, TopicDescription>();
  const take = (topic: TopicDescription & { errorCode: number }) => {
    const { errorCode: _, ...description } = topic;
    found.set(topic.name, description);
  };
  if (names === undefined) {
    for (const topic of (await cluster.metadata(null, true)).topics) if (topic.errorCode === NONE) take(topic);
  } else {
    await cluster.untilAllAnswered("describe", [...new Set(names)], (n) => `topic "${n}"`, async (open) => {
      const rejected: Rejected<string>[] = [];
      for (let from = 0; from < open.length; from += TOPICS_PER_REQUEST) {
        for (const topic of (await cluster.metadata(open.slice(from, from + TOPICS_PER_REQUEST), true)).topics) {
          if (topic.errorCode === NONE) take(topic);
          else if (topic.errorCode !== UNKNOWN_TOPIC_OR_PARTITION) rejected.push({ item: topic.name, errorCode: topic.errorCode });
        }
      }
      return rejected;
    });
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function topicOperations(cluster: Cluster, names: readonly string[]): Promise<Map<string, string[] | null>> {
  const found = new Map<string, string[] | null>();
  for (let from = 0; from < names.length; from += TOPICS_PER_REQUEST) {
    for (const topic of (await cluster.metadata(names.slice(from, from + TOPICS_PER_REQUEST), true)).topics) {
      found.set(topic.name, topic.errorCode === TOPIC_AUTHORIZATION_FAILED ? null : (topic.authorizedOperations ?? []));
    }
  }
  return found;
}

async function offsets<T extends TopicPartition>(cluster: Cluster, partitions: readonly T[], at: OffsetSpec | ((partition: T) => number)): Promise<ListedOffset[]> {
  const timestampOf = (partition: T): bigint => {
    const spec = typeof at === "function" ? at(partition) : at;
    if (spec === "latest" || spec === "last-stable") return LATEST;
    return spec === "earliest" || spec < 0 ? EARLIEST : BigInt(spec);
  };
  const found = new Map<string, ListedOffset>();
  await cluster.untilAllAnswered("list offsets of", partitions, partitionName, async (open) => {
    const { groups, rejected } = await cluster.byLeader(open);
    await cluster.each(groups, async (broker, items) => {
      const asked = new Map(items.map((item) => [partitionName(item), item]));
      const topics = byTopic(items, (i) => ({ partition: i.partition, timestamp: timestampOf(i) }));
      for (const { topic, partitions: answers } of await cluster.links.send(broker, listOffsets, { readCommitted: at === "last-stable", topics })) {
        for (const { partition, errorCode, ...rest } of answers) {
          if (errorCode === NONE) found.set(`${topic}:${partition}`, { topic, partition, ...rest });
          else rejected.push({ item: asked.get(partitionName({ topic, partition }))!, errorCode });
        }
      }
    });
    return rejected;
  });
  return [...found.values()];
}

async function fetchAll(cluster: Cluster, requests: readonly FetchRequest[], options: FetchOptions): Promise<Map<string, FetchedPartition>> {
  const found = new Map<string, FetchedPartition>();
  const body = {
    readCommitted: options.isolation === "read_committed",
    maxWaitMs: options.maxWaitMs ?? 100,
    maxBytes: ANSWER_BYTES,
    partitionMaxBytes: options.maxBytes ?? PARTITION_BYTES,
  };
  await cluster.untilAllAnswered("fetch from", requests, partitionName, async (open) => {
    const { groups, rejected } = await cluster.byLeader(open);
    await cluster.each(groups, async (broker, items) => {
      const answer = await cluster.links.send(broker, fetch, { ...body, topics: byTopic(items, (i) => i) }, options.memory);
      if (answer.errorCode !== NONE) throw cluster.fail("fetch from", `broker ${broker}`, answer);
      const asked = new Map(items.map((i) => [`${i.topic}:${i.partition}`, i]));
      for (const { topic, partitions } of answer.topics) {
        for (const { partition, errorCode, ...fetched } of partitions) {
          const key = `${topic}:${partition}`;
          if (errorCode === NONE) found.set(key, fetched);
          else if (errorCode === OFFSET_OUT_OF_RANGE) found.set(key, { ...fetched, outOfRange: true });
          else rejected.push({ item: asked.get(key)!, errorCode });
        }
      }
    });
    return rejected;
  });
  return found;
}

async function sizes(cluster: Cluster, topics: readonly string[]): Promise<Map<string, bigint>> {
  const described = await describeTopics(cluster, topics);
  const leaders = described.flatMap((t) => t.partitions.filter((p) => p.leader >= 0).map((p) => ({ topic: t.name, partition: p.partition, broker: p.leader })));
  const sizes = await replicaSizes(cluster, leaders);
  return new Map([...sizes].map(([key, size]) => [key.slice(0, key.lastIndexOf(":")), size]));
}

async function replicaSizes(cluster: Cluster, replicas: readonly Replica[]): Promise<Map<string, bigint>> {
  const found = new Map<string, bigint>();
  const groups = new Map<number, Replica[]>();
  for (const replica of replicas) {
    const held = groups.get(replica.broker);
    if (held === undefined) groups.set(replica.broker, [replica]);
    else held.push(replica);
  }
  await cluster.patiently(() =>
    cluster.each(groups, async (broker, items) => {
      for (const { topic, partitions: held } of await cluster.links.send(broker, describeLogDirs, byTopic(items, (i) => i.partition))) {
        for (const p of held) if (!p.future) found.set(`${topic}:${p.partition}:${broker}`, p.size);
      }
    }),
  );
  return found;
}
