import type { KafkaPort, TopicPartition } from "../kafka/port";
import { type OffsetRange, partitionKey } from "../log/partition";
import { fetchBatches, type Isolation, walkFetched } from "./read";
import { STOP } from "./walk";

/**
 * Returns for each gap whether it holds a record that is visible to a consumer with this isolation level. Reading stops
 * at the first such record. The result leaves out a gap whose start was deleted in the meantime or whose end cannot be
 * read yet. The next look decides about that gap.
 */
export async function visibleInGaps(
  port: KafkaPort,
  gaps: readonly (TopicPartition & OffsetRange)[],
  isolation: Isolation,
): Promise<Map<string, boolean>> {
  const found = new Map<string, boolean>();
  const ends = new Map(gaps.map((g) => [partitionKey(g), BigInt(g.to)]));
  let open = gaps.map((g) => ({ topic: g.topic, partition: g.partition, offset: BigInt(g.from) }));
  while (open.length > 0) {
    const again: typeof open = [];
    await fetchBatches(port, open, isolation, (request, fetched) => {
      if (fetched.outOfRange === true) return;
      const to = ends.get(partitionKey(request))!;
      const { next, stopped } = walkFetched(fetched, request, to, isolation, () => STOP);
      if (stopped) found.set(partitionKey(request), true);
      else if (BigInt(next) >= to) found.set(partitionKey(request), false);
      // If there are no records, leave the gap out: after a leader change, the new leader may not know its end yet.
      else if (fetched.records.length > 0)
        again.push({ topic: request.topic, partition: request.partition, offset: BigInt(next) });
    });
    open = again;
  }
  return found;
}
