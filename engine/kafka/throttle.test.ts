import { afterEach, describe, expect, it, vi } from "vitest";
import { Throttle } from "./throttle";

afterEach(() => vi.restoreAllMocks());

describe("the wait for a broker that throttles this client", () => {
  it("a throttle time that ends between two reads of the clock ends the wait, without a limit and without an error", async () => {
    let now = 1_000;
    // Every read of the clock is 1 ms later, so each throttle time ends at some read.
    vi.spyOn(Date, "now").mockImplementation(() => now++);
    for (let ms = 1; ms <= 8; ms++) {
      const throttle = new Throttle("origin", {});
      throttle.note("broker:9092", ms);
      await throttle.wait("broker:9092", new AbortController().signal);
      expect(throttle.mutedUntil("broker:9092")).toBeLessThanOrEqual(now);
    }
  });

  it("a wait that is longer than the limit fails", async () => {
    let now = 1_000;
    vi.spyOn(Date, "now").mockImplementation(() => now++);
    const throttle = new Throttle("origin", { until: 1_005 });
    throttle.note("broker:9092", 10_000);
    await expect(throttle.wait("broker:9092", new AbortController().signal)).rejects.toMatchObject({
      code: "KAFKA_THROTTLED",
    });
  });
});
