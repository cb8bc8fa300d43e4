import { isMigrationError } from "../errors";
import type { KafkaPort } from "../kafka/port";
import { fetchBatches, type Isolation, walkFetched } from "../records/read";
import { someOf } from "../units";
import type { PreflightFacts, SelectedTopic } from "./facts";
import { error, type PreflightFinding } from "./finding";
import { type SyncFacts, whereToSet } from "./config-sync";
import { limitAfter } from "./retention";
import type { LargeRecord } from "./facts";

/** Kafka's default of `max.request.size`. */
export const DEFAULT_REQUEST = 1048576;
/**
 * Bytes that the producer adds to a record before it compares sizes: the batch's header and the record's own fields
 * (AbstractRecords, upper bound).
 */
const OVERHEAD = 82;
/** A batch of one record has at least so many bytes more than key, value and headers (RecordBatch v2, Kafka 4.3). */
const LEAST_OVERHEAD = 68;
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

/**
 * Checks for records that the mirror's producer sends without compression and that the target's brokers then refuse.
 * Brokers compare the size of a batch as it is sent. On the origin, the same record can be in a small compressed batch.
 * @param compression `compression.type` of the mirror's producer
 */
export function checkUncompressed(
  facts: Pick<PreflightFacts, "large" | "selected"> & SyncFacts,
  compression = "none",
): PreflightFinding[] {
  if (compression !== "none") return [];
  const topics = new Map(facts.selected.map((topic) => [topic.origin.name, topic]));
  const over = (facts.large ?? []).flatMap((record) => {
    const topic = topics.get(record.topic);
    const limit = topic === undefined ? undefined : limitAfter(topic, "max.message.bytes", facts);
    return limit !== undefined && record.bytes + LEAST_OVERHEAD > limit ? [{ ...record, limit }] : [];
  });
  if (over.length === 0) return [];
  const texts = over.map(
    (r) => `${r.topic}-${r.partition} has ${r.bytes} bytes at offset ${r.offset}, the target takes ${r.limit}`,
  );
  const need = Math.max(...over.map((r) => r.bytes)) + OVERHEAD;
  return [
    error(
      "RECORD_EXCEEDS_REQUEST",
      "the mirror's producer does not compress, and the target refuses a batch that is larger than max.message.bytes, so " +
        `its task fails on a record that is small only when it is compressed: ${someOf(texts, 5)}`,
      "set producer.override.compression.type in mirror.sourceConnector.config to lz4, or max.message.bytes to " +
        `${need} or more: ${whereToSet("max.message.bytes", facts)} (message.max.bytes)`,
    ),
  ];
}
