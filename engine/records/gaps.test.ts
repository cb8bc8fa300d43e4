import { expect, test } from "vitest";
import { visibleInGaps } from "./gaps";
import type { FetchedPartition, KafkaPort } from "../kafka/port";
import { encodeBatches, type TestBatch } from "../../test/engine/records/build";

/** A broker with this high watermark that returns these batches. */
const brokerAt = (highWatermark: bigint, batches: TestBatch[] = [], lastStableOffset = highWatermark) =>
  ({
    side: "origin",
    fetch: async () =>
      new Map([
        [
          "t:0",
          {
            records: encodeBatches(batches),
            highWatermark,
            lastStableOffset,
            logStartOffset: 0n,
            abortedTransactions: [],
          } as unknown as FetchedPartition,
        ],
      ]),
  }) as unknown as KafkaPort;

const gap = { topic: "t", partition: 0, from: 10, to: 20 };

test("a gap is not called empty if the broker cannot read it to its end", async () => {
  expect(await visibleInGaps(brokerAt(10n), [gap], "read_uncommitted")).toEqual(new Map());
  expect(await visibleInGaps(brokerAt(20n, [], 10n), [gap], "read_committed")).toEqual(new Map());
});

test("a gap that was read to its end is empty only without visible records", async () => {
  const record = { offset: 12, timestamp: 1, key: null, value: null, headers: [] };
  expect(
    await visibleInGaps(brokerAt(20n, [{ baseOffset: 10, lastOffset: 19, records: [] }]), [gap], "read_uncommitted"),
  ).toEqual(new Map([["t:0", false]]));
  expect(
    await visibleInGaps(
      brokerAt(20n, [{ baseOffset: 10, lastOffset: 19, records: [record] }]),
      [gap],
      "read_uncommitted",
    ),
  ).toEqual(new Map([["t:0", true]]));
});
