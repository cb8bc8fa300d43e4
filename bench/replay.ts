import { readFile, writeFile } from "node:fs/promises";
import type { FetchedPartition, KafkaPort, TopicPartition } from "../engine/kafka/port";
import { partitionKey, type PartitionRange } from "../engine/log/partition";
import { offsetAfter, readBatch } from "../engine/records/batch";
import { fetchBatches } from "../engine/records/read";

/** The start of one topic's partitions as brokers returned them, to be read again without brokers. */
interface Recording {
  batches: Buffer;
  /** Position and first offset of each batch. */
  index: { start: number; offset: number }[];
  records: number;
}

/** Saves what the brokers return for this range. The file is the batches, one after the other. */
export async function record(port: KafkaPort, range: PartitionRange, file: string): Promise<number> {
  const pieces: Buffer[] = [];
  for (let offset = range.from; offset < range.to; ) {
    const { topic, partition } = range;
    await fetchBatches(port, [{ topic, partition, offset }], "read_uncommitted", (_, { records }) => {
      const next = BigInt(offsetAfter(records, Number(offset)));
      if (next === offset) throw new Error(`${topic}-${partition}: nothing at ${offset}`);
      pieces.push(Buffer.from(records));
      offset = next;
    });
  }
  const all = Buffer.concat(pieces);
  await writeFile(file, all);
  return all.length;
}

async function recording(file: string): Promise<Recording> {
  const batches = await readFile(file);
  const index: Recording["index"] = [];
  let records = 0;
  for (let start = 0; start < batches.length; ) {
    const batch = readBatch(batches, start);
    index.push({ start, offset: batch.baseOffset });
    records = batch.lastOffset + 1;
    start = batch.end;
  }
  return { batches, index, records };
}

/** The partitions of a replay: each of them holds the recording `times` times, one after the other. */
export interface Replayed {
  topic: string;
  partitions: number;
  times: number;
}

export interface ReplaySource extends Replayed {
  file: string;
}

/** The ranges of a replay, and their bytes. */
export async function replayRanges({ file, topic, partitions, times }: ReplaySource): Promise<{
  ranges: PartitionRange[];
  bytes: number;
  records: number;
}> {
  const { batches, records } = await recording(file);
  const to = BigInt(records * times);
  return {
    ranges: Array.from({ length: partitions }, (_, partition) => ({ topic, partition, from: 0n, to })),
    bytes: batches.length * times,
    records: records * times * partitions,
  };
}

/**
 * A port that answers Fetch requests from a recording, as one broker, in whole batches. It copies the bytes into the
 * reader's memory, as the real port does. There is no network and no TLS.
 */
export async function replayPort(side: "origin" | "target", source: ReplaySource): Promise<KafkaPort> {
  const { batches, index, records: length } = await recording(source.file);
  const end = BigInt(length * source.times);
  const answer = (offset: number, maxBytes: number, take: (bytes: number) => Buffer): FetchedPartition => {
    const shift = Math.floor(offset / length) * length;
    const first = lastAtOrBefore(index, offset - shift, "offset");
    const { start } = index[first]!;
    const next = lastAtOrBefore(index, start + maxBytes, "start");
    const stop =
      start + maxBytes >= batches.length ? batches.length : (index[Math.max(next, first + 1)]?.start ?? batches.length);
    const records = take(stop - start);
    batches.copy(records, 0, start, stop);
    // The offset of a batch is not part of its checksum.
    for (let i = first; i < index.length && index[i]!.start < stop; i++)
      records.writeBigInt64BE(BigInt(index[i]!.offset + shift), index[i]!.start - start);
    return { records, highWatermark: end, lastStableOffset: end, logStartOffset: 0n, abortedTransactions: [] };
  };
  const port: Partial<KafkaPort> = {
    side,
    describeTopics: async (names = [source.topic]) =>
      names.map((name) => ({
        name,
        topicId: name,
        internal: false,
        partitions: Array.from({ length: source.partitions }, (_, partition) => ({
          partition,
          leader: 1,
          replicas: [1],
          isr: [1],
        })),
      })),
    fetch: async (requests, { maxBytes = 1024 * 1024, memory } = {}) => {
      // As over a network, a response arrives after the reader has processed the one before and released its memory.
      await new Promise<void>((resolve) => setImmediate(resolve));
      return new Map(
        requests.map(({ topic, partition, offset }): [string, FetchedPartition] => [
          partitionKey({ topic, partition } satisfies TopicPartition),
          answer(Number(offset), maxBytes, (bytes) => memory?.take(bytes) ?? Buffer.allocUnsafe(bytes)),
        ]),
      );
    },
    close: async () => {},
  };
  return port as KafkaPort;
}

function lastAtOrBefore(index: Recording["index"], value: number, of: "start" | "offset"): number {
  let [low, high] = [0, index.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (index[middle]![of] <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}
