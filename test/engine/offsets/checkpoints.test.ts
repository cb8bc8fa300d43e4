import { describe, expect, it } from "vitest";
import { decodeCheckpoint } from "../../../engine/offsets";

/** Made by hand from the format: group example-group, topic orders, partition 2, 42 -> 40, no metadata. */
const key = Buffer.from("000d6578616d706c652d67726f757000066f726465727300000002", "hex");
const value = Buffer.from("0000000000000000002a00000000000000280000", "hex");

describe("checkpoint records", () => {
  it("are decoded byte for byte", () => {
    expect(decodeCheckpoint(key, value)).toEqual({ group: "example-group", topic: "orders", partition: 2, upstream: 42n, downstream: 40n, metadata: "" });
  });

  it("may carry names and metadata beyond ASCII", () => {
    const text = (s: string) => Buffer.concat([Buffer.from([0, Buffer.byteLength(s)]), Buffer.from(s)]);
    const k = Buffer.concat([text("größe"), text("t"), Buffer.from([0, 0, 0, 7])]);
    const v = Buffer.concat([value.subarray(0, 18), text("é")]);
    expect(decodeCheckpoint(k, v)).toMatchObject({ group: "größe", partition: 7, metadata: "é" });
  });

  it("without a value take the entry away", () => {
    expect(decodeCheckpoint(key, null)).toEqual({ group: "example-group", topic: "orders", partition: 2 });
  });

  it("that are cut off or of another version are refused", () => {
    expect(() => decodeCheckpoint(key.subarray(0, 10), value)).toThrow(RangeError);
    expect(() => decodeCheckpoint(key, value.subarray(0, 12))).toThrow(RangeError);
    expect(() => decodeCheckpoint(key, Buffer.concat([Buffer.from([0, 1]), value.subarray(2)]))).toThrow("version 1");
  });
});
