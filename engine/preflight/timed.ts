import type { KafkaPort, TopicPartition } from "../kafka/port";
import { type LogBounds, readOffsets } from "../log/bounds";
import { partitionKey } from "../log/partition";
import type { PartitionRange } from "../log/range";
import { fetchBatches, type Isolation, walkFetched } from "../records/read";
import { STOP } from "../records/walk";
import type { PreflightFacts, TimedRecords } from "./facts";
import { timedQuestions } from "./limits";

type Facts = Pick<PreflightFacts, "mirror" | "configSync" | "selected" | "target">;

/**
 * Asks the origin for records that a time limit of the target would hit: one request for each distinct point in time.
 * The brokers tell the first record at or after a time, so an old record that follows newer ones is not seen.
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
    // Everything before the first offset of that time is older, but it may be nothing: a gap, or markers of transactions.
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

/** @param first first offset at or after the time; -1: there is none, so everything is older */
function rangeBefore(p: TopicPartition, { start, end }: LogBounds, first: bigint | undefined): PartitionRange[] {
  const to = first === -1n ? BigInt(end) : first;
  return to === undefined || to <= BigInt(start) ? [] : [{ ...p, from: BigInt(start), to }];
}

/**
 * The ranges (`topic:partition`) that hold a record which the mirror would copy with its own time. Reads each no further than
 * to the first one. A record without a time (-1) gets one from the mirror's producer.
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
