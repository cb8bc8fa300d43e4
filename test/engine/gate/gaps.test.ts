import { expect, test } from "vitest";
import { visibleInGaps } from "../../../engine/gate/gaps";
import type { FetchedPartition, KafkaPort } from "../../../engine/kafka/port";

/** A broker that answers with nothing, and can read so far. */
const brokerAt = (highWatermark: bigint) =>
  ({
    side: "origin",
    fetch: async () => new Map([["t:0", { records: Buffer.alloc(0), highWatermark, lastStableOffset: highWatermark, logStartOffset: 0n, abortedTransactions: [] } as unknown as FetchedPartition]]),
  }) as unknown as KafkaPort;

const gap = { topic: "t", partition: 0, from: 10, to: 20 };

test("a gap that the broker can't read to its end is not called empty: a new leader may answer with nothing for a moment", async () => {
  expect(await visibleInGaps(brokerAt(10n), [gap], "read_uncommitted")).toEqual(new Map());
});
