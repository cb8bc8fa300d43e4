import { expect, test } from "vitest";
import { encodeBatches } from "../../test/engine/records/build";
import { puts } from "../../test/engine/verify/memory-cluster";
import type { FetchedPartition, KafkaPort } from "../kafka/port";
import { partitionKey } from "../log/partition";
import { fetchBatches, walkFetched } from "./read";

test("the records of 2,000 partitions are read into the memory of one response, and each is seen whole", async () => {
  const used = new Set<ArrayBufferLike>();
  let calls = 0;
  const port = {
    side: "origin",
    fetch: async (requests, { memory } = {}) => {
      calls++;
      const records = requests.map((r) => encodeBatches([{ baseOffset: 0, records: puts(0, 1, () => r.partition) }]));
      const response = memory!.take(records.reduce((sum, bytes) => sum + bytes.length, 0));
      used.add(response.buffer);
      let at = 0;
      return new Map(
        requests.map((r, i): [string, FetchedPartition] => {
          const from = at;
          at += records[i]!.copy(response, at);
          const offsets = { highWatermark: 1n, lastStableOffset: 1n, logStartOffset: 0n, abortedTransactions: [] };
          return [partitionKey(r), { ...offsets, records: response.subarray(from, at) }];
        }),
      );
    },
  } as Pick<KafkaPort, "side" | "fetch"> as KafkaPort;
  const requests = Array.from({ length: 2000 }, (_, partition) => ({ topic: "t", partition, offset: 0n }));
  const times: number[] = [];
  await fetchBatches(port, requests, "read_uncommitted", (request, fetched) => {
    walkFetched(fetched, request, 1n, "read_uncommitted", (record) => void times.push(record.timestamp));
  });
  expect(times).toEqual(requests.map((r) => r.partition));
  expect(calls).toBeGreaterThan(1);
  expect(used.size).toBe(1);
});
