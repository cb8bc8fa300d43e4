import { userName } from "../acls";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { ClientQuota } from "../kafka/port";
import {
  changeOf,
  largestBatch,
  LEAST_SHARE,
  limitOf,
  limitsOf,
  limitText,
  lowerDefaults,
  quotaOf,
  rateFor,
  shareOf,
} from "./decide";

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
  const found = limitsOf(quotas, "target", userName("User:CN=mm2"));
  expect(found.map((one) => limitText(one, "target"))).toEqual([
    "producer_byte_rate 1 for client id a",
    "producer_byte_rate 2 for every client id",
    "producer_byte_rate 3",
  ]);
});

test("a lower quota for every user or every client id is named, because a quota of the user replaces it", () => {
  const quotas = [
    quota({ producer_byte_rate: 1 }, { user: null }),
    quota({ producer_byte_rate: 2 }, { user: null, clientId: null }),
    quota({ producer_byte_rate: 3 }, { clientId: null }),
    quota({ producer_byte_rate: 100 }, { user: null }),
    quota({ consumer_byte_rate: 4 }, { user: null }),
    quota({ producer_byte_rate: 5 }, { clientId: "a" }),
    quota({ producer_byte_rate: 6 }, { user: null, clientId: "a" }),
    quota({ producer_byte_rate: 7 }, { user: "other" }),
    quota({ connection_creation_rate: 8 }, { ip: null }),
  ];
  expect(lowerDefaults(quotas, "target", 100)).toEqual([
    "1 for every user",
    "2 for every user",
    "3 for every client id",
  ]);
});

test("a quota fits into 32 bits, because a KafkaUser's operator reads no larger one", () => {
  expect(quotaOf("target", 5e9, 1e6)).toBe(2 ** 31 - 1);
  expect(quotaOf("origin", 2 ** 31 - 5, 16_777_216)).toBe(2 ** 31 - 1);
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
