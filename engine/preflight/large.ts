import { isMigrationError } from "../errors";
import type { KafkaPort, TopicPartition } from "../kafka/port";
import { fetchBatches, type Isolation, walkFetched } from "../records/read";
import { someOf } from "../units";
import type { PreflightFacts, SelectedTopic } from "./facts";
import { error, type PreflightFinding } from "./finding";

/** The largest sampled record of a topic. */
export interface LargeRecord extends TopicPartition {
  offset: number;
  /** Bytes of key, value and headers, uncompressed. */
  bytes: number;
}

/** Kafka's default of `max.request.size`. */
export const DEFAULT_REQUEST = 1048576;
/**
 * Bytes that the producer adds to a record before it compares sizes: the batch's header and the record's own fields
 * (AbstractRecords, upper bound).
 */
const OVERHEAD = 82;
/** Maximum number of partitions to sample, per topic and in total. */
const PER_TOPIC = 3;
const MOST = 300;

/**
 * Reads the first and the last batches of some partitions. The mirror's producer compares a record's uncompressed size,
 * which the size limits of the log do not show. Large records elsewhere in the log are not found.
 */
export async function readLargeRecords(
  origin: KafkaPort,
  selected: readonly SelectedTopic[],
  isolation: Isolation,
): Promise<LargeRecord[]> {
  const ranges = selected.flatMap(({ origin: { name, bounds } }) =>
    bounds
      .flatMap((e, partition) => (e !== undefined && e.end > e.start ? [{ topic: name, partition, ...e }] : []))
      .slice(0, PER_TOPIC),
  );
  const largest = new Map<string, LargeRecord>();
  for (const at of ["start", "end"] as const) {
    const requests = ranges
      .slice(0, MOST)
      .map((s) => ({ topic: s.topic, partition: s.partition, offset: BigInt(at === "start" ? s.start : s.end - 1) }));
    await readable(() =>
      fetchBatches(origin, requests, isolation, (request, fetched) => {
        if (fetched.outOfRange === true) return;
        walkFetched(fetched, request, fetched.highWatermark, isolation, (record) => {
          if (record.size <= (largest.get(request.topic)?.bytes ?? 0)) return;
          largest.set(request.topic, {
            topic: request.topic,
            partition: request.partition,
            offset: record.offset,
            bytes: record.size,
          });
        });
      }),
    );
  }
  return [...largest.values()];
}

/**
 * Ignores records that cannot be decoded, because this is only an estimate. The gate and the verification report them.
 */
async function readable(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    if (!isMigrationError(thrown) || thrown.code.startsWith("KAFKA_")) throw thrown;
  }
}

/** @param limit the producer's `max.request.size` */
export function checkLarge(
  { large = [] }: Pick<PreflightFacts, "large">,
  limit: number = DEFAULT_REQUEST,
): PreflightFinding[] {
  const over = large.filter((r) => r.bytes + OVERHEAD > limit);
  if (over.length === 0) return [];
  const texts = over.map((r) => `${r.topic}-${r.partition} has ${r.bytes} bytes at offset ${r.offset}`);
  const need = Math.max(...over.map((r) => r.bytes)) + OVERHEAD;
  return [
    error(
      "RECORD_EXCEEDS_REQUEST",
      `the mirror's producer sends at most ${limit} bytes, counted uncompressed (max.request.size), and its task ` +
        `fails on a larger record: ${someOf(texts, 5)}`,
      `set producer.override.max.request.size in mirror.sourceConnector.config to ${need} or more, with room for ` +
        "larger records that were not looked at",
    ),
  ];
}
