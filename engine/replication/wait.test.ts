import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { KafkaPort, PartitionDescription } from "../kafka/port";
import { silent } from "../progress";
import { planReplication } from "./plan";
import { Meter, waitForReplicas } from "./wait";

/**
 * What the target shows at one check: whether the partition is moving, and its replicas. No replicas: the topic does
 * not exist.
 */
interface Shown {
  moving?: boolean;
  replicas?: number[];
  isr?: number[];
  /** Time of the check, ms. */
  at?: number;
}

let clock: number;
let requests: number;
beforeEach(() => {
  clock = 0;
  requests = 0;
  vi.spyOn(Date, "now").mockImplementation(() => clock);
});
afterEach(() => void vi.restoreAllMocks());

/** Waits for replicas 1 and 2 of a partition that had replicas 1 and 3. The last entry repeats. */
async function waited(...shown: Shown[]): Promise<void> {
  const now = (): Shown => shown[Math.min(requests - 1, shown.length - 1)]!;
  const port: Partial<KafkaPort> = {
    listReassignments: async () => {
      requests++;
      clock = now().at ?? clock;
      return now().moving === true
        ? [{ topic: "t", partition: 0, replicas: [1, 2, 3], adding: [2], removing: [3] }]
        : [];
    },
    replicaSizes: async () => new Map(),
    describeTopics: async () => {
      const { replicas, isr = replicas } = now();
      if (replicas === undefined) return [];
      const partition: PartitionDescription = { partition: 0, leader: 1, replicas, isr: isr! };
      return [{ name: "t", topicId: "", internal: false, partitions: [partition] }];
    },
  };
  const changes = [{ topic: "t", partition: 0, from: [1, 3], to: [1, 2], bytes: 0 }];
  await waitForReplicas(port as KafkaPort, {
    changes,
    deadline: 1_000_000,
    limitMs: 1_000_000,
    meter: new Meter(1, 0, silent),
  });
}

const done: Shown = { replicas: [1, 2] };

it("waits while the reassignment is listed, even if the replicas are there", async () => {
  await waited({ ...done, moving: true }, done);
  expect(requests).toBe(2);
});

it("waits while a broker shows the old and the new replicas, all in sync", async () => {
  await waited({ replicas: [1, 2, 3] }, done);
  expect(requests).toBe(2);
});

it("waits while a wanted replica is not in sync", async () => {
  await waited({ replicas: [1, 2], isr: [1] }, done);
  expect(requests).toBe(2);
});

it("fails if the topic is deleted meanwhile", async () => {
  await expect(waited({ replicas: [1, 3], moving: true }, {})).rejects.toThrow(
    /REPLICATION_LOST: target: topic t was deleted/,
  );
});

it("fails if the replicas are wrong and nothing moves for 30 s", async () => {
  await expect(
    waited({ replicas: [1, 3], at: 0 }, { replicas: [1, 3], at: 30_000 }, { replicas: [1, 3], at: 30_001 }),
  ).rejects.toThrow(/REPLICATION_LOST.*was it cancelled/);
  expect(requests).toBe(3);
});

it("restarts these 30 s when something moves again", async () => {
  await waited(
    { replicas: [1, 3], at: 0 },
    { replicas: [1, 3], moving: true, at: 20_000 },
    { replicas: [1, 3], at: 40_000 },
    done,
  );
  expect(requests).toBe(4);
});

it("fails at the deadline and names what is missing", async () => {
  await expect(waited({ replicas: [1, 2], isr: [1], moving: true, at: 1_000_000 })).rejects.toThrow(
    /REPLICATION_LIMIT[^]*t:0: broker 2 not in sync/,
  );
});

it("a plan that may only add keeps a partition that has enough replicas", () => {
  const partition = { partition: 0, leader: 1, replicas: [1, 2], isr: [1, 2], bytes: 5 };
  const brokers = [1, 2, 3].map((id) => ({ id, rack: `r${id}` }));
  const plan = (factor: number) =>
    planReplication({ brokers, topics: [{ name: "t", factor, partitions: [partition] }], onlyAdd: true });
  expect([1, 2, 3].map((factor) => plan(factor).changes.length)).toEqual([0, 0, 1]);
});
