import type { Api } from "../wire";
import type { ByTopic } from "./records";

export interface ProducerState {
  producerId: bigint;
  /** Timestamp of the producer's last batch, ms since the epoch. */
  lastTimestamp: bigint;
  /** First offset of the producer's open transaction on this partition. -1n: no open transaction. */
  transactionStart: bigint;
  /** True if a transaction of this producer is open or has ended on this partition. */
  transactional: boolean;
}

/** DescribeProducers v0 (KIP-664, Kafka 2.8 and later). */
export const describeProducers: Api<
  readonly ByTopic<number>[],
  ByTopic<{ partition: number; errorCode: number; producers: ProducerState[] }>[]
> = {
  name: "DescribeProducers",
  key: 61,
  version: 0,
  flexible: true,
  write(out, topics) {
    out.list(topics, ({ topic, partitions }) => out.string(topic).values(partitions, (p) => out.int32(p))).tags();
  },
  read(body) {
    body.throttleTime();
    return body.list(() => ({
      topic: body.string(),
      partitions: body.list(() => {
        const partition = body.int32();
        const errorCode = body.int16();
        body.nullableString();
        const producers = body.list(() => {
          const producerId = body.int64();
          body.int32();
          body.int32();
          const lastTimestamp = body.int64();
          // The coordinator's epoch from the last marker. -1: no transaction of this producer has ended here.
          const ended = body.int32() >= 0;
          const transactionStart = body.int64();
          return { producerId, lastTimestamp, transactionStart, transactional: ended || transactionStart >= 0n };
        });
        return { partition, errorCode, producers };
      }),
    }));
  },
};

export interface TransactionState {
  transactionalId: string;
  producerId: bigint;
  /** `Ongoing`, `PrepareCommit`, ... */
  state: string;
}

/** ListTransactions v0 (KIP-664, Kafka 3.0 and later): these producers' transactions that one broker coordinates. */
export const listTransactions: Api<readonly bigint[], { errorCode: number; transactions: TransactionState[] }> = {
  name: "ListTransactions",
  key: 66,
  version: 0,
  flexible: true,
  write(out, producerIds) {
    out
      .values<string>([], () => {})
      .values(producerIds, (id) => out.int64(id))
      .tags();
  },
  read(body) {
    body.throttleTime();
    const errorCode = body.int16();
    body.values(() => body.string());
    const transactions = body.list(() => ({
      transactionalId: body.string(),
      producerId: body.int64(),
      state: body.string(),
    }));
    return { errorCode, transactions };
  },
};

/**
 * DescribeTransactions v0 (KIP-664, Kafka 3.0 and later). Only the error code of each id is used: it shows whether this
 * principal may describe the id.
 */
export const describeTransactions: Api<readonly string[], { transactionalId: string; errorCode: number }[]> = {
  name: "DescribeTransactions",
  key: 65,
  version: 0,
  flexible: true,
  write(out, ids) {
    out.values(ids, (id) => out.string(id)).tags();
  },
  read(body) {
    body.throttleTime();
    return body.list(() => {
      const errorCode = body.int16();
      const transactionalId = body.string();
      body.string();
      body.int32();
      body.int64();
      body.int64();
      body.int16();
      body.list(() => [body.string(), body.values(() => body.int32())]);
      return { transactionalId, errorCode };
    });
  },
};
