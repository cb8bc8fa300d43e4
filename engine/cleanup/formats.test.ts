import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readConfigEntry, readOffsetEntry, readStatusEntry } from "./formats";

const utf = (text: string) => Buffer.from(text);

describe("Connect's storage topics", () => {
  const source = "origin-cluster->target-cluster.MirrorSourceConnector";
  const offsetKey = utf(`["${source}",{"cluster":"origin-cluster","partition":0,"topic":"t"}]`);

  it.each([
    ["an offset", readOffsetEntry, offsetKey, utf('{"offset":7}'), { connector: source }],
    ["a removed offset", readOffsetEntry, offsetKey, null, { connector: source }],
    [
      "a connector's configuration",
      readConfigEntry,
      utf(`connector-${source}`),
      utf('{"properties":{"a":"b"}}'),
      { connector: source },
    ],
    [
      "a task's configuration",
      readConfigEntry,
      utf(`task-${source}-12`),
      utf('{"properties":{}}'),
      { connector: source },
    ],
    ["a commit", readConfigEntry, utf(`commit-${source}`), utf('{"tasks":2}'), { connector: source }],
    [
      "a target state",
      readConfigEntry,
      utf(`target-state-${source}`),
      utf('{"state":"STOPPED","state.v2":"STOPPED"}'),
      { connector: source },
    ],
    [
      "a fencing record",
      readConfigEntry,
      utf(`tasks-fencing-${source}`),
      utf('{"task-count":1}'),
      { connector: source },
    ],
    [
      "a session key",
      readConfigEntry,
      utf("session-key"),
      utf('{"key":"x","algorithm":"HmacSHA256","creation-timestamp":1}'),
      {},
    ],
    ["a log level", readConfigEntry, utf("logger-cluster-root"), utf('{"level":"DEBUG"}'), {}],
    [
      "a connector's status",
      readStatusEntry,
      utf(`status-connector-${source}`),
      utf('{"state":"RUNNING","trace":null,"worker_id":"w:1","generation":1}'),
      { connector: source },
    ],
    ["a task's status", readStatusEntry, utf(`status-task-${source}-0`), null, { connector: source }],
    [
      "a topic's status",
      readStatusEntry,
      utf(`status-topic-orders:connector-${source}`),
      utf('{"topic":{"name":"orders"}}'),
      { connector: source },
    ],
  ] as const)("reads %s", (_, read, key, value, expected) => expect(read(key, value)).toEqual(expected));

  it.each([
    ["an offset key that is no pair", readOffsetEntry, utf(`["${source}"]`), utf('{"offset":7}')],
    ["an offset that is no object", readOffsetEntry, offsetKey, utf("7")],
    ["an application's JSON", readOffsetEntry, utf('{"id":3}'), utf('{"amount":3}')],
    ["a key like a connector's with another value", readConfigEntry, utf("connector-17"), utf('{"voltage":230}')],
    ["a key of no known form", readConfigEntry, utf("customer-3"), utf('{"properties":{}}')],
    ["a status without a worker", readStatusEntry, utf("status-connector-x"), utf('{"state":"on"}')],
    ["text", readStatusEntry, utf("status"), utf("ok")],
  ] as const)("refuses %s", (_, read, key, value) => expect(read(key, value)).toBeUndefined());

  it("refuses arbitrary bytes without throwing", () => {
    const bytes = fc.uint8Array({ maxLength: 60 }).map((b) => Buffer.from(b));
    fc.assert(
      fc.property(bytes, bytes, (k, v) => void [readConfigEntry(k, v), readOffsetEntry(k, v), readStatusEntry(k, v)]),
    );
  });
});
