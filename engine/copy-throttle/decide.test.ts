import { userName } from "../acls";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { ClientQuota } from "../kafka/port";
import { changeOf, largestBatch, LEAST_SHARE, limitOf, limitsOf, rateFor, shareOf } from "./decide";

const quota = (values: Record<string, number>, entity: Omit<ClientQuota, "values"> = { user: "mm2" }): ClientQuota => ({
  ...entity,
  values,
});

test("a limit is of the user itself, not of one of its client ids or of another user", () => {
  const quotas = [
    quota({ consumer_byte_rate: 1 }, { user: "mm2", clientId: "a" }),
    quota({ consumer_byte_rate: 2 }, { user: null }),
    quota({ consumer_byte_rate: 3 }, { user: "mm" }),
    quota({ consumer_byte_rate: 4, request_percentage: 50 }),
  ];
  expect(limitOf(quotas, "origin", "mm2")).toBe(4);
  expect(limitOf(quotas, "target", "mm2")).toBeUndefined();
  expect(limitOf(quotas.slice(0, 3), "origin", "mm2")).toBeUndefined();
});

test("limits for a client id of the user count as the user's, because Kafka applies them instead", () => {
  const quotas = [
    quota({ producer_byte_rate: 1 }, { user: "CN=mm2", clientId: "a" }),
    quota({ producer_byte_rate: 2 }, { user: "CN=mm2", clientId: null }),
    quota({ producer_byte_rate: 3, consumer_byte_rate: 9 }, { user: "CN=mm2" }),
    quota({ producer_byte_rate: 4 }, { clientId: "a" }),
    quota({ request_percentage: 5 }, { user: "CN=mm2", clientId: "b" }),
  ];
  expect(limitsOf(quotas, "target", userName("User:CN=mm2"))).toEqual([
    "producer_byte_rate 1 for client id a",
    "producer_byte_rate 2 for every client id",
    "producer_byte_rate 3",
  ]);
});

const rate = fc.integer({ min: 131_072, max: 10 ** 12 });

test("the brokers together never get more than the rate, and lose less than one byte per second each", () => {
  fc.assert(
    fc.property(rate, fc.integer({ min: 1, max: 500 }), (bytesPerSecond, brokers) => {
      const all = shareOf(bytesPerSecond, brokers) * brokers;
      expect(all).toBeLessThanOrEqual(bytesPerSecond);
      expect(all).toBeGreaterThan(bytesPerSecond - brokers);
    }),
  );
});

test("the lowest rate for a batch lets every broker send it, and the lowest share lets it send Kafka's default", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 31 }), fc.integer({ min: 1, max: 500 }), (batch, brokers) => {
      const lowest = rateFor(batch, brokers);
      expect(largestBatch(shareOf(lowest, brokers))).toBeGreaterThanOrEqual(batch);
      expect(largestBatch(shareOf(lowest - 1, brokers))).toBeLessThan(batch);
    }),
  );
  expect(largestBatch(LEAST_SHARE)).toBeGreaterThan(1_048_588 * 1.2);
});

test.each([
  ["sets a limit where there is none", undefined, 5, null, "set"],
  ["leaves its own limit as it is", 5, 5, 5, "none"],
  ["takes a limit that an interrupted run set for its own", 5, 5, null, "none"],
  ["changes its own limit", 4, 5, 4, "set"],
  ["sets its limit again if somebody changed it", 7, 5, 5, "set"],
  ["does not change a limit that it did not set", 7, 5, null, "foreign"],
  ["removes its own limit", 5, null, 5, "remove"],
  ["removes its own limit also if somebody changed it", 7, null, 5, "remove"],
  ["removes a limit that an interrupted run set", 5, null, null, "remove"],
  ["does not remove a limit that it did not set", 7, null, null, "leave"],
  ["has nothing to remove", undefined, null, 5, "none"],
] as const)("%s", (_title, found, wanted, before, change) => {
  expect(changeOf(found, { wanted, before, share: 5 })).toBe(change);
});
