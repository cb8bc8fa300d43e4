import type { KafkaPort, TopicPartition } from "../kafka/port";
import { partitionKey } from "../log/partition";
import type { OffsetRange } from "../log/range";
import { fetchBatches, type Isolation, walkFetched } from "../records/read";
import { STOP } from "../records/walk";

/**
 * Whether each gap holds a record that a consumer with this isolation would see. Reads no further than the first one.
 * A gap whose start is gone meanwhile, or whose end can't be read yet, is left out: the next look decides on what is there then.
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
      // Nothing before the end: after a change of leaders the new one may not know yet how far its log can be read.
      else if (fetched.records.length > 0)
        again.push({ topic: request.topic, partition: request.partition, offset: BigInt(next) });
    });
    open = again;
  }
  return found;
}
