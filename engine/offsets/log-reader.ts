import type { KafkaPort, TopicPartition } from "../kafka/port";
import { partitionKey, type PartitionRange } from "../log/partition";
import { fetchBatches, type Isolation, scan } from "../records";
import { Grace, isBehind, truncated, walkFetched } from "../records/read";
import type { RecordCursor } from "../records/walk";

/** A range of one partition to read. */
export interface ScanAsk extends TopicPartition {
  from: number;
  /** Exclusive. */
  to: number;
  /** Called for every visible record of [from, to), in order. */
  see(cursor: RecordCursor): void;
}

/** A time in one partition, in ms since the epoch. */
export interface Moment extends TopicPartition {
  timestamp: number;
}

/** The access to one cluster's logs that the translation needs. */
export interface LogReader {
  /**
   * Reads every range to its end. Several ranges may be in the same partition. Partitions are read in parallel.
   * @throws MigrationError if a range cannot be read, or was deleted.
   */
  scan(asks: readonly ScanAsk[], signal?: AbortSignal): Promise<void>;
  /** Returns the first offset whose record has this timestamp (ms) or a later one. Undefined if there is none. */
  offsetAt(partition: TopicPartition, timestamp: number): Promise<number | undefined>;
  /** Like `offsetAt` for many places at once, in the same order. The same partition may occur several times. */
  offsetsAt(places: readonly Moment[]): Promise<(number | undefined)[]>;
}

/** Ranges of at most this many offsets are read with small fetches, many partitions in one request. */
const FEW = 64;

/** Reads logs through the port. */
export function kafkaReader(port: KafkaPort, isolation: Isolation): LogReader {
  const offsetAt = async (partition: TopicPartition, timestamp: number): Promise<number | undefined> => {
    const offset = (await port.listOffsets([partition], timestamp))[0]?.offset ?? -1n;
    return offset < 0n ? undefined : Number(offset);
  };
  return {
    async scan(asks, signal) {
      for (const round of inRounds(asks.filter((a) => a.from < a.to))) {
        await look(
          port,
          isolation,
          round.filter((a) => a.to - a.from <= FEW),
          signal,
        );
        const long = new Map(round.filter((a) => a.to - a.from > FEW).map((ask) => [rangeOf(ask), ask]));
        await scan(port, [...long.keys()], {
          isolation,
          visit: (range, record) => long.get(range)?.see(record),
          signal,
        });
      }
    },
    offsetAt,
    async offsetsAt(places) {
      const found = new Map<string, number | undefined>();
      const distinct = [...new Map(places.map((p) => [momentOf(p), p])).values()];
      for (const round of inRounds(distinct)) {
        const at = new Map(round.map((p) => [partitionKey(p), p]));
        for (const { topic, partition, offset } of await port.listOffsets(round, (p) => p.timestamp)) {
          found.set(momentOf(at.get(partitionKey({ topic, partition }))!), offset < 0n ? undefined : Number(offset));
        }
      }
      return places.map((p) => found.get(momentOf(p)));
    },
  };
}

const rangeOf = (ask: ScanAsk): PartitionRange => ({
  topic: ask.topic,
  partition: ask.partition,
  from: BigInt(ask.from),
  to: BigInt(ask.to),
});

const momentOf = (at: Moment): string => `${partitionKey(at)}@${at.timestamp}`;

/** Splits the asks into rounds with at most one ask per partition: a request can name a partition only once. */
function inRounds<T extends TopicPartition>(asks: readonly T[]): T[][] {
  const result: T[][] = [];
  const depth = new Map<string, number>();
  for (const ask of asks) {
    const key = partitionKey(ask);
    const round = depth.get(key) ?? 0;
    depth.set(key, round + 1);
    (result[round] ??= []).push(ask);
  }
  return result;
}

async function look(
  port: KafkaPort,
  isolation: Isolation,
  asks: readonly ScanAsk[],
  signal?: AbortSignal,
): Promise<void> {
  let open = asks.map((ask) => ({ topic: ask.topic, partition: ask.partition, offset: BigInt(ask.from), ask }));
  const grace = new Grace(port);
  while (open.length > 0) {
    signal?.throwIfAborted();
    let behind: (typeof open)[number] | undefined;
    const again: typeof open = [];
    const asked = new Map(open.map((o) => [partitionKey(o), o]));
    await fetchBatches(port, open, isolation, (request, fetched) => {
      if (fetched.outOfRange === true) throw truncated(port, request);
      const { ask } = asked.get(partitionKey(request)) as (typeof open)[number];
      const { next } = walkFetched(fetched, request, BigInt(ask.to), isolation, (record) => ask.see(record));
      if (isBehind(fetched, BigInt(ask.to))) again.push((behind = { ...request, ask }));
      else if (fetched.records.length > 0 && next < ask.to) again.push({ ...request, offset: BigInt(next), ask });
    });
    open = again;
    if (behind !== undefined) await grace.wait(behind);
  }
}
