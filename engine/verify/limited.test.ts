import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryMirror } from "../../test/engine/gate/memory-mirror";
import { compareCopy } from "./run";
import type { FetchRequest, KafkaPort } from "../kafka/port";
import { ByteBudget, type Clock, limitOfOne, lowLimitText, withLimitedFetches } from "./limited";

/** Time that passes only when somebody sleeps. */
function fakeClock(): Clock & { ms: number } {
  const clock = {
    ms: 0,
    now: () => clock.ms,
    sleep: async (ms: number, signal?: AbortSignal) => {
      signal?.throwIfAborted();
      clock.ms += ms;
    },
  };
  return clock;
}

/** A port whose every partition returns as many bytes as it may. */
function portOf(bytes: (asked: number) => number = (asked) => asked) {
  const asked: number[] = [];
  const fetch: KafkaPort["fetch"] = async (requests, options = {}) => {
    asked.push(options.maxBytes!);
    const records = Buffer.alloc(bytes(options.maxBytes!));
    return new Map(requests.map((r) => [`${r.topic}:${r.partition}`, { records } as never]));
  };
  return { port: { side: "origin", fetch } as unknown as KafkaPort, asked };
}

const requests = (count: number): FetchRequest[] =>
  Array.from({ length: count }, (_, partition) => ({ topic: "t", partition, offset: 0n }));

describe("the limit of what the proof reads", () => {
  it("holds on average, whatever a response contains and however many requests run at once", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1_000, max: 50_000_000 }),
        fc.array(
          fc.record({ partitions: fc.integer({ min: 1, max: 20 }), part: fc.double({ min: 0, max: 1, noNaN: true }) }),
          {
            minLength: 10,
            maxLength: 40,
          },
        ),
        async (rate, calls) => {
          const clock = fakeClock();
          const budget = new ByteBudget(rate, undefined, clock);
          let read = 0;
          let largest = 0;
          await Promise.all(
            calls.map(async ({ partitions, part }) => {
              const { port } = portOf((asked) => Math.floor(asked * part));
              const answers = await withLimitedFetches(port, rate, budget).fetch(requests(partitions));
              const bytes = [...answers.values()].reduce((sum, { records }) => sum + records.length, 0);
              read += bytes;
              largest = Math.max(largest, bytes);
            }),
          );
          // The last response is paid after it was read.
          expect(read - largest).toBeLessThanOrEqual((clock.ms / 1000) * rate + 1);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("is used up: a reader that always wants more gets the wanted rate", async () => {
    const clock = fakeClock();
    const { port } = portOf();
    const limitedPort = withLimitedFetches(port, 2_000_000, new ByteBudget(2_000_000, undefined, clock));
    let read = 0;
    for (let i = 0; i < 50; i++)
      for (const { records } of (await limitedPort.fetch(requests(4))).values()) read += records.length;
    expect((read / clock.ms) * 1000).toBeGreaterThan(1_900_000);
    expect((read / clock.ms) * 1000).toBeLessThan(2_100_000);
  });

  it("makes requests small enough for one second each", async () => {
    const { port, asked } = portOf();
    await withLimitedFetches(port, 400_000, new ByteBudget(400_000, undefined, fakeClock())).fetch(requests(4));
    expect(asked).toEqual([100_000]);
  });

  it("gives back what a failed request did not read", async () => {
    const clock = fakeClock();
    const failing = { fetch: () => Promise.reject(new Error("gone")) } as unknown as KafkaPort;
    const budget = new ByteBudget(1_000, undefined, clock);
    await expect(withLimitedFetches(failing, 1_000, budget).fetch(requests(1))).rejects.toThrow("gone");
    await budget.reserve(1);
    expect(clock.ms).toBe(0);
  });

  it("does not keep a reader waiting for bytes that another one reserved and did not read", async () => {
    const budget = new ByteBudget(1_000);
    await budget.reserve(60_000);
    const waiting = budget.reserve(1);
    const began = performance.now();
    budget.correct(60_000, 10);
    await waiting;
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  it("does not keep a proof that was interrupted waiting, nor the readers after it", async () => {
    const stopping = new AbortController();
    const budget = new ByteBudget(1, stopping.signal);
    await budget.reserve(1_000_000);
    const waiting = budget.reserve(1);
    stopping.abort();
    await expect(waiting).rejects.toThrow();
    await expect(budget.reserve(1)).rejects.toThrow();
  });

  it("is named if it is smaller than the smallest request", async () => {
    expect([lowLimitText(undefined), lowLimitText(65_536)]).toEqual([undefined, undefined]);
    expect(lowLimitText(20)).toMatch(/is 20 bytes per second and cluster, .* 65536 bytes, .* takes 5\d min/);
    const mirror = new MemoryMirror();
    mirror.topic("orders", 2);
    const lines: string[] = [];
    const progress = { info: () => {}, warn: (line: string) => void lines.push(line) };
    const options = { mode: "full" as const, throttleBytesPerSecond: 60_000 };
    await compareCopy(mirror.model, options, progress, undefined, mirror.open);
    expect(lines).toEqual([lowLimitText(60_000)]);
  });

  it("is divided among several readers", () => {
    expect(limitOfOne(undefined, 4)).toBeUndefined();
    expect(limitOfOne(1_000, 3)).toBe(333);
    expect(limitOfOne(2, 3)).toBe(1);
  });
});
