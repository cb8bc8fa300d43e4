import type { AbortedTransaction } from "../port";
import type { Api, In } from "../wire";

export interface ByTopic<P> {
  topic: string;
  partitions: P[];
}

export interface ListOffsetsRequest {
  readCommitted: boolean;
  /** `timestamp`: -1 latest, -2 earliest, otherwise ms since the epoch. Each partition may occur only once. */
  topics: ByTopic<{ partition: number; timestamp: bigint }>[];
}

type ListOffsetsApi = Api<
  ListOffsetsRequest,
  ByTopic<{ partition: number; errorCode: number; timestamp: bigint; offset: bigint }>[]
>;

function listOffsetsOf(version: 5 | 7): ListOffsetsApi {
  return {
    name: "ListOffsets",
    key: 2,
    version,
    flexible: version >= 6,
    write(out, request) {
      out.int32(-1).int8(request.readCommitted ? 1 : 0);
      out
        .list(request.topics, ({ topic, partitions }) => {
          out.string(topic).list(partitions, ({ partition, timestamp }) => {
            out.int32(partition).int32(-1).int64(timestamp);
          });
        })
        .tags();
    },
    read(body) {
      body.throttleTime();
      return body.list(() => ({
        topic: body.string(),
        partitions: body.list(() => {
          const found = {
            partition: body.int32(),
            errorCode: body.int16(),
            timestamp: body.int64(),
            offset: body.int64(),
          };
          body.int32();
          return found;
        }),
      }));
    },
  };
}

/** ListOffsets v5 (Kafka 2.3 and later). */
export const listOffsets = listOffsetsOf(5);
/**
 * ListOffsets v7 (Kafka 3.0 and later) also accepts the timestamp -3: the record with the highest timestamp (KIP-734).
 */
export const listNewest = listOffsetsOf(7);

export interface FetchBody {
  readCommitted: boolean;
  maxWaitMs: number;
  maxBytes: number;
  partitionMaxBytes: number;
  topics: ByTopic<{ partition: number; offset: bigint }>[];
}

export interface FetchedBody {
  partition: number;
  errorCode: number;
  highWatermark: bigint;
  lastStableOffset: bigint;
  logStartOffset: bigint;
  abortedTransactions: AbortedTransaction[];
  records: Buffer;
}

/**
 * Fetch v11 (Kafka 2.3 and later). This is the last version without tagged fields and with topic names instead of topic
 * ids. It needs no topic id, and the NOT_LEADER response of every broker can be read. Uses no fetch session. Records
 * are not decoded.
 */
export const fetch: Api<FetchBody, { errorCode: number; topics: ByTopic<FetchedBody>[] }> = {
  name: "Fetch",
  key: 1,
  version: 11,
  flexible: false,
  write(out, request) {
    out
      .int32(-1)
      .int32(request.maxWaitMs)
      .int32(1)
      .int32(request.maxBytes)
      .int8(request.readCommitted ? 1 : 0);
    out.int32(0).int32(-1);
    out.list(request.topics, ({ topic, partitions }) => {
      out.string(topic).list(partitions, ({ partition, offset }) => {
        out.int32(partition).int32(-1).int64(offset).int64(-1n).int32(request.partitionMaxBytes);
      });
    });
    out.list([], () => {}).string("");
  },
  read(body) {
    body.throttleTime();
    const errorCode = body.int16();
    body.int32();
    const topics = body.list(() => ({ topic: body.string(), partitions: body.list(() => readFetched(body)) }));
    return { errorCode, topics };
  },
};

function readFetched(body: In): FetchedBody {
  const partition = body.int32();
  const errorCode = body.int16();
  const highWatermark = body.int64();
  const lastStableOffset = body.int64();
  const logStartOffset = body.int64();
  const abortedTransactions = body.list(() => ({ producerId: body.int64(), firstOffset: body.int64() }));
  body.int32();
  const length = body.int32();
  const records = wholeBatches(body.bytes(Math.max(0, length)));
  return { partition, errorCode, highWatermark, lastStableOffset, logStartOffset, abortedTransactions, records };
}

/** Removes an incomplete last batch. A broker cuts the record set at the byte limit. */
function wholeBatches(records: Buffer): Buffer {
  let end = 0;
  while (end + 12 <= records.length) {
    const next = end + 12 + records.readInt32BE(end + 8);
    if (next > records.length) break;
    end = next;
  }
  return records.subarray(0, end);
}

type Sizes = ByTopic<{ partition: number; size: bigint; future: boolean }>[];

interface LogDirectory {
  offline: boolean;
  /** -1: not reported. */
  totalBytes: number;
  usableBytes: number;
}

/**
 * DescribeLogDirs. If the principal may not describe the cluster, v1 (Kafka 2.0) returns an empty list, and v3 (Kafka
 * 3.2) returns an error code.
 */
function describeLogDirs(
  version: 1 | 3 | 4,
): Api<readonly ByTopic<number>[] | null, { errorCode: number; topics: Sizes; directories: LogDirectory[] }> {
  return {
    name: "DescribeLogDirs",
    key: 35,
    version,
    flexible: version >= 2,
    write(out, topics) {
      out.list(topics, ({ topic, partitions }) => out.string(topic).values(partitions, (p) => out.int32(p))).tags();
    },
    read(body) {
      body.throttleTime();
      const errorCode = version >= 3 ? body.int16() : 0;
      const directories: LogDirectory[] = [];
      const topics = body.list(() => {
        const offline = body.int16() !== 0;
        body.string();
        const held = body.list(() => ({ topic: body.string(), partitions: body.list(() => readSize(body)) }));
        const space = () => (version >= 4 ? Number(body.int64()) : -1);
        directories.push({ offline, totalBytes: space(), usableBytes: space() });
        return held;
      });
      return { errorCode, topics: topics.flat(), directories };
    },
  };
}

function readSize(body: In): { partition: number; size: bigint; future: boolean } {
  const partition = body.int32();
  const size = body.int64();
  body.int64();
  return { partition, size, future: body.boolean() };
}

/** Newest first. The broker decides which version is used. */
export const DESCRIBE_LOG_DIRS = [describeLogDirs(3), describeLogDirs(1)] as const;
/** DescribeLogDirs v4 (KIP-827, Kafka 3.3 and later) also returns the space of each directory's volume. */
export const describeDisks = describeLogDirs(4);
