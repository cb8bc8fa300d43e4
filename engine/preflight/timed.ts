import type { KafkaPort, TopicPartition } from "../kafka/port";
import { type LogBounds, readOffsets } from "../log/bounds";
import { partitionKey, type PartitionRange } from "../log/partition";
import { fetchBatches, type Isolation, walkFetched } from "../records/read";
import { STOP } from "../records/walk";
import type { PreflightFacts, TimedRecords } from "./facts";
import { timedQuestions } from "./limits";

type Facts = Pick<PreflightFacts, "mirror" | "configSync" | "selected" | "target">;

/**
 * Asks the origin for records that exceed a time limit of the target. Sends one request for each distinct point in
 * time. Brokers return the first record at or after a time, so an old record that follows newer ones is not found.
 */
export async function timedRecords(origin: KafkaPort, facts: Facts, now: number): Promise<TimedRecords[]> {
  const topics = new Map(facts.selected.map((s) => [s.origin.name, s.origin]));
  const questions = timedQuestions(facts).map((q) => ({
    ...q,
    at: q.limit === "after" ? now + q.limitMs : now - q.limitMs,
  }));
  const found: TimedRecords[] = [];
  for (const at of new Set(questions.map((q) => q.at))) {
    if (at < 0 || at > Number.MAX_SAFE_INTEGER) continue;
    const here = questions.filter((q) => q.at === at);
    const partitions = [...new Set(here.map((q) => q.topic))].flatMap((topic) =>
      topics
        .get(topic)!
        .bounds.flatMap((e, partition) => (e !== undefined && e.end > e.start ? [{ topic, partition }] : [])),
    );
    const first = await readOffsets(origin, partitions, at);
    // All offsets before the first one of that time are older. But they may hold no record: gaps, or markers of
    // transactions.
    const older = here.some((q) => q.limit !== "after")
      ? await withDatedRecord(
          origin,
          partitions.flatMap((p) =>
            rangeBefore(p, topics.get(p.topic)!.bounds[p.partition]!, first.get(partitionKey(p))),
          ),
          facts.mirror.isolationLevel,
        )
      : new Set<string>();
    for (const { limit, topic, limitMs } of here) {
      const hit = topics.get(topic)!.bounds.flatMap((bounds, partition) => {
        const key = partitionKey({ topic, partition });
        const offset = first.get(key);
        if (bounds === undefined || offset === undefined) return [];
        return (limit === "after" ? offset >= 0n : older.has(key)) ? [partition] : [];
      });
      found.push({ limit, topic, limitMs, partitions: hit });
    }
  }
  return found;
}

/** @param first first offset at or after the time; -1: there is none, so all records are older */
function rangeBefore(p: TopicPartition, { start, end }: LogBounds, first: bigint | undefined): PartitionRange[] {
  const to = first === -1n ? BigInt(end) : first;
  return to === undefined || to <= BigInt(start) ? [] : [{ ...p, from: BigInt(start), to }];
}

/**
 * The ranges (`topic:partition`) that contain a record which the mirror would copy with its original time. It reads
 * each range only up to the first such record. A record without a time (-1) gets one from the mirror's producer.
 */
async function withDatedRecord(
  origin: KafkaPort,
  ranges: readonly PartitionRange[],
  isolation: Isolation,
): Promise<Set<string>> {
  const found = new Set<string>();
  const ends = new Map(ranges.map((s) => [partitionKey(s), s.to]));
  let open = ranges.map(({ topic, partition, from }) => ({ topic, partition, offset: from }));
  while (open.length > 0) {
    const again: typeof open = [];
    await fetchBatches(origin, open, isolation, (request, fetched) => {
      if (fetched.outOfRange === true) return;
      const key = partitionKey(request);
      const to = ends.get(key)!;
      const { next, stopped } = walkFetched(fetched, request, to, isolation, (record) =>
        record.timestamp >= 0 ? STOP : undefined,
      );
      if (stopped) found.add(key);
      else if (BigInt(next) < to && fetched.records.length > 0) again.push({ ...request, offset: BigInt(next) });
    });
    open = again;
  }
  return found;
}
