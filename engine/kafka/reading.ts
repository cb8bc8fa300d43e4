import { partitionKey } from "../log/partition";
import { describeCluster, type MetadataResponse } from "./api/cluster";
import { fetch, listOffsets } from "./api/records";
import { byTopic, partitionName, type Cluster } from "./cluster";
import {
  isAbsentTopic,
  isRetriable,
  NONE,
  OFFSET_OUT_OF_RANGE,
  TOPIC_AUTHORIZATION_FAILED,
  UNKNOWN_TOPIC_OR_PARTITION,
} from "./error-codes";
import type {
  ClusterDescription,
  FetchedPartition,
  FetchOptions,
  FetchRequest,
  KafkaPort,
  ListedOffset,
  OffsetSpec,
  TopicDescription,
  TopicPartition,
} from "./port";

/** Maximum bytes of one Fetch response. With one request in progress per broker, this limits the memory. */
const ANSWER_BYTES = 16 * 1024 * 1024;
const TOPICS_PER_REQUEST = 2000;
/**
 * ListOffsets reads these values as special timestamps. Timestamps before the epoch can therefore not be requested.
 */
const LATEST = -1n;
const EARLIEST = -2n;
const PARTITION_BYTES = 1024 * 1024;
/**
 * This many brokers must report that a topic does not exist, or that there are no topics. One broker may not know a
 * topic yet.
 */
const BROKERS_TO_ASK = 3;
const BETWEEN_EMPTY_LISTS_MS = 200;

type Reading = Pick<
  KafkaPort,
  "describeCluster" | "listTopics" | "describeTopics" | "topicOperations" | "listOffsets" | "fetch"
>;

/** The part of the port that reads topics, offsets and records. */
export function reading(cluster: Cluster): Reading {
  return {
    describeCluster: () => describe(cluster),
    listTopics: async () => [...(await allTopics(cluster, () => cluster.topicNames())).keys()].sort(),
    describeTopics: (names) => describeTopics(cluster, names),
    topicOperations: (names) => topicOperations(cluster, names),
    listOffsets: (partitions, at) => offsets(cluster, partitions, at),
    fetch: (requests, options) => fetchAll(cluster, requests, options ?? {}),
  };
}

async function describe(cluster: Cluster): Promise<ClusterDescription> {
  let found: ClusterDescription | undefined;
  await cluster.untilAllAnswered(
    "describe",
    ["the cluster"],
    (name) => name,
    async (_, settle) => {
      const link = await cluster.links.any();
      if (link.speaks(describeCluster.key, describeCluster.version)) {
        const { errorCode, operations, ...description } = await cluster.links.sendOn(link, describeCluster, null);
        if (errorCode !== NONE) return settle("the cluster", errorCode);
        found = { ...description, authorizedOperations: operations };
      } else {
        const { clusterId, controllerId, brokers, clusterOperations } = await cluster.metadata([], true);
        found = { clusterId, controllerId, brokers, authorizedOperations: clusterOperations };
      }
      // A cluster has brokers. Treat a response without brokers as no response.
      if (found.brokers.length > 0) settle("the cluster");
    },
  );
  return { ...found!, brokers: sorted(found!.brokers) };
}

function sorted<T extends { id: number }>(brokers: T[]): T[] {
  return brokers.sort((a, b) => a.id - b.id);
}

type DescribedTopics = Map<string, TopicDescription>;

function take(found: DescribedTopics, { errorCode: _, ...topic }: TopicDescription & { errorCode: number }): void {
  found.set(topic.name, topic);
}

