import { afterEach, expect, it, vi } from "vitest";
import type { Cluster } from "./cluster";
import { createTopic } from "./topics";

afterEach(() => void vi.useRealTimers());

/** A cluster whose brokers show a new topic at the fourth look. Each look takes 20 s. */
function slow(throttled: boolean): Cluster {
  vi.useFakeTimers();
  let looks = 0;
  let waited = 0;
  const cluster: Partial<Cluster> = {
    side: "target",
    links: { brokerIds: [1] } as unknown as Cluster["links"],
    untilAllAnswered: async () => {},
    pause: async () => {},
    now: () => Date.now() - waited,
    metadata: async () => {
      vi.setSystemTime(Date.now() + 20_000);
      if (throttled) waited += 20_000;
      const partitions = ++looks < 4 ? [] : [{ leader: 1 }];
      return { topics: [{ name: "t", errorCode: 0, partitions }] } as unknown as Awaited<
        ReturnType<Cluster["metadata"]>
      >;
    },
  };
  return cluster as Cluster;
}
const topic = { name: "t", partitions: 1, replicationFactor: 1, configs: [] };

it("time in which brokers throttle does not count against the wait for a new topic", async () => {
  await createTopic(slow(true), topic);
  await expect(createTopic(slow(false), topic)).rejects.toThrow(/^KAFKA_NOT_AVAILABLE: topic "t" was created, but/);
});
