import { expect, test } from "vitest";
import type { KafkaPort, ListedOffset, OffsetSpec, TopicPartition } from "../kafka/port";
import { readBounds, readLogs, readOffsets } from "./bounds";

/** A cluster that answers in a different order than the request. */
const clusterWith = (offsets: Record<string, { earliest: bigint; latest: bigint }>) =>
  ({
    listOffsets: async (partitions: readonly TopicPartition[], at: OffsetSpec) =>
      partitions
        .map((p): ListedOffset => {
          const offset = offsets[`${p.topic}:${p.partition}`]![at as "earliest" | "latest"];
          return { topic: p.topic, partition: p.partition, offset, timestamp: -1n };
        })
        .reverse(),
  }) as unknown as KafkaPort;

const port = clusterWith({ "a:0": { earliest: 3n, latest: 10n }, "a:1": { earliest: 0n, latest: 0n } });
const partitions = [
  { topic: "a", partition: 0 },
  { topic: "a", partition: 1 },
];

test("logs have the order of the request, not of the brokers' responses", async () => {
  expect(await readLogs(port, partitions)).toEqual([
    { topic: "a", partition: 0, from: 3n, to: 10n },
    { topic: "a", partition: 1, from: 0n, to: 0n },
  ]);
});

test("bounds and single offsets are found by topic:partition", async () => {
  expect(await readBounds(port, partitions)).toEqual(
    new Map([
      ["a:0", { start: 3, end: 10 }],
      ["a:1", { start: 0, end: 0 }],
    ]),
  );
  expect((await readOffsets(port, partitions, "latest")).get("a:0")).toBe(10n);
});

test("a log never ends before it starts, even if records are deleted between the two responses", async () => {
  const racing = clusterWith({ "a:0": { earliest: 12n, latest: 10n } });
  expect(await readBounds(racing, [partitions[0]!])).toEqual(new Map([["a:0", { start: 12, end: 12 }]]));
});
