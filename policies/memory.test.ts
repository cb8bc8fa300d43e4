import fc from "fast-check";
import { expect, test } from "vitest";
import { heapOfBuffer } from "../engine/rules/memory";

const MIB = 2 ** 20;

test.each([
  ["just below half a region", 500_000, 1024, 64],
  ["just above it", 524_288, 1024, 128],
  ["with the regions of a larger heap", 524_288, 3072, 64],
  ["just above a whole region", MIB, 2048, 128],
  ["Kafka's default", 16_384, 512, 64],
])("64 MiB of batches %s (%i bytes, a heap of %i MiB) take %i MiB", (_size, batch, heap, taken) => {
  expect(heapOfBuffer(64 * MIB, batch, heap * MIB)).toBe(taken * MIB);
});

test("a buffer takes at least its size, and at most about twice that", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 16 * MIB }),
      fc.integer({ min: 1, max: 500 }),
      fc.integer({ min: 64, max: 65_536 }),
      (batch, batches, heap) => {
        const buffer = batch * batches;
        const taken = heapOfBuffer(buffer, batch, heap * MIB);
        expect(taken).toBeGreaterThanOrEqual(buffer);
        expect(taken).toBeLessThanOrEqual(2 * (buffer + 16 * batches));
      },
    ),
  );
});
