import type { KafkaPort, TopicPartition } from "../kafka/port";
import { partitionKey } from "../log/partition";
import { fetchBatches, type Isolation, walkFetched } from "../records/read";
import { STOP } from "../records/walk";
import type { PreflightFacts, TimedRecords } from "./facts";
import { timedQuestions } from "./limits";

type Facts = Pick<PreflightFacts, "mirror" | "configSync" | "selected" | "target">;

interface Span extends TopicPartition {
  from: bigint;
  to: bigint;
}

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
        .extents.flatMap((e, partition) => (e !== undefined && e.end > e.start ? [{ topic, partition }] : [])),
    );
    const first = new Map((await origin.listOffsets(partitions, at)).map((o) => [partitionKey(o), o.offset]));
    // Everything before the first offset of that time is older, but it may be nothing: a gap, or markers of transactions.
    const older = here.some((q) => q.limit !== "after")
      ? await withDatedRecord(
          origin,
          partitions.flatMap((p) => spanBefore(p, topics.get(p.topic)!.extents[p.partition]!, first.get(partitionKey(p)))),
          facts.mirror.isolationLevel,
        )
      : new Set<string>();
    for (const { limit, topic, limitMs } of here) {
      const hit = topics.get(topic)!.extents.flatMap((extent, partition) => {
        const key = partitionKey({ topic, partition });
        const offset = first.get(key);
        if (extent === undefined || offset === undefined) return [];
        return (limit === "after" ? offset >= 0n : older.has(key)) ? [partition] : [];
      });
      found.push({ limit, topic, limitMs, partitions: hit });
    }
  }
  return found;
}

/** @param first first offset at or after the time; -1: there is none, so everything is older */
function spanBefore(
  p: TopicPartition,
  { start, end }: { start: number; end: number },
  first: bigint | undefined,
): Span[] {
  const to = first === -1n ? BigInt(end) : first;
  return to === undefined || to <= BigInt(start) ? [] : [{ ...p, from: BigInt(start), to }];
}

/**
 * The spans (`topic:partition`) that hold a record which the mirror would copy with its own time. Reads each no further than
 * to the first one. A record without a time (-1) gets one from the mirror's producer.
 */
async function withDatedRecord(origin: KafkaPort, spans: readonly Span[], isolation: Isolation): Promise<Set<string>> {
  const found = new Set<string>();
  const ends = new Map(spans.map((s) => [partitionKey(s), s.to]));
  let open = spans.map(({ topic, partition, from }) => ({ topic, partition, offset: from }));
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
