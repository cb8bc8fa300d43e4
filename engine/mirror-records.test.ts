import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeCheckpoint, decodeHeartbeat, decodeOffsetSync, LatestCheckpoints } from "./mirror-records";
import { checkpoint, heartbeat, offsetSync } from "../test/engine/cleanup/bytes";

const hex = (text: string) => Buffer.from(text, "hex");
const utf = (text: string) => Buffer.from(text);

describe("checkpoints", () => {
  const key = hex("000d6578616d706c652d67726f757000066f726465727300000002");
  const value = hex("0000000000000000002a00000000000000280000");

  it("reads the bytes that MirrorMaker 2 writes", () => {
    expect(decodeCheckpoint(key, value)).toEqual({
      group: "example-group",
      topic: "orders",
      partition: 2,
      upstream: 42n,
      downstream: 40n,
      metadata: "",
    });
  });

  it("reads back any checkpoint that was written", () => {
    const offset = fc.bigInt({ min: -1n, max: 2n ** 63n - 1n });
    const any = fc.record({
      group: fc.string({ unit: "grapheme", maxLength: 40 }),
      topic: fc.stringMatching(/^[a-zA-Z0-9._-]{1,40}$/),
      partition: fc.nat(),
      upstream: offset,
      downstream: offset,
      metadata: fc.string({ unit: "grapheme" }),
    });
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
    fc.assert(
      fc.property(bytes, bytes, (k, v) => void [decodeCheckpoint(k, v), decodeOffsetSync(k, v), decodeHeartbeat(k, v)]),
    );
  });

  it("keeps the latest checkpoint of each group, topic and partition, and follows tombstones", () => {
    const point = { group: "g", topic: "orders", partition: 0, upstream: 7n, downstream: 5n, metadata: "" };
    const gone = checkpoint({ ...point, partition: 9 });
    const latest = new LatestCheckpoints();
    for (const [k, v] of [checkpoint(point), gone, checkpoint({ ...point, downstream: 8n }), [gone[0], null] as const])
      expect(latest.add(k, v)).toBe(true);
    for (const [k, v] of [
      [utf("x"), utf("y")],
      [null, value],
    ] as const)
      expect(latest.add(k, v)).toBe(false);
    expect(latest.list()).toEqual([{ ...point, downstream: 8n }]);
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
