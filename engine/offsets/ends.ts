import type { TopicPartition } from "../kafka/port";
import type { LogBounds } from "../log/bounds";
import type { RecordCursor } from "../records/walk";
import type { LogReader, ScanAsk } from "./reader";
import { type Fingerprint, fingerprint, isCopy } from "../records/same";

const FIRST_STEP = 1;
const GROWTH = 8;

/**
 * The last visible record of each partition: one small read where the log ends with a record, growing steps backwards
 * where it ends with markers, aborted records or a compacted stretch. undefined: the partition holds no visible record.
 */
export async function lastVisible(
  reader: LogReader,
  partitions: readonly (TopicPartition & { bounds: LogBounds })[],
  signal?: AbortSignal,
): Promise<(Fingerprint | undefined)[]> {
  const found: (Fingerprint | undefined)[] = partitions.map(() => undefined);
  let open = partitions.map((p, i) => ({ ...p, i, to: p.bounds.end, step: FIRST_STEP })).filter((p) => p.to > p.bounds.start);
  while (open.length > 0) {
    const asks = open.map((p): ScanAsk => {
      const from = Math.max(p.bounds.start, p.to - p.step);
      return { topic: p.topic, partition: p.partition, from, to: p.to, see: (cursor) => (found[p.i] = fingerprint(cursor)) };
    });
    await reader.scan(asks, signal);
    open = open
      .map((p) => ({ ...p, to: Math.max(p.bounds.start, p.to - p.step), step: p.step * GROWTH }))
      .filter((p) => found[p.i] === undefined && p.to > p.bounds.start);
  }
  return found;
}

/**
 * The last copy of the origin's last record on the target, where the target's own last record is another one (clients
 * have written there already, or the copy is not complete). undefined: there is no copy.
 * @param timestamps false where the copy has another timestamp, so that it cannot be found by time
 */
export async function lastCopy(
  reader: LogReader,
  partition: TopicPartition,
  bounds: LogBounds,
  record: Fingerprint,
  timestamps: boolean,
  signal?: AbortSignal,
): Promise<number | undefined> {
  const from = timestamps ? await reader.offsetAt(partition, record.timestamp) : bounds.start;
  if (from === undefined) return undefined;
  let offset: number | undefined;
  const see = (cursor: RecordCursor): void => {
    if (cursor.size === record.size && isCopy(record, fingerprint(cursor))) offset = cursor.offset;
  };
  await reader.scan([{ ...partition, from: Math.max(from, bounds.start), to: bounds.end, see }], signal);
  return offset;
}
