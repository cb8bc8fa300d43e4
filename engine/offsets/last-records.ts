import type { LogBounds } from "../log/bounds";
import type { TopicPartition } from "../log/partition";
import { type Fingerprint, fingerprint } from "../records/same";
import type { LogReader, ScanAsk } from "./log-reader";

const GROWTH = 8;

/** A partition and the part of its log to look at. */
export interface BoundedPartition extends TopicPartition {
  bounds: LogBounds;
}

/**
 * Returns the last visible records of each partition, in order. One small read is enough if the log ends with records.
 * If it ends with markers, aborted records or a compacted range, the search goes backwards in growing steps.
 * @param count how many records of each partition, if the log holds as many
 * @returns in the order of `partitions`
 */
export async function lastRecords(
  reader: LogReader,
  partitions: readonly BoundedPartition[],
  count: number,
  signal?: AbortSignal,
): Promise<Fingerprint[][]> {
  const found: Fingerprint[][] = partitions.map(() => []);
  let open = partitions
    .map((p, i) => ({ ...p, i, to: p.bounds.end, step: count }))
    .filter((p) => p.to > p.bounds.start);
  while (open.length > 0) {
    const seen = new Map<number, Fingerprint[]>();
    const asks = open.map((p): ScanAsk => {
      const list: Fingerprint[] = [];
      seen.set(p.i, list);
      const from = Math.max(p.bounds.start, p.to - p.step);
      const see: ScanAsk["see"] = (cursor) => {
        list.push(fingerprint(cursor));
        if (list.length > count) list.shift();
      };
      return { topic: p.topic, partition: p.partition, from, to: p.to, see };
    });
    await reader.scan(asks, signal);
    for (const [i, list] of seen) found[i] = [...list, ...found[i]!].slice(-count);
    open = open
      .map((p) => ({ ...p, to: Math.max(p.bounds.start, p.to - p.step), step: p.step * GROWTH }))
      .filter((p) => found[p.i]!.length < count && p.to > p.bounds.start);
  }
  return found;
}

/** Returns the last visible record of each partition, in their order. undefined: there is none. */
export async function lastVisible(
  reader: LogReader,
  partitions: readonly BoundedPartition[],
  signal?: AbortSignal,
): Promise<(Fingerprint | undefined)[]> {
  return (await lastRecords(reader, partitions, 1, signal)).map((records) => records[0]);
}
