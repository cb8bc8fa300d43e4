import fc from "fast-check";
import { expect, test } from "vitest";
import { parsePartitionKey, partitionKey, replicaKey } from "./partition";

/** Kafka's legal topic names. */
const topics = fc.stringMatching(/^[a-zA-Z0-9._-]{1,40}$/);

test("a partition's key identifies exactly one partition", () => {
  fc.assert(
    fc.property(topics, fc.nat(), (topic, partition) => {
      expect(parsePartitionKey(partitionKey({ topic, partition }))).toEqual({ topic, partition });
    }),
  );
});

test("a key has the form topic:partition, as in the gate's state", () => {
  expect(partitionKey({ topic: "orders-1.2", partition: 7 })).toBe("orders-1.2:7");
  expect(replicaKey({ topic: "orders", partition: 7, broker: 3 })).toBe("orders:7:3");
});
