import type { Clusters } from "../../../engine/clusters";
import { MigrationError } from "../../../engine/errors";
import type { KafkaPort, TopicPartition } from "../../../engine/kafka/port";
import { encodeBatches, type TestRecord } from "../records/build";

export interface MemoryLog {
  records: TestRecord[];
  /** Default 0, and one more than the last record's offset. */
  start?: number;
  end?: number;
  /** Bytes on disk; undefined: the broker does not tell. */
  size?: number;
  /** Last stable offset. Default: the end. */
  stable?: number;
  /** All records belong to committed transactions. */
  transactional?: boolean;
  /** The partition has no leader. */
  offline?: boolean;
  leaderEpoch?: number;
}

export interface MemoryTopic {
  logs: MemoryLog[];
  configs?: Record<string, string>;
  /** Default: one that tells side and name. */
  id?: string;
}

/** One cluster in memory: what the verification asks a port for. */
export function memoryPort(side: "origin" | "target", topics: Record<string, MemoryTopic>): KafkaPort {
  const logOf = (p: TopicPartition) => topics[p.topic]!.logs[p.partition]!;
  const endOf = (log: MemoryLog) => log.end ?? (log.records.at(-1)?.offset ?? (log.start ?? 0) - 1) + 1;
  const port: Partial<KafkaPort> = {
    side,
    describeCluster: async () => ({ clusterId: `cluster ${side}`, controllerId: 1, brokers: [] }),
    listTopics: async () => Object.keys(topics),
    describeTopics: async (names = Object.keys(topics)) =>
      names
        .filter((n) => n in topics)
        .map((name) => ({
          name,
          topicId: topics[name]!.id ?? `${side} ${name}`,
          internal: false,
          partitions: topics[name]!.logs.map(({ offline, leaderEpoch = 0 }, partition) => ({
            partition,
            leader: offline === true ? -1 : 1,
            leaderEpoch,
            replicas: [1],
            isr: [1],
          })),
        })),
    describeTopicConfigs: async (names) =>
      new Map(
        names
          .filter((n) => n in topics)
          .map((n) => [
            n,
            new Map(
              Object.entries({ "cleanup.policy": "delete", "segment.bytes": "1000", ...topics[n]!.configs }).map(
                ([key, value]) => [key, { value, source: "dynamic-topic" as const, sensitive: false }],
              ),
            ),
          ]),
      ),
    listOffsets: async (partitions, at) =>
      partitions.map((p) => {
        if (logOf(p).offline === true)
          throw new MigrationError("KAFKA_NOT_AVAILABLE", `${p.topic}-${p.partition} has no leader`, { fix: "wait" });
        const spec = typeof at === "function" ? at(p) : at;
        const byTime = () => logOf(p).records.find((r) => r.timestamp >= Number(spec))?.offset ?? -1;
        const offset =
          spec === "earliest"
            ? (logOf(p).start ?? 0)
            : typeof spec === "number"
              ? byTime()
              : spec === "last-stable"
                ? (logOf(p).stable ?? endOf(logOf(p)))
                : endOf(logOf(p));
        return { topic: p.topic, partition: p.partition, timestamp: -1n, offset: BigInt(offset) };
      }),
    partitionSizes: async (names) =>
      new Map(
        names.flatMap((topic) =>
          (topics[topic]?.logs ?? []).flatMap((log, partition): [string, bigint][] =>
            log.size === undefined ? [] : [[`${topic}:${partition}`, BigInt(log.size)]],
          ),
        ),
      ),
    fetch: async (requests, { maxBytes = Infinity } = {}) =>
      new Map(
        requests.map((r) => {
          const log = logOf(r);
          const all = log.records.filter((record) => record.offset >= Number(r.offset));
          const [rest, batches]: [TestRecord[], Buffer[]] = [[], []];
          // As a broker: at least one batch, then as many as the share holds.
          for (let bytes = 0; rest.length < all.length; ) {
            const record = all[rest.length]!;
            const batch = encodeBatches([
              {
                baseOffset: record.offset,
                records: [record],
                ...(log.transactional === true ? { transactional: true, producerId: 7n } : {}),
              },
            ]);
            bytes += batch.length;
            if (rest.length > 0 && bytes > maxBytes) break;
            rest.push(record);
            batches.push(batch);
          }
          const records = Buffer.concat(batches);
          const end = BigInt(endOf(log));
          // A log whose last records were compacted away still has an empty batch there.
          const last = encodeBatches(
            rest.length < all.length || rest.at(-1)?.offset === Number(end) - 1
              ? []
              : [{ baseOffset: Number(end) - 1, records: [] }],
          );
          return [
            `${r.topic}:${r.partition}`,
            {
              records: r.offset >= end ? Buffer.alloc(0) : Buffer.concat([records, last]),
              highWatermark: end,
              lastStableOffset: BigInt(log.stable ?? end),
              logStartOffset: BigInt(log.start ?? 0),
              abortedTransactions: [],
            },
          ];
        }),
      ),
    topicOperations: async (names) => new Map(names.map((n) => [n, []])),
    close: async () => {},
  };
  return port as KafkaPort;
}

export function memoryClusters(origin: Record<string, MemoryTopic>, target: Record<string, MemoryTopic>): Clusters {
  return { origin: memoryPort("origin", origin), target: memoryPort("target", target) } as Clusters;
}

/** `key: value` at an offset; the value null is a tombstone. */
export const put = (offset: number, key: string, value: string | null, timestamp = 1000): TestRecord => ({
  offset,
  timestamp,
  key: Buffer.from(key),
  value: value === null ? null : Buffer.from(value),
  headers: [],
});

/** Records of keys of their own, at the offsets [from, to). */
export const puts = (from: number, to: number, timestamp?: (offset: number) => number): TestRecord[] =>
  Array.from({ length: to - from }, (_, i) => put(from + i, `k${from + i}`, `v${from + i}`, timestamp?.(from + i)));
