import { describe, expect, it } from "vitest";
import { ReusedMemory } from "./memory";

describe("memory for responses", () => {
  it("is not reused before it is released, and is reused afterwards", () => {
    const memory = new ReusedMemory();
    const [a, b] = [memory.take(10), memory.take(10)];
    expect(a.buffer).not.toBe(b.buffer);
    memory.release();
    const again = [memory.take(10), memory.take(10)].map((x) => x.buffer);
    expect(new Set(again)).toEqual(new Set([a.buffer, b.buffer]));
    expect(again[0]).not.toBe(again[1]);
  });

  it("has the requested length, and drops a buffer that is too small", () => {
    const memory = new ReusedMemory();
    const small = memory.take(1);
    memory.release();
    const large = memory.take(3 * 1024 * 1024);
    expect(large).toHaveLength(3 * 1024 * 1024);
    memory.release();
    expect(memory.take(2).buffer).toBe(large.buffer);
    expect(memory.take(2).buffer).not.toBe(small.buffer);
  });
});