export async function describeTopics(
  cluster: Cluster,
  names: readonly string[] | undefined,
): Promise<TopicDescription[]> {
  const found =
    names === undefined
      ? await allTopics(cluster, () => cluster.metadata(null, true))
      : await topicsByName(cluster, names, true);
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Returns every topic that the principal may describe. Accepts an empty list only if three responses agree. If the list
 * contains a topic with an error, requests this topic by name.
 */
async function allTopics(cluster: Cluster, ask: () => Promise<MetadataResponse>): Promise<DescribedTopics> {
  const found: DescribedTopics = new Map();
  for (let asked = 1; ; asked++) {
    const { topics } = await ask();
    for (const topic of topics) if (topic.errorCode === NONE) take(found, topic);
    const unclear = topics.filter((t) => t.errorCode !== NONE).map((t) => t.name);
    for (const [name, topic] of await topicsByName(cluster, unclear, true)) found.set(name, topic);
    if (topics.length > 0 || asked >= BROKERS_TO_ASK) return found;
    await cluster.pause(BETWEEN_EMPTY_LISTS_MS);
  }
}

/**
 * Leaves a topic out once three brokers (or all brokers, if there are fewer) report that it does not exist, or one
 * reports that no topic can have this name.
 */
async function topicsByName(
  cluster: Cluster,
  names: readonly string[],
  authorizedOperations: boolean,
): Promise<DescribedTopics> {
  const found: DescribedTopics = new Map();
  let unknown = [...new Set(names)];
  for (let asked = 0; unknown.length > 0 && asked < Math.min(BROKERS_TO_ASK, cluster.links.brokerIds.length); asked++) {
    const absent: string[] = [];
    await cluster.untilAllAnswered(
      "describe",
      unknown,
      (n) => `topic "${n}"`,
      async (open, settle) => {
        for (let from = 0; from < open.length; from += TOPICS_PER_REQUEST) {
          for (const topic of (
            await cluster.metadata(open.slice(from, from + TOPICS_PER_REQUEST), authorizedOperations)
          ).topics) {
            if (topic.errorCode === NONE) take(found, topic);
            if (topic.errorCode === UNKNOWN_TOPIC_OR_PARTITION) absent.push(topic.name);
            settle(topic.name, isAbsentTopic(topic.errorCode) ? NONE : topic.errorCode);
          }
        }
      },
    );
    // The next metadata request goes to the next broker.
    unknown = [...new Set(absent)].filter((name) => !found.has(name));
  }
  return found;
}

async function topicOperations(cluster: Cluster, names: readonly string[]): Promise<Map<string, string[] | null>> {
  const found = new Map<string, string[] | null>();
  await cluster.untilAllAnswered(
    "describe",
    names,
    (n) => `topic "${n}"`,
    async (open, settle) => {
      for (let from = 0; from < open.length; from += TOPICS_PER_REQUEST) {
        for (const topic of (await cluster.metadata(open.slice(from, from + TOPICS_PER_REQUEST), true)).topics) {
          const { name, errorCode, authorizedOperations } = topic;
          // The broker also returns the operations of this principal for a topic that does not exist.
          const passing = errorCode !== UNKNOWN_TOPIC_OR_PARTITION && isRetriable(errorCode);
          if (!passing) found.set(name, errorCode === TOPIC_AUTHORIZATION_FAILED ? null : (authorizedOperations ?? []));
          settle(name, passing ? errorCode : NONE);
        }
      }
    },
  );
  return found;
}

async function offsets<T extends TopicPartition>(
  cluster: Cluster,
  partitions: readonly T[],
  at: OffsetSpec | ((partition: T) => number),
): Promise<ListedOffset[]> {
  const timestampOf = (partition: T): bigint => {
    const spec = typeof at === "function" ? at(partition) : at;
    if (spec === "latest" || spec === "last-stable") return LATEST;
    return spec === "earliest" || spec < 0 ? EARLIEST : BigInt(spec);
  };
  const found = new Map<T, ListedOffset>();
  await cluster.untilAllAnswered("list offsets of", partitions, partitionName, async (open, settle) => {
    const groups = await cluster.byLeader(open, settle);
    await cluster.each(groups, async (broker, items) => {
      // By topic and partition number: a name for each partition would be most of the work.
      const asked = new Map<string, Map<number, T>>();
      const topics = byTopic(items, (i) => {
        const known = asked.get(i.topic);
        if (known === undefined) asked.set(i.topic, new Map([[i.partition, i]]));
        else known.set(i.partition, i);
        return { partition: i.partition, timestamp: timestampOf(i) };
      });
      for (const { topic, partitions: answers } of await cluster.links.send(broker, listOffsets, {
        readCommitted: at === "last-stable",
        topics,
      })) {
        for (const { partition, errorCode, timestamp, offset } of answers) {
          const item = asked.get(topic)?.get(partition);
          if (errorCode === NONE && item !== undefined)
            found.set(item, { topic: item.topic, partition, timestamp, offset });
          settle(item, errorCode);
        }
      }
    });
  });
  return [...found.values()];
}

async function fetchAll(
  cluster: Cluster,
  requests: readonly FetchRequest[],
  options: FetchOptions,
): Promise<Map<string, FetchedPartition>> {
  const found = new Map<string, FetchedPartition>();
  const body = {
    readCommitted: options.isolation === "read_committed",
    maxWaitMs: options.maxWaitMs ?? 100,
    maxBytes: ANSWER_BYTES,
    partitionMaxBytes: options.maxBytes ?? PARTITION_BYTES,
  };
  await cluster.untilAllAnswered("fetch from", requests, partitionName, async (open, settle) => {
    const groups = await cluster.byLeader(open, settle);
    await cluster.each(groups, async (broker, items) => {
      const answer = await cluster.links.send(
        broker,
        fetch,
        { ...body, topics: byTopic(items, (i) => i) },
        options.memory,
      );
      if (answer.errorCode !== NONE) return items.forEach((item) => settle(item, answer.errorCode));
      const asked = new Map(items.map((i) => [partitionKey(i), i]));
      for (const { topic, partitions } of answer.topics) {
        for (const { partition, errorCode, ...fetched } of partitions) {
          const key = partitionKey({ topic, partition });
          const outOfRange = errorCode === OFFSET_OUT_OF_RANGE;
          if (outOfRange) found.set(key, { ...fetched, outOfRange });
          else if (errorCode === NONE) found.set(key, fetched);
          settle(asked.get(key), outOfRange ? NONE : errorCode);
        }
      }
    });
  });
  return found;
}
