import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeCheckpoint, decodeHeartbeat, decodeOffsetSync, readConfigEntry, readOffsetEntry, readStatusEntry } from "../../../engine/cleanup/formats";
import { heartbeat, offsetSync, checkpoint } from "./bytes";

const hex = (text: string) => Buffer.from(text, "hex");
const utf = (text: string) => Buffer.from(text);

describe("checkpoints", () => {
  const key = hex("000d6578616d706c652d67726f757000066f726465727300000002");
  const value = hex("0000000000000000002a00000000000000280000");

  it("reads the bytes that MirrorMaker 2 writes", () => {
    expect(decodeCheckpoint(key, value)).toEqual({ group: "example-group", topic: "orders", partition: 2, upstream: 42n, downstream: 40n, metadata: "" });
  });

  it("reads what was written, whatever it is", () => {
    const offset = fc.bigInt({ min: -1n, max: 2n ** 63n - 1n });
    const any = fc.record({ group: fc.string({ unit: "grapheme", maxLength: 40 }), topic: fc.stringMatching(/^[a-zA-Z0-9._-]{1,40}$/), partition: fc.nat(), upstream: offset, downstream: offset, metadata: fc.string({ unit: "grapheme" }) });
    fc.assert(
      fc.property(any, (c) => {
        expect(decodeCheckpoint(...checkpoint(c))).toEqual(c);
      }),
    );
  });

  it.each([
    ["a byte too many in the key", Buffer.concat([key, hex("00")]), value],
    ["a byte too few in the value", key, value.subarray(0, -1)],
    ["another version", key, Buffer.concat([hex("0001"), value.subarray(2)])],
    ["a length beyond the end", hex("7fff41"), value],
    ["a negative partition", Buffer.concat([key.subarray(0, -4), hex("ffffffff")]), value],
    ["bytes that are not UTF-8", Buffer.concat([hex("0001ff"), key.subarray(15)]), value],
    ["text", utf("order-17"), utf('{"amount":3}')],
    ["nothing", Buffer.alloc(0), Buffer.alloc(0)],
  ])("refuses %s", (_, k, v) => expect(decodeCheckpoint(k, v)).toBeUndefined());

  it("refuses arbitrary bytes without throwing", () => {
    const bytes = fc.uint8Array({ maxLength: 60 }).map((b) => Buffer.from(b));
    fc.assert(fc.property(bytes, bytes, (k, v) => void [decodeCheckpoint(k, v), decodeOffsetSync(k, v), decodeHeartbeat(k, v), readConfigEntry(k, v), readOffsetEntry(k, v), readStatusEntry(k, v)]));
  });
});

describe("offset syncs and heartbeats", () => {
  it("reads an offset sync, which has no version", () => {
    const sync = { topic: "orders", partition: 3, upstream: 100n, downstream: 97n };
    expect(decodeOffsetSync(...offsetSync(sync))).toEqual(sync);
    expect(decodeOffsetSync(offsetSync(sync)[0], checkpoint({ group: "g", ...sync, metadata: "" })[1])).toBeUndefined();
  });

  it("reads a heartbeat", () => {
    const beat = { sourceAlias: "origin-cluster", targetAlias: "target-cluster", timestamp: 1_700_000_000_000n };
    expect(decodeHeartbeat(...heartbeat(beat))).toEqual(beat);
    expect(decodeHeartbeat(heartbeat(beat)[0], hex("0000"))).toBeUndefined();
  });
});

describe("Connect's storage topics", () => {
  const source = "origin-cluster->target-cluster.MirrorSourceConnector";
  const offsetKey = utf(`["${source}",{"cluster":"origin-cluster","partition":0,"topic":"t"}]`);

  it.each([
    ["an offset", readOffsetEntry, offsetKey, utf('{"offset":7}'), { connector: source }],
    ["a removed offset", readOffsetEntry, offsetKey, null, { connector: source }],
    ["a connector's configuration", readConfigEntry, utf(`connector-${source}`), utf('{"properties":{"a":"b"}}'), { connector: source }],
    ["a task's configuration", readConfigEntry, utf(`task-${source}-12`), utf('{"properties":{}}'), { connector: source }],
    ["a commit", readConfigEntry, utf(`commit-${source}`), utf('{"tasks":2}'), { connector: source }],
    ["a target state", readConfigEntry, utf(`target-state-${source}`), utf('{"state":"STOPPED","state.v2":"STOPPED"}'), { connector: source }],
    ["a fencing record", readConfigEntry, utf(`tasks-fencing-${source}`), utf('{"task-count":1}'), { connector: source }],
    ["a session key", readConfigEntry, utf("session-key"), utf('{"key":"x","algorithm":"HmacSHA256","creation-timestamp":1}'), {}],
    ["a log level", readConfigEntry, utf("logger-cluster-root"), utf('{"level":"DEBUG"}'), {}],
    ["a connector's status", readStatusEntry, utf(`status-connector-${source}`), utf('{"state":"RUNNING","trace":null,"worker_id":"w:1","generation":1}'), { connector: source }],
    ["a task's status", readStatusEntry, utf(`status-task-${source}-0`), null, { connector: source }],
    ["a topic's status", readStatusEntry, utf(`status-topic-orders:connector-${source}`), utf('{"topic":{"name":"orders"}}'), { connector: source }],
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
});
